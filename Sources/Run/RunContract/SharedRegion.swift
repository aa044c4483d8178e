internal import CLinuxShims
public import CSharedRegion
internal import Glibc
public import PlanModel
public import Syscalls

/// The memory shared between the harness and its workers; `shared_region.h` documents its layout.
///
/// The mapping lives as long as the process: workers end by `_exit`, and the harness needs one for its whole life, so
/// it is never unmapped.
public struct SharedRegion {
  /// The mapped region, zeroed when it was made.
  public let pointer: UnsafeMutablePointer<bs_region>

  /// Its size in bytes.
  public static var size: Int { MemoryLayout<bs_region>.size }

  /// Makes the anonymous file behind a new region, zeroed; workers attach to it by descriptor.
  public static func makeFile() throws(SystemError) -> Descriptor {
    let number = bs_memory_file("bindstorm-region")
    guard number >= 0 else { throw SystemError("memfd_create", code: -number) }
    let file = Descriptor(owning: number)
    guard (failing("ftruncate") ?? ftruncate(file.number, size)) == 0
    else { throw .current("ftruncate") }
    return file
  }

  /// Attaches to the region behind a descriptor.
  public init(mapping descriptor: Int32) throws(SystemError) {
    let size = Self.size
    guard failing("mmap") == nil,
      let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
      address != MAP_FAILED
    else { throw .current("mmap") }
    pointer = address.bindMemory(to: bs_region.self, capacity: 1)
  }

  /// A private region of the same layout in this process's memory, used as a copy.
  public static func privateCopy() -> SharedRegion {
    let memory = UnsafeMutablePointer<bs_region>.allocate(capacity: 1)
    memset(memory, 0, size)
    return SharedRegion(pointer: memory)
  }

  private init(pointer: UnsafeMutablePointer<bs_region>) { self.pointer = pointer }

  /// Frees what `privateCopy` made.
  public func deallocate() { pointer.deallocate() }

  /// Copies the slots of a trial from another region, and those of the rest of the start-up if there are engines.
  public func copySlots(
    from other: SharedRegion, servers: Int, launches: Int, thieves: Int, engines: Int = 0,
    faults: Int = 0
  ) {
    pointer.pointee.trial_seed = other.pointer.pointee.trial_seed
    if servers > 0 { server(0).update(from: other.server(0), count: servers) }
    if launches > 0 {
      launcher(0).update(from: other.launcher(0), count: launches)
      bs_detail_of(pointer, 0).update(
        from: bs_detail_of(other.pointer, 0), count: launches * Int(BS_DETAIL_SIZE))
      bs_window_of(pointer, 0).update(
        from: bs_window_of(other.pointer, 0), count: launches * Int(BS_DETAIL_SIZE))
      copyForcedWindows(from: other, launches: launches)
    }
    if thieves > 0 { thief(0).update(from: other.thief(0), count: thieves) }
    if faults > 0 { fault(0).update(from: other.fault(0), count: faults) }
    if engines > 0 {
      startup(0).update(from: other.startup(0), count: launches)
      serving(0).update(from: other.serving(0), count: servers)
      engine(0).update(from: other.engine(0), count: engines)
      let nodes = Int(BS_MAX_NODES)
      headless(0, node: 0).update(from: other.headless(0, node: 0), count: launches * nodes)
    }
  }

  /// The slot of an API server; the slots of one launch follow those of another.
  public func server(_ slot: Int) -> UnsafeMutablePointer<bs_server> {
    bs_server_at(pointer, UInt32(slot))
  }

  /// The slot of a launch.
  public func launcher(_ launch: Int) -> UnsafeMutablePointer<bs_launcher> {
    bs_launcher_at(pointer, UInt32(launch))
  }

  /// The records of the rest of a launch's start-up.
  public func startup(_ launch: Int) -> UnsafeMutablePointer<bs_startup> {
    bs_startup_at(pointer, UInt32(launch))
  }

  /// What an API server receives from the engine cores, by its slot.
  public func serving(_ slot: Int) -> UnsafeMutablePointer<bs_serving> {
    bs_serving_at(pointer, UInt32(slot))
  }

  /// The launcher of a launch on another node than the head node.
  public func headless(_ launch: Int, node: Int) -> UnsafeMutablePointer<bs_headless> {
    bs_headless_at(pointer, UInt32(launch * Int(BS_MAX_NODES) + node))
  }

  /// The slot of an engine core; the slots of one launch follow those of another.
  public func engine(_ slot: Int) -> UnsafeMutablePointer<bs_engine> {
    bs_engine_at(pointer, UInt32(slot))
  }

  /// The slot of a thief.
  public func thief(_ number: Int) -> UnsafeMutablePointer<bs_thief> {
    bs_thief_at(pointer, UInt32(number))
  }

  /// The program that the order's strategy drives; nil if it drives none.
  public var command: AdapterCommand? {
    let size = Int(min(pointer.pointee.command_size, UInt32(BS_COMMAND_SIZE)))
    return AdapterCommand(
      bytes: UnsafeRawBufferPointer(start: bs_command_of(pointer), count: size))
  }

  func setCommand(_ command: AdapterCommand?) {
    let bytes = command?.bytes ?? []
    precondition(bytes.count <= Int(BS_COMMAND_SIZE), "the command is too long")
    UnsafeMutableRawBufferPointer(
      start: bs_command_of(pointer), count: Int(BS_COMMAND_SIZE)
    ).copyBytes(from: bytes)
    pointer.pointee.command_size = UInt32(bytes.count)
  }

  /// The text that a launch reports, cut to what fits, at a whole character.
  public func detail(_ launch: Int) -> String {
    String(cString: bs_detail_of(pointer, UInt32(launch)))
  }

  /// Sets the text that a launch reports.
  public func setDetail(_ text: String, of launch: Int) {
    Self.write(text, to: bs_detail_of(pointer, UInt32(launch)))
  }

  /// What a launch's forced program did with a port: the decisive window, in words.
  public func window(_ launch: Int) -> String {
    String(cString: bs_window_of(pointer, UInt32(launch)))
  }

  /// Sets it, from the program's supervisor.
  public func setWindow(_ text: String, of launch: Int) {
    Self.write(text, to: bs_window_of(pointer, UInt32(launch)))
  }

  private static func write(_ text: String, to start: UnsafeMutablePointer<CChar>) {
    var size = 0
    for character in text {
      let bytes = character.utf8
      guard size + bytes.count < Int(BS_DETAIL_SIZE) else { break }
      for byte in bytes where byte != 0 {
        start[size] = CChar(bitPattern: byte)
        size += 1
      }
    }
    start[size] = 0
  }

  /// Records which of our processes holds a port; none if `claim` is 0.
  public func setClaim(_ claim: UInt32, on port: UInt16) {
    bs_store(bs_claim_at(pointer, port), claim)
  }

  /// Clears the claim on a port, unless another process has claimed it meanwhile.
  public func clearClaim(_ claim: UInt32, on port: UInt16) {
    if self.claim(on: port) == claim { setClaim(0, on: port) }
  }

  /// Records that a thief holds a port, and since when.
  public func setClaim(_ claim: UInt32, on port: UInt16, since time: UInt64) {
    bs_claimed_at(pointer, port).pointee = time
    setClaim(claim, on: port)
  }

  /// Since when a thief or a fault has claimed a port, in nanoseconds; 0 for other processes.
  public func claimedSince(_ port: UInt16, by claim: UInt32) -> UInt64 {
    let kinds = [BS_CLAIM_THIEF.rawValue, BS_CLAIM_FAULT.rawValue]
    return kinds.contains(bs_claim_kind_of(claim)) ? bs_claimed_at(pointer, port).pointee : 0
  }

  /// Which of our processes holds a port, according to the claims.
  public func claim(on port: UInt16) -> UInt32 {
    bs_load(bs_claim_at(pointer, port))
  }
}

/// The futex word on which a role sleeps.
public struct CommandWord {
  private let word: UnsafeMutablePointer<UInt32>

  /// The word at that address.
  public init(_ word: UnsafeMutablePointer<UInt32>) { self.word = word }

  /// Its value. Remember it before the work that precedes waiting, or a command may be missed.
  public var value: UInt32 { bs_load(word) }

  /// Sleeps until the word differs from `seen`. Returns whether it does: false after a signal or timeout.
  public func wait(differsFrom seen: UInt32, timeoutNanoseconds: Int64 = -1) -> Bool {
    if value != seen { return true }
    _ = bs_futex_wait(word, seen, timeoutNanoseconds)
    return value != seen
  }
}

extension UnsafeMutablePointer<bs_server> {
  /// The record of the input endpoint; results are written in place.
  public var input: UnsafeMutablePointer<bs_endpoint> { bs_input_of(self) }
  /// The record of the output endpoint; results are written in place.
  public var output: UnsafeMutablePointer<bs_endpoint> { bs_output_of(self) }
}
