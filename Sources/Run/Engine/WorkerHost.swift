internal import CLinuxShims
internal import CSharedRegion
@preconcurrency internal import Glibc
internal import History
internal import LinuxFacts
public import RunContract
public import Syscalls

/// The harness's side of the worker host: the process in the run's network namespace above all workers. It dies with
/// the harness, and the workers die with it.
public final class WorkerHost {
  /// Why the worker host could not be started.
  public enum StartError: Error, CustomStringConvertible {
    /// A system call failed.
    case system(SystemError)
    /// The worker executable ended or sent an invalid message.
    case worker(String)

    public var description: String {
      switch self {
      case .system(let error):
        LinuxErrno.hostLimits.contains(error.code)
          ? "\(error): \(HostLimit.remedy(error.code))" : error.description
      case .worker(let text): text
      }
    }
  }

  /// The region shared with every worker.
  public let region: SharedRegion
  /// Process id of the worker host.
  public let pid: Int32
  /// How the run is isolated.
  public let isolation: Isolation
  /// Why it is not isolated; empty if it is.
  public let isolationProblem: String
  /// Whether the workers have a private folder.
  public let hasScratchFolder: Bool
  private let channel: Descriptor
  private let answerTimeoutMilliseconds: Int
  private var isEnded = false
  /// The user's request to stop. A stopped worker host is then not waited for. Nil if there can be no request.
  var interruption: Interruption?

  /// How long the worker host may take to answer: stopping thousands of workers takes it seconds.
  public static let defaultAnswerTimeoutMilliseconds = 60_000

  /// Starts the worker host.
  /// - Parameters:
  ///   - executable: path of `bindstorm-worker`.
  ///   - allowNamespace: whether to try a network namespace at all.
  ///   - fingerprint: the fingerprint that the executable must have been built with; 0 for any.
  ///   - messages: descriptor to which workers write messages for people, as libzmq does before it aborts a process.
  ///   - answerTimeoutMilliseconds: how long it may take for an answer before it counts as stuck.
  public init(
    executable: String, allowNamespace: Bool, fingerprint: UInt64 = 0, messages: Int32 = 2,
    answerTimeoutMilliseconds: Int = defaultAnswerTimeoutMilliseconds
  ) throws(StartError) {
    self.answerTimeoutMilliseconds = answerTimeoutMilliseconds
    do throws(SystemError) {
      let file = try SharedRegion.makeFile()
      let ends = try Channel.make()
      let ours = Descriptor(owning: ends.parent)
      let theirs = Descriptor(owning: ends.child)
      // If the call is denied, each wait ends at once, and an answer seems never to come.
      let waiting = bs_wait_readable(ours.number, 0)
      if waiting < 0 && waiting != -EINTR { throw SystemError("poll", code: -waiting) }
      region = try SharedRegion(mapping: file.number)
      region.pointer.pointee.build = fingerprint
      pid = try Self.spawn(
        executable, region: file.number, channel: theirs.number, messages: messages,
        allowNamespace: allowNamespace)
      channel = ours
    } catch {
      throw .system(error)
    }
    let hello =
      Self.isReadable(channel.number, within: answerTimeoutMilliseconds)
      ? try? ControlMessage.receive(from: channel.number) : nil
    guard let hello, hello.kind == .done, let raw = hello.values.first,
      let isolation = Isolation(rawValue: raw)
    else { throw .worker(Self.failedStart(executable, pid: pid, hello)) }
    self.isolation = isolation
    isolationProblem = hello.text
    hasScratchFolder = hello.values.count > 1 && hello.values[1] != 0
  }

  private static let ownEndNanoseconds: UInt64 = 100_000_000

  /// Ends a worker host that did not come up. Returns why, as far as it is known.
  private static func failedStart(
    _ executable: String, pid: Int32, _ hello: ControlMessage?
  ) -> String {
    var status: Int32 = 0
    // Its own end tells more than the one that it is given here. It may be a moment behind the end of its channel.
    let deadline = MonotonicClock.now() + ownEndNanoseconds
    var isTaken = false
    while !isTaken && MonotonicClock.now() < deadline {
      isTaken = waitpid(pid, &status, WNOHANG) == pid
      if !isTaken { usleep(1_000) }
    }
    if !isTaken {
      kill(pid, SIGKILL)
      while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
      isTaken = WaitStatus(status) != .signalled(SIGKILL)
    }
    if let hello, hello.kind == .failed { return "\(executable) cannot start: \(hello.text)" }
    let how =
      isTaken ? WaitStatus(status).predicate : "gave no answer and was ended"
    return "\(executable) did not start: it \(how)"
  }

  deinit { end() }

  /// Ends the worker host and with it every worker; waits until it is gone.
  public func end() {
    // Once it has been waited for, its pid may belong to another process.
    guard !isEnded else { return }
    isEnded = true
    var status: Int32 = 0
    // PR_SET_PDEATHSIG ends everything below it, too.
    kill(pid, SIGKILL)
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
  }

  /// Whether the worker host still runs.
  public var isAlive: Bool {
    var information = siginfo_t()
    return waitid(P_PID, UInt32(pid), &information, WEXITED | WNOHANG | WNOWAIT) == 0
      && information._sifields._kill.si_pid == 0
  }

  /// Whether it was stopped (SIGSTOP).
  private var isStopped: Bool { ProcessRecords.state(of: pid) == "T" }

  /// Sends a request and waits for the answer.
  /// - Throws: the worker host's own error, or that it is gone or does not answer in time.
  public func request(_ message: ControlMessage) throws(StartError) -> ControlMessage {
    let answer = try request(message, within: answerTimeoutMilliseconds) {
      interruption?.isRequested == true && isStopped
    }
    guard let answer else {
      throw .worker(
        "the worker host (pid \(pid)) is stopped (SIGSTOP) and gives no answer; it was ended")
    }
    return answer
  }

  /// Sends a request that may take long, and waits for the answer as long as it is wanted.
  /// - Parameters:
  ///   - milliseconds: how long it may take.
  ///   - isUnwanted: called repeatedly, and after every signal.
  /// - Returns: nil if it was no longer wanted; the worker host can then only be ended.
  /// - Throws: the worker host's own error, or that it is gone or does not answer in time.
  public func request(
    _ message: ControlMessage, within milliseconds: Int, unless isUnwanted: () -> Bool
  ) throws(StartError) -> ControlMessage? {
    _ = failing(message.kind.boundary)
    do throws(SystemError) {
      try message.send(over: channel.number)
      guard Self.isReadable(channel.number, within: milliseconds, unless: isUnwanted) else {
        if isUnwanted() { return nil }
        throw SystemError("answer of the worker host", code: ETIMEDOUT)
      }
      guard let answer = try ControlMessage.receive(from: channel.number) else {
        throw SystemError("worker host ended", code: EPIPE)
      }
      guard answer.kind == .done else { throw SystemError(answer.text, code: 0) }
      return answer
    } catch {
      throw error.code == 0 ? .worker(error.call) : .system(error)
    }
  }

  /// A signal that arrives just before a wait does not interrupt it.
  private static let unwantedCheckMilliseconds: UInt64 = 250

  /// Waits for a message or the end of the other side. Continues after signals, unless the answer is no longer wanted.
  private static func isReadable(
    _ channel: Int32, within milliseconds: Int, unless isUnwanted: () -> Bool = { false }
  ) -> Bool {
    let deadline = MonotonicClock.now() + UInt64(milliseconds) * 1_000_000
    while !isUnwanted() {
      let now = MonotonicClock.now()
      let left = now < deadline ? (deadline - now + 999_999) / 1_000_000 : 0
      let ready = bs_wait_readable(channel, Int32(min(left, unwantedCheckMilliseconds)))
      if ready > 0 { return true }
      if ready == 0 && left > 0 || ready == -EINTR { continue }
      return false
    }
    return false
  }

  /// This process's environment without the Swift runtime's crash reporter: a worker that crashes must die at once,
  /// with its signal as its record. The reporter would keep it alive for seconds, and outlive it.
  private static func workerEnvironment() -> [UnsafeMutablePointer<CChar>?] {
    var result: [UnsafeMutablePointer<CChar>?] = []
    var entry = environ
    while let text = entry.pointee {
      if strncmp(text, "SWIFT_BACKTRACE=", 16) != 0 { result.append(strdup(text)) }
      entry += 1
    }
    return result + [strdup("SWIFT_BACKTRACE=enable=no"), nil]
  }

  private static func spawn(
    _ executable: String, region: Int32, channel: Int32, messages: Int32, allowNamespace: Bool
  ) throws(SystemError) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // Copies to numbers above all that the worker uses, so that no dup2 overwrites a descriptor that a later one reads.
    // The worker closes everything but 0...4.
    let first = WorkerDescriptor.control + 1
    var copies: [Int32] = []
    defer { copies.forEach(closeDescriptor) }
    for (from, to) in [
      (messages, 2), (region, WorkerDescriptor.region), (channel, WorkerDescriptor.control),
    ] {
      let copy = fcntl(from, F_DUPFD_CLOEXEC, first)
      // EINVAL: the lowest suitable number is beyond RLIMIT_NOFILE.
      guard copy >= 0 else { throw SystemError("fcntl", code: errno == EINVAL ? EMFILE : errno) }
      copies.append(copy)
      let code = posix_spawn_file_actions_adddup2(&actions, copy, to)
      guard code == 0 else { throw SystemError("posix_spawn_file_actions_adddup2", code: code) }
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A separate process group: Ctrl-C at the terminal reaches only the harness, which then ends the trial.
    posix_spawnattr_setpgroup(&attributes, 0)
    // Whatever the harness inherited: a launcher could not end a worker that ignores SIGTERM.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var ending = sigset_t()
    sigemptyset(&ending)
    for signal in [SIGTERM, SIGINT, SIGCHLD] { sigaddset(&ending, signal) }
    posix_spawnattr_setsigdefault(&attributes, &ending)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let arguments = [executable, "\(getpid())", allowNamespace ? "namespace" : "no-namespace"]
    var vector: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    vector.append(nil)
    var environment = workerEnvironment()
    defer { (vector + environment).forEach { free($0) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, executable, &actions, &attributes, &vector, &environment)
    guard code == 0 else { throw SystemError("posix_spawn \(executable)", code: code) }
    return pid
  }
}

extension ControlMessage.Kind {
  /// The name of the moment before the request, for `BINDSTORM_FAIL`.
  fileprivate var boundary: StaticString {
    switch self {
    case .setPool: "host-set-pool"
    case .startWorkers: "host-start"
    case .stopWorkers: "host-stop"
    case .identify: "host-identify"
    case .listSockets: "host-list"
    case .countSockets: "host-count"
    case .cleanUp: "host-clean-up"
    case .tryAdapter: "host-try-adapter"
    case .done, .failed: "host-answer"
    }
  }
}
