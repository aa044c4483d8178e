public import PlanModel
internal import Statistics

/// A row of a run beside a reference row: how their failure rates differ, and what that shows.
public struct PairComparison: Sendable, Equatable, Encodable {
  /// What the comparison shows.
  public enum Word: String, Sendable, Codable, CaseIterable {
    /// It fails less often than the reference: the adjusted p-value is at or below the level.
    case better
    /// It fails more often than the reference.
    case worse
    /// The interval of the difference lies within the margin on both sides.
    case equal = "equal within the margin"
    /// Neither a difference nor equality is shown.
    case noDifferenceShown = "no difference shown"
    /// A row has no observation that counts.
    case undecided
  }

  /// One of the two rows.
  public struct Side: Sendable, Equatable, Encodable {
    /// The strategy's label, and the run where two runs are compared.
    public var name: String
    /// Observations that failed or recovered, of those that count, with their own interval.
    public var rate: RateEstimate
    /// Those of them that recovered, and did not fail.
    public var recovered: Int
    /// Observations that might have failed or not. They are taken in the way that is least favourable to a difference.
    public var uncounted: Int
    /// Median time until everything of a launch was ready, in nanoseconds; nil if none was.
    public var medianTimeToReady: UInt64?
  }

  /// The scenario in which both ran.
  public var scenario: String
  public var reference: Side
  public var row: Side
  /// Whether the observations are launches; trials where launches share one, because those are not independent.
  public var isByLaunch: Bool
  /// Rate of the row minus that of the reference; nil without observations.
  public var difference: Double?
  /// 95 % interval of the difference (Miettinen and Nurminen), widened by what is not counted.
  public var differenceLow: Double?
  public var differenceHigh: Double?
  /// 95 % interval of the ratio of the rates; nil where it is unbounded above.
  public var ratioLow: Double?
  public var ratioHigh: Double?
  /// The test's two-sided p-value, before it is adjusted.
  public var pValue: Double?
  /// `boschloo`, or `fisher` where there are many observations.
  public var test: String
  /// Adjusted for all comparisons that were asked for (Holm).
  public var adjustedPValue: Double?
  public var word: Word

  /// A cell with what was counted of it.
  public struct Row: Sendable {
    public let name: String
    public let scenario: String
    public let sample: CellSample
    /// In nanoseconds; nil if nothing was ready.
    public let medianTimeToReady: UInt64?

    public init(
      name: String, scenario: String, sample: CellSample, medianTimeToReady: UInt64? = nil
    ) {
      self.name = name
      self.scenario = scenario
      self.sample = sample
      self.medianTimeToReady = medianTimeToReady
    }

    /// A cell of a matrix; nil if it did not run, or the matrix is of an older version and has no counts.
    public init?(_ arm: Arm, _ verdict: ArmVerdict) {
      guard verdict.planAnswer != .skipped, let sample = verdict.sample else { return nil }
      self.init(
        name: arm.strategy.label, scenario: arm.scenario, sample: sample,
        medianTimeToReady: (verdict.timeToServed ?? verdict.timeToBound)?.p50)
    }

    public init(name: String, arm: Arm, tally: ArmTally) {
      self.init(
        name: name, scenario: arm.scenario, sample: CellSample(tally, of: arm),
        medianTimeToReady: (tally.timeToServed ?? tally.timeToBound)?.p50)
    }
  }

  /// Compares without a verdict, which depends on how many comparisons there are.
  init(_ row: Row, with reference: Row) {
    scenario = row.scenario
    let byLaunch = row.sample.isByLaunch && reference.sample.isByLaunch
    let counts = [row, reference].map { byLaunch ? $0.sample.launches : $0.sample.trials }
    isByLaunch = byLaunch
    let (own, theirs) = (Observations(counts[0]), Observations(counts[1]))
    self.row = Self.side(row, counts[0])
    self.reference = Self.side(reference, counts[1])
    word = .undecided
    test =
      own.counted + theirs.counted <= BoschlooExact.largestTotal ? "boschloo" : "fisher"
    guard own.counted > 0, theirs.counted > 0 else { return }
    difference =
      Double(own.failed) / Double(own.counted) - Double(theirs.failed) / Double(theirs.counted)
    // What is not counted might all be failures of one row and of no other.
    let least = Self.score(own.failed, own, theirs.failed + theirs.uncounted, theirs)
    let most = Self.score(own.failed + own.uncounted, own, theirs.failed, theirs)
    differenceLow = least.difference.lowerBound
    differenceHigh = most.difference.upperBound
    ratioLow = least.ratio.lowerBound
    ratioHigh = most.ratio.upperBound.isFinite ? most.ratio.upperBound : nil
    pValue = Observations.leastFavourablePValue(own, theirs) {
      test == "boschloo"
        ? BoschlooExact.pValue($0, outOf: $1, $2, outOf: $3)
        : FisherExact.pValue($0, outOf: $1, $2, outOf: $3)
    }
  }

  private static func side(_ row: Row, _ seen: CellSample.Count) -> Side {
    Side(
      name: row.name, rate: RateEstimate(seen.failed, outOf: seen.counted),
      recovered: seen.recovered, uncounted: seen.uncounted,
      medianTimeToReady: row.medianTimeToReady)
  }

  private static func score(
    _ failed: Int, _ own: Observations, _ failedOther: Int, _ other: Observations
  ) -> ScoreInterval {
    ScoreInterval(
      failed, outOf: own.counted + own.uncounted, failedOther,
      outOf: other.counted + other.uncounted)
  }
}

/// Several comparisons at one joint level.
public struct ComparisonTable: Sendable, Equatable, Encodable {
  /// The comparisons, in the order in which they were asked for.
  public private(set) var pairs: [PairComparison]
  /// The probability of one or more false words "better" or "worse" is at most this.
  public let level: Double
  /// How far apart two rates may be and still count as equal, in 0...1.
  public let margin: Double
  /// Whether the rows of a pair took turns, so that a drift of the host affects both alike.
  public let areInterleaved: Bool
  /// Whether all runs had a network namespace of their own.
  public let isIsolated: Bool

  /// - Parameters:
  ///   - asked: each row with the one that it is compared with.
  ///   - level: in (0, 1).
  ///   - margin: in 0...1.
  public init(
    _ asked: [(row: PairComparison.Row, reference: PairComparison.Row)], level: Double,
    margin: Double, areInterleaved: Bool, isIsolated: Bool = true
  ) {
    (self.level, self.margin, self.areInterleaved) = (level, margin, areInterleaved)
    self.isIsolated = isIsolated
    pairs = asked.map { PairComparison($0.row, with: $0.reference) }
    let tested = pairs.indices.filter { pairs[$0].pValue != nil }
    let adjusted = Holm.adjusted(tested.map { pairs[$0].pValue! })
    for (place, p) in zip(tested, adjusted) {
      pairs[place].adjustedPValue = p
      pairs[place].word = word(of: pairs[place], p)
    }
  }

  private func word(of pair: PairComparison, _ p: Double) -> PairComparison.Word {
    guard let difference = pair.difference, let low = pair.differenceLow,
      let high = pair.differenceHigh
    else { return .undecided }
    if p <= level { return difference < 0 ? .better : .worse }
    return low >= -margin && high <= margin ? .equal : .noDifferenceShown
  }
}

extension ComparisonTable {
  /// A row with the one that it is compared with.
  public typealias Asked = (row: PairComparison.Row, reference: PairComparison.Row)

  /// In each scenario every row beside the first one.
  public static func besideFirst(_ rows: [PairComparison.Row]) -> [Asked] {
    var first: [String: PairComparison.Row] = [:]
    return rows.compactMap { row in
      guard let reference = first[row.scenario] else {
        first[row.scenario] = row
        return nil
      }
      return (row, reference)
    }
  }
}
