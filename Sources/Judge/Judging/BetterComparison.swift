internal import PlanModel
internal import Statistics

/// A row whose failure rate must be lower than that of another row of its scenario.
public struct BetterComparison: Sendable, Equatable, Codable {
  /// Label of the row it is compared with.
  public var than: String
  /// That row's rate: per launch, or per trial if a trial has several launches.
  public var other: RateEstimate
  /// By how much the rate must be lower, 0 for any difference.
  public var by: Double
  /// `fisher` without a margin, `unconditional` with one (`LowerRateTest`).
  public var test: String
  /// Exact one-sided p-value of "not lower by so much"; nil without observations on both sides.
  public var pValue: Double?
  /// The same, adjusted for all comparisons of the plan that demand this (Holm).
  public var adjustedPValue: Double?
  /// Exact one-sided p-value of "lower by so much or more", which a violation must refute, adjusted in the same way.
  public var oppositePValue: Double?
  /// How many comparisons the p-values are adjusted for.
  public var comparisons: Int
  /// Level at which the adjusted p-values are read.
  public var level: Double
  /// This row's rate minus the other's; nil without observations.
  public var difference: Double?
  /// Ends of its interval at the demand's confidence (Miettinen and Nurminen), widened by what is not counted.
  public var differenceLow: Double?
  public var differenceHigh: Double?
  /// What is shown. `better` and `worse` are about the margin where there is one.
  public var word: PairComparison.Word

  public init(
    than: String, other: RateEstimate, by: Double, test: String, pValue: Double? = nil,
    adjustedPValue: Double? = nil, oppositePValue: Double? = nil, comparisons: Int, level: Double,
    difference: Double? = nil, differenceLow: Double? = nil, differenceHigh: Double? = nil,
    word: PairComparison.Word = .undecided
  ) {
    (self.than, self.other, self.by, self.test) = (than, other, by, test)
    (self.pValue, self.adjustedPValue) = (pValue, adjustedPValue)
    self.oppositePValue = oppositePValue
    (self.comparisons, self.level) = (comparisons, level)
    (self.difference, self.differenceLow) = (difference, differenceLow)
    self.differenceHigh = differenceHigh
    self.word = word
  }

  /// Compares, with the p-values not adjusted yet.
  ///
  /// What is not counted is taken as it speaks against what is to be shown: for `better` as failures of this row and of
  /// no other, for `worse` the other way.
  init(
    _ own: Observations, than theirs: Observations, label: String, rate: RateEstimate,
    demand: Expectation
  ) {
    self.init(
      than: label, other: rate, by: demand.betterBy ?? 0,
      test: (demand.betterBy ?? 0) > 0 ? "unconditional" : "fisher", comparisons: 1,
      level: demand.level)
    guard own.counted > 0, theirs.counted > 0 else { return }
    let (n1, n2) = (own.counted + own.uncounted, theirs.counted + theirs.uncounted)
    let (most1, most2) = (own.failed + own.uncounted, theirs.failed + theirs.uncounted)
    pValue = LowerRateTest.pValue(most1, outOf: n1, theirs.failed, outOf: n2, by: by)
    oppositePValue = LowerRateTest.pValue(most2, outOf: n2, own.failed, outOf: n1, by: -by)
    adjustedPValue = pValue
    difference =
      Double(own.failed) / Double(own.counted) - Double(theirs.failed) / Double(theirs.counted)
    let confidence = demand.confidence
    differenceLow =
      ScoreInterval(own.failed, outOf: n1, most2, outOf: n2, confidence: confidence)
      .difference.lowerBound
    differenceHigh =
      ScoreInterval(most1, outOf: n1, theirs.failed, outOf: n2, confidence: confidence)
      .difference.upperBound
    decide()
  }

  /// The word that follows from the adjusted p-values.
  private mutating func decide() {
    guard let adjustedPValue, let oppositePValue, let differenceLow, let differenceHigh else {
      return
    }
    word =
      if adjustedPValue <= level {
        .better
      } else if by > 0 && differenceLow >= -by && differenceHigh <= by {
        .equal
      } else if oppositePValue <= level {
        .worse
      } else {
        .noDifferenceShown
      }
  }

  /// With p-values for so many comparisons, all of them as small as they may be (Bonferroni): never better shown than
  /// with Holm's.
  func joined(comparisons: Int) -> BetterComparison {
    var joined = self
    joined.comparisons = comparisons
    joined.adjustedPValue = pValue.map { min(1, $0 * Double(comparisons)) }
    joined.oppositePValue = oppositePValue.map { min(1, $0 * Double(comparisons)) }
    joined.decide()
    return joined
  }

  /// The comparisons at one joint level, by Holm's method.
  static func joined(_ comparisons: [BetterComparison]) -> [BetterComparison] {
    let tested = comparisons.indices.filter { comparisons[$0].pValue != nil }
    let better = Holm.adjusted(tested.map { comparisons[$0].pValue! })
    let opposite = Holm.adjusted(tested.map { comparisons[$0].oppositePValue! })
    var joined = comparisons
    for index in joined.indices { joined[index].comparisons = tested.count }
    for (place, index) in tested.enumerated() {
      joined[index].adjustedPValue = better[place]
      joined[index].oppositePValue = opposite[place]
      joined[index].decide()
    }
    return joined
  }
}

extension MatrixJudge {
  /// The comparisons of all rows that must be better than another one, by the row's index.
  func betterComparisons(_ tallies: [ArmTally]) -> [Int: BetterComparison] {
    let asked = plan.arms.filter { $0.expectation?.betterThan != nil && $0.skipReason == nil }
    let alone = asked.compactMap { arm -> (Int, BetterComparison)? in
      let other = other(arm).map { ($0, tallies[$0.index]) }
      return betterComparison(arm, tallies[arm.index], other).map { (arm.index, $0) }
    }
    let joined = BetterComparison.joined(alone.map(\.1))
    return Dictionary(uniqueKeysWithValues: zip(alone.map(\.0), joined))
  }

  /// Compares an arm with the row that it must be better than, by itself; nil if there is none.
  func betterComparison(
    _ arm: Arm, _ tally: ArmTally, _ row: (arm: Arm, tally: ArmTally)?
  ) -> BetterComparison? {
    guard let (other, that) = row, let demand = arm.expectation, demand.betterThan != nil else {
      return nil
    }
    // Launches that share a trial are not independent.
    let isSingle = arm.launchesPerTrial == 1 && other.launchesPerTrial == 1
    return BetterComparison(
      Observations(tally, byLaunch: isSingle), than: Observations(that, byLaunch: isSingle),
      label: other.strategy.label, rate: isSingle ? that.launchRate : that.trialRate,
      demand: demand)
  }

  /// How many rows must be better than another one.
  var betterDemands: Int {
    plan.arms.count { $0.expectation?.betterThan != nil && $0.skipReason == nil }
  }
}
