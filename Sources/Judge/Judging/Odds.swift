public import PlanModel
internal import PortModel
internal import Statistics
internal import Theory

/// The probability that a cell ends red although everything is right, and what it bears.
public struct CellOdds: Sendable, Equatable, Codable {
  /// Where the rate comes from that a cell has if everything is right.
  public enum Source: String, Sendable, Codable, CaseIterable {
    /// The pool's arithmetic, of this row or of the row that it must be like.
    case theory
    /// The plan's `assumed_rate`.
    case plan
    /// The demand itself: 1 where a rate must be at least something, else what the launch's own collisions make.
    case demand
  }

  /// `Arm.index`.
  public var arm: Int
  /// Scenario of the arm.
  public var scenario: String
  /// Label of its strategy.
  public var strategy: String
  /// Trials planned.
  public var trials: Int
  /// The rate of trials in which a launch fails, if everything is right; nil if nothing is demanded of the arm.
  public var rate: Double?
  /// Where the rate comes from; nil if there is none.
  public var source: Source?
  /// The probability that the row is red (not as expected, or undecided) by chance.
  public var red: Double
  /// How many trials may end the other way than in the most likely result before the row is red; nil if nothing is
  /// demanded.
  public var bearsWrongTrials: Int?
  /// How many trials may be invalid.
  public var bearsInvalidTrials: Int
  /// How many trials may be without a usable record.
  public var bearsHarnessErrors: Int
}

/// The odds of a plan.
public struct PlanOdds: Sendable, Equatable, Codable {
  /// One for each arm that runs, in the plan's order.
  public var cells: [CellOdds]
  /// The probability that any cell is red: cells are independent, as their trials are.
  public var red: Double
  /// `CellOdds.arm` of the cell with the highest probability; nil if no cell can be red by chance.
  public var weakest: Int?

  /// Computes the odds of every arm that the plan does not skip.
  ///
  /// Every number of failing trials is judged as a run would be (`RowJudge`), and its probability is the binomial one:
  /// trials are independent, launches that share one are not. A row that is compared with another one is judged with
  /// every result of that one, too; if it must be better, as if it had the smallest p-value of all comparisons, which
  /// makes its odds of red an upper bound.
  public init(_ plan: ResolvedPlan, vocabulary: Vocabulary) {
    let judge = MatrixJudge(plan: plan, vocabulary: vocabulary)
    cells = plan.arms.filter { $0.skipReason == nil }.map {
      OddsOfArm(
        arm: $0, judge: judge, vocabulary: vocabulary, comparisons: judge.betterDemands
      ).odds()
    }
    red = 1 - cells.reduce(1) { $0 * (1 - $1.red) }
    weakest = cells.max { $0.red < $1.red }.flatMap { $0.red > 0 ? $0.arm : nil }
  }
}

/// Computes the odds of one arm.
struct OddsOfArm {
  let arm: Arm
  let judge: MatrixJudge
  let vocabulary: Vocabulary
  /// How many rows of the plan must be better than another one.
  let comparisons: Int

  /// Results of another row that are less likely than this are left out; 10 million of them are 1e-11.
  private static let negligible = 1e-18

  func odds() -> CellOdds {
    let other = judge.other(arm)
    let (rate, source) = rateIfRight(arm)
    let isDemanding = arm.expectation != nil
    let likely = mostLikely(rate)
    let like = other.map { ($0, tally(of: $0, failing: mostLikely(rateIfRight($0).rate, $0))) }
    let range = isDemanding ? green(like, near: likely) : 0...arm.trials
    var red = range.map { missing($0, rate) } ?? 1
    if let sequential = sequentialRed(rate) { red = sequential }
    if isDemanding, let other { red = self.red(beside: other, rate) }
    func bears(_ outcome: Outcome) -> Int {
      guard isGreen(like, failing: likely) else { return 0 }
      return GreenRange.end(from: 0, towards: arm.trials) { count in
        // The others fail as often as is most likely.
        let left = arm.trials - count
        let failing = (Double(likely) * Double(left) / Double(arm.trials)).rounded()
        return isGreen(like, failing: Int(failing), spoilt: (outcome, count))
      }
    }
    return CellOdds(
      arm: arm.index, scenario: arm.scenario, strategy: arm.strategy.label, trials: arm.trials,
      rate: isDemanding ? rate : nil, source: isDemanding ? source : nil, red: red,
      bearsWrongTrials: isDemanding ? range.map { margin(of: likely, in: $0) } ?? 0 : nil,
      bearsInvalidTrials: bears(.invalid), bearsHarnessErrors: bears(.harnessError))
  }

  // MARK: The rate

  /// The rate of trials in which a launch fails, if everything is right.
  private func rateIfRight(_ arm: Arm) -> (rate: Double, source: CellOdds.Source) {
    if let own = Prediction.predict(arm, vocabulary: vocabulary) { return (own.perTrial, .theory) }
    if let assumed = arm.expectation?.assumedRate { return (assumed, .plan) }
    if arm.expectation?.like != nil, let other = judge.other(arm) { return rateIfRight(other) }
    if arm.expectation?.failureRateAtLeast != nil { return (1, .demand) }
    return (collisions(arm), .demand)
  }

  /// The rate of the launches' own collisions, without what the plan does to them; 0 if there is no such rate.
  private func collisions(_ arm: Arm) -> Double {
    if arm.startup?.isHybrid == true { return 0 }
    var calm = arm
    calm.faults = []
    calm.startup = nil
    guard let rates = Prediction.predict(calm, vocabulary: vocabulary) else { return 0 }
    // Of launches in a row any may fail.
    return Binomial.above(0, outOf: arm.startup?.serialLaunches ?? 1, rate: rates.perTrial)
  }

  private func mostLikely(_ rate: Double, _ arm: Arm? = nil) -> Int {
    let trials = (arm ?? self.arm).trials
    return min(trials, Int(Double(trials + 1) * rate))
  }

  /// The probability that the arm's sequential test does not say that the demand is met; nil without one.
  private func sequentialRed(_ rate: Double) -> Double? {
    guard let demand = arm.expectation, let test = SequentialTest(demand, longest: arm.trials)
    else { return nil }
    let ends = test.characteristics(at: rate)
    return 1 - (demand.failureRateAtLeast == nil ? ends.good : ends.bad)
  }

  // MARK: The verdicts

  /// A tally of an arm's trials, so many of which fail, and so many of which end otherwise.
  private func tally(
    of arm: Arm, failing: Int, spoilt: (outcome: Outcome, count: Int)? = nil
  ) -> ArmTally {
    let row = arm.startup?.serialLaunches ?? 1
    var tally = ArmTally()
    func add(_ outcome: Outcome, _ times: Int) {
      let launches = (0..<arm.topology.launches).map { launch in
        let outcome: Outcome = launch == 0 || !outcome.isCounted ? outcome : .ready
        return LaunchOutcome(
          launch: launch, outcome: outcome, evidence: "",
          readyBefore: outcome == .ready ? row - 1 : 0)
      }
      tally.count(launches, trial: 0, times: times)
    }
    let count = spoilt?.count ?? 0
    add(.lostToSelf, failing)
    add(.ready, arm.trials - failing - count)
    if let spoilt { add(spoilt.outcome, count) }
    return tally
  }

  private func isGreen(
    _ like: (arm: Arm, tally: ArmTally)?, failing: Int, spoilt: (Outcome, Int)? = nil
  ) -> Bool {
    let tally = tally(of: arm, failing: failing, spoilt: spoilt)
    // Each comparison as if it had the smallest of all p-values: red at least as often as with Holm's method.
    let better = judge.betterComparison(arm, tally, like)?.joined(comparisons: comparisons)
    let row = RowJudge(
      arm: arm, tally: tally, comparison: judge.comparison(arm, tally, like), better: better,
      rule: judge.rule(arm))
    return row.decide().answer.facts.exitCode == 0
  }

  /// The numbers of failing trials for which the arm is green, around or nearest to the likely one; nil if there is
  /// none. They are adjacent: each bound of a demand holds up to some number.
  private func green(
    _ like: (arm: Arm, tally: ArmTally)?, near likely: Int
  ) -> ClosedRange<Int>? {
    let isGreen = { (failing: Int) in self.isGreen(like, failing: failing) }
    let nearest = (0...arm.trials).lazy
      .flatMap { [likely - $0, likely + $0] }
      .first { (0...arm.trials).contains($0) && isGreen($0) }
    guard let nearest else { return nil }
    let low = GreenRange.end(from: nearest, towards: 0, isGreen)
    return low...GreenRange.end(from: nearest, towards: arm.trials, isGreen)
  }

  // MARK: The probabilities

  /// The probability of a number of failing trials outside the range.
  private func missing(_ range: ClosedRange<Int>, _ rate: Double) -> Double {
    Binomial.below(range.lowerBound, outOf: arm.trials, rate: rate)
      + Binomial.above(range.upperBound, outOf: arm.trials, rate: rate)
  }

  /// The probability of red, alone and over all results of the row that it is compared with.
  func red() -> Double {
    guard arm.expectation != nil else { return 0 }
    let rate = rateIfRight(arm).rate
    if let other = judge.other(arm) { return red(beside: other, rate) }
    return green(nil, near: mostLikely(rate)).map { missing($0, rate) } ?? 1
  }

  /// The probability of red over all results of the other row.
  private func red(beside other: Arm, _ rate: Double) -> Double {
    let theirs = rateIfRight(other).rate
    if let demand = arm.expectation, demand.betterThan != nil, demand.failureRateAtLeast == nil {
      // Fewer failures of this row and more of the other are never worse: the sum of `RowJudge`'s results needs few of
      // them.
      let level = demand.joinedLevel(comparisons: comparisons)
      return 1
        - TwoSamplePower.probability(rate, outOf: arm.trials, theirs, outOf: other.trials) {
          let p = LowerRateTest.pValue(
            $0, outOf: arm.trials, $1, outOf: other.trials, by: demand.betterBy ?? 0)
          let bound = ClopperPearson.upperBound(
            $0, outOf: arm.trials, confidence: demand.confidence)
          return p <= level && bound <= (demand.failureRateAtMost ?? 1) + 1e-12
        }
    }
    var red = 0.0
    var likely = mostLikely(rate)
    for failing in 0...other.trials {
      let probability = Binomial.probability(of: failing, outOf: other.trials, rate: theirs)
      guard probability > Self.negligible else { continue }
      let range = green((other, tally(of: other, failing: failing)), near: likely)
      red += probability * (range.map { missing($0, rate) } ?? 1)
      if let range { likely = (range.lowerBound + range.upperBound) / 2 }
    }
    return red
  }

  /// How many trials the likely result is away from the nearer end of the range; an end that no result passes does not
  /// count.
  private func margin(of likely: Int, in range: ClosedRange<Int>) -> Int {
    guard range.contains(likely) else { return 0 }
    return min(
      range.lowerBound == 0 ? arm.trials : likely - range.lowerBound,
      range.upperBound == arm.trials ? arm.trials : range.upperBound - likely)
  }
}
