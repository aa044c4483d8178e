internal import Statistics

/// Running counts of one arm. Cheap to update; serves live progress and the verdict alike.
public struct ArmTally: Sendable {
  private var outcomes: [Outcome: Int] = [:]
  private var causes: [Outcome: (trial: Int, evidence: String)] = [:]
  private var releaseSkews: [UInt64] = []
  private var windows: [UInt64] = []
  private var timesToBound: [UInt64] = []
  private var timesToServed: [UInt64] = []
  private var detections: [UInt64] = []
  private var throughputs: [Double] = []
  private var allocations: [UInt64] = []
  private var portCounts: [UInt64] = []
  private var socketCounts: [UInt64] = []
  /// Why the arm does not run; nil if it does.
  public private(set) var skipReason: String?
  /// Trials seen, of any outcome.
  public private(set) var trialsSeen = 0
  /// Trials that count, and those of them in which a launch failed.
  public private(set) var trials = (counted: 0, failed: 0)
  /// Launches that count, and those of them that failed.
  public private(set) var launches = (counted: 0, failed: 0)

  public init() {}

  /// Notes that the arm does not run.
  public mutating func skip(_ reason: String) { skipReason = reason }

  /// Adds a trial.
  public mutating func add(_ trial: TrialOutcome) {
    trialsSeen += 1
    for launch in trial.launches {
      outcomes[launch.outcome, default: 0] += 1
      if launch.readyBefore > 0 {
        outcomes[.ready, default: 0] += launch.readyBefore
        launches.counted += launch.readyBefore
      }
      if launch.outcome != .ready && causes[launch.outcome] == nil {
        causes[launch.outcome] = (trial.trial, launch.evidence)
      }
      if launch.outcome.isCounted { launches.counted += 1 }
      if launch.outcome.isFailure { launches.failed += 1 }
    }
    if !trial.launches.isEmpty && trial.launches.allSatisfy(\.outcome.isCounted) {
      trials.counted += 1
      if trial.launches.contains(where: \.outcome.isFailure) { trials.failed += 1 }
    }
    if let skew = trial.releaseSkewNanoseconds { releaseSkews.append(skew) }
    if let window = trial.windowNanoseconds { windows.append(window) }
    if let time = trial.timeToBoundNanoseconds { timesToBound.append(time) }
    if let time = trial.timeToServedNanoseconds { timesToServed.append(time) }
    detections += trial.detectionNanoseconds
    throughputs += trial.requestsPerSecond
    allocations += trial.allocationNanoseconds
    portCounts += trial.portsTaken.map { UInt64($0) }
    if let count = trial.socketsInWindow { socketCounts.append(UInt64(count)) }
  }

  /// Launches with that outcome.
  public func count(_ outcome: Outcome) -> Int { outcomes[outcome] ?? 0 }

  /// The rate per launch.
  public var launchRate: RateEstimate { Self.estimate(launches.failed, launches.counted) }
  /// The rate per trial.
  public var trialRate: RateEstimate { Self.estimate(trials.failed, trials.counted) }

  /// Outcomes seen, in the order of their declaration.
  var outcomeCounts: [OutcomeCount] {
    Outcome.allCases.compactMap { outcome in
      outcomes[outcome].map { OutcomeCount(outcome: outcome, launches: $0) }
    }
  }

  /// The most frequent outcome that is not `ready`; failures before what does not count.
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

  var releaseSkew: DurationSummary? { Self.summary(releaseSkews) }
  var window: DurationSummary? { Self.summary(windows) }
  var timeToBound: DurationSummary? { Self.summary(timesToBound) }
  var timeToServed: DurationSummary? { Self.summary(timesToServed) }
  var detection: DurationSummary? { Self.summary(detections) }
  var throughput: Throughput? { Throughput(throughputs) }

  var allocation: DurationSummary? { Self.summary(allocations) }
  var portsTaken: Int? { Quantiles(portCounts).map { Int($0(0.5)) } }
  var socketsInWindow: Int? { Quantiles(socketCounts).map { Int($0(0.5)) } }

  private static func estimate(_ failed: Int, _ counted: Int) -> RateEstimate {
    let interval = ClopperPearson.interval(failed, outOf: counted)
    return RateEstimate(
      failures: failed, outOf: counted, low: interval.lowerBound, high: interval.upperBound)
  }

  private static func summary(_ samples: [UInt64]) -> DurationSummary? {
    Quantiles(samples).map {
      DurationSummary(samples: $0.count, p50: $0(0.5), p99: $0(0.99), max: $0.maximum)
    }
  }
}
