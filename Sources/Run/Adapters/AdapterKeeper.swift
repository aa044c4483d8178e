internal import CLinuxShims
internal import Glibc
internal import Syscalls

/// The keeper: the process between a launcher and its adapter. It is the parent (or subreaper) of everything that the
/// adapter starts, so that all of it can be found and ended, whatever happened to the processes in between.
///
/// It keeps the end of the adapter's standard error, tells the launcher when the program ends, and stays until it gets
/// SIGTERM, from the launcher or from the kernel when the launcher dies. Then it ends every process below it and exits.
/// The keeper and the program are in separate sessions: a signal that the program sends to its process group reaches no
/// other process, and a signal from the terminal to its foreground group does not end the keeper.
public enum AdapterKeeper {
  /// The last bytes of standard error, in memory that launcher and keeper share.
  struct Tail {
    static let capacity = 4_096
    private static let header = 8
    private let memory: UnsafeMutableRawPointer

    init() throws(SystemError) {
      guard
        let memory = mmap(
          nil, Self.header + Self.capacity, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
          0), memory != MAP_FAILED
      else { throw .current("mmap") }
      self.memory = memory
    }

    func free() { munmap(memory, Self.header + Self.capacity) }

    /// Bytes written since the beginning.
    private var written: Int {
      get { memory.load(as: Int.self) }
      nonmutating set { memory.storeBytes(of: newValue, as: Int.self) }
    }

    func append(_ bytes: UnsafeRawBufferPointer) {
      for byte in bytes {
        memory.storeBytes(
          of: byte, toByteOffset: Self.header + written % Self.capacity, as: UInt8.self)
        written += 1
      }
    }

    /// The last lines, for people: at most `limit` bytes.
    func lastLines(limit: Int) -> String {
      let count = min(written, Self.capacity, limit)
      let bytes = (written - count..<written).map {
        memory.load(fromByteOffset: Self.header + $0 % Self.capacity, as: UInt8.self)
      }
      var text = String(decoding: bytes, as: UTF8.self)
      if count < written, let cut = text.firstIndex(of: "\n") {
        text = String(text[text.index(after: cut)...])
      }
      return text.split(separator: "\n").joined(separator: " | ")
    }
  }

  /// The adapter's ends of its descriptors.
  struct Ends {
    var input: Int32
    var output: Int32
    var error: Int32
    var listeners: Int32
    /// The keeper's end of standard error.
    var errorOut: Int32
    /// Where the keeper writes the adapter's wait status.
    var status: Int32
  }

  private static let name = "bs-keeper"

  /// Whether a process is a keeper, by its name.
  public static func isKeeper(_ pid: Int32) -> Bool {
    ProcessRecords.command(of: pid).hasPrefix(name)
  }

  /// Makes a keeper end everything below it and then itself. If the keeper were killed, those processes would be left
  /// behind and no process would end them.
  public static func end(_ keeper: Int32) {
    kill(keeper, SIGTERM)
    // A stopped process does not handle signals.
    kill(keeper, SIGCONT)
  }

  /// In a new child of the launcher: becomes the keeper.
  /// - Parameter exec: becomes the program, in the keeper's child; does not return.
  static func run(_ ends: Ends, tail: Tail, launch: Int, parent: Int32, exec: () -> Never) -> Never
  {
    let signals = bs_signal_descriptor()
    setsid()
    _ = bs_become_subreaper()
    _ = bs_set_parent_death_signal(SIGTERM)
    if getppid() != parent || signals < 0 { _exit(0) }
    bs_set_name(name, Int32(launch), -1)
    let adapter = bs_fork(BS_PROCESS_ADAPTER)
    if adapter == 0 {
      setsid()
      bs_reset_signals()
      exec()
    }
    // Close all descriptors but its own: the program's ends must close when the program ends.
    let (own, signal, status) = (Int32(3), Int32(4), Int32(5))
    guard adapter > 0,
      bs_keep_descriptors([ends.errorOut, signals, ends.status], [own, signal, status], 3) == 0
    else { _exit(1) }
    _ = fcntl(own, F_SETFL, O_NONBLOCK)
    var errorIsOpen = true
    while true {
      var items = [
        pollfd(fd: signal, events: Int16(POLLIN), revents: 0),
        pollfd(fd: errorIsOpen ? own : -1, events: Int16(POLLIN), revents: 0),
      ]
      if poll(&items, 2, -1) < 0 && errno != EINTR {
        endEverything()
        _exit(1)
      }
      if items[1].revents != 0 { errorIsOpen = drain(own, into: tail) }
      while case let number = bs_take_signal(signal), number != 0 {
        if number == SIGTERM {
          endEverything()
          _ = drain(own, into: tail)
          _exit(0)
        }
        reap(adapter) { result in
          _ = drain(own, into: tail)
          var result = result
          _ = write(status, &result, MemoryLayout.size(ofValue: result))
        }
      }
    }
  }

  /// Reads what is available. Returns whether more may come.
  private static func drain(_ descriptor: Int32, into tail: Tail) -> Bool {
    var bytes = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = read(descriptor, &bytes, bytes.count)
      if count > 0 {
        bytes.withUnsafeBytes { tail.append(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      } else {
        return count < 0 && (errno == EAGAIN || errno == EINTR)
      }
    }
  }

  private static func reap(_ adapter: Int32, _ ended: (Int32) -> Void) {
    var status: Int32 = 0
    while case let pid = waitpid(-1, &status, WNOHANG), pid > 0 {
      if pid == adapter { ended(status) }
    }
  }

  /// Ends the children until there are none. Orphans of ended children become children of this process, too.
  private static func endEverything() {
    var status: Int32 = 0
    while true {
      let children = ProcessRecords.children(of: getpid())
      for child in children { kill(child, SIGKILL) }
      if waitpid(-1, &status, 0) < 0 && errno == ECHILD { return }
    }
  }
}
