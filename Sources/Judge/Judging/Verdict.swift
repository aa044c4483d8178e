public import PlanModel
internal import Statistics

/// How a launch or a trial ended: the closed set.
public enum Outcome: String, Sendable, Codable, CaseIterable {
  /// Every endpoint is owned by its API server.
  case ready
  /// Two addresses of one launch got one port.
  case lostToSelf = "lost-to-self"
  /// A parallel launch held the port.
  case lostToSibling = "lost-to-sibling"
  /// A thief held the port.
  case lostToThief = "lost-to-thief"
  /// A process that bindstorm did not start held the port.
  case lostToOutsider = "lost-to-outsider"
  /// The port was held, but by whom cannot be told, or the holder was gone when the kernel was asked.
  case lostToUnknown = "lost-to-unknown"
  /// Two listeners share one port.
  case splitBrain = "split-brain"
  /// A stranger answered at an advertised endpoint.
  case crossTalk = "cross-talk"
  /// Port 0 was advertised to the peers.
  case placeholderLeak = "placeholder-leak"
  /// `bind(0)` found no free port.
  case exhausted
  /// A deadline passed, or nobody answered at an advertised endpoint.
  case timeout
  /// A time limit of the start-up passed though the process that was waited for was healthy, only slow.
  case falseTimeout = "false-timeout"
  /// An API server, an engine core or the coordinator died.
  case childDied = "child-died"
  /// Sockets were left behind when everything had been closed.
  case leaked
  /// A port was reported to the peers before it was bound.
  case prematureReport = "premature-report"
  /// Another errno than EADDRINUSE stopped a binder.
  case otherError = "other-error"
  /// Ready, but only after a retry: without it the launch would have been lost. Never counted as ready.
  case recovered
  /// The adapter of an `exec` strategy broke its protocol: late, malformed, oversized or missing answers, an early
  /// exit. It says nothing about ports, so it is kept apart from the rate.
  case adapterError = "adapter-error"
  /// A fault that was due did not fire.
  case invalid
  /// The harness failed, or the record of the trial is torn.
  case harnessError = "harness-error"

  /// Whether the trial counts at all: `adapter-error`, `invalid` and `harness-error` are kept apart from the rate.
  public var isCounted: Bool {
    self != .adapterError && self != .invalid && self != .harnessError
  }
  /// Whether it counts as a failure of the strategy.
  public var isFailure: Bool { isCounted && self != .ready }
}

/// What one launch of one trial came to.
public struct LaunchOutcome: Sendable, Equatable, Codable {
  /// Number of the launch.
  public var launch: Int
  /// How it ended.
  public var outcome: Outcome
  /// One sentence with ports, processes and times.
  public var evidence: String
  /// Launches of its row that were ready before it; they count, too.
  public var readyBefore: Int

  public init(launch: Int, outcome: Outcome, evidence: String, readyBefore: Int = 0) {
    self.readyBefore = readyBefore
    self.launch = launch
    self.outcome = outcome
    self.evidence = evidence
  }
}

/// What one trial came to.
public struct TrialOutcome: Sendable, Equatable, Codable {
  /// `Arm.index`.
  public var arm: Int
  /// Number of the trial within its arm.
  public var trial: Int
  /// One for each launch.
  public var launches: [LaunchOutcome]
  /// Last minus first release stamp in nanoseconds; nil when fewer than two binders were released.
  public var releaseSkewNanoseconds: UInt64?
  /// From the end of a launch's allocation to its first bind, in nanoseconds; nil without a bind.
  public var windowNanoseconds: UInt64?
  /// From the opening of the barrier to the last endpoint bound, nil unless all were.
  public var timeToBoundNanoseconds: UInt64?
  /// What each launch's allocation took in nanoseconds; only of those that ended.
  public var allocationNanoseconds: [UInt64]
  /// Ports that each launch took, probes included.
  public var portsTaken: [Int]
  /// TCP sockets that the launches held together in the window; nil where that was not measured.
  public var socketsInWindow: Int?
  /// From the opening of the barrier until every engine core had answered every API server; nil unless all did.
  public var timeToServedNanoseconds: UInt64?
  /// From the first failure until the launcher noticed it, for each failed launch where both have a time.
  public var detectionNanoseconds: [UInt64]
  /// Requests per second of each launch that was ready and in which they were measured.
  public var requestsPerSecond: [Double]

  public init(
    arm: Int, trial: Int, launches: [LaunchOutcome], releaseSkewNanoseconds: UInt64? = nil,
    windowNanoseconds: UInt64? = nil, timeToBoundNanoseconds: UInt64? = nil,
    allocationNanoseconds: [UInt64] = [], portsTaken: [Int] = [], socketsInWindow: Int? = nil,
    timeToServedNanoseconds: UInt64? = nil, detectionNanoseconds: [UInt64] = [],
    requestsPerSecond: [Double] = []
  ) {
    self.requestsPerSecond = requestsPerSecond
    self.timeToServedNanoseconds = timeToServedNanoseconds
    self.detectionNanoseconds = detectionNanoseconds
    self.arm = arm
    self.trial = trial
    self.launches = launches
    self.releaseSkewNanoseconds = releaseSkewNanoseconds
    self.windowNanoseconds = windowNanoseconds
    self.timeToBoundNanoseconds = timeToBoundNanoseconds
    self.allocationNanoseconds = allocationNanoseconds
    self.portsTaken = portsTaken
    self.socketsInWindow = socketsInWindow
  }
}

/// Verdict word of an arm.
public enum Verdict: String, Sendable, Codable, CaseIterable {
  /// Every demand on the arm is shown at its confidence.
  case pass = "PASS"
  /// A demand is shown to be violated.
  case fail = "FAIL"
  /// The data does not decide, there is none, or the scenario's control did not behave.
  case inconclusive = "INCONCLUSIVE"
  /// The must-fail control failed, as it must.
  case expectedFailure = "XFAIL"
  /// The must-fail control did not fail.
  case unexpectedPass = "XPASS"
  /// No demand was made of this arm: its rate is reported only.
  case measured = "MEASURED"
  /// Not run, with the reason.
  case skipped = "SKIP"
}

/// Failures out of observations, with the exact two-sided 95 % Clopper-Pearson interval.
public struct RateEstimate: Sendable, Equatable, Codable {
  /// Failed observations.
  public var failures: Int
  /// Counted observations.
  public var outOf: Int
  /// Lower end, 0 when there are no observations.
  public var low: Double
  /// Upper end, 1 when there are no observations.
  public var high: Double
  /// failures / outOf, nil when there are no observations.
  public var rate: Double? { outOf > 0 ? Double(failures) / Double(outOf) : nil }

  public init(failures: Int, outOf: Int, low: Double, high: Double) {
    self.failures = failures
    self.outOf = outOf
    self.low = low
    self.high = high
  }
}

/// A published figure beside the measured one.
public struct PublishedComparison: Sendable, Equatable, Codable {
  /// The figure.
  public var figure: PublishedFigure
  /// Exact two-sided p-value (Fisher) of "the same rate"; nil without observations, and for a figure per launch
  /// where launches share a trial: they are not independent.
  public var pValue: Double?
  /// Level at which "not consistent" is said.
  public var level: Double
  /// Whether the p-value is at or above the level; nil where there is none.
  public var isConsistent: Bool?

  public init(figure: PublishedFigure, pValue: Double?, level: Double, isConsistent: Bool?) {
    self.figure = figure
    self.pValue = pValue
    self.level = level
    self.isConsistent = isConsistent
  }
}

/// Two rows of a scenario that are to have the same rate.
public struct RowComparison: Sendable, Equatable, Codable {
  /// Label of the row it is compared with.
  public var like: String
  /// That row's rate: per launch, or per trial where a trial has several launches.
  public var other: RateEstimate
  /// Exact two-sided p-value (Fisher) of "the same rate", nil without observations on both sides.
  public var pValue: Double?
  /// Level at which "not consistent" is said.
  public var level: Double
  /// Whether the p-value is at or above the level, nil without observations on both sides.
  public var isConsistent: Bool?
  /// Largest difference that the plan lets pass; nil in documents that do not say.
  public var within: Double?
  /// Lower end of the confidence interval of this row's rate less the other's, nil without observations on both
  /// sides. It is two-sided with what the demand's confidence leaves beyond each end.
  public var differenceLow: Double?
  /// Its upper end.
  public var differenceHigh: Double?

  public init(
    like: String, other: RateEstimate, pValue: Double?, level: Double, isConsistent: Bool?,
    within: Double? = nil, differenceLow: Double? = nil, differenceHigh: Double? = nil
  ) {
    self.within = within
    self.differenceLow = differenceLow
    self.differenceHigh = differenceHigh
    self.like = like
    self.other = other
    self.pValue = pValue
    self.level = level
    self.isConsistent = isConsistent
  }
}

/// Predicted rate beside the measured one.
public struct PredictionComparison: Sendable, Equatable, Codable {
  /// Predicted failure rate in 0...1.
  public var predicted: Double
  /// Exact two-sided binomial p-value of the observation under the prediction, nil without observations.
  public var pValue: Double?
  /// Level at which "disagrees" is said.
  public var level: Double
  /// Whether the p-value is at or above the level, nil without observations.
  public var agrees: Bool?

  public init(predicted: Double, pValue: Double?, level: Double, agrees: Bool?) {
    self.predicted = predicted
    self.pValue = pValue
    self.level = level
    self.agrees = agrees
  }
}

/// Median, 99th percentile and maximum of a duration in nanoseconds. Of more than some thousand samples the first two
/// are rounded to ten binary digits (0.1 %).
public struct DurationSummary: Sendable, Equatable, Codable {
  /// Number of samples.
  public var samples: Int
  /// Median.
  public var p50: UInt64
  /// 99th percentile.
  public var p99: UInt64
  /// Largest.
  public var max: UInt64

  public init(samples: Int, p50: UInt64, p99: UInt64, max: UInt64) {
    self.samples = samples
    self.p50 = p50
    self.p99 = p99
    self.max = max
  }
}

/// Requests per second of an arm's launches. They are those of stub engine cores and of this machine, where client,
/// API servers and engine cores share its processors: they compare the arms of one run, and say nothing of a real
/// deployment's.
public struct Throughput: Sendable, Equatable, Codable {
  /// Number of launches measured.
  public var samples: Int
  /// Median; of an even number of samples the lower of the two in the middle.
  public var median: Double
  /// Lowest.
  public var lowest: Double
  /// Highest.
  public var highest: Double

  public init(samples: Int, median: Double, lowest: Double, highest: Double) {
    self.samples = samples
    self.median = median
    self.lowest = lowest
    self.highest = highest
  }

  /// Nil without samples.
  init?(_ samples: Samples<Double>) {
    guard let lowest = samples.least, let median = samples.quantile(0.5),
      let highest = samples.largest
    else { return nil }
    self.init(samples: samples.count, median: median, lowest: lowest, highest: highest)
  }
}

/// Everything the matrix says about one arm.
public struct ArmVerdict: Sendable, Equatable, Codable {
  /// The arm.
  public var arm: Int
  /// Verdict word.
  public var verdict: Verdict
  /// Why, in one sentence.
  public var reason: String
  /// Per launch.
  public var launches: RateEstimate
  /// Per trial (any launch failed); equals `launches` when there is one launch in a trial.
  public var trials: RateEstimate
  /// Outcomes of all launches, with counts; only those seen.
  public var outcomes: [OutcomeCount]
  /// Most frequent failing outcome with its first evidence.
  public var topCause: Cause?
  /// Predicted rate per launch; nil where theory has none.
  public var predictionPerLaunch: PredictionComparison?
  /// Predicted rate per trial; nil where theory has none.
  public var predictionPerTrial: PredictionComparison?
  /// Why theory has no rate, where that is for a thief's sake; else nil.
  public var noPrediction: String?
  /// Published figures.
  public var published: [PublishedComparison]
  /// The row whose rate is to be the same; nil where the plan demands none.
  public var like: RowComparison?
  /// Trials planned.
  public var plannedTrials: Int
  /// Barrier release skew.
  public var releaseSkew: DurationSummary?
  /// Window between release of the probed ports and re-bind.
  public var window: DurationSummary?
  /// From barrier to all endpoints bound.
  public var timeToBound: DurationSummary?
  /// From barrier to every request answered; nil below depth `startup`.
  public var timeToServed: DurationSummary?
  /// From the first failure of a launch until its launcher noticed; nil where no failure has both times.
  public var detection: DurationSummary?
  /// Requests per second once a launch is served; nil where the plan measures none.
  public var requestsPerSecond: Throughput?
  /// What a launch's allocation takes.
  public var allocation: DurationSummary?
  /// Ports that a launch takes, probes included: median; nil without trials.
  public var portsTaken: Int?
  /// TCP sockets that a trial's launches hold in the window: median of those trials where it was measured.
  public var socketsInWindow: Int?

  public init(
    arm: Int, verdict: Verdict, reason: String, launches: RateEstimate, trials: RateEstimate,
    outcomes: [OutcomeCount], topCause: Cause?, predictionPerLaunch: PredictionComparison?,
    predictionPerTrial: PredictionComparison?, published: [PublishedComparison],
    plannedTrials: Int, releaseSkew: DurationSummary?, window: DurationSummary?,
    timeToBound: DurationSummary?, allocation: DurationSummary? = nil, portsTaken: Int? = nil,
    socketsInWindow: Int? = nil, timeToServed: DurationSummary? = nil,
    detection: DurationSummary? = nil, requestsPerSecond: Throughput? = nil,
    like: RowComparison? = nil, noPrediction: String? = nil
  ) {
    self.requestsPerSecond = requestsPerSecond
    self.noPrediction = noPrediction
    self.timeToServed = timeToServed
    self.detection = detection
    self.like = like
    self.arm = arm
    self.verdict = verdict
    self.reason = reason
    self.launches = launches
    self.trials = trials
    self.outcomes = outcomes
    self.topCause = topCause
    self.predictionPerLaunch = predictionPerLaunch
    self.predictionPerTrial = predictionPerTrial
    self.published = published
    self.plannedTrials = plannedTrials
    self.releaseSkew = releaseSkew
    self.window = window
    self.timeToBound = timeToBound
    self.allocation = allocation
    self.portsTaken = portsTaken
    self.socketsInWindow = socketsInWindow
  }
}

/// How often an outcome was seen.
public struct OutcomeCount: Sendable, Equatable, Codable {
  /// The outcome.
  public var outcome: Outcome
  /// Launches that ended so.
  public var launches: Int

  public init(outcome: Outcome, launches: Int) {
    self.outcome = outcome
    self.launches = launches
  }
}

/// The most frequent reason of failure.
public struct Cause: Sendable, Equatable, Codable {
  /// The outcome.
  public var outcome: Outcome
  /// Launches that ended so.
  public var launches: Int
  /// Trial in which it was first seen.
  public var firstTrial: Int
  /// One sentence from that trial.
  public var evidence: String

  public init(outcome: Outcome, launches: Int, firstTrial: Int, evidence: String) {
    self.outcome = outcome
    self.launches = launches
    self.firstTrial = firstTrial
    self.evidence = evidence
  }
}

/// The whole matrix.
public struct Matrix: Sendable, Equatable, Codable {
  /// Version of this document's format (1).
  public var schemaVersion: Int
  /// The plan it judges.
  public var plan: ResolvedPlan
  /// One for each arm, in the plan's order.
  public var arms: [ArmVerdict]
  /// Whether the run was cut short.
  public var isPartial: Bool
  /// What the strategies of the plan declare about themselves, by name.
  public var traits: [String: StrategyTraits]

  public init(
    schemaVersion: Int = 1, plan: ResolvedPlan, arms: [ArmVerdict], isPartial: Bool,
    traits: [String: StrategyTraits] = [:]
  ) {
    self.schemaVersion = schemaVersion
    self.plan = plan
    self.arms = arms
    self.isPartial = isPartial
    self.traits = traits
  }

  /// 1 if an arm failed, else 2 if one is inconclusive or nothing ran, else 0.
  public var exitCode: Int32 {
    if arms.contains(where: { $0.verdict == .fail }) { return 1 }
    let undecided: Set<Verdict> = [.inconclusive, .unexpectedPass]
    let hasRun = arms.contains { $0.verdict != .skipped }
    if isPartial || !hasRun || arms.contains(where: { undecided.contains($0.verdict) }) {
      return 2
    }
    return 0
  }
}
