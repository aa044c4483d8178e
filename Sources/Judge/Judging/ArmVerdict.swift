/// Launches that came up only after a retry: their port was lost, and the launch was not.
public struct Recovered: Sendable, Equatable, Codable {
  /// How many, of the counted ones.
  public var launches: Int
  /// Launches that failed or recovered: the rate that demands, models and published figures are about.
  public var launchesWithFailed: RateEstimate
  /// Trials in which any launch failed or recovered.
  public var trialsWithFailed: RateEstimate

  public init(launches: Int, launchesWithFailed: RateEstimate, trialsWithFailed: RateEstimate) {
    self.launches = launches
    self.launchesWithFailed = launchesWithFailed
    self.trialsWithFailed = trialsWithFailed
  }
}

/// Everything the matrix says about one arm.
public struct ArmVerdict: Sendable, Equatable, Codable {
  /// The arm.
  public var arm: Int
  /// What the strategy did.
  public var strategyAnswer: StrategyAnswer
  /// Against what that was decided, in one sentence.
  public var strategyReason: String
  /// Whether it was what the plan demands.
  public var planAnswer: PlanAnswer
  /// Why, in one sentence.
  public var reason: String
  /// Launches that failed; those that recovered are not among them.
  public var launches: RateEstimate
  /// Trials in which any launch failed; equals `launches` when there is one launch in a trial.
  public var trials: RateEstimate
  /// Launches that recovered; nil if none did.
  public var recovered: Recovered?
  /// Where the row's ports lie and what its thieves draw from, if no thief could take one of them; otherwise nil.
  public var outOfReach: OutOfReach?
  /// Outcomes of all launches, with counts; only those that occurred.
  public var outcomes: [OutcomeCount]
  /// Most frequent failing outcome with its first evidence.
  public var topCause: Cause?
  /// Predicted rate per launch; nil if theory has no prediction.
  public var predictionPerLaunch: PredictionComparison?
  /// Predicted rate per trial; nil if theory has no prediction.
  public var predictionPerTrial: PredictionComparison?
  /// Why theory has no prediction, if a thief is the reason; otherwise nil.
  public var noPrediction: String?
  /// Published figures.
  public var published: [PublishedComparison]
  /// The row that must have the same rate; nil if the plan demands none.
  public var like: RowComparison?
  /// The row that must have a higher rate; nil if the plan demands none.
  public var better: BetterComparison?
  /// Trials planned.
  public var plannedTrials: Int
  /// The rule that ended the arm before its planned trials; nil if none did. The rates' intervals allow for it.
  public var stoppedBy: StoppingRule.Kind?
  /// Barrier release skew.
  public var releaseSkew: DurationSummary?
  /// Window between release of the probed ports and re-bind.
  public var window: DurationSummary?
  /// From barrier to all endpoints bound.
  public var timeToBound: DurationSummary?
  /// From barrier to every request answered; nil below depth `startup`.
  public var timeToServed: DurationSummary?
  /// From the first failure of a launch until its launcher noticed it; nil if no failure has both times.
  public var detection: DurationSummary?
  /// Requests per second once a launch is served; nil if the plan measures none.
  public var requestsPerSecond: Throughput?
  /// What a launch's allocation takes.
  public var allocation: DurationSummary?
  /// What was counted, for comparisons with other runs; nil in a document of an older version.
  public var sample: CellSample?
  /// Ports that a launch takes, probes included: median; nil without trials.
  public var portsTaken: Int?
  /// TCP sockets that a trial's launches hold in the window: median of the trials in which it was measured.
  public var socketsInWindow: Int?

  public init(
    arm: Int, planAnswer: PlanAnswer, reason: String, launches: RateEstimate, trials: RateEstimate,
    outcomes: [OutcomeCount], topCause: Cause?, predictionPerLaunch: PredictionComparison?,
    predictionPerTrial: PredictionComparison?, published: [PublishedComparison],
    plannedTrials: Int, releaseSkew: DurationSummary?, window: DurationSummary?,
    timeToBound: DurationSummary?, allocation: DurationSummary? = nil, portsTaken: Int? = nil,
    socketsInWindow: Int? = nil, timeToServed: DurationSummary? = nil,
    detection: DurationSummary? = nil, requestsPerSecond: Throughput? = nil,
    like: RowComparison? = nil, better: BetterComparison? = nil, noPrediction: String? = nil,
    stoppedBy: StoppingRule.Kind? = nil,
    strategyAnswer: StrategyAnswer = .measured, strategyReason: String = "",
    recovered: Recovered? = nil, outOfReach: OutOfReach? = nil, sample: CellSample? = nil
  ) {
    self.sample = sample
    self.stoppedBy = stoppedBy
    self.strategyAnswer = strategyAnswer
    self.strategyReason = strategyReason
    self.recovered = recovered
    self.outOfReach = outOfReach
    self.requestsPerSecond = requestsPerSecond
    self.noPrediction = noPrediction
    self.timeToServed = timeToServed
    self.detection = detection
    self.like = like
    self.better = better
    self.arm = arm
    self.planAnswer = planAnswer
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
