internal import StrategyKit
internal import CLinuxShims
internal import Faults
internal import Glibc
public import History
public import PlanModel
public import RunContract
internal import Strategies
internal import Syscalls

/// Runs a plan's trials, block by block, and passes on their events. It does not judge them.
public final class Run {
  /// How the run handles isolation.
  public enum IsolationPolicy: Sendable {
    /// A namespace if possible, otherwise the weaker means.
    case preferred
    /// A namespace, or an error.
    case required
    /// No namespace.
    case off
  }

  /// Receives the events of a run as they come.
  public protocol Observer: AnyObject {
    /// Events that belong together: the first or last event of the file, or all events of one trial.
    func append(_ events: [Event]) throws
  }

  /// Time that an arm's counted trials took, including the harness's work between them.
  public struct ArmTiming: Sendable, Equatable, Codable {
    /// `Arm.index`.
    public var arm: Int
    /// Trials counted.
    public var trials: Int
    /// Seconds from the start of a block's first trial to the end of its last, summed over all blocks.
    public var seconds: Double
  }

  private let plan: ResolvedPlan
  private let schedule: Schedule
  let host: WorkerHost
  private let interruption: Interruption
  /// Runs the trials of `currentArm`; nil while it has no workers.
  private var current: TrialRunner?
  private var currentArm = -1
  /// Time spent in each arm.
  public private(set) var timings: [ArmTiming]

  /// How the run is isolated from the host.
  public var isolation: Isolation { host.isolation }
  /// Why it is not isolated; empty if it is.
  public var isolationProblem: String { host.isolationProblem }
  /// Whether workers have a private folder, which some strategies need.
  public var hasScratchFolder: Bool { host.hasScratchFolder }
  /// Process id of the worker host, whose network namespace is the run's.
  public var workerHostPid: Int32 { host.pid }

  /// Starts the worker host.
  /// - Parameters:
  ///   - worker: path of the `bindstorm-worker` executable.
  ///   - messages: descriptor to which workers write messages for people.
  /// - Throws: `RunError` when no worker host or no isolation can be had.
  public init(
    plan: ResolvedPlan, schedule: Schedule, worker: String, messages: Int32 = 2,
    isolation policy: IsolationPolicy, interruption: Interruption
  ) throws(RunError) {
    var plan = plan
    for index in 0..<plan.arms.count { plan.arms[index].strategy = Self.executed(plan.arms[index]) }
    self.plan = plan
    self.schedule = schedule
    self.interruption = interruption
    timings = plan.arms.map { ArmTiming(arm: $0.index, trials: 0, seconds: 0) }
    do throws(WorkerHost.StartError) {
      host = try WorkerHost(
        executable: worker, allowNamespace: policy != .off,
        fingerprint: BuildFingerprint.of(
          strategies: StrategyRegistry.descriptors, thieves: ThiefRegistry.descriptors,
          faults: FaultRegistry.descriptors), messages: messages)
    } catch {
      throw .workers(error.description)
    }
    host.interruption = interruption
    if plan.arms.contains(where: { $0.startup?.http == true && $0.skipReason == nil }) {
      try Self.checkFrontEnd(beside: worker)
    }
    if policy == .required && host.isolation == .none {
      throw .isolationUnavailable(host.isolationProblem)
    }
    do throws(SystemError) { try interruption.listen(waking: host.region) } catch {
      throw .system(error)
    }
  }

  /// The strategy that runs: with hybrid load balancing vLLM uses paths, whatever the strategy.
  private static func executed(_ arm: Arm) -> Choice {
    guard let name = arm.startup?.overridingStrategy,
      let index = StrategyRegistry.index(of: name)
    else { return arm.strategy }
    let options = StrategyRegistry.available[index].descriptor.options
    return Choice(
      name: name, label: arm.strategy.label,
      options: options.compactMap { option in
        option.defaultValue.map { OptionValue(name: option.name, value: $0) }
      })
  }

  /// If HTTP is requested and its program is not installed, say so at once.
  private static func checkFrontEnd(beside worker: String) throws(RunError) {
    if let problem = frontEndProblem(beside: worker) { throw .workers(problem) }
  }

  /// Why scenarios with HTTP cannot run: the program is not beside the worker. Nil if they can.
  public static func frontEndProblem(beside worker: String) -> String? {
    let path = worker.withCString { realpath($0, nil) }
    defer { free(path) }
    let real = path.map { String(cString: $0) } ?? worker
    let folder = real.lastIndex(of: "/").map { String(real[...$0]) } ?? ""
    return access("\(folder)bindstorm-frontend", X_OK) == 0
      ? nil
      : "there is no bindstorm-frontend beside \(real), which scenarios with \"http\" need; make build makes it, make install puts it there"
  }

  /// Runs all blocks, or stops at the interruption.
  /// - Throws: `RunError`; events recorded before stay valid.
  public func perform(_ observer: any Observer) throws(RunError) {
    defer { host.end() }
    try append(
      [
        .runStarted(
          RunStarted(plan: plan.name, seed: plan.seed, isolated: host.isolation != .none))
      ], observer)
    var skipped = plan.arms.map(reasonToSkip)
    var tried: [AdapterCommand: String] = [:]
    for (number, arm) in plan.arms.enumerated() where skipped[number] == nil {
      guard let command = arm.strategy.command else { continue }
      if tried[command] == nil {
        try writeOrder(arm)
        guard let problem = try tryAdapter(arm) else {
          try append([.runEnded(RunEnded(interrupted: true, at: MonotonicClock.now()))], observer)
          return
        }
        tried[command] = problem
      }
      if tried[command] != "" { skipped[number] = tried[command] }
    }
    let skips = zip(plan.arms, skipped).compactMap { arm, reason in
      reason.map { Event.armSkipped(ArmSkipped(arm: arm.index, reason: $0)) }
    }
    if !skips.isEmpty { try append(skips, observer) }
    let blocks = schedule.blocks.filter { skipped[$0.arm] == nil }
    for (number, block) in blocks.enumerated() {
      let isLast = number + 1 == blocks.count || blocks[number + 1].arm != block.arm
      guard try perform(block, isLast: isLast, observer) else { break }
    }
    try current?.stopAdapters()
    try stopWorkers()
    try append(
      [.runEnded(RunEnded(interrupted: interruption.isRequested, at: MonotonicClock.now()))],
      observer)
  }

  /// Runs a block's trials. Returns false when interrupted.
  /// - Parameter isLast: the arm's workers are not needed afterwards.
  private func perform(
    _ block: Schedule.Block, isLast: Bool, _ observer: any Observer
  ) throws(RunError) -> Bool {
    if interruption.isRequested { return false }
    let arm = plan.arms[block.arm]
    var workers = try workers(for: arm, observer)
    let started = MonotonicClock.now()
    // Also for an interrupted block: its trials count.
    defer { timings[arm.index].seconds += Double(MonotonicClock.now() - started) / 1e9 }
    for trial in block.trials {
      if trial != block.trials.lowerBound { workers = try self.workers(for: arm, observer) }
      switch workers {
      case .interrupted: return false
      case .refused(let why):
        if interruption.isRequested { return false }
        try append(Self.trial(trial, of: arm, refused: why), observer)
        timings[arm.index].trials += 1
        continue
      case .ready: break
      }
      let next =
        trial + 1 < block.trials.upperBound
        ? schedule.trialSeed(arm: arm.index, trial: trial + 1) : nil
      let result = try current!.run(
        trial: trial, seed: schedule.trialSeed(arm: arm.index, trial: trial), next: next,
        countsSockets: trial == block.trials.lowerBound, isLast: isLast && next == nil)
      guard case .recorded(let events, let needsNewWorkers) = result else { return false }
      try append(events, observer)
      timings[arm.index].trials += 1
      if needsNewWorkers {
        try stopWorkers()
        current = nil
      }
    }
    return true
  }

  /// The result of starting an arm's workers.
  private enum Workers {
    case ready
    case interrupted
    /// The host refused to create one of them.
    case refused(String)
  }

  /// Makes sure that the arm's workers run, and no other arm's.
  private func workers(for arm: Arm, _ observer: any Observer) throws(RunError) -> Workers {
    if currentArm == arm.index && current != nil { return .ready }
    try current?.stopAdapters()
    try stopWorkers()
    current = nil
    currentArm = arm.index
    do throws(RunError) { current = try startWorkers(arm, observer) } catch {
      guard case .refused(let why) = error else { throw error }
      try stopWorkers()
      return .refused(why)
    }
    return current == nil ? .interrupted : .ready
  }

  /// A trial that could not begin.
  private static func trial(_ trial: Int, of arm: Arm, refused why: String) -> [Event] {
    let now = MonotonicClock.now()
    return [
      .trialStarted(TrialStarted(arm: arm.index, trial: trial, at: now)),
      .trialEnded(
        TrialEnded(
          arm: arm.index, trial: trial, barrierOpened: 0, at: now, completion: .harnessError,
          detail: why)),
    ]
  }

  private func append(_ events: [Event], _ observer: any Observer) throws(RunError) {
    do { try observer.append(events) } catch { throw .history("\(error)") }
  }

  private func request(_ message: ControlMessage) throws(RunError) -> ControlMessage {
    do throws(WorkerHost.StartError) { return try host.request(message) } catch {
      throw .workers(error.description)
    }
  }

  /// Why the arm's program cannot run here; empty if it can, nil when interrupted.
  private func tryAdapter(_ arm: Arm) throws(RunError) -> String? {
    // A plan gives programs no more time to start than the longest phase.
    let limit = arm.timeoutMilliseconds + WorkerHost.defaultAnswerTimeoutMilliseconds
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
  private func startWorkers(_ arm: Arm, _ observer: any Observer) throws(RunError) -> TrialRunner? {
    if host.isolation != .none {
      let answer = try request(
        ControlMessage(.setPool, [Int64(arm.pool.low), Int64(arm.pool.high)]))
      try append(
        [
          .poolSet(
            PoolSet(
              low: Int(answer.values[0]), high: Int(answer.values[1]), at: MonotonicClock.now()))
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
