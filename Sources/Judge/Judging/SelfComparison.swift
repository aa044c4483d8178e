public import PlanModel
internal import Statistics

/// A strategy beside itself, many times: how often a method shows a difference where there is none.
public struct SelfComparison: Sendable {
  /// What a method did.
  public struct Method: Sendable, Equatable, Encodable {
    /// The method, and what counts as a false alarm of it.
    public var name: String
    /// The largest probability of a false alarm that it states.
    public var level: Double
    /// False alarms out of comparisons, with the exact 95 % interval.
    public var alarms: RateEstimate
    /// The exact probability of a false alarm at the rate that was measured, if trials are independent: exact tests of
    /// few observations keep below their level.
    public var size: Double
    /// Probability of as many false alarms or more if the method keeps its level.
    public var pValue: Double
    /// Whether it gives false alarms more often than it states.
    public var criesWolf: Bool { pValue <= SelfComparison.level }
    /// The rate of false alarms that these comparisons would notice with probability 0.9.
    public var noticed: Double
  }

  /// The probability that a method which keeps its level is said to cry wolf is at most this, for each method.
  public static let level = 0.01

  /// The arm that is compared with itself.
  private let arm: Arm
  /// Level of `compare` and of `better_than`.
  private let testLevel: Double
  private let vocabulary: Vocabulary
  private var comparisons = 0
  private var failed = 0
  private var counted = 0
  private var compareAlarms = 0
  private var betterAlarms = 0
  private var likeAlarms = 0
  /// Comparisons in which a side had no observation that counts.
  public private(set) var withoutData = 0

  public init(_ arm: Arm, level: Double, vocabulary: Vocabulary) {
    (self.arm, testLevel, self.vocabulary) = (arm, level, vocabulary)
  }

  /// The plan of one comparison: the arm under two labels, the first of which must be better, the second like the other.
  private var plan: ResolvedPlan {
    func side(_ index: Int, _ label: String, _ demand: Expectation) -> Arm {
      var side = arm
      side.index = index
      side.strategy.label = label
      side.expectation = demand
      return side
    }
    return ResolvedPlan(
      version: 1, name: "self", title: "self", seed: 1,
      arms: [
        side(0, "A", Expectation(betterThan: "B", confidence: 1 - testLevel)),
        side(1, "B", Expectation(like: "A")),
      ])
  }

  /// Adds a comparison of two tallies of the same arm.
  public mutating func add(_ first: ArmTally, _ second: ArmTally) {
    comparisons += 1
    for tally in [first, second] {
      failed += tally.trials.failed
      counted += tally.trials.counted
    }
    let rows = zip(["A", "B"], [first, second]).map {
      PairComparison.Row(name: $0, arm: arm, tally: $1)
    }
    // Each comparison by itself: what is adjusted for many gives fewer alarms.
    let table = ComparisonTable(
      [(row: rows[0], reference: rows[1])], level: testLevel, margin: 0.05, areInterleaved: true)
    switch table.pairs[0].word {
    case .better, .worse: compareAlarms += 1
    case .equal, .noDifferenceShown: break
    case .undecided: withoutData += 1
    }
    let verdicts = MatrixJudge(plan: plan, vocabulary: vocabulary)
      .judge([first, second], isPartial: false).arms
    if verdicts[0].better?.word == .better { betterAlarms += 1 }
    if verdicts[1].like?.isConsistent == false { likeAlarms += 1 }
  }

  /// The rate of all trials, any launch of which may fail.
  public var rate: RateEstimate { RateEstimate(failed, outOf: counted) }

  /// What each method did.
  /// - Parameter trials: of each side of a comparison.
  public func methods(trials: Int) -> [Method] {
    let rate = counted > 0 ? Double(failed) / Double(counted) : 0
    func size(_ shows: (Int, Int) -> Bool) -> Double {
      TwoSamplePower.probability(rate, outOf: trials, rate, outOf: trials, that: shows)
    }
    let likeLevel = Expectation.defaultLikeLevel
    return [
      method(
        "compare: better or worse", testLevel, compareAlarms,
        // Both sides have the same probability.
        size: 2
          * size {
            $0 < $1 && BoschlooExact.pValue($0, outOf: trials, $1, outOf: trials) <= testLevel
          }),
      method(
        "better_than: better", testLevel, betterAlarms,
        size: size { LowerRateTest.pValue($0, outOf: trials, $1, outOf: trials) <= testLevel }),
      method(
        "like: told apart", likeLevel, likeAlarms,
        size: 2
          * size { $0 < $1 && FisherExact.pValue($0, outOf: trials, $1, outOf: trials) < likeLevel }
      ),
    ]
  }

  private func method(_ name: String, _ level: Double, _ alarms: Int, size: Double) -> Method {
    let n = comparisons
    func atLeast(_ k: Int, _ rate: Double) -> Double { Binomial.above(k - 1, outOf: n, rate: rate) }
    let critical = (0...n).first { atLeast($0, level) <= Self.level } ?? n
    var (low, high) = (level, 1.0)
    for _ in 0..<50 {
      let middle = (low + high) / 2
      if atLeast(critical, middle) < 0.9 { low = middle } else { high = middle }
    }
    return Method(
      name: name, level: level, alarms: RateEstimate(alarms, outOf: n), size: min(1, size),
      pValue: atLeast(alarms, level), noticed: high)
  }
}
