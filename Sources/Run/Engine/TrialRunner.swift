internal import CSharedRegion
internal import Faults
internal import History
internal import LinuxFacts
internal import PlanModel
internal import RunContract
internal import Strategies
internal import StrategyKit
internal import Syscalls

/// Runs the trials of one arm: feeds the state machine and carries out its actions.
struct TrialRunner {
  /// How a trial ended, for the run.
  enum Result {
    /// It is recorded; `needsNewWorkers` if some are dead or stuck.
    case recorded([Event], needsNewWorkers: Bool)
    /// The user wants to stop; the trial does not count.
    case interrupted
  }

  let arm: Arm
  let handover: Handover
  let host: WorkerHost
  let recorder: TrialRecorder
  let region: SharedRegion
  var board: PhaseBoard
  let sockets: SocketBaseline?
  private let thievesActAfterBind: Bool
  /// Position of each of the arm's faults in the registry.
  let faultKinds: [Int]
  /// When the preparation of the next trial was started, if it was.
  var preparing: UInt64?

  /// Sockets in the namespace while the workers idle.
  final class SocketBaseline {
    let namespace: NamespaceSockets
    let idle: Int

    init(of pid: Int32) throws(SystemError) {
      namespace = try NamespaceSockets(of: pid)
      idle = try namespace.inUse()
    }
  }

  /// While launchers prepare, the other core is idle: spinning costs nothing and saves the time of a wake-up.
  static let prepareSpinNanoseconds: UInt64 = 200_000

  /// How long closed sockets may take to vanish before they count as left behind.
  static let settleNanoseconds: UInt64 = 500_000_000

  init(
    arm: Arm, handover: Handover, host: WorkerHost, interruption: Interruption,
    sockets: SocketBaseline?
  ) {
    self.arm = arm
    self.handover = handover
    self.sockets = sockets
    thievesActAfterBind = arm.thieves.contains { thief in
      ThiefRegistry.index(of: thief.name).map { ThiefRegistry.all[$0].actsAfterBind } ?? false
    }
    faultKinds = arm.faults.map { FaultRegistry.index(of: $0.kind.name)! }
    region = host.region
    self.host = host
    recorder = TrialRecorder(arm: arm, host: host)
    board = PhaseBoard(host: host, interruption: interruption, arm: arm)
  }

  var slots: Range<Int> { 0..<(arm.topology.launches * arm.topology.apiServers) }

  func deadline() -> UInt64 {
    MonotonicClock.now() + UInt64(arm.timeoutMilliseconds) * 1_000_000
  }

  /// The launcher may have to start its program once more, which has a time limit of its own.
  func preparationDeadline() -> UInt64 { deadline() + UInt64(arm.startMilliseconds) * 1_000_000 }

  private var hasPool: Bool { arm.workers == .pooled && arm.depth == .bind }

  /// Pools and adapters are started before the first trial.
  private var isStartAwaited: Bool { hasPool || arm.strategy.command != nil }

  /// Waits until all pooled API servers have reached the barrier for the first time.
  mutating func awaitPool() throws(RunError) -> Bool {
    guard isStartAwaited else { return true }
    return try board.wait(until: preparationDeadline()) == .ended
  }

  /// Announces the start of a pool; call it before the worker host is asked to start it.
  mutating func expectPool() {
    guard isStartAwaited else { return }
    for slot in slots { region.server(slot).pointee = bs_server() }
    board.begin(.init(launchers: true, servers: hasPool ? Array(slots) : []))
  }

  /// Makes the adapters end themselves, as far as they do so in time; the worker host ends the rest.
  mutating func stopAdapters() throws(RunError) {
    guard arm.strategy.command != nil else { return }
    // Do not cut off a trial that is being prepared ahead.
    if preparing != nil { _ = try board.wait(until: preparationDeadline()) }
    board.begin(.init(launchers: true))
    board.command(BS_LAUNCHER_STOP)
    _ = try board.wait(until: deadline())
  }

  /// Runs one trial from clean state to clean state.
  /// - Parameters:
  ///   - next: seed of the next trial with the same workers, nil if there is none. Its preparation overlaps with the
  ///     recording of this one.
  ///   - countsSockets: whether to ask the kernel how many sockets the launches hold in the window.
  ///   - isLast: the workers are ended after it. Adapters are asked to stop within it, so that its record includes how
  ///     they stop.
  mutating func run(
    trial: Int, seed: UInt64, next: UInt64?, countsSockets: Bool, isLast: Bool
  ) throws(RunError) -> Result {
    var machine = TrialMachine(arm: arm, thievesActAfterBind: thievesActAfterBind)
    var seen = TrialObservation(
      trial: trial, seed: seed, countsSockets: countsSockets,
      started: preparing ?? MonotonicClock.now())
    var action = machine.handle(.begin)
    while true {
      if case .end = action { break }
      if case .abandon(let why) = action {
        seen.completion = why
        break
      }
      guard let event = try perform(action, &seen) else { return .interrupted }
      action = machine.handle(event)
    }
    return try conclude(&seen, next: next, isLast: isLast)
  }

  /// Carries out the machine's actions. Returns the result; nil when interrupted.
  private mutating func perform(
    _ action: TrialMachine.Action, _ seen: inout TrialObservation
  ) throws(RunError) -> TrialMachine.Event? {
    _ = failing(action.boundary)
    return switch action {
    case .prepare: try prepareLaunches(&seen)
    case .draw: event(after: try act(BS_THIEF_DRAW))
    case .holdWindow(let until, let foreignDraws):
      event(after: try holdWindow(until, foreignDraws, seen.windowOpened))
    case .bind: try bind(&seen)
    case .drawAfterBind: event(after: try act(BS_THIEF_BOUND))
    case .check: event(after: try check())
    case .close: try closeLaunches(&seen)
    case .abandon, .end: .phaseEnded
    }
  }

  /// The event of a phase for the machine; nil when interrupted.
  private func event(
    after wait: PhaseBoard.Wait, _ ended: TrialMachine.Event = .phaseEnded
  ) -> TrialMachine.Event? {
    switch wait {
    case .ended: ended
    case .deadlinePassed: .deadlinePassed
    case .interrupted: nil
    }
  }

  private mutating func prepareLaunches(
    _ seen: inout TrialObservation
  ) throws(RunError) -> TrialMachine.Event? {
    let wait = try prepare(seen.trial, seen.seed, serial: seen.serial)
    if wait != .interrupted { seen.windowOpened = recorder.allocationSnapshot() }
    return event(after: wait, .prepared(allocatedAt: allocatedAt()))
  }

  /// Makes the thieves do something.
  private mutating func act(_ command: bs_thief_command) throws(RunError) -> PhaseBoard.Wait {
    board.begin(.init(thieves: true))
    board.command(command)
    return try board.wait(until: deadline())
  }

  private mutating func bind(
    _ seen: inout TrialObservation
  ) throws(RunError) -> TrialMachine.Event? {
    seen.barrierOpened = recorder.snapshot()
    if seen.countsSockets { seen.socketsInWindow = try countSockets(seen.barrierOpened) }
    seen.barrierTime = openBarrier()
    let wait = try board.wait(until: deadline() + leadNanoseconds)
    if wait != .interrupted { seen.holders = try recorder.holders() }
    return event(after: wait)
  }

  private mutating func closeLaunches(
    _ seen: inout TrialObservation
  ) throws(RunError) -> TrialMachine.Event? {
    seen.noteBarrier(recorder)
    // The slots are read before they are reused; closing changes only the claims in them.
    let wait = try close()
    guard wait == .ended, Int(seen.serial) + 1 < arm.startup?.serialLaunches ?? 1, areServed
    else { return event(after: wait) }
    recorder.freeze()
    seen.earlierFaults += recorder.faultRecords(
      serial: Int(seen.serial), MonotonicClock.now())
    seen.hasHelpers = seen.hasHelpers || hasFaultHelpers()
    seen.serial += 1
    return .closedForNext
  }

  /// Cleans up after the trial, starts the preparation of the next one if possible, and records.
  private mutating func conclude(
    _ seen: inout TrialObservation, next: UInt64?, isLast: Bool
  ) throws(RunError) -> Result {
    seen.noteBarrier(recorder)
    seen.noteWindow()
    let isComplete = seen.completion == .complete
    if let dead = deadHelper() {
      // Otherwise ports that a thief lost and endpoints that were not checked would look like the strategy's doing.
      seen.completion = .harnessError
      seen.problem =
        "\(dead) died in the trial, and no fault of the plan is for it: a limit of the host (processes, open files, memory), "
        + "the kernel's OOM killer (dmesg) or somebody who sends signals; workers.log may tell"
    } else if !isComplete, let short = processWithoutDescriptors() {
      seen.completion = .harnessError
      seen.problem = HostLimit.reached(by: short, errno: LinuxErrno.tooManyFiles)
    }
    if !isComplete { noteUnnoticedDeaths() }
    recorder.freeze()
    let things = arm.depth == .startup && isComplete ? try cleanUp() : []
    let left = isComplete ? try socketsLeft() : -1
    if isLast && isComplete && arm.strategy.command != nil {
      // Count the leftovers first: ending the workers removes them.
      try stopAdapters()
      recorder.freeze()
    }
    let needsNewWorkers =
      !isComplete || left > 0 || hasDeadWorkers() || seen.hasHelpers || hasFaultHelpers()
    let ended = MonotonicClock.now()
    if let next, !needsNewWorkers, arm.thieves.isEmpty { startPreparing(seen.trial + 1, next) }
    let events = seen.events(
      arm: arm.index, recorder, ended: ended, socketsLeft: left, left: things)
    return .recorded(events, needsNewWorkers: needsNewWorkers)
  }
}

extension TrialMachine.Action {
  /// The name of the moment before the action, for `BINDSTORM_FAIL`.
  fileprivate var boundary: StaticString {
    switch self {
    case .prepare: "phase-prepare"
    case .draw: "phase-draw"
    case .holdWindow: "phase-window"
    case .bind: "phase-bind"
    case .drawAfterBind: "phase-draw-after-bind"
    case .check: "phase-check"
    case .close: "phase-close"
    case .end, .abandon: "phase-end"
    }
  }
}
