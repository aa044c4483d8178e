internal import CInterception
internal import CLinuxShims
internal import ForcedCalls
internal import Glibc
internal import LinuxFacts
internal import RaceLedger
internal import Syscalls

/// Runs a command tree with its port calls caught: one thread, one loop over the caught calls, the kernel's
/// destroy events, signals and timers.
public final class Supervisor {
  var supervision: Supervision
  var tree = pt_tree()
  private let signals: Int32
  let networks: Networks
  let threads: Threads
  let stacks: Stacks
  let lowestUnprivilegedPort: UInt16

  var ledger: Ledger
  var observation: Observation
  /// Sockets of ours that hold ports, at addresses that are not wildcards.
  var thieves: [PortKey: [(address: SocketAddress, socket: Int32)]] = [:]
  /// When a bind was made to fail on which port: the thief keeps it, as another program would.
  var thefts: [PortKey: UInt64] = [:]
  /// All numbers that the ledger knows, so that events and connections of others pass quickly.
  var followed = [Bool](repeating: false, count: 65_536)
  /// Our sockets, by cookie, whose destroy events come after all pending events.
  var marks: Set<UInt64> = []
  /// Calls whose delay has not passed yet.
  var delayed: [(due: UInt64, call: pt_call, error: Int32?)] = []
  var localPorts = LocalPorts()
  var deadPorts = DeadPorts()
  /// Where connect() is watched: who connected a socket that was not bound, by cookie.
  var clients: [UInt64: Party] = [:]
  /// Thieves' sockets whose connections are accepted.
  var answering: [Int32] = []
  var callers: [Caller] = []
  var conversations: [Conversation] = []
  /// TCP ports stolen since somebody of the tree listened.
  var stolenUnserved: [SocketAddress] = []
  /// Fallback mode: who continued `bind(0)` on a descriptor, by process.
  var unnamed: [UInt64: Party] = [:]
  var tests = TestMarks()
  var pendingClient: PendingClient?
  private(set) var commandStatus: Observation.Status?
  /// On the clock of `runningNanoseconds`; nil before the command has ended.
  private(set) var commandEndedAt: UInt64?
  /// Whether `supervision.whenWaiting` was called.
  var hasToldWaiting = false
  /// When the command was started, in clock ticks since the host's start.
  private(set) var startTicks: UInt64 = 0
  /// Whether the command's exit was taken: its process id may be anybody's since.
  private var isTaken = false
  private var group = CommandGroup()
  /// The monotonic clock without the times in which the job was stopped.
  private var runningNanoseconds: UInt64 { MonotonicClock.now() - group.stoppedNanoseconds }
  /// On the clock of `runningNanoseconds`; nil before the command has ended.
  private var lingerUntil: UInt64?

  /// Runs the command to the end of its tree.
  public static func run(_ supervision: Supervision) throws(CheckError) -> Observation {
    let abilities = HostAbilities()
    guard let best = abilities.mode else { throw .unavailable(abilities.missing) }
    // Supervisor and guard wait with this call; if it is denied, they would loop without end.
    guard (failing("poll") ?? poll(nil, 0, 0)) == 0 else {
      throw .unavailable(SystemError.current("poll").description)
    }
    if supervision.mode == .full && best != .full {
      throw .lacks(
        "--mode full is not to be had here, fallback mode is: \(abilities.lackOfFullMode)"
      )
    }
    if (supervision.mode ?? best) == .fallback && supervision.needsFullMode {
      throw .lacks(
        "--steal-by needs full mode"
          + (best == .full
            ? "; remove --mode fallback"
            : ", which is not to be had here: \(abilities.lackOfFullMode)"))
    }
    let supervisor: Supervisor
    do throws(SystemError) {
      supervisor = try Supervisor(supervision, abilities, supervision.mode ?? best)
    } catch {
      throw .system(error.description)
    }
    try supervisor.start(abilities)
    supervisor.loop()
    return supervisor.finish()
  }

  private init(
    _ supervision: Supervision, _ abilities: HostAbilities, _ mode: HostAbilities.Mode
  ) throws(SystemError) {
    self.supervision = supervision
    ledger = Ledger(configured: supervision.configuredNumbers)
    networks = try Networks()
    threads = Threads(groupVariable: supervision.groupVariable)
    stacks = Stacks(
      limit: supervision.stackLimit, pySpy: abilities.pySpy, asksPySpy: supervision.asksPySpy)
    signals = pt_block_signals()
    guard signals >= 0 else { throw SystemError("signalfd", code: -signals) }
    let text = try? FileText.read("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    let start = text.flatMap { UInt16($0.prefix { $0.isNumber }) } ?? 1_024
    lowestUnprivilegedPort = max(1, start)
    observation = Observation(status: .exited(0), mode: mode, startedAt: MonotonicClock.now())
  }

  private static let descriptors = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  private var descriptorLimit = rlimit()

  deinit {
    if descriptorLimit.rlim_max > 0 { setrlimit(Self.descriptors, &descriptorLimit) }
    close(signals)
    for thief in thieves.values.joined() { close(thief.socket) }
    for conversation in conversations { close(conversation.socket) }
    pt_close(&tree)
  }

  // MARK: Start and end

  private func start(_ abilities: HostAbilities) throws(CheckError) {
    if (!abilities.isPrivileged && abilities.ptraceScope > 0) || supervision.timeLimit != nil {
      _ = bs_become_subreaper()
    }
    var options = pt_spawn_options()
    options.ignores_pipe = supervision.inheritsPipeIgnored ? 1 : 0
    options.input = supervision.input
    options.output = supervision.output
    options.error = supervision.error
    options.traps = traps(abilities)
    if getrlimit(Self.descriptors, &descriptorLimit) == 0 {
      // Thieves and caches need descriptors; the command keeps its own limit.
      options.descriptor_limit = UInt(descriptorLimit.rlim_cur)
      var raised = descriptorLimit
      raised.rlim_cur = raised.rlim_max
      setrlimit(Self.descriptors, &raised)
    }
    var words: [UnsafeMutablePointer<CChar>?] = supervision.command.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    _ = failing("check-start")
    observation.startedAt = MonotonicClock.now()
    guard pt_spawn(&words, &options, &tree) == 0 else { throw failure() }
    group.begins(tree.pid)
    startTicks = Leftovers.record(tree.pid, orEnded: true)?.started ?? .max
  }

  private func traps(_ abilities: HostAbilities) -> UInt32 {
    var traps: UInt32 = 0
    if observation.mode == .fallback { traps |= PT_TRAP_GETSOCKNAME.rawValue }
    if !abilities.killableWait { traps |= PT_NO_KILLABLE_WAIT.rawValue }
    if supervision.allowsIOUring { traps |= PT_ALLOW_IO_URING.rawValue }
    let calls = Set(supervision.injections.map(\.injection.call))
    if calls.contains(.socket) { traps |= PT_TRAP_SOCKET.rawValue }
    if calls.contains(.accept) { traps |= PT_TRAP_ACCEPT.rawValue }
    if calls.contains(.connect) || supervision.examinesConnects {
      traps |= PT_TRAP_CONNECT.rawValue
    }
    return traps
  }

  private func failure() -> CheckError {
    let code = tree.error
    switch UInt32(tree.failure) {
    case PT_FAILED_EXEC.rawValue: return .cannotExecute(supervision.command[0], code: code)
    case PT_FAILED_FILTER.rawValue where code == EBUSY: return .nested
    case PT_FAILED_FILTER.rawValue:
      return .unavailable("seccomp: \(ErrorNumber.text(code))")
    case PT_FAILED_NO_NEW_PRIVS.rawValue:
      return .unavailable("no_new_privs: \(ErrorNumber.text(code))")
    case PT_FAILED_GUARD.rawValue:
      return .system("starting the guard beside the command: \(ErrorNumber.text(code))")
    case PT_FAILED_REPORT.rawValue where code == EMFILE:
      return .system(
        "taking over the command's calls: \(ErrorNumber.text(code)); raise the hard limit (ulimit -Hn)"
      )
    case PT_FAILED_REPORT.rawValue:
      return .system("taking over the command's calls: \(ErrorNumber.text(code))")
    default: return .system("starting the command: \(ErrorNumber.text(code))")
    }
  }

  private func finish() -> Observation {
    _ = failing("check-end")
    nameLeftovers()
    // The last release events are pending.
    let patience = observation.isTreeRunning ? 20_000_000 : Self.longestEventDelay
    let deadline = MonotonicClock.now() + patience
    while ledger.findings.contains(where: \.isAwaitingRelease), MonotonicClock.now() < deadline {
      waitForEvents(milliseconds: 2)
    }
    for namespace in networks.known.keys { settleEvents(of: namespace) }
    drainEvents()
    // Clients that have ended since.
    acceptConnections()
    converse()
    reap()
    if !isTaken && (commandStatus == nil || !observation.isTreeRunning) {
      // Its filter is gone, so it ends at once.
      var status: Int32 = 0
      while waitpid(tree.pid, &status, 0) < 0 && errno == EINTR {}
      take(WaitStatus(status))
    }
    // As long as the tree runs, its guard must outlive this process.
    if !observation.isTreeRunning { pt_end_guard(&tree) }
    observation.status = commandStatus ?? observation.status
    for finding in deadPorts.findings { ledger.add(finding) }
    observation.findings = ledger.findings
    if observation.isTreeRunning || observation.status == .exited(0) {
      observation.unserved = stolenUnserved
    }
    observation.stolen = supervision.steal.done
    observation.stacksMissing = stacks.missing
    observation.injected = supervision.injections.map(\.struck)
    observation.endedAt = MonotonicClock.now()
    return observation
  }

  // MARK: Loop

  private func loop() {
    while true {
      let thieves = answering + conversations.map(\.socket)
      let descriptors = [tree.listener, signals] + networks.known.values.map(\.events) + thieves
      var items = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      _ = poll(&items, nfds_t(items.count), timeout())
      if items[2...].contains(where: { $0.revents != 0 }) { drainEvents() }
      if items.suffix(thieves.count).contains(where: { $0.revents != 0 }) {
        acceptConnections()
        converse()
      }
      if items[0].revents & Int16(POLLIN) != 0 { receive() }
      if items[1].revents != 0, !takeSignals() { break }
      answerDue()
      tellWaiting(at: runningNanoseconds)
      if items[0].revents & Int16(POLLIN) == 0 && items[0].revents & Int16(POLLHUP) != 0 { break }
      let now = runningNanoseconds
      if let lingerUntil, now >= lingerUntil {
        observation.isTreeRunning = true
        break
      }
      if let limit = supervision.timeLimit,
        now >= observation.startedAt + limit
      {
        endTree()
        commandStatus = .hung
        break
      }
    }
  }

  private func timeout() -> Int32 {
    var next = delayed.first?.due
    let limit = supervision.timeLimit.map { observation.startedAt + $0 }
    for time in [lingerUntil, limit, tellsAt] {
      if let time { next = min(next ?? .max, time + group.stoppedNanoseconds) }
    }
    guard let next else { return -1 }
    let now = MonotonicClock.now()
    return next <= now ? 0 : Int32(min((next - now) / 1_000_000 + 1, 3_600_000))
  }

  /// False: stop waiting for the rest of the tree.
  private func takeSignals() -> Bool {
    var sender: Int32 = 0
    while true {
      let signal = pt_next_signal(signals, &sender)
      switch signal {
      case 0: return true
      case SIGCHLD:
        reap()
        if commandStatus != nil && lingerUntil == nil, let linger = supervision.linger {
          lingerUntil = runningNanoseconds + linger
        }
      case SIGTSTP: group.stops(with: signal)
      case SIGWINCH: group.send(signal)
      case SIGINT, SIGTERM, SIGHUP, SIGQUIT:
        // To all of them, as a terminal does: no other process sends it to the command's group.
        group.send(signal)
        // A process that is stopped gets it only when it is continued.
        group.send(SIGCONT)
        if commandStatus != nil {
          observation.isTreeRunning = true
          return false
        }
        if [SIGINT, SIGTERM].contains(signal) { observation.interruption = signal }
      default: if commandStatus == nil { kill(tree.pid, signal) }
      }
    }
  }

  private func reap() {
    var status: Int32 = 0
    while true {
      let pid = waitpid(-1, &status, WNOHANG | WUNTRACED)
      guard pid > 0 else { return }
      if pid == tree.guard && WaitStatus.stopSignal(status) == nil { tree.guard = 0 }
      if pid != tree.pid { continue }
      if let signal = WaitStatus.stopSignal(status) {
        group.wasStopped(by: signal)
        continue
      }
      take(WaitStatus(status))
    }
  }

  /// The command's exit was taken.
  private func take(_ status: WaitStatus) {
    isTaken = true
    if commandEndedAt == nil { commandEndedAt = runningNanoseconds }
    if let signal = group.ended(status) { observation.interruption = signal }
    // What the time limit ended did hang, however late its exit is taken.
    if commandStatus != .hung { commandStatus = .init(status) }
  }

  /// Kills every descendant but the guard until the filter has no user left.
  private func endTree() {
    let deadline = MonotonicClock.now() + 10_000_000_000
    while MonotonicClock.now() < deadline {
      for pid in descendants(of: getpid()) where pid != tree.guard { kill(pid, SIGKILL) }
      var item = pollfd(fd: tree.listener, events: 0, revents: 0)
      reap()
      if poll(&item, 1, 5) > 0 && item.revents & Int16(POLLHUP) != 0 { return }
    }
    observation.isTreeRunning = true
  }
}

/// The text of an errno.
func errorText(_ code: Int32) -> String { ErrorNumber.text(code) }

/// Ends the calling process by the signal that ended the command. Returns if the signal did not end it.
public func endBySignal(_ signal: Int32) { pt_die_by_signal(signal) }
