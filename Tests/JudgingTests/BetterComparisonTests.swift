import PlanModel
import PortModel
import Statistics
import TestSupport
import Testing

@testable import Judging

@Suite struct BetterComparisonTests {
  private static func matrix(_ rows: [(Demand?, ArmTally)]) -> Matrix {
    let arms = rows.enumerated().map { index, row in
      Arm.sample(strategy: "wildcard-report-back", label: "s\(index)", trials: 100) {
        $0.expectation = row.0
      }
    }
    return MatrixJudge(plan: .sample(arms), vocabulary: .sample).judge(
      rows.map(\.1), isPartial: false)
  }

  /// SciPy's `fisher_exact`, alternative "less": 0 of 20 beside 4 of 20 0.053, beside 5 of 20 0.024.
  @Test(arguments: [
    (0, 5, nil, PlanAnswer.asExpected, "better than s1"), (0, 4, nil, .undecided, "no difference"),
    (5, 0, nil, .notAsExpected, "worse than s1"), (4, 0, nil, .undecided, "no difference"),
    (0, 20, 0.5, .asExpected, "better than s1"), (0, 12, 0.5, .undecided, "lower by 0.5"),
    (10, 10, 0.5, .notAsExpected, "equal within 0.5"),
    (18, 2, 0.5, .notAsExpected, "not lower by 0.5"),
  ]) func `each word has its verdict`(
    failed: Int, other: Int, by: Double?, answer: PlanAnswer, words: String
  ) {
    let arms = Self.matrix([
      (
        Demand(betterThan: "s1", betterBy: by),
        .of([.lostToSelf: failed, .ready: 20 - failed])
      ), (nil, .of([.lostToSelf: other, .ready: 20 - other])),
    ]).arms
    #expect(arms[0].planAnswer == answer && arms[0].reason.contains(words), "\(arms[0].reason)")
    #expect(arms[0].reason.contains("level 0.05"), "\(arms[0].reason)")
    #expect(arms[0].better?.level == 0.05 && arms[1].better == nil)
  }

  @Test func `without data nothing is shown, and what is not counted speaks against it`() {
    let demand = Demand(betterThan: "s1")
    let racy = ArmTally.of([.lostToSelf: 60, .ready: 40])
    #expect(
      Self.matrix([(demand, .of([.ready: 100])), (nil, racy)]).arms[0].planAnswer == .asExpected)
    let nothing = Self.matrix([(demand, .of([.ready: 100])), (nil, .of([.invalid: 9]))]).arms[0]
    #expect(nothing.planAnswer == .undecided)
    #expect(nothing.reason == "there is nothing of s1 to compare with")
    let spoilt = Self.matrix([
      (demand, .of([.ready: 100])), (nil, .of([.lostToSelf: 6, .ready: 194, .invalid: 1])),
    ]).arms[0].better
    let p = LowerRateTest.pValue(0, outOf: 100, 6, outOf: 201)
    #expect(spoilt?.pValue == p)
  }

  /// Alone 0 of 20 beside 5 of 20 is shown (p = 0.024); of three such comparisons none is.
  @Test func `the level holds for all comparisons of the plan`() {
    let demand = Demand(betterThan: "s0")
    let rows: [(Demand?, ArmTally)] = [
      (nil, .of([.lostToSelf: 5, .ready: 15])), (demand, .of([.ready: 20])),
      (demand, .of([.ready: 20])), (demand, .of([.ready: 20])), (demand, .of([.invalid: 1])),
    ]
    let arms = Self.matrix(rows).arms
    let p = FisherExact.pValueOfLess(0, outOf: 20, 5, outOf: 20)
    for arm in arms[1...3] {
      #expect(arm.planAnswer == .undecided && arm.better?.comparisons == 3)
      #expect(abs((arm.better?.adjustedPValue ?? 0) - 3 * p) < 1e-12)
      #expect(arm.reason.contains("adjusted for 3 comparisons (Holm)"), "\(arm.reason)")
    }
    #expect(Self.matrix(Array(rows[0...1])).arms[1].planAnswer == .asExpected)
  }

  /// Every pair of results, each judged as a run is.
  @Test(arguments: [(nil, nil), (0.2, nil), (nil, 0.3), (0.1, 0.4)] as [(Double?, Double?)])
  func `the odds are those of all results`(by: Double?, most: Double?) {
    let arms = [
      Arm.sample(apiServers: 1, trials: 14) { $0.pool = PortPool(low: 40_000, high: 40_003) },
      Arm.sample(strategy: "other", label: "fix", apiServers: 1, trials: 12) {
        $0.expectation = Demand(
          failureRateAtMost: most, betterThan: "probe-then-bind", betterBy: by, assumedRate: 0.05)
      },
    ]
    let judge = MatrixJudge(plan: .sample(arms), vocabulary: .sample)
    var expected = 0.0
    for one in 0...14 {
      for two in 0...12 {
        let matrix = judge.judge(
          [
            .of([.lostToSelf: one, .ready: 14 - one]), .of([.lostToSelf: two, .ready: 12 - two]),
          ], isPartial: false)
        guard matrix.arms[1].planAnswer != .asExpected else { continue }
        expected +=
          Binomial.probability(of: one, outOf: 14, rate: 0.5)
          * Binomial.probability(of: two, outOf: 12, rate: 0.05)
      }
    }
    let cell = PlanOdds(.sample(arms), vocabulary: .sample).cells[1]
    #expect(expected > 0.01 && expected < 0.95, "\(expected)")
    #expect(abs(cell.red - expected) < 1e-9, "\(cell.red) \(expected)")
  }

  @Test func `a demand that the trials often do not show is named with the trials it needs`() throws
  {
    func weak(_ trials: Int, _ demand: Demand) -> [WeakDemand] {
      WeakDemand.all(
        of: .sample([
          Arm.sample(apiServers: 1, trials: trials) {
            $0.pool = PortPool(low: 40_000, high: 40_003)
          },
          Arm.sample(strategy: "other", label: "fix", apiServers: 1, trials: trials) {
            $0.expectation = demand
          },
        ]), vocabulary: .sample)
    }
    let demand = Demand(betterThan: "probe-then-bind", assumedRate: 0.3)
    let few = try #require(weak(30, demand).first)
    let needed = try #require(few.needed)
    func power(_ n: Int) -> Double {
      TwoSamplePower.probability(0.3, outOf: n, 0.5, outOf: n) {
        FisherExact.pValueOfLess($0, outOf: n, $1, outOf: n) <= 0.05
      }
    }
    #expect(abs(few.chance - power(30)) < 1e-9 && power(needed) >= 0.9, "\(few)")
    #expect(power(needed * 9 / 10) < 0.9, "\(few)")
    #expect(weak(needed, demand).isEmpty)
    // Rates that are equal are never shown to differ; like needs more trials.
    #expect(weak(30, Demand(betterThan: "probe-then-bind", assumedRate: 0.5)).first?.needed == nil)
    let like = weak(60, Demand(like: "probe-then-bind", likeWithin: 0.2)).first
    #expect((like?.needed ?? 0) > 60, "\(String(describing: like))")
  }
}

/// Tallies of seeded binomial trials: no chance.
@Suite struct SelfComparisonTests {
  private static func methods(
    _ first: Double, _ second: Double, seed: UInt64
  ) -> [SelfComparison.Method] {
    var generator = SeededGenerator(seed: seed)
    func tally(_ rate: Double) -> ArmTally {
      let failed = (0..<40).count { _ in generator.uniform() < rate }
      return .of([.lostToSelf: failed, .ready: 40 - failed])
    }
    var seen = SelfComparison(.sample(trials: 40), level: 0.05, vocabulary: .sample)
    for _ in 0..<200 { seen.add(tally(first), tally(second)) }
    return seen.methods(trials: 40)
  }

  @Test func `equal rates give as many false alarms as the exact size says`() {
    for method in Self.methods(0.8, 0.8, seed: 1) {
      #expect(!method.criesWolf && method.size <= method.level + 1e-9, "\(method)")
      // Seeded; for any seed a false alarm would have probability 1e-4.
      let p = BinomialTest.pValue(
        method.alarms.failures, outOf: 200, rate: min(1, method.size))
      #expect(p > 1e-4, "\(method)")
      #expect(method.noticed > method.level && method.noticed < 0.2, "\(method)")
    }
  }

  @Test func `a side that is different is noticed`() {
    let methods = Self.methods(0.5, 0.8, seed: 2)
    #expect(methods.allSatisfy { $0.criesWolf }, "\(methods)")
  }
}
