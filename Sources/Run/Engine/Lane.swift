internal import Faults
internal import Glibc
internal import History
internal import PlanModel
internal import RunContract
internal import Strategies
internal import StrategyKit
internal import Syscalls

/// One worker host with its network namespace, and the trials that run in it, one after another. Lanes share nothing but
/// the dealer and the observer.
///
/// It is made in the thread that lives longest, because its worker host dies with the thread that started it, and then
/// used by one thread at a time.
final class Lane: @unchecked Sendable {
  /// Position among the run's lanes, from 0.
  let number: Int
  let host: WorkerHost
  private let plan: ResolvedPlan
  private let schedule: Schedule
  private let interruption: Interruption
  /// Runs the trials of `currentArm`; nil while it has no workers.
  private var current: TrialRunner?
  private var currentArm = -1
  private var isClosed = false
  /// Time spent in each arm.
  private(set) var timings: [Run.ArmTiming]

  init(
    number: Int, host: WorkerHost, plan: ResolvedPlan, schedule: Schedule,
    interruption: Interruption
  ) {
    self.number = number
    self.host = host
    self.plan = plan
    self.schedule = schedule
    self.interruption = interruption
    timings = plan.arms.map { Run.ArmTiming(arm: $0.index, trials: 0, seconds: 0) }
    host.interruption = interruption
  }

  /// How the trials of a deal ended.
  enum Ending {
    /// All have run.
    case done
    /// The arm needs no more, or the time is up.
    case stopped
    /// The user wants to stop.
    case interrupted
  }

  /// Runs the trials that were dealt. Each begins only if `isWanted` says so.
  func perform(
    _ deal: Dealer.Deal, _ observer: any Run.Observer, isWanted: () -> Bool
  ) throws(RunError) -> Ending {
    if interruption.isRequested { return .interrupted }
    let arm = plan.arms[deal.arm]
    let started = MonotonicClock.now()
    // Also for an interrupted block: its trials count.
    defer { timings[arm.index].seconds += Double(MonotonicClock.now() - started) / 1e9 }
    for trial in deal.trials {
      guard isWanted() else {
        try dropPrepared()
        return .stopped
      }
      switch try workers(for: arm, observer) {
      case .interrupted: return .interrupted
      case .refused(let why):
        if interruption.isRequested { return .interrupted }
        try Run.append(Self.trial(trial, of: arm, lane: number, refused: why), observer)
        timings[arm.index].trials += 1
        continue
      case .ready: break
      }
      let next =
        trial + 1 < deal.trials.upperBound
        ? schedule.trialSeed(arm: arm.index, trial: trial + 1) : nil
      let result = try current!.run(
        trial: trial, seed: schedule.trialSeed(arm: arm.index, trial: trial), next: next,
        countsSockets: trial == deal.trials.lowerBound, isLast: deal.isLast && next == nil)
      guard case .recorded(var events, let needsNewWorkers) = result else { return .interrupted }
      note(number, in: &events)
      try Run.append(events, observer)
      timings[arm.index].trials += 1
      if needsNewWorkers {
        try stopWorkers()
        current = nil
      }
    }
    return .done
  }

  /// Enters the lane into the record of a trial.
  private func note(_ lane: Int, in events: inout [Event]) {
    guard lane > 0, case .trialStarted(var started)? = events.first else { return }
    started.lane = lane
    events[0] = .trialStarted(started)
  }

  /// Ends everything that the lane has started, but for its worker host.
  func finish() throws(RunError) {
    try current?.stopAdapters()
    try stopWorkers()
    current = nil
  }

  /// Ends all that the lane has started, and its worker host. It can run no more trials.
  func close() throws(RunError) {
    guard !isClosed else { return }
    isClosed = true
    defer { host.end() }
    try finish()
  }

  /// A trial that is being prepared and will not run: its processes are ended with what they hold.
  private func dropPrepared() throws(RunError) {
    guard current?.preparing != nil else { return }
    try finish()
  }

  /// The result of starting an arm's workers.
  private enum Workers {
    case ready
    case interrupted
    /// The host refused to create one of them.
    case refused(String)
  }

  /// Makes sure that the arm's workers run, and no other arm's.
  private func workers(
    for arm: Arm, _ observer: any Run.Observer
  ) throws(RunError) -> Workers {
    if currentArm == arm.index && current != nil { return .ready }
    try finish()
    currentArm = arm.index
    do throws(RunError) { current = try startWorkers(arm, observer) } catch {
      guard case .refused(let why) = error else { throw error }
      try stopWorkers()
      return .refused(why)
    }
    return current == nil ? .interrupted : .ready
  }

  /// A trial that could not begin.
  private static func trial(
    _ trial: Int, of arm: Arm, lane: Int, refused why: String
  ) -> [Event] {
    let now = MonotonicClock.now()
    return [
      .trialStarted(TrialStarted(arm: arm.index, trial: trial, at: now, lane: lane)),
      .trialEnded(
        TrialEnded(
          arm: arm.index, trial: trial, barrierOpened: 0, at: now, completion: .harnessError,
          detail: why)),
    ]
  }

  private func request(_ message: ControlMessage) throws(RunError) -> ControlMessage {
    do throws(WorkerHost.StartError) { return try host.request(message) } catch {
      throw .workers(error.description)
    }
  }

  /// Why the arm's program cannot run here; empty if it can, nil when interrupted.
  func tryAdapter(_ arm: Arm) throws(RunError) -> String? {
    try writeOrder(arm)
    let limit =
      arm.timeoutMilliseconds + arm.startMilliseconds + WorkerHost.defaultAnswerTimeoutMilliseconds
    do throws(WorkerHost.StartError) {
      return try host.request(ControlMessage(.tryAdapter), within: limit) {
        interruption.isRequested
      }?.text
    } catch {
      throw .workers(error.description)
    }
  }

  private func stopWorkers() throws(RunError) {
    _ = try request(ControlMessage(.stopWorkers))
  }

  /// Sets the pool and starts the arm's workers. Nil when interrupted.
  private func startWorkers(
    _ arm: Arm, _ observer: any Run.Observer
  ) throws(RunError) -> TrialRunner? {
    if host.isolation != .none {
      let answer = try request(
        ControlMessage(.setPool, [Int64(arm.pool.low), Int64(arm.pool.high)]))
      try Run.append(
        [
          .poolSet(
            PoolSet(
              low: Int(answer.values[0]), high: Int(answer.values[1]), at: MonotonicClock.now(),
              lane: number))
        ], observer)
    }
    let strategy = try writeOrder(arm)
    let handover = StrategyRegistry.available[strategy].handover
    var runner = TrialRunner(
      arm: arm, handover: handover, host: host, interruption: interruption, sockets: nil)
    runner.expectPool()
    let started = try request(ControlMessage(.startWorkers))
    if let code = started.values.first {
      throw .refused(HostLimit.text(started.text, errno: Int32(truncatingIfNeeded: code)))
    }
    guard try runner.awaitPool() else {
      if interruption.isRequested { return nil }
      throw .workers("the workers of '\(arm.strategy.label)' did not start in time")
    }
    return TrialRunner(
      arm: arm, handover: handover, host: host, interruption: interruption,
      sockets: try baseline())
  }

  /// Writes the arm's order for the workers. Returns the strategy's position in the registry.
  @discardableResult
  private func writeOrder(_ arm: Arm) throws(RunError) -> Int {
    guard let strategy = StrategyRegistry.index(of: arm.strategy.name)
    else { throw .unknownName(arm.strategy.name) }
    var thieves: [Int] = []
    for thief in arm.thieves {
      guard let index = ThiefRegistry.index(of: thief.name)
      else { throw .unknownName(thief.name) }
      thieves.append(index)
    }
    Order(
      arm: arm, strategy: strategy, thieves: thieves, confinesSockets: host.isolation == .none
    ).write(to: host.region)
    return strategy
  }

  private func baseline() throws(RunError) -> TrialRunner.SocketBaseline? {
    guard host.isolation != .none else { return nil }
    do throws(SystemError) { return try TrialRunner.SocketBaseline(of: host.pid) } catch {
      throw .system(error)
    }
  }
}
