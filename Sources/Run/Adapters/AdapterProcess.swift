internal import CLinuxShims
internal import Glibc
internal import LinuxFacts
public import PlanModel
internal import Syscalls

/// A running adapter, as the launcher sees it: requests go in, answers come out, each before its deadline.
/// What an adapter does against the protocol is thrown as `AdapterFault`; it must be ended then.
public final class AdapterProcess {
  /// Longest time for each answer, in milliseconds.
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

    /// The one for a request.
    public subscript(kind: AdapterRequest.Kind) -> Int { values[kind]! }
  }

  /// The process above it: root of everything it starts.
  public let keeperPid: Int32
  /// Descriptors of this end, which other children of the launcher must not keep.
  public var descriptors: [Int32] { [input, output, listeners, status] }

  private let input: Int32
  private let output: Int32
  private let listeners: Int32
  private let status: Int32
  private let tail: AdapterKeeper.Tail
  private let deadlines: Deadlines
  private let launch: AdapterRequest.Launch
  /// The last request and the last answer, for people; empty if there was none.
  public private(set) var transcript = (sent: "", received: "")
  private var lastID = 0
  private var buffer: [UInt8] = []
  private var exit: Int32?
  private var isEnded = false

  /// Descriptors in one direction.
  private typealias Pipe = (read: Int32, write: Int32)

  /// Starts the program. That it cannot be started shows at the first request.
  /// - Throws: what the kernel refused, as `notStarted`.
  public convenience init(
    _ command: AdapterCommand, launch: AdapterRequest.Launch, deadlines: Deadlines
  ) throws(AdapterFault) {
    try self.init(command, launch: launch, deadlines: deadlines, forced: nil)
  }

  /// - Parameters:
  ///   - forced: how its port calls are forced, nil to run it as it is.
  ///   - isLaunch: it is no adapter: it has no input, and its output is kept with its standard error.
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

  /// The last lines of its standard error; more of them once it was ended.
  public func lastErrorLines(limit: Int) -> String { tail.lastLines(limit: limit) }

  /// Frees the memory behind `lastErrorLines`, which must not be asked for afterwards.
  public func forgetErrors() { tail.free() }

  // MARK: Requests

  /// Asks who it is.
  public func hello() throws(AdapterFault) -> Result<AdapterHello, AdapterRefusal> {
    let answer = try ask(.hello)
    if let refusal = try answer.refusal(to: .hello) { return .failure(refusal) }
    return .success(try answer.hello())
  }

  /// Has it decide on the numbers of all addresses.
  /// - Parameter mayBeUnknown: whether 0 stands for "not known yet".
  public func allocate(
    seed: UInt64, mayBeUnknown: Bool
  ) throws(AdapterFault) -> Result<[UInt16], AdapterRefusal> {
    try ports(.allocate, seed: seed, mayBeUnknown: mayBeUnknown)
  }

  /// Has it bind all endpoints.
  public func bind() throws(AdapterFault) -> AdapterRefusal? { try plain(.bind) }

  /// Asks for the ports that it bound.
  public func report() throws(AdapterFault) -> Result<[UInt16], AdapterRefusal> {
    try ports(.report, mayBeUnknown: false)
  }

  /// Has it let go of everything that belongs to the trial.
  public func release() throws(AdapterFault) -> AdapterRefusal? { try plain(.release) }

  /// Ends its standard input without a word: it is to exit before the deadline of `stop`.
  public func endInput() throws(AdapterFault) {
    let limit = deadline(of: .stop)
    closeInput()
    try awaitExit("the end of its standard input", until: limit)
  }

  /// Has it end: it answers, and exits with code 0 before the same deadline.
  public func stop() throws(AdapterFault) {
    let limit = deadline(of: .stop)
    if let refusal = try plain(.stop) {
      throw AdapterFault(.malformed, "stop cannot be refused: \(refusal.message)")
    }
    closeInput()
    try awaitExit("stop", until: limit)
  }

  /// Waits for its end, whatever that is. Returns whether it came in time.
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

  /// The listening sockets that it passed since the last call, in the order of the addresses: taken after the
  /// answer, by when they must all be on their way.
  /// - Parameter ports: what each must listen on.
  public func takeListeners(_ ports: [UInt16]) throws(AdapterFault) -> [Int32] {
    var sockets: [Int32] = []
    var batch = [Int32](repeating: -1, count: Int(BS_MAX_PASSED_AT_ONCE))
    do throws(AdapterFault) {
      while true {
        let count = bs_receive_any_descriptors(listeners, &batch)
        if count == -EAGAIN || count == -EPIPE { break }
        if count == -EMSGSIZE {
          throw AdapterFault(
            .wrongSockets, "one message holds more than \(BS_MAX_PASSED_AT_ONCE) descriptors")
        }
        guard count > 0 else {
          throw AdapterFault(.wrongSockets, "a message without descriptors")
        }
        sockets += batch.prefix(Int(count))
        if sockets.count > ports.count { break }
      }
      guard sockets.count == ports.count else {
        throw AdapterFault(
          .wrongSockets,
          "\(sockets.count) sockets were passed\(sockets.count > ports.count ? " at least" : "") for \(ports.count) addresses"
        )
      }
      for (address, socket) in sockets.enumerated() {
        if let problem = Self.problem(of: socket, port: ports[address]) {
          throw AdapterFault(.notListening, "the descriptor of address \(address) \(problem)")
        }
      }
      return sockets
    } catch {
      for socket in sockets { closeDescriptor(socket) }
      throw error
    }
  }

  // MARK: Lines

  /// Sends a request; used by the requests above, and by the conformance suite to look at the answer itself.
  func ask(
    _ kind: AdapterRequest.Kind, seed: UInt64 = 0
  ) throws(AdapterFault) -> AdapterAnswer {
    if let fault = unsolicited() { throw fault }
    lastID += 1
    let limit = deadline(of: kind)
    let request = AdapterRequest.line(kind, id: lastID, launch, seed: seed)
    transcript = (String(request.dropLast()), "")
    try send(request, kind, until: limit)
    let line = try receive(kind, until: limit)
    transcript.received = AdapterAnswer.excerpt(line)
    let answer = try AdapterAnswer(line, to: kind, id: lastID)
    if let fault = unsolicited() { throw fault }
    return answer
  }

  private func plain(_ kind: AdapterRequest.Kind) throws(AdapterFault) -> AdapterRefusal? {
    try ask(kind).refusal(to: kind)
  }

  private func ports(
    _ kind: AdapterRequest.Kind, seed: UInt64 = 0, mayBeUnknown: Bool
  ) throws(AdapterFault) -> Result<[UInt16], AdapterRefusal> {
    let answer = try ask(kind, seed: seed)
    if let refusal = try answer.refusal(to: kind) { return .failure(refusal) }
    return .success(try answer.ports(count: launch.addresses, mayBeUnknown: mayBeUnknown))
  }

  private func deadline(of kind: AdapterRequest.Kind) -> UInt64 {
    MonotonicClock.now() + UInt64(deadlines[kind]) * 1_000_000
  }

  private var isInputOpen = true

  private func closeInput() {
    guard isInputOpen else { return }
    // Keeps the number taken, so that `end` closes nothing of somebody else.
    let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
    if nowhere >= 0 {
      _ = dup2(nowhere, input)
      _ = fcntl(input, F_SETFD, FD_CLOEXEC)
      closeDescriptor(nowhere)
    }
    isInputOpen = false
  }

  private func send(
    _ line: String, _ kind: AdapterRequest.Kind, until limit: UInt64
  ) throws(AdapterFault) {
    var rest = Array(line.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        var item = pollfd(fd: input, events: Int16(POLLOUT), revents: 0)
        let left = milliseconds(until: limit)
        guard left > 0 else { throw late(kind) }
        _ = poll(&item, 1, left)
      } else if errno != EINTR {
        throw earlyExit(kind, until: limit)
      }
    }
  }

  private func receive(
    _ kind: AdapterRequest.Kind, until limit: UInt64
  ) throws(AdapterFault) -> [UInt8] {
    while true {
      let isEnd = fill()
      if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
        guard end < AdapterProtocol.longestLine else { throw oversized(kind) }
        let line = Array(buffer[..<end])
        buffer.removeFirst(end + 1)
        return line
      }
      guard buffer.count < AdapterProtocol.longestLine else { throw oversized(kind) }
      if isEnd { throw earlyExit(kind, until: limit) }
      guard try wait(for: [output, status], until: limit) else { throw late(kind) }
      // The keeper tells of the exit once; what was written before is still in the pipe.
      if exit == nil { readStatus() }
      if exit != nil {
        _ = fill()
        if !buffer.contains(UInt8(ascii: "\n")) { throw earlyExit(kind, until: limit) }
      }
    }
  }

  private func oversized(_ kind: AdapterRequest.Kind) -> AdapterFault {
    AdapterFault(
      .oversized,
      "the answer to \(kind.rawValue) is longer than \(AdapterProtocol.longestLine) bytes: \(AdapterAnswer.excerpt(buffer))"
    )
  }

  private func late(_ kind: AdapterRequest.Kind) -> AdapterFault {
    let partial =
      buffer.isEmpty ? "" : "; an unfinished line came: \(AdapterAnswer.excerpt(buffer))"
    return AdapterFault(
      .late, "no answer to \(kind.rawValue) within \(deadlines[kind]) ms\(partial)")
  }

  private func earlyExit(_ kind: AdapterRequest.Kind, until limit: UInt64) -> AdapterFault {
    while exit == nil, (try? wait(for: [status], until: limit)) == true {
      let before = exit
      readStatus()
      if exit == before { break }
    }
    guard let exit else {
      return AdapterFault(
        .earlyExit, "it closed its standard input or output instead of answering \(kind.rawValue)")
    }
    if kind == .hello && (exit == 127 << 8 || exit == 126 << 8) {
      return AdapterFault(.notStarted, "the program cannot be started")
    }
    return AdapterFault(
      .earlyExit, "it \(WaitStatus(exit).predicate) instead of answering \(kind.rawValue)")
  }

  /// A line that is there though nothing was asked.
  private func unsolicited() -> AdapterFault? {
    _ = fill()
    guard !buffer.isEmpty else { return nil }
    return AdapterFault(
      .unsolicited, "a line that nobody asked for: \(AdapterAnswer.excerpt(buffer))")
  }

  /// Reads what is there, as long as it can be a line. Returns whether the end was reached.
  private func fill() -> Bool {
    var bytes = [UInt8](repeating: 0, count: 16_384)
    while buffer.count <= AdapterProtocol.longestLine {
      let count = read(output, &bytes, bytes.count)
      if count > 0 {
        buffer += bytes[..<count]
      } else if count == 0 {
        return true
      } else if errno != EINTR {
        return false
      }
    }
    return false
  }

  private func readStatus() {
    var item = pollfd(fd: status, events: Int16(POLLIN), revents: 0)
    guard poll(&item, 1, 0) > 0 else { return }
    var value: Int32 = 0
    if read(status, &value, MemoryLayout.size(ofValue: value)) == MemoryLayout.size(ofValue: value)
    {
      exit = value
    } else {
      // The keeper is gone, and so is everything below it.
      exit = Int32(SIGKILL)
    }
  }

  private func milliseconds(until limit: UInt64) -> Int32 {
    let now = MonotonicClock.now()
    return now < limit ? Int32(min((limit - now + 999_999) / 1_000_000, 60_000)) : 0
  }

  /// Waits until one of the descriptors is readable or at its end. Returns whether one is.
  private func wait(for descriptors: [Int32], until limit: UInt64) throws(AdapterFault) -> Bool {
    while true {
      var items = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      let left = milliseconds(until: limit)
      let ready = poll(&items, nfds_t(items.count), left)
      if ready > 0 { return true }
      if ready == 0 && left == 0 { return false }
      if ready < 0 && errno != EINTR {
        throw AdapterFault(.notStarted, SystemError.current("poll").description)
      }
    }
  }

  private static func problem(of socket: Int32, port: UInt16) -> String? {
    var listens: Int32 = 0
    var size = socklen_t(MemoryLayout.size(ofValue: listens))
    guard getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 else {
      return "is no socket"
    }
    guard listens != 0 else { return "does not listen" }
    guard let bound = try? TCPSocket.port(of: socket) else { return "is no TCP socket" }
    return bound == port ? nil : "listens on port \(bound), not on \(port)"
  }

  private static func pipe(_ opened: inout [Int32]) throws(SystemError) -> Pipe {
    var ends: (Int32, Int32) = (-1, -1)
    let result = withUnsafeMutableBytes(of: &ends) {
      bs_pipe($0.baseAddress!.assumingMemoryBound(to: Int32.self))
    }
    guard result == 0 else { throw SystemError("pipe2", code: result) }
    opened += [ends.0, ends.1]
    return (ends.0, ends.1)
  }

  /// In the keeper's child: becomes the program.
  private static func become(
    _ command: AdapterCommand, _ ends: AdapterKeeper.Ends, forced: ForcedProgram?, isLaunch: Bool
  ) -> Never {
    _ = dup2(ends.error, 2)
    func fail(_ what: String) -> Never {
      let line = "cannot start \(command.words[0]): \(what)\n"
      _ = write(2, line, line.utf8.count)
      _exit(127)
    }
    guard chdir(command.folder) == 0 else {
      fail("\(command.folder): \(ErrorNumber.text(errno))")
    }
    if let forced {
      let nothing = open("/dev/null", O_RDONLY)
      let from =
        isLaunch
        ? [nothing, ends.error, ends.error, -1]
        : [ends.input, ends.output, ends.error, ends.listeners]
      if !isLaunch {
        setenv(AdapterProtocol.versionVariable, "\(AdapterProtocol.version)", 1)
      }
      let code = bs_keep_descriptors(from, [0, 1, 2, AdapterProtocol.listenerDescriptor], 4)
      guard code == 0 else { fail(ErrorNumber.text(code)) }
      forced.run()
    }
    setenv(AdapterProtocol.versionVariable, "\(AdapterProtocol.version)", 1)
    var vector = command.words.map { strdup($0) }
    vector.append(nil)
    let code = bs_exec_with_descriptors(
      command.words[0], vector, [ends.input, ends.output, ends.error, ends.listeners],
      [0, 1, 2, AdapterProtocol.listenerDescriptor], 4)
    fail(ErrorNumber.text(code))
  }
}
