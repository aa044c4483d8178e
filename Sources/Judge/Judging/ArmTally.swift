internal import Statistics

/// Running counts of one arm. Updates are cheap, and its size does not grow with the number of trials. Used for live
/// progress and for the verdict.
public struct ArmTally: Sendable {
  private var outcomes: [Outcome: Int] = [:]
  private var causes: [Outcome: (trial: Int, evidence: String)] = [:]
  private var releaseSkews = Samples<UInt64>()
  private var windows = Samples<UInt64>()
  private var timesToBound = Samples<UInt64>()
  private var timesToServed = Samples<UInt64>()
  private var detections = Samples<UInt64>()
  private var throughputs = Samples<Double>()
  private var allocations = Samples<UInt64>()
  private var portCounts = Samples<UInt64>()
  private var socketCounts = Samples<UInt64>()
  /// Why the arm does not run; nil if it does.
  public private(set) var skipReason: String?
  /// Trials seen, of any outcome.
  public private(set) var trialsSeen = 0
  /// Trials that count, and those of them in which a launch failed or recovered.
  public private(set) var trials = (counted: 0, failed: 0)
  /// Launches that count, and those of them that failed or recovered.
  public private(set) var launches = (counted: 0, failed: 0)
  /// Trials that count in which a launch failed; one that recovered did not.
  public private(set) var trialsWithFailed = 0
  /// Every port that the launches were given, asked for or bound, over all trials.
  private(set) var ports = PortSet()
  /// Trials that count in which a launch failed as a must-fail control must.
  public private(set) var provokedTrials = 0

  public init() {}

  /// Records that the arm does not run.
  public mutating func skip(_ reason: String) { skipReason = reason }

  /// Adds a trial.
  public mutating func add(_ trial: TrialOutcome) {
    count(trial.launches, trial: trial.trial, times: 1)
    for port in trial.ports { ports.insert(port) }
    if let skew = trial.releaseSkewNanoseconds { releaseSkews.add(skew) }
    if let window = trial.windowNanoseconds { windows.add(window) }
    if let time = trial.timeToBoundNanoseconds { timesToBound.add(time) }
    if let time = trial.timeToServedNanoseconds { timesToServed.add(time) }
    detections.add(trial.detectionNanoseconds)
    throughputs.add(trial.requestsPerSecond)
    allocations.add(trial.allocationNanoseconds)
    portCounts.add(trial.portsTaken.map { UInt64($0) })
    if let count = trial.socketsInWindow { socketCounts.add(UInt64(count)) }
  }

  /// Counts as many trials whose launches ended so.
  mutating func count(_ ended: [LaunchOutcome], trial: Int, times: Int) {
    guard times > 0 else { return }
    trialsSeen += times
    for launch in ended {
      outcomes[launch.outcome, default: 0] += times
      if launch.readyBefore > 0 {
        outcomes[.ready, default: 0] += times * launch.readyBefore
        launches.counted += times * launch.readyBefore
      }
      if launch.outcome != .ready && causes[launch.outcome] == nil {
        causes[launch.outcome] = (trial, launch.evidence)
      }
      if launch.outcome.isCounted { launches.counted += times }
      if launch.outcome.isFailure { launches.failed += times }
    }
    if !ended.isEmpty && ended.allSatisfy(\.outcome.isCounted) {
      trials.counted += times
      if ended.contains(where: \.outcome.isFailure) { trials.failed += times }
      if ended.contains(where: \.outcome.isFailed) { trialsWithFailed += times }
      if ended.contains(where: \.outcome.fulfilsControl) { provokedTrials += times }
    }
  }

  /// Launches with that outcome.
  public func count(_ outcome: Outcome) -> Int { outcomes[outcome] ?? 0 }

  /// Launches that failed as a must-fail control must.
  var provokedLaunches: Int { Outcome.allCases.filter(\.fulfilsControl).map(count).reduce(0, +) }

  /// The rate of launches that failed or recovered.
  public var launchRate: RateEstimate { RateEstimate(launches.failed, outOf: launches.counted) }
  /// The rate of trials in which a launch failed or recovered.
  public var trialRate: RateEstimate { RateEstimate(trials.failed, outOf: trials.counted) }
  /// The rate of launches that failed.
  public var failedLaunchRate: RateEstimate {
    RateEstimate(launches.failed - count(.recovered), outOf: launches.counted)
  }
  /// The rate of trials in which a launch failed.
  var failedTrialRate: RateEstimate { RateEstimate(trialsWithFailed, outOf: trials.counted) }

  /// What recovered; nil if nothing did.
  func recovered(_ rule: StoppingRule) -> Recovered? {
    let launches = count(.recovered)
    guard launches > 0 else { return nil }
    return Recovered(
      launches: launches, launchesWithFailed: rule.launchRate(self),
      trialsWithFailed: rule.trialRate(self))
  }

  /// Outcomes seen, in the order of their declaration.
  var outcomeCounts: [OutcomeCount] {
    Outcome.allCases.compactMap { outcome in
      outcomes[outcome].map { OutcomeCount(outcome: outcome, launches: $0) }
    }
  }

  /// The most frequent outcome that is not `ready`; failures come before uncounted outcomes.
  var topCause: Cause? {
    let candidates = Outcome.allCases.filter { $0 != .ready && outcomes[$0] != nil }
    let failures = candidates.filter(\.isFailure)
    guard
      let top = (failures.isEmpty ? candidates : failures).max(by: { count($0) < count($1) }),
      let first = causes[top]
    else { return nil }
    return Cause(
      outcome: top, launches: count(top), firstTrial: first.trial, evidence: first.evidence)
  }

  /// From the end of a launch's allocation to its first bind.
  public var windowDistribution: Distribution? { Distribution(windows) }
  /// Last minus first release of a trial's binders.
  public var skewDistribution: Distribution? { Distribution(releaseSkews) }
  /// From the barrier until everything of a trial was bound or, at depth `startup`, served.
  public var readyDistribution: Distribution? {
    Distribution(timesToServed) ?? Distribution(timesToBound)
  }

  var releaseSkew: DurationSummary? { Self.summary(releaseSkews) }
  var window: DurationSummary? { Self.summary(windows) }
  var timeToBound: DurationSummary? { Self.summary(timesToBound) }
  var timeToServed: DurationSummary? { Self.summary(timesToServed) }
  var detection: DurationSummary? { Self.summary(detections) }
  var throughput: Throughput? { Throughput(throughputs) }

  var allocation: DurationSummary? { Self.summary(allocations) }
  var portsTaken: Int? { portCounts.quantile(0.5).map { Int($0) } }
  var socketsInWindow: Int? { socketCounts.quantile(0.5).map { Int($0) } }

  private static func summary(_ samples: Samples<UInt64>) -> DurationSummary? {
    guard let median = samples.quantile(0.5), let p99 = samples.quantile(0.99),
      let largest = samples.largest
    else { return nil }
    return DurationSummary(samples: samples.count, p50: median, p99: p99, max: largest)
  }
}
