internal import CLinuxShims
internal import Glibc
internal import LinuxFacts
public import PlanModel
internal import Syscalls

/// A running adapter, as the launcher sees it: requests go in, answers come out, each with a deadline. A violation of
/// the protocol is thrown as `AdapterFault`; the adapter must then be ended.
public final class AdapterProcess {
  /// The time limit of each answer, in milliseconds.
  public struct Deadlines: Sendable {
    private let values: [AdapterRequest.Kind: Int]

    /// The same for every request.
    public init(all milliseconds: Int) {
      values = Dictionary(
        uniqueKeysWithValues: AdapterRequest.Kind.allCases.map { ($0, milliseconds) })
    }

    /// From the options of an `exec` strategy.
    public init(_ options: OptionValues) {
      values = Dictionary(
        uniqueKeysWithValues: AdapterRequest.Kind.allCases.map {
          ($0, options["\($0.rawValue)_timeout_ms"])
        })
    }

    /// The limit for a request.
    public subscript(kind: AdapterRequest.Kind) -> Int { values[kind]! }
  }

  /// The process above it (the keeper): the root of everything that it starts.
  public let keeperPid: Int32
  /// Descriptors of this end, which other children of the launcher must not keep.
  public var descriptors: [Int32] { [input, output, listeners, status] }

  let input: Int32
  let output: Int32
  let listeners: Int32
  let status: Int32
  private let tail: AdapterKeeper.Tail
  let deadlines: Deadlines
  let launch: AdapterRequest.Launch
  /// The last request and the last answer, for people; empty if there was none.
  public internal(set) var transcript = (sent: "", received: "")
  var lastID = 0
  var buffer: [UInt8] = []
  var exit: Int32?
  private var isEnded = false
  var isInputOpen = true

  /// Starts the program. A failed start shows at the first request.
  /// - Throws: the kernel's error, as `notStarted`.
  public convenience init(
    _ command: AdapterCommand, launch: AdapterRequest.Launch, deadlines: Deadlines
  ) throws(AdapterFault) {
    try self.init(command, launch: launch, deadlines: deadlines, forced: nil)
  }

  /// - Parameters:
  ///   - forced: how its port calls are forced, nil to run it as it is.
  ///   - isLaunch: the program is not an adapter: it has no input, and its output is kept with its standard error.
  init(
    _ command: AdapterCommand, launch: AdapterRequest.Launch, deadlines: Deadlines,
    forced: ForcedProgram?, isLaunch: Bool = false
  ) throws(AdapterFault) {
    self.launch = launch
    self.deadlines = deadlines
    var opened: [Int32] = []
    do throws(SystemError) {
      let tail = try AdapterKeeper.Tail()
      let requests = try Self.pipe(&opened)
      let answers = try Self.pipe(&opened)
      let errors = try Self.pipe(&opened)
      let exits = try Self.pipe(&opened)
      let channel = try Channel.make()
      opened += [channel.parent, channel.child]
      bs_ignore_broken_pipes()
      let parent = getpid()
      let pid = bs_fork(BS_PROCESS_ADAPTER)
      guard pid >= 0 else { throw .current("fork") }
      if pid == 0 {
        let ends = AdapterKeeper.Ends(
          input: requests.read, output: answers.write, error: errors.write,
          listeners: channel.child, errorOut: errors.read, status: exits.write)
        AdapterKeeper.run(ends, tail: tail, launch: launch.number, parent: parent) {
          Self.become(command, ends, forced: forced, isLaunch: isLaunch)
        }
      }
      for end in [requests.read, answers.write, errors.write, errors.read, exits.write] {
        closeDescriptor(end)
      }
      closeDescriptor(channel.child)
      _ = fcntl(requests.write, F_SETFL, O_NONBLOCK)
      _ = fcntl(answers.read, F_SETFL, O_NONBLOCK)
      keeperPid = pid
      input = requests.write
      output = answers.read
      listeners = channel.parent
      status = exits.read
      self.tail = tail
    } catch {
      for descriptor in opened { closeDescriptor(descriptor) }
      throw AdapterFault(.notStarted, error.description)
    }
  }

  deinit { end() }

  /// Ends the program and everything it started; waits until all of it is gone.
  public func end() {
    guard !isEnded else { return }
    isEnded = true
    for descriptor in descriptors { closeDescriptor(descriptor) }
    kill(keeperPid, SIGTERM)
    var status: Int32 = 0
    while waitpid(keeperPid, &status, 0) < 0 && errno == EINTR {}
  }

  /// The last lines of its standard error; complete only after it was ended.
  public func lastErrorLines(limit: Int) -> String { tail.lastLines(limit: limit) }

  /// Frees the memory behind `lastErrorLines`, which must not be used afterwards.
  public func forgetErrors() { tail.free() }

  // MARK: Requests

  /// Asks for its name and capabilities.
  public func hello() throws(AdapterFault) -> Result<AdapterHello, AdapterRefusal> {
    let answer = try ask(.hello)
    if let refusal = try answer.refusal(to: .hello) { return .failure(refusal) }
    return .success(try answer.hello())
  }

  /// Asks it to choose the ports of all addresses.
  /// - Parameter mayBeUnknown: whether 0 stands for "not known yet".
  public func allocate(
    seed: UInt64, mayBeUnknown: Bool
  ) throws(AdapterFault) -> Result<[UInt16], AdapterRefusal> {
    try ports(.allocate, seed: seed, mayBeUnknown: mayBeUnknown)
  }

  /// Asks it to bind all endpoints.
  public func bind() throws(AdapterFault) -> AdapterRefusal? { try plain(.bind) }

  /// Asks for the ports that it bound.
  public func report() throws(AdapterFault) -> Result<[UInt16], AdapterRefusal> {
    try ports(.report, mayBeUnknown: false)
  }

  /// Asks it to release everything that belongs to the trial.
  public func release() throws(AdapterFault) -> AdapterRefusal? { try plain(.release) }

  /// Closes its standard input without a request: it must exit before the deadline of `stop`.
  public func endInput() throws(AdapterFault) {
    let limit = deadline(of: .stop)
    closeInput()
    try awaitExit("the end of its standard input", until: limit)
  }

  /// Asks it to end: it must answer, and exit with code 0 before the same deadline.
  public func stop() throws(AdapterFault) {
    let limit = deadline(of: .stop)
    if let refusal = try plain(.stop) {
      throw AdapterFault(.malformed, "stop cannot be refused: \(refusal.message)")
    }
    closeInput()
    try awaitExit("stop", until: limit)
  }

  /// Waits for its end, however it ends. Returns whether it came in time.
  func awaitEnd(until limit: UInt64) throws(AdapterFault) -> Bool {
    while exit == nil {
      guard try wait(for: [status], until: limit) else { return false }
      readStatus()
    }
    return true
  }

  private func awaitExit(_ what: String, until limit: UInt64) throws(AdapterFault) {
    while exit == nil {
      guard try wait(for: [status], until: limit) else {
        throw AdapterFault(.late, "it did not exit within \(deadlines[.stop]) ms after \(what)")
      }
      readStatus()
    }
    guard exit == 0 else {
      throw AdapterFault(
        .earlyExit, "after \(what) it \(WaitStatus(exit!).predicate), not with code 0")
    }
  }
}
