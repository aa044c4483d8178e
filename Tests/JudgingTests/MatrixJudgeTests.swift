import Glibc
import History
import PlanModel
import PlanReading
import PortModel
import TestSupport
import Testing
import Statistics
import Theory

@testable import Judging

/// The testing library has an `Expectation`, too.
typealias Demand = PlanModel.Expectation

extension ArmTally {
  /// A tally of trials of one launch each.
  static func of(_ counts: KeyValuePairs<Outcome, Int>) -> ArmTally {
    var tally = ArmTally()
    for (outcome, count) in counts {
      for _ in 0..<count {
        tally.add(
          TrialOutcome(
            arm: 0, trial: tally.trialsSeen,
            launches: [
              LaunchOutcome(
                launch: 0, outcome: outcome, evidence: "evidence of trial \(tally.trialsSeen)")
            ]))
      }
    }
    return tally
  }
}

@Suite struct ArmTallyTests {
  static func trial(_ number: Int, _ outcomes: [Outcome]) -> TrialOutcome {
    TrialOutcome(
      arm: 0, trial: number,
      launches: outcomes.enumerated().map {
        LaunchOutcome(launch: $0.offset, outcome: $0.element, evidence: "trial \(number)")
      })
  }

  @Test func `launches and trials are counted apart`() {
    var tally = ArmTally()
    #expect(tally.launchRate == RateEstimate(failures: 0, outOf: 0, low: 0, high: 1))
    #expect(tally.launchRate.rate == nil)
    tally.add(Self.trial(0, [.ready, .ready]))
    tally.add(Self.trial(1, [.ready, .lostToSibling]))
    tally.add(Self.trial(2, [.timeout, .lostToSelf]))
    tally.add(Self.trial(3, [.invalid, .invalid]))
    tally.add(Self.trial(4, [.ready, .harnessError]))
    #expect(tally.trialsSeen == 5)
    #expect(tally.launches == (counted: 7, failed: 3))
    // A trial counts only if all its launches do.
    #expect(tally.trials == (counted: 3, failed: 2))
    #expect(tally.trialRate.rate == 2.0 / 3)
    #expect(tally.count(.ready) == 4)
    #expect(tally.count(.leaked) == 0)
    #expect(
      tally.outcomeCounts == [
        OutcomeCount(outcome: .ready, launches: 4), OutcomeCount(outcome: .lostToSelf, launches: 1),
        OutcomeCount(outcome: .lostToSibling, launches: 1),
        OutcomeCount(outcome: .timeout, launches: 1), OutcomeCount(outcome: .invalid, launches: 2),
        OutcomeCount(outcome: .harnessError, launches: 1),
      ])
  }

  @Test func `a trial without launches is no success`() {
    var tally = ArmTally()
    tally.add(Self.trial(0, []))
    #expect(tally.trialsSeen == 1)
    #expect(tally.trials == (counted: 0, failed: 0))
  }

  @Test(arguments: Outcome.allCases) func `every outcome counts as its kind`(_ outcome: Outcome) {
    let tally = ArmTally.of([outcome: 3])
    #expect(
      tally.launches == (counted: outcome.isCounted ? 3 : 0, failed: outcome.isFailure ? 3 : 0))
    #expect(tally.trials == tally.launches)
    #expect(tally.count(outcome) == 3)
  }

  /// Clopper and Pearson's interval of 4 in 10 at 95 % is 0.1216 to 0.7376 (their own table, 1934).
  @Test func `the interval is the exact one at 95 percent`() {
    let rate = ArmTally.of([.ready: 6, .timeout: 4]).launchRate
    #expect(abs(rate.low - 0.1216) < 5e-5)
    #expect(abs(rate.high - 0.7376) < 5e-5)
  }

  @Test func `the top cause is the most frequent failure with its first evidence`() {
    #expect(ArmTally.of([.ready: 9]).topCause == nil)
    #expect(
      ArmTally.of([.ready: 2, .timeout: 2, .leaked: 3, .harnessError: 9]).topCause
        == Cause(outcome: .leaked, launches: 3, firstTrial: 4, evidence: "evidence of trial 4"))
    // Without any failure, what spoilt trials is named.
    #expect(
      ArmTally.of([.ready: 2, .invalid: 2, .harnessError: 1]).topCause
        == Cause(outcome: .invalid, launches: 2, firstTrial: 2, evidence: "evidence of trial 2"))
    // Equally frequent: the one that is declared first.
    #expect(ArmTally.of([.timeout: 2, .lostToThief: 2]).topCause?.outcome == .lostToThief)
  }

  @Test func `durations are summed up by nearest rank`() {
    var tally = ArmTally()
    for number in 1...200 {
      tally.add(
        TrialOutcome(
          arm: 0, trial: number, launches: [],
          releaseSkewNanoseconds: UInt64((number * 77) % 201),
          windowNanoseconds: number == 3 ? 40 : nil))
    }
    #expect(tally.releaseSkew == DurationSummary(samples: 200, p50: 100, p99: 198, max: 200))
    #expect(tally.window == DurationSummary(samples: 1, p50: 40, p99: 40, max: 40))
    #expect(tally.timeToBound == nil)
  }
}

@Suite struct MatrixJudgeTests {
  static let atMost = Demand(failureRateAtMost: 0.05, why: "")
  static let control = Demand(failureRateAtLeast: 0.7, isMustFailControl: true, why: "")
  static let hundredth = Demand(failureRateAtMost: 0.01, why: "")
  static let atLeast = Demand(failureRateAtLeast: 0.7, why: "")
  static let between = Demand(failureRateAtMost: 0.5, failureRateAtLeast: 0.3, why: "")

  static func matrix(
    _ arms: [(Demand?, ArmTally)], scenarios: [String]? = nil, isPartial: Bool = false
  ) -> Matrix {
    let plan = ResolvedPlan.sample(
      arms.enumerated().map { number, arm in
        Arm.sample(
          scenario: scenarios?[number] ?? "quiet", strategy: "strategy-\(number)",
          trials: max(1, arm.1.trialsSeen)
        ) { $0.expectation = arm.0 }
      })
    return MatrixJudge(plan: plan, vocabulary: .sample).judge(arms.map(\.1), isPartial: isPartial)
  }

  /// 59 is the least number of clean launches that shows 5 % at 95 %: 0.95^59 = 0.0485.
  @Test(
    arguments: [
      (atMost, [.ready: 59], .asExpected, "the demand is met, at confidence 0.95"),
      (atMost, [.ready: 58], .undecided, "58 launches do not decide the demand"),
      (atMost, [.ready: 56, .lostToThief: 3], .undecided, "59 launches do not decide"),
      (
        atMost, [.ready: 49, .lostToThief: 10], .notAsExpected,
        "the rate is above 5 %, at confidence 0.95"
      ),
      (atMost, [.lostToSelf: 1], .undecided, "1 launch does not decide"),
      (atMost, [.lostToSelf: 2], .notAsExpected, "the rate is above 5 %"),
      (atLeast, [.ready: 20, .timeout: 80], .asExpected, "the demand is met"),
      (atLeast, [.ready: 25, .timeout: 75], .undecided, "100 launches do not decide"),
      (atLeast, [.ready: 50, .timeout: 50], .notAsExpected, "the rate is below 70 %"),
      (between, [.ready: 120, .timeout: 80], .asExpected, "the demand is met"),
      (between, [.ready: 180, .timeout: 20], .notAsExpected, "the rate is below 30 %"),
      (between, [.ready: 20, .timeout: 180], .notAsExpected, "the rate is above 50 %"),
      (control, [.ready: 20, .lostToSelf: 80], .asExpected, "the control fails as it must"),
      (
        control, [.ready: 25, .lostToSelf: 75], .undecided,
        "does not show that the control fails"
      ),
      (control, [.ready: 50, .lostToSelf: 50], .notAsExpected, "does not fail as it must"),
      // A start-up's defect that a scenario provokes is what its control must show.
      (control, [.placeholderLeak: 50, .falseTimeout: 50], .asExpected, "fails as it must"),
      // Deaths, timeouts and other errors may come of anything, and prove nothing either way.
      (
        control, [.childDied: 100], .undecided,
        "100 launches that do not count may have gone either way (child-died x100 is not what it must fail by)"
      ),
      (
        control, [.lostToThief: 60, .childDied: 20, .timeout: 20], .undecided,
        "(timeout x20, child-died x20 is not what it must fail by)"
      ),
      (control, [.lostToThief: 90, .otherError: 10], .asExpected, "fails as it must"),
      (control, [.ready: 60, .childDied: 40], .notAsExpected, "does not fail as it must"),
      (control, [.ready: 9], .notAsExpected, "does not fail as it must"),
      (nil, [.ready: 1], .notDemanded, "no demand was made"),
      (nil, [.timeout: 9], .notDemanded, "no demand was made"),
      (nil, [:], .undecided, "no trial ran"), (atMost, [:], .undecided, "no trial ran"),
      (control, [:], .undecided, "no trial ran"),
      (nil, [.invalid: 50], .undecided, "no trial counts"),
      // A rate without what the harness lost is no measurement.
      (nil, [.ready: 1, .harnessError: 99], .undecided, "99 launches without a usable record"),
      (nil, [.ready: 98, .invalid: 2], .undecided, "2 invalid"),
      (nil, [.ready: 99, .invalid: 1], .notDemanded, "no demand was made"),
      (nil, [.ready: 99, .adapterError: 1], .undecided, "broke its protocol in 1 launch"),
      (atMost, [.harnessError: 500], .undecided, "no trial counts"),
      // What does not count must not be what the strategy would have lost.
      (atMost, [.ready: 99, .invalid: 1], .asExpected, "the demand is met"),
      // 1 of 300 has the upper bound 1.57 %, 0 of 299 has 0.997 %.
      (
        hundredth, [.ready: 299, .invalid: 1], .undecided,
        "; 1 launch that does not count may have gone either way"
      ),
      // 297 of 300 have the lower bound 97.4 %, 297 of 297 have 98.996 %.
      (
        Demand(failureRateAtLeast: 0.98, why: ""), [.timeout: 297, .invalid: 3], .undecided,
        "; 3 launches that do not count may have gone either way"
      ),
      // Only failures are left where whatever else would have been is invalid.
      (atMost, [.timeout: 3, .invalid: 97], .undecided, "97 invalid"),
      (control, [.ready: 3, .invalid: 97], .undecided, "97 invalid"),
      (
        atMost, [.ready: 98, .invalid: 2], .undecided,
        "0 launches without a usable record, 2 invalid"
      ),
      (
        atMost, [.ready: 500, .harnessError: 1], .undecided, "1 launch without a usable record"
      ),
      (atMost, [.lostToSelf: 50, .harnessError: 1], .notAsExpected, "the rate is above 5 %"),
      (
        control, [.lostToSelf: 100, .harnessError: 1], .undecided,
        "1 launch without a usable record"
      ),
      (control, [.lostToSelf: 100, .invalid: 2], .undecided, "2 invalid"),
    ] as [(Demand?, KeyValuePairs<Outcome, Int>, PlanAnswer, String)])
  func `an arm gets its verdict`(
    _ expectation: Demand?, _ counts: KeyValuePairs<Outcome, Int>, _ answer: PlanAnswer,
    _ reason: String
  ) {
    let arm = Self.matrix([(expectation, .of(counts))]).arms[0]
    #expect(arm.planAnswer == answer, "\(arm.reason)")
    #expect(arm.reason.contains(reason), "\(arm.reason)")
  }

  /// Fisher's exact test (scipy 1.17): 400 of 1000 beside 410 of 1000 has p = 0.68, 40 of 100 beside 50 of 100 has
  /// p = 0.20, 10 beside 50 has p below 1e-8. The first two differ by 0.05 and by
  /// 0.22 at most.
  @Test(
    arguments: [
      (
        [.ready: 600, .timeout: 400], [.ready: 590, .timeout: 410], .asExpected,
        "not told apart from that of strategy-1 at level 0.0001 (p = 0.68) and is within 0.1 of it: the difference is -0.047...0.027"
      ),
      (
        [.ready: 60, .timeout: 40], [.ready: 50, .timeout: 50], .undecided,
        "100 launches do not show that it differs by no more than 0.1: the difference is -0.2"
      ),
      (
        [.ready: 1], [.ready: 1], .undecided,
        "1 launch does not show that it differs by no more than 0.1"
      ),
      // 0.9^29 = 0.047, 0.9^28 = 0.052.
      ([.ready: 29], [.ready: 29], .asExpected, "is not told apart from"),
      ([.ready: 28], [.ready: 29], .undecided, "do not show"),
      ([.ready: 29], [.ready: 28], .undecided, "do not show"),
      // What does not count may have failed.
      ([.ready: 199], [.ready: 199, .invalid: 1], .asExpected, "is not told apart from"),
      ([.ready: 29], [.ready: 29, .invalid: 9], .undecided, "do not show"),
      // 157 that might all have been ready: 18 of 200 is like 16 of 200.
      (
        [.ready: 25, .timeout: 18, .invalid: 157], [.ready: 184, .timeout: 16], .undecided,
        "0 launches without a usable record, 157 invalid"
      ),
      // Whatever the two came to, the rates differ.
      (
        [.ready: 389, .timeout: 10, .invalid: 2], [.ready: 200, .timeout: 200], .notAsExpected,
        "is told apart from that of strategy-1 at level 0.0001 (p = "
      ),
      (
        [.ready: 90, .timeout: 10], [.ready: 50, .timeout: 50], .notAsExpected,
        "is told apart from"
      ),
      ([.ready: 60, .timeout: 40], [:], .undecided, "nothing of strategy-1 to compare with"),
      ([.ready: 60, .timeout: 40], [.invalid: 9], .undecided, "nothing of strategy-1"),
      (
        [.ready: 601, .timeout: 398, .adapterError: 1], [.ready: 600, .timeout: 400], .undecided,
        "the adapter broke its protocol in 1 launch"
      ),
      ([:], [.ready: 50], .undecided, "no trial ran"),
    ] as [(KeyValuePairs<Outcome, Int>, KeyValuePairs<Outcome, Int>, PlanAnswer, String)])
  func `a row that is to be like another one is compared with it`(
    _ own: KeyValuePairs<Outcome, Int>, _ other: KeyValuePairs<Outcome, Int>, _ answer: PlanAnswer,
    _ reason: String
  ) {
    let like = Demand(like: "strategy-1", why: "")
    let arm = Self.matrix([(like, .of(own)), (nil, .of(other))]).arms[0]
    #expect(arm.planAnswer == answer, "\(arm.reason)")
    #expect(arm.reason.contains(reason), "\(arm.reason)")
    #expect(arm.like?.like == "strategy-1")
  }

  /// All completions of what does not count, at small sizes: none makes Fisher's test less sure of a difference.
  @Test func `a difference is shown only if it is there whatever the uncounted launches came to`() {
    for (ready, failed, invalid) in [(5, 0, 1), (0, 6, 2), (1, 5, 1), (3, 3, 0), (2, 0, 4)] {
      for (ready2, failed2, invalid2) in [(0, 6, 0), (0, 6, 3), (6, 0, 2), (4, 3, 1)] {
        let own = ArmTally.of([.ready: ready, .timeout: failed, .invalid: invalid])
        let other = ArmTally.of([.ready: ready2, .timeout: failed2, .invalid: invalid2])
        let demand = Demand(like: "strategy-1", why: "")
        let p = Self.matrix([(demand, own), (nil, other)]).arms[0].like?.pValue ?? .nan
        let (n, n2) = (ready + failed + invalid, ready2 + failed2 + invalid2)
        let completions = (failed...failed + invalid).flatMap { k in
          (failed2...failed2 + invalid2).map { FisherExact.pValue(k, outOf: n, $0, outOf: n2) }
        }
        #expect(p >= completions.max()! - 1e-12)
        // Where no completion has equal rates it is that of one of them.
        #expect(p == 1 || completions.contains { abs($0 - p) < 1e-12 })
      }
    }
  }

  @Test func `a rate that leaves out every tenth launch is said to be selected`() {
    for (invalid, isSelected) in [(10, false), (11, true)] {
      let arm = Self.matrix([(nil, .of([.ready: 90, .timeout: 10, .invalid: invalid]))]).arms[0]
      #expect(arm.reason.contains("the rate shown is selected") == isSelected, "\(arm.reason)")
    }
    // No rate is shown where nothing counts.
    #expect(!Self.matrix([(nil, .of([.invalid: 9]))]).arms[0].reason.contains("selected"))
  }

  @Test func `a row is compared with no row that is missing, nor with itself`() {
    for label in ["strategy-0", "gone"] {
      let arm = Self.matrix([(Demand(like: label, why: ""), .of([.ready: 999]))]).arms[0]
      #expect(arm.planAnswer == .undecided)
      #expect(arm.reason == "there is nothing of \(label) to compare with")
    }
  }

  @Test func `the plan says what difference matters`() {
    let rows: [ArmTally] = [
      .of([.ready: 600, .timeout: 400]), .of([.ready: 590, .timeout: 410]),
    ]
    for (within, verdict) in [(0.05, PlanAnswer.asExpected), (0.045, .undecided)] {
      let like = Demand(like: "strategy-1", likeWithin: within, why: "")
      #expect(Self.matrix([(like, rows[0]), (nil, rows[1])]).arms[0].planAnswer == verdict)
    }
    // A resolved plan of before the setting has the default.
    var old = Demand(like: "strategy-1", why: "")
    old.likeWithin = nil
    let comparison = Self.matrix([(old, rows[0]), (nil, rows[1])]).arms[0].like
    #expect(comparison?.within == Demand.defaultLikeWithin)
  }

  @Test func `higher confidence needs more launches`() {
    var strict = Self.atMost
    strict.confidence = 0.99
    #expect(Self.matrix([(strict, .of([.ready: 59]))]).arms[0].planAnswer == .undecided)
    // 0.95^90 = 0.0099.
    #expect(Self.matrix([(strict, .of([.ready: 89]))]).arms[0].planAnswer == .undecided)
    #expect(Self.matrix([(strict, .of([.ready: 90]))]).arms[0].planAnswer == .asExpected)
  }

  /// What the loader lets through as enough must be enough here.
  @Test func `as many clean launches as the plan must have are a pass, one less is not`() throws {
    for (bound, confidence) in [
      (0.01, 0.95), (0.3, 0.9), (0.5, 0.75), (0.02, 0.999), (0.1, 0.8), (0.2, 0.64), (0.75, 0.9375),
    ] {
      var (product, needed) = (1.0, 0)
      while product > (1 - confidence) * (1 + 1e-12) {
        product *= 1 - bound
        needed += 1
      }
      let text =
        #"{"version": 1, "name": "p", "strategies": ["probe-then-bind"], "scenarios": [{"name": "s","#
        + #""trials": \#(needed), "topology": {"api_servers": 1}, "expect": {"*":"#
        + #"{"failure_rate_at_most": \#(bound), "confidence": \#(confidence)}}}]}"#
      let plan = try PlanLoader.load(text.utf8, file: "p", vocabulary: .sample)
      let verdict = { (runs: Int) in
        MatrixJudge(plan: plan, vocabulary: .sample)
          .judge([.of([.ready: runs])], isPartial: false).arms[0].planAnswer
      }
      #expect(verdict(needed) == .asExpected, "\(bound) at \(confidence)")
      #expect(verdict(needed - 1) == .undecided, "\(bound) at \(confidence)")
    }
  }

  @Test func `a small demand is not rounded away`() {
    let tiny = Demand(failureRateAtMost: 0.000_02, why: "")
    let reason = Self.matrix([(tiny, .of([.timeout: 5]))]).arms[0].reason
    #expect(reason == "the rate is above 0.002 %, at confidence 0.95")
    let odd = Demand(failureRateAtMost: 0.07, why: "")
    #expect(
      Self.matrix([(odd, .of([.timeout: 5]))]).arms[0].reason
        == "the rate is above 7 %, at confidence 0.95")
  }

  @Test func `a control that misbehaves makes rows as expected undecided, nothing else`() {
    let pass = (Self.atMost as Demand?, ArmTally.of([.ready: 100]))
    let fail = (Self.atMost as Demand?, ArmTally.of([.timeout: 100]))
    let measured = (nil as Demand?, ArmTally.of([.ready: 5]))
    let controls: [(KeyValuePairs<Outcome, Int>, PlanAnswer)] = [
      ([.lostToSelf: 100], .asExpected), ([.ready: 100], .notAsExpected),
      ([.ready: 25, .lostToSelf: 75], .undecided), ([:], .undecided),
      ([.harnessError: 9], .undecided), ([.lostToSelf: 100, .harnessError: 9], .undecided),
      ([.childDied: 100], .undecided),
    ]
    for (counts, verdict) in controls {
      let matrix = Self.matrix(
        [pass, (Self.control, .of(counts)), fail, measured, pass],
        scenarios: ["a", "a", "a", "a", "b"])
      let isTrusted = verdict == .asExpected
      #expect(
        matrix.arms.map(\.planAnswer)
          == [
            isTrusted ? .asExpected : .undecided, verdict, .notAsExpected, .notDemanded,
            .asExpected,
          ])
      #expect(
        matrix.arms[0].reason.hasPrefix(
          isTrusted
            ? "the demand is met"
            : "the control strategy-1 did not fail as it must, so this proves nothing"))
      #expect(matrix.arms[4].reason.hasPrefix("the demand is met"))
    }
  }

  /// A control that could not run at all, as for a missing program, showed nothing either. One that the plan itself
  /// leaves out is the plan's choice; both are said.
  @Test func `a skipped control spoils its scenario unless the plan leaves it out`() {
    for planned in [nil, "needs a licence"] {
      let plan = ResolvedPlan.sample([
        .sample(strategy: "a", trials: 100) { $0.expectation = Self.atMost },
        .sample(strategy: "ctl", trials: 100) {
          $0.expectation = Self.control
          $0.skipReason = planned
        },
      ])
      var skipped = ArmTally()
      skipped.skip(planned ?? "there is no program /nonexistent")
      let matrix = MatrixJudge(plan: plan, vocabulary: .sample).judge(
        [.of([.ready: 100]), skipped], isPartial: false)
      #expect(matrix.arms[1].planAnswer == .skipped)
      let reason = matrix.arms[0].reason
      if planned == nil {
        #expect(matrix.arms[0].planAnswer == .undecided)
        #expect(matrix.exitCode == 2)
        #expect(
          reason
            == "the control ctl did not run (there is no program /nonexistent), so this proves nothing"
        )
      } else {
        #expect(matrix.arms[0].planAnswer == .asExpected)
        #expect(matrix.exitCode == 0)
        #expect(
          reason.hasSuffix("; the plan leaves the control ctl out: needs a licence"), "\(reason)")
      }
    }
  }

  @Test func `one of two controls is enough to spoil a scenario`() {
    let matrix = Self.matrix([
      (Self.control, .of([.lostToSelf: 99])), (Self.control, .of([.ready: 99])),
      (Self.atMost, .of([.ready: 99])),
    ])
    #expect(matrix.arms.map(\.planAnswer) == [.asExpected, .notAsExpected, .undecided])
    #expect(matrix.arms[2].reason.contains("strategy-1"))
  }

  @Test func `an arm that did not run to its end says so, also when its control misbehaves`() {
    for (counts, code) in [([.lostToSelf: 100], 2), ([.ready: 100], 1)]
      as [(KeyValuePairs<Outcome, Int>, Int32)]
    {
      let plan = ResolvedPlan.sample([
        .sample(strategy: "a", trials: 100) { $0.expectation = Self.control },
        .sample(strategy: "b", trials: 200) { $0.expectation = Self.atMost },
      ])
      let matrix = MatrixJudge(plan: plan, vocabulary: .sample).judge(
        [.of(counts), .of([.ready: 80])], isPartial: true)
      #expect(matrix.arms[1].reason.hasSuffix("; only 80 of 200 trials ran"))
      #expect(!matrix.arms[0].reason.contains("trials ran"))
      #expect(matrix.arms[1].plannedTrials == 200)
      #expect(matrix.isPartial)
      // A control that is shown not to fail violates the plan, however little ran.
      #expect(matrix.exitCode == code)
    }
  }

  @Test func `the verdict carries what was counted`() {
    let arm = Self.matrix([(Self.atMost, .of([.ready: 3, .leaked: 1, .invalid: 2]))]).arms[0]
    #expect(arm.launches.failures == 1)
    #expect(arm.launches.outOf == 4)
    #expect(arm.trials == arm.launches)
    #expect(
      arm.outcomes == [
        OutcomeCount(outcome: .ready, launches: 3), OutcomeCount(outcome: .leaked, launches: 1),
        OutcomeCount(outcome: .invalid, launches: 2),
      ])
    #expect(arm.topCause?.outcome == .leaked)
  }
}

@Suite struct ExitCodeTests {
  static func code(_ verdicts: [PlanAnswer], isPartial: Bool = false) -> Int32 {
    let arms = verdicts.map { verdict in
      ArmVerdict(
        arm: 0, planAnswer: verdict, reason: "",
        launches: RateEstimate(failures: 0, outOf: 0, low: 0, high: 1),
        trials: RateEstimate(failures: 0, outOf: 0, low: 0, high: 1), outcomes: [], topCause: nil,
        predictionPerLaunch: nil, predictionPerTrial: nil, published: [], plannedTrials: 1,
        releaseSkew: nil, window: nil, timeToBound: nil)
    }
    return Matrix(plan: .sample([]), arms: arms, isPartial: isPartial).exitCode
  }

  @Test(
    arguments: [
      ([.asExpected], 0), ([.asExpected], 0), ([.notDemanded], 0), ([.notAsExpected], 1),
      ([.undecided], 2),
      ([.notAsExpected], 1), ([.skipped], 2), ([], 2), ([.asExpected, .skipped], 0),
      ([.asExpected, .asExpected, .notDemanded], 0),
    ] as [([PlanAnswer], Int32)])
  func `verdicts give the exit code`(_ verdicts: [PlanAnswer], _ code: Int32) {
    #expect(Self.code(verdicts) == code)
  }

  @Test func `failure before inconclusive before success, in any order and company`() {
    for first in PlanAnswer.allCases {
      for second in PlanAnswer.allCases {
        let (one, two) = (Self.code([first, second]), Self.code([second, first]))
        #expect(one == two)
        let codes = [Self.code([first]), Self.code([second])]
        if codes.contains(1) { #expect(one == 1) }
        if !codes.contains(1) && [first, second].contains(.undecided) { #expect(one == 2) }
      }
      let isViolated = first == .notAsExpected || first == .notAsExpected
      #expect(Self.code([first], isPartial: true) == (isViolated ? 1 : 2))
    }
  }
}

@Suite struct ComparisonTests {
  /// Two addresses from a range of four ports, of which bind(0) serves two first: equal in one of two trials.
  static let even = Arm.sample(apiServers: 1) { $0.pool = PortPool(low: 40_000, high: 40_003) }

  static func verdict(_ arm: Arm, _ tally: ArmTally) -> ArmVerdict {
    MatrixJudge(plan: .sample([arm]), vocabulary: .sample).judge([tally], isPartial: false).arms[0]
  }

  @Test func `a prediction agrees down to its level and not below`() throws {
    #expect(MatrixJudge.predictionLevel == 0.001)
    // 0 of n at one half: p = 2/2^n.
    let ten = try #require(Self.verdict(Self.even, .of([.ready: 10])).predictionPerTrial)
    #expect(ten.predicted == 0.5)
    #expect(ten.level == 0.001)
    #expect(abs(ten.pValue! - 2.0 / 1_024) < 1e-12)
    #expect(ten.agrees == true)
    let eleven = Self.verdict(Self.even, .of([.ready: 11]))
    #expect(abs(eleven.predictionPerTrial!.pValue! - 2.0 / 2_048) < 1e-12)
    #expect(eleven.predictionPerTrial?.agrees == false)
    #expect(
      eleven.reason.contains(
        "the measured rate is off the model, as by chance alone some cell is in at most one run of this plan in 1,000: chance, harness, host or theory"
      ))
    #expect(eleven.predictionPerLaunch == eleven.predictionPerTrial)
    // It does not change the verdict.
    #expect(eleven.planAnswer == .notDemanded)
  }

  /// 0 of 11 at one half has p = 0.00098: of two such cells one in 512 runs has it by chance.
  @Test func `the level of a cell is shared out among the cells that chance can move`() throws {
    let certain = Arm.sample(strategy: "wildcard-report-back")
    func level(_ arms: [Arm]) throws -> PredictionComparison {
      var arms = arms
      for index in arms.indices { arms[index].index = index }
      let tallies = arms.map { _ in ArmTally.of([.ready: 11]) }
      let matrix = MatrixJudge(plan: .sample(arms), vocabulary: .sample)
        .judge(tallies, isPartial: false)
      return try #require(matrix.arms[0].predictionPerTrial)
    }
    #expect(try level([Self.even]).agrees == false)
    let two = try level([Self.even, Self.even])
    #expect(two.level == 0.000_5 && two.agrees == true)
    // What is certain costs nothing, and what does not run neither.
    #expect(try level([Self.even, certain]).level == 0.001)
    var skipped = Self.even
    skipped.skipReason = "not here"
    #expect(try level([Self.even, skipped]).level == 0.001)
  }

  @Test func `churn is predicted for the window that was measured, if longer than the plan's`()
    throws
  {
    func arm(window: Double) -> Arm {
      .sample {
        $0.window.milliseconds = window
        $0.thieves = [Arm.churner(ratePerSecond: 50_000, holdMilliseconds: 50)]
      }
    }
    func predicted(_ window: Double, measured: UInt64) throws -> Double {
      var tally = ArmTally()
      let launch = LaunchOutcome(launch: 0, outcome: .ready, evidence: "")
      tally.add(TrialOutcome(arm: 0, trial: 0, launches: [launch], windowNanoseconds: measured))
      return try #require(Self.verdict(arm(window: window), tally).predictionPerTrial).predicted
    }
    let twenty = try #require(Prediction.predict(arm(window: 20), vocabulary: .sample)).perTrial
    #expect(try predicted(10, measured: 20_000_000) == twenty)
    #expect(try predicted(20, measured: 10_000_000) == twenty)
    #expect(try predicted(10, measured: 10_000_000) < twenty)
  }

  @Test func `without observations nothing agrees or disagrees`() {
    for tally in [ArmTally(), .of([.invalid: 5])] {
      let verdict = Self.verdict(Self.even, tally)
      #expect(verdict.predictionPerTrial?.predicted == 0.5)
      #expect(verdict.predictionPerTrial?.pValue == nil)
      #expect(verdict.predictionPerTrial?.agrees == nil)
    }
  }

  /// 59 clean trials show 5 % per launch, however many launches each has; 30 of two launches do not, and two
  /// launches that always fail together show at least half of the rate per trial.
  @Test func `demands on parallel launches are decided by whole trials`() {
    func verdict(_ demand: Demand, _ trials: Int, _ outcomes: [Outcome]) -> PlanAnswer {
      let arm = Arm.sample(launches: 2, apiServers: 1) { $0.expectation = demand }
      var tally = ArmTally()
      for number in 0..<trials { tally.add(ArmTallyTests.trial(number, outcomes)) }
      return Self.verdict(arm, tally).planAnswer
    }
    #expect(verdict(Demand(failureRateAtMost: 0.05), 30, [.ready, .ready]) == .undecided)
    #expect(verdict(Demand(failureRateAtMost: 0.05), 59, [.ready, .ready]) == .asExpected)
    let half = Demand(failureRateAtLeast: 0.45)
    #expect(verdict(half, 60, [.ready, .lostToSibling]) == .asExpected)
    #expect(
      verdict(Demand(failureRateAtLeast: 0.55), 60, [.ready, .lostToSibling]) == .undecided)
    #expect(
      verdict(Demand(failureRateAtMost: 0.05), 60, [.ready, .lostToSibling]) == .notAsExpected)
    #expect(verdict(half, 60, [.ready, .ready]) == .notAsExpected)
  }

  /// 59 clean trials show 5 %; with one more that does not count, in which any launch may have failed, 60 do not.
  @Test func `a trial with a launch that does not count may have gone either way`() {
    let arm = Arm.sample(launches: 2, apiServers: 1) {
      $0.expectation = Demand(failureRateAtMost: 0.05)
    }
    var tally = ArmTally()
    for number in 0..<59 { tally.add(ArmTallyTests.trial(number, [.ready, .ready])) }
    #expect(Self.verdict(arm, tally).planAnswer == .asExpected)
    tally.add(ArmTallyTests.trial(59, [.ready, .invalid]))
    let verdict = Self.verdict(arm, tally)
    #expect(verdict.planAnswer == .undecided)
    #expect(
      verdict.reason.contains("; 1 trial that does not count may have gone either way"),
      "\(verdict.reason)")
  }

  @Test func `of parallel launches only the trial's rate is tested`() {
    let arm = Arm.sample(launches: 2, apiServers: 1)
    var tally = ArmTally()
    for number in 0..<9 { tally.add(ArmTallyTests.trial(number, [.ready, .ready])) }
    let verdict = Self.verdict(arm, tally)
    #expect(verdict.predictionPerTrial?.agrees == true)
    #expect(verdict.predictionPerLaunch?.agrees == nil)
    #expect(verdict.predictionPerLaunch!.predicted < verdict.predictionPerTrial!.predicted)
  }

  @Test func `a strategy without a window is predicted never to fail, so one failure disagrees`() {
    let arm = Arm.sample(strategy: "wildcard-report-back")
    #expect(Self.verdict(arm, .of([.ready: 9])).predictionPerTrial?.agrees == true)
    let failed = Self.verdict(arm, .of([.ready: 99_999, .timeout: 1]))
    #expect(failed.predictionPerTrial?.pValue == 0)
    #expect(failed.predictionPerTrial?.agrees == false)
    #expect(failed.reason.contains("which leaves nothing to chance here"), "\(failed.reason)")
  }

  @Test func `what theory does not know is not predicted`() {
    #expect(Prediction.predict(.sample(strategy: "other"), vocabulary: .sample) == nil)
    let unknownThief = Arm.sample { $0.thieves = [Choice(name: "x", label: "x")] }
    #expect(Prediction.predict(unknownThief, vocabulary: .sample) == nil)
    // The churn inside a window that is only measured afterwards.
    let churn = Arm.sample { $0.thieves = [Arm.churner(ratePerSecond: 9, holdMilliseconds: 9)] }
    #expect(Prediction.predict(churn, vocabulary: .sample) == nil)
    var held = churn
    held.strategy.name = "wildcard-report-back"
    #expect(Prediction.predict(held, vocabulary: .sample)?.perTrial == 0)
  }

  /// Four addresses from 14,116 slots. One foreign port among them with probability 4/14116, and so on.
  static func rate(foreign: Double) -> Double {
    var survival = 1.0
    for i in 0..<4 {
      survival *= (1 - Double(i) / 14_116) * (1 - foreign / (14_116 - Double(i)))
    }
    return 1 - survival
  }

  /// The same for a Poisson number of foreign ports: the mean of the rates of every number. Beyond three times the
  /// mean the weight is below 1e-100.
  static func rate(poisson mean: Double) -> Double {
    var weight = exp(-mean)
    var sum = 0.0
    for number in 0...Int(3 * mean) {
      if number > 0 { weight *= mean / Double(number) }
      sum += weight * rate(foreign: Double(number))
    }
    return sum
  }

  @Test func `all thieves that hold add up`() {
    let arm = Arm.sample { $0.thieves = [Arm.holder(ports: 100), Arm.holder(ports: 590)] }
    let predicted = Prediction.predict(arm, vocabulary: .sample)!.perTrial
    #expect(abs(predicted - Self.rate(foreign: 690)) < 1e-9)
  }

  @Test func `each thief that churns holds for its own time`() {
    let arm = Arm.sample {
      $0.window.milliseconds = 200
      // 100 ms of 1,000 a second, and 200 ms of 2,000 a second: the second holds longer than the window.
      $0.thieves = [
        Arm.churner(ratePerSecond: 1_000, holdMilliseconds: 100),
        Arm.churner(ratePerSecond: 2_000, holdMilliseconds: 5_000),
      ]
    }
    var turned = arm
    turned.thieves.reverse()
    for arm in [arm, turned] {
      let predicted = Prediction.predict(arm, vocabulary: .sample)!.perTrial
      #expect(abs(predicted - Self.rate(poisson: 500)) < 1e-9)
    }
  }

  @Test func `at depth allocate foreign draws do not matter`() {
    let arm = Arm.sample(depth: .allocate) { $0.thieves = [Arm.holder(ports: 690)] }
    let predicted = Prediction.predict(arm, vocabulary: .sample)!.perTrial
    #expect(abs(predicted - Self.rate(foreign: 0)) < 1e-12)
  }

  /// Fisher's exact test, two-sided, 0 of 10 against k of 10: p = 2 C(10, k) / C(20, k).
  @Test func `a published figure is consistent down to its level and not below`() {
    #expect(MatrixJudge.publishedLevel == 0.01)
    for (failures, p, isConsistent) in [
      (0, 1.0, true), (6, 420.0 / 38_760, true), (7, 240.0 / 77_520, false),
    ] {
      let arm = Arm.sample {
        $0.published = [PublishedFigure(failures: 0, outOf: 10, source: "a paper")]
      }
      let comparison = Self.verdict(arm, .of([.ready: 10 - failures, .timeout: failures]))
        .published[0]
      #expect(abs(comparison.pValue! - p) < 1e-9)
      #expect(comparison.isConsistent == isConsistent)
      #expect(comparison.level == 0.01)
      #expect(comparison.figure == arm.published[0])
      // Whatever was measured, none of ten excludes no rate of ten up to 6 in 10.
      #expect(comparison.consistentLow == 0 && comparison.consistentHigh == 0.6)
    }
  }

  @Test func `a published figure is compared with launches or trials, as it says`() {
    let arm = Arm.sample(launches: 2) {
      $0.published = [
        PublishedFigure(failures: 0, outOf: 100, per: .launch, source: "x"),
        PublishedFigure(failures: 0, outOf: 100, per: .trial, source: "x"),
      ]
    }
    var tally = ArmTally()
    for number in 0..<100 {
      tally.add(ArmTallyTests.trial(number, [.ready, number < 9 ? .timeout : .ready]))
    }
    let verdict = Self.verdict(arm, tally)
    // 0/100 against 9/100: p = 0.0032 (R, fisher.test). Launches that share a trial are not independent, and
    // Fisher's test does not hold for them.
    #expect(verdict.published.map(\.isConsistent) == [nil, false])
    #expect(verdict.published[0].pValue == nil)
    #expect(Self.verdict(arm, ArmTally()).published.map(\.isConsistent) == [nil, nil])
  }

  /// 4 of 5 against 0 of 100 would be "NOT consistent".
  @Test func `a published figure of launches that shared a host is shown and not tested`() {
    for (sharesHost, isConsistent) in [(false, false), (true, nil)] as [(Bool, Bool?)] {
      let arm = Arm.sample {
        $0.published = [
          PublishedFigure(failures: 4, outOf: 5, sharesHost: sharesHost, source: "x")
        ]
      }
      let comparison = Self.verdict(arm, .of([.ready: 100])).published[0]
      #expect(comparison.isConsistent == isConsistent)
      // R: binom.test(4, 5).
      #expect(abs(comparison.rate.low - 0.283_582_1) < 1e-6)
      #expect(abs(comparison.rate.high - 0.994_949_2) < 1e-6)
    }
  }
}
