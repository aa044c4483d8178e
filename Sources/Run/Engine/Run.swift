internal import Faults
internal import Glibc
public import History
public import PlanModel
public import RunContract
internal import Strategies
internal import StrategyKit
internal import Synchronization
internal import Syscalls

/// Runs a plan's trials, block by block, in one lane or in several side by side, and passes on their events. It does not
/// judge them.
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

  /// Receives the events of a run as they come. With several lanes it is called by several threads at once.
  public protocol Observer: AnyObject {
    /// Events that belong together: the first or last event of the file, or all events of one trial.
    func append(_ events: [Event]) throws
    /// Whether the arm needs another trial; asked before each, after the events of the one before.
    func needsMore(arm: Int) -> Bool
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
  private let lanes: [Lane]
  /// The lanes of arms with a program that serves all of their trials: it stays while other arms have their blocks,
  /// because starting it may take long. By arm; each has a namespace of its own.
  private var kept: [Int: Lane] = [:]
  /// Starts a worker host.
  private let startHost: () throws(RunError) -> WorkerHost
  private let interruption: Interruption
  private let budgetNanoseconds: UInt64?

  /// The lane whose namespace stands for all.
  var host: WorkerHost { lanes[0].host }
  /// Time spent in each arm, added up over the lanes.
  public var timings: [ArmTiming] {
    plan.arms.indices.map { arm in
      (lanes + kept.values).map { $0.timings[arm] }.reduce(
        ArmTiming(arm: arm, trials: 0, seconds: 0)
      ) {
        ArmTiming(arm: arm, trials: $0.trials + $1.trials, seconds: $0.seconds + $1.seconds)
      }
    }
  }

  /// How many trials run side by side.
  public var laneCount: Int { lanes.count }
  /// How the run is isolated from the host.
  public var isolation: Isolation { host.isolation }
  /// Why it is not isolated; empty if it is.
  public var isolationProblem: String { host.isolationProblem }
  /// Whether workers have a private folder, which some strategies need.
  public var hasScratchFolder: Bool { host.hasScratchFolder }
  /// Process id of the first lane's worker host, whose network namespace is that lane's.
  public var workerHostPid: Int32 { host.pid }

  /// Starts the worker hosts. The thread that does must live as long as the run.
  /// - Parameters:
  ///   - worker: path of the `bindstorm-worker` executable.
  ///   - messages: descriptor to which workers write messages for people.
  ///   - lanes: how many trials run side by side, each lane in a namespace and with workers of its own. Only one
  ///     without a namespace: lanes would meet in the host's own ports.
  ///   - budgetSeconds: time after which no more trials begin; nil for all of the plan. Trials are then dealt so that
  ///     all arms come equally far.
  /// - Throws: `RunError` when no worker host or no isolation can be had.
  public init(
    plan: ResolvedPlan, schedule: Schedule, worker: String, messages: Int32 = 2,
    isolation policy: IsolationPolicy, lanes count: Int = 1, budgetSeconds: Double? = nil,
    interruption: Interruption
  ) throws(RunError) {
    var plan = plan
    for index in 0..<plan.arms.count { plan.arms[index].strategy = Self.executed(plan.arms[index]) }
    self.plan = plan
    self.schedule = schedule
    self.interruption = interruption
    budgetNanoseconds = budgetSeconds.map { UInt64($0 * 1e9) }
    startHost = { () throws(RunError) in
      do throws(WorkerHost.StartError) {
        return try WorkerHost(
          executable: worker, allowNamespace: policy != .off,
          fingerprint: BuildFingerprint.of(
            strategies: StrategyRegistry.descriptors, thieves: ThiefRegistry.descriptors,
            faults: FaultRegistry.descriptors), messages: messages)
      } catch {
        throw .workers(error.description)
      }
    }
    var lanes: [Lane] = []
    while lanes.count < max(1, count), lanes.last?.host.isolation != Isolation.none {
      lanes.append(
        Lane(
          number: lanes.count, host: try startHost(), plan: plan, schedule: schedule,
          interruption: interruption))
    }
    self.lanes = lanes
    if plan.arms.contains(where: { $0.startup?.http == true && $0.skipReason == nil }) {
      try Self.checkFrontEnd(beside: worker)
    }
    if policy == .required && host.isolation == .none {
      throw .isolationUnavailable(host.isolationProblem)
    }
    do throws(SystemError) { try interruption.listen(waking: lanes.map(\.host.region)) } catch {
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

  /// Runs all blocks, or stops at the interruption or when the budget is used up.
  /// - Throws: `RunError`; events recorded before stay valid.
  public func perform(_ observer: any Observer) throws(RunError) {
    defer { (lanes + kept.values).forEach { $0.host.end() } }
    let deadline = budgetNanoseconds.map { MonotonicClock.now() + $0 }
    try Self.append(
      [
        .runStarted(
          RunStarted(plan: plan.name, seed: plan.seed, isolated: host.isolation != .none))
      ], observer)
    guard let skipped = try reasonsToSkip() else {
      try Self.append(
        [.runEnded(RunEnded(interrupted: true, at: MonotonicClock.now()))], observer)
      return
    }
    let skips = zip(plan.arms, skipped).compactMap { arm, reason in
      reason.map { Event.armSkipped(ArmSkipped(arm: arm.index, reason: $0)) }
    }
    if !skips.isEmpty { try Self.append(skips, observer) }
    let blocks = schedule.blocks.filter { skipped[$0.arm] == nil }
    try keepPrograms(blocks)
    let order = budgetNanoseconds.map {
      Dealer.Order.balanced(
        sliceSeconds: slice($0, blocks), deciding: plan.decidingArms)
    }
    let table = DealingTable(
      Dealer(blocks: blocks, order: order ?? .scheduled, keeping: Set(kept.keys)), kept: kept,
      deadline: deadline)
    try performInLanes(table, observer)
    for lane in kept.values { try lane.close() }
    try Self.append(
      [.runEnded(RunEnded(interrupted: interruption.isRequested, at: MonotonicClock.now()))],
      observer)
  }

  /// Starts the lanes of arms with a program, unless they would meet in the host's own ports, or no other arm comes
  /// between their blocks. All at once, in the thread that lives as long as the run, and before another build can be
  /// installed over this one.
  private func keepPrograms(_ blocks: [Schedule.Block]) throws(RunError) {
    let arms = Set(blocks.map(\.arm)).sorted()
    guard host.isolation != .none && arms.count > 1 else { return }
    for arm in arms where plan.arms[arm].keepsProgram {
      kept[arm] = Lane(
        number: lanes.count + kept.count, host: try startHost(), plan: plan, schedule: schedule,
        interruption: interruption)
    }
  }

  /// How long a deal should take within a budget: every arm has some turns.
  private func slice(_ budget: UInt64, _ blocks: [Schedule.Block]) -> Double {
    let arms = Set(blocks.map(\.arm)).count
    return Double(budget) / 1e9 * Double(lanes.count) / Double(max(1, arms) * Self.turnsInABudget)
  }

  private static let turnsInABudget = 10

  /// Runs what the table deals: the first lane in this thread, others in threads of their own.
  private func performInLanes(
    _ table: DealingTable, _ observer: any Observer
  ) throws(RunError) {
    // The observer of several lanes can be called by several threads: its protocol says so.
    nonisolated(unsafe) let observer = observer
    let failures = Mutex<[RunError]>([])
    @Sendable func work(_ lane: Lane) {
      do throws(RunError) { try table.serve(lane, observer) } catch {
        table.close()
        failures.withLock { $0.append(error) }
      }
    }
    // No more lanes than arms: an arm is with one lane at a time.
    guard lanes.count > 1 else { return try table.serve(lanes[0], observer) }
    try withThreads(lanes.dropFirst(), work) { work(lanes[0]) }
    if let failure = failures.withLock({ $0.first }) { throw failure }
  }

  /// Serves lanes in threads of their own, does something in this thread, and waits for all.
  private func withThreads(
    _ lanes: ArraySlice<Lane>, _ work: @escaping @Sendable (Lane) -> Void, _ own: () -> Void
  ) throws(RunError) {
    guard let lane = lanes.first else { return own() }
    let thread: BlockingThread
    do throws(SystemError) { thread = try BlockingThread { work(lane) } } catch {
      throw .system(error)
    }
    let result = Result { () throws(RunError) in
      try withThreads(lanes.dropFirst(), work, own)
    }
    thread.join()
    try result.get()
  }

  /// Why each arm cannot run, nil for those that can; nil altogether when interrupted.
  private func reasonsToSkip() throws(RunError) -> [String?]? {
    var skipped = plan.arms.map(reasonToSkip)
    var tried: [AdapterCommand: String] = [:]
    for (number, arm) in plan.arms.enumerated() where skipped[number] == nil {
      guard let command = arm.strategy.command else { continue }
      if tried[command] == nil {
        guard let problem = try lanes[0].tryAdapter(arm) else { return nil }
        tried[command] = problem
      }
      if tried[command] != "" { skipped[number] = tried[command] }
    }
    return skipped
  }

  /// Passes events on.
  static func append(_ events: [Event], _ observer: any Observer) throws(RunError) {
    do { try observer.append(events) } catch { throw .history("\(error)") }
  }
}

extension Run.Observer {
  /// All trials of the plan.
  public func needsMore(arm: Int) -> Bool { true }
}
