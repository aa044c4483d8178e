public import PlanModel
internal import Statistics

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

  /// The interval for this number of failures.
  init(_ failures: Int, outOf: Int) {
    let interval = ClopperPearson.interval(failures, outOf: outOf)
    self.init(
      failures: failures, outOf: outOf, low: interval.lowerBound, high: interval.upperBound)
  }
}

/// A published figure beside the measured one.
public struct PublishedComparison: Sendable, Equatable, Codable {
  /// The figure.
  public var figure: PublishedFigure
  /// The figure's own rate with its interval, which shows how uncertain a few observations are.
  public var rate: RateEstimate
  /// Exact two-sided p-value (Fisher) of "the same rate". Nil without observations, and for launches that are not
  /// independent: a figure that declares this, or a figure per launch if our launches share a trial.
  public var pValue: Double?
  /// Level below which "not consistent" is reported.
  public var level: Double
  /// Whether the p-value is at or above the level; nil if there is no p-value.
  public var isConsistent: Bool?
  /// Lowest measured rate that this number of launches would call consistent: what the figure cannot exclude. Nil
  /// without a p-value.
  public var consistentLow: Double?
  /// The highest one.
  public var consistentHigh: Double?

  public init(
    figure: PublishedFigure, rate: RateEstimate, pValue: Double?, level: Double,
    isConsistent: Bool?, consistentLow: Double? = nil, consistentHigh: Double? = nil
  ) {
    self.consistentLow = consistentLow
    self.consistentHigh = consistentHigh
    self.figure = figure
    self.rate = rate
    self.pValue = pValue
    self.level = level
    self.isConsistent = isConsistent
  }
}

/// Two rows of a scenario that must have the same rate.
public struct RowComparison: Sendable, Equatable, Codable {
  /// Label of the row it is compared with.
  public var like: String
  /// That row's rate: per launch, or per trial if a trial has several launches.
  public var other: RateEstimate
  /// Exact two-sided p-value (Fisher) of "the same rate", nil without observations on both sides.
  public var pValue: Double?
  /// Level below which "not consistent" is reported.
  public var level: Double
  /// Whether the p-value is at or above the level, nil without observations on both sides.
  public var isConsistent: Bool?
  /// The largest difference that the plan allows; nil in documents that do not contain it.
  public var within: Double?
  /// Lower end of the confidence interval of this row's rate minus the other's, nil without observations on both sides.
  /// The interval is two-sided; each end is exceeded with probability 1 - confidence of the demand.
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
  /// Level below which "disagrees" is reported: `MatrixJudge.predictionLevel` divided by the number of cells of the plan
  /// that have a prediction between 0 and 1.
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
