import History
import PlanModel
import TestSupport
import Testing

@testable import Judging

/// What a strategy did, apart from what the plan demands. The bounds are exact: no test of this file depends on chance.
@Suite struct StrategyAnswerTests {
  static func matrix(
    _ rows: [(Demand?, ArmTally)], _ change: (inout Arm) -> Void = { _ in }
  ) -> Matrix {
    let arms = rows.enumerated().map { number, row in
      Arm.sample(label: "row-\(number)", trials: max(1, row.1.trialsSeen)) {
        $0.expectation = row.0
        change(&$0)
      }
    }
    return MatrixJudge(plan: .sample(arms), vocabulary: .sample)
      .judge(rows.map(\.1), isPartial: false)
  }

  /// 0.95^59 = 0.0485, and 0 of 59 is the fewest that show 5 %.
  @Test(
    arguments: [
      (Demand(failureRateAtMost: 0.05), [.ready: 59], .survives, .asExpected),
      (Demand(failureRateAtMost: 0.05), [.ready: 58], .undecided, .undecided),
      (Demand(failureRateAtMost: 0.05), [.ready: 40, .timeout: 20], .fails, .notAsExpected),
      // Who must fail and does survives nothing.
      (Demand(failureRateAtLeast: 0.7), [.ready: 20, .lostToThief: 80], .fails, .asExpected),
      // Who must fail and does not: a tenth of 70 % is 7 %, and 0.93^42 = 0.047.
      (Demand(failureRateAtLeast: 0.7), [.ready: 42], .survives, .notAsExpected),
      (Demand(failureRateAtLeast: 0.7), [.ready: 41], .undecided, .notAsExpected),
      // Half fail: not what was demanded, and no survival.
      (Demand(failureRateAtLeast: 0.7), [.ready: 50, .lostToThief: 50], .fails, .notAsExpected),
      // A rate that must lie between two is about failing.
      (
        Demand(failureRateAtMost: 0.5, failureRateAtLeast: 0.3), [.ready: 120, .timeout: 80],
        .fails, .asExpected
      ),
      // All came up, half of them by a retry.
      (
        Demand(failureRateAtLeast: 0.3), [.ready: 150, .recovered: 150], .recovers, .asExpected
      ),
      (
        Demand(failureRateAtMost: 0.05), [.ready: 150, .recovered: 150], .recovers,
        .notAsExpected
      ),
      (Demand(failureRateAtMost: 0.05), [.ready: 5, .harnessError: 95], .undecided, .undecided),
      (Demand(failureRateAtMost: 0.05), [:], .undecided, .undecided),
    ] as [(Demand, KeyValuePairs<Outcome, Int>, StrategyAnswer, PlanAnswer)])
  func `the two answers are kept apart`(
    _ demand: Demand, _ counts: KeyValuePairs<Outcome, Int>, _ strategy: StrategyAnswer,
    _ plan: PlanAnswer
  ) {
    let arm = Self.matrix([(demand, .of(counts))]).arms[0]
    #expect(arm.strategyAnswer == strategy, "\(arm.strategyReason)")
    #expect(arm.planAnswer == plan, "\(arm.reason)")
  }

  @Test func `what recovered is not among what failed, and is in what is judged`() {
    let arm = Self.matrix([
      (Demand(failureRateAtLeast: 0.3), .of([.ready: 139, .recovered: 160, .timeout: 1]))
    ]).arms[0]
    #expect(arm.launches.failures == 1 && arm.launches.outOf == 300)
    #expect(arm.trials.failures == 1)
    #expect(arm.recovered?.launches == 160)
    #expect(arm.recovered?.launchesWithFailed.failures == 161)
    #expect(arm.recovered?.trialsWithFailed.failures == 161)
    #expect(Self.matrix([(nil, .of([.ready: 9]))]).arms[0].recovered == nil)
  }

  /// The control's 80 of 100 have the lower bound 72.3 %: 7.2 % are the limit, which 0 of 41 show (0.928^41 = 0.047).
  @Test func `a row without a demand is held against the control`() {
    let control = (
      Demand(failureRateAtLeast: 0.6, isMustFailControl: true) as Demand?,
      ArmTally.of([.ready: 20, .lostToSelf: 80])
    )
    for (ready, answer) in [(41, StrategyAnswer.survives), (39, .undecided), (0, .undecided)] {
      let arm = Self.matrix([control, (nil, .of([.ready: ready]))]).arms[1]
      #expect(arm.strategyAnswer == answer, "\(ready): \(arm.strategyReason)")
      #expect(arm.planAnswer == (ready == 0 ? .undecided : .notDemanded))
    }
    let lost = Self.matrix([control, (nil, .of([.ready: 60, .lostToThief: 40]))]).arms[1]
    #expect(lost.strategyAnswer == .fails)
    // A control that does not fail shows nothing about anybody.
    let calm = (control.0, ArmTally.of([.ready: 100]))
    let row = Self.matrix([calm, (Demand(failureRateAtMost: 0.05), .of([.ready: 100]))]).arms[1]
    #expect(row.strategyAnswer == .undecided && row.planAnswer == .undecided)
    #expect(row.strategyReason.contains("so this proves nothing"), "\(row.strategyReason)")
  }

  @Test func `without a control the racy start's predicted rate is what a row is held against`() {
    func arm(draws: Int, ready: Int, strategy: String = "wildcard-report-back") -> ArmVerdict {
      Self.matrix([(nil, .of([.ready: ready]))]) {
        $0.strategy.name = strategy
        $0.thieves = draws == 0 ? [] : [Arm.holder(ports: draws)]
      }.arms[0]
    }
    // Four addresses and 5,000 draws: about 83 % of racy starts fail.
    #expect(arm(draws: 5_000, ready: 60).strategyAnswer == .survives)
    // On a quiet host the racy start hardly ever fails: a thousand clean launches show nothing.
    #expect(arm(draws: 0, ready: 1_000).strategyAnswer == .undecided)
    // Where theory has no rate of the racy start either.
    let faulty = Self.matrix([(nil, .of([.ready: 1_000]))]) {
      $0.faults = [
        PlannedFault(kind: Choice(name: "pause", label: "pause"), point: .beforeInputBind)
      ]
    }.arms[0]
    #expect(faulty.strategyAnswer == .measured)
  }

  @Test func `a forced row without a demand is held against a tenth`() {
    func answer(_ counts: KeyValuePairs<Outcome, Int>) -> StrategyAnswer {
      Self.matrix([(nil, .of(counts))]) {
        $0.force(at: .beforeInputBind, launch: nil, index: nil, vocabulary: .sample)
      }.arms[0].strategyAnswer
    }
    #expect(answer([.ready: 100]) == .survives)
    #expect(answer([.lostToThief: 100]) == .fails)
    #expect(answer([.ready: 20]) == .undecided)
  }

  // MARK: Reach

  /// A tally of ready launches with these ports.
  static func tally(_ ports: [UInt16], trials: Int = 100) -> ArmTally {
    var tally = ArmTally()
    for number in 0..<trials {
      tally.add(
        TrialOutcome(
          arm: 0, trial: number,
          launches: [LaunchOutcome(launch: 0, outcome: .ready, evidence: "")], ports: ports))
    }
    return tally
  }

  @Test(
    arguments: [
      ([20_104, 29_991], false), ([20_104, 32_768], true), ([60_999], true), ([61_000], false),
      ([32_767], false), ([], true),
    ] as [([UInt16], Bool)])
  func `ports outside what thieves draw from have survived nothing`(
    _ ports: [UInt16], _ isReached: Bool
  ) {
    let demand = Demand(failureRateAtMost: 0.05)
    let arm = Self.matrix([(demand, Self.tally(ports))]) {
      $0.thieves = [Arm.holder(ports: 500)]
    }.arms[0]
    #expect((arm.outOfReach == nil) == isReached)
    #expect(arm.strategyAnswer == (isReached ? .survives : .undecided))
    // The plan's demand is met in any case.
    #expect(arm.planAnswer == .asExpected)
    guard let found = arm.outOfReach else { return }
    #expect(found.ports.low == Int(ports.min()!) && found.ports.high == Int(ports.max()!))
    #expect(found.thievesDraw.map(\.low) == [32_768] && found.thievesDraw.map(\.high) == [60_999])
  }

  @Test func `without thieves, or with a port that is taken on purpose, nothing is out of reach`() {
    let ports: [UInt16] = [20_000]
    #expect(Self.matrix([(nil, Self.tally(ports))]).arms[0].outOfReach == nil)
    let forced = Self.matrix([(nil, Self.tally(ports))]) {
      $0.force(at: .beforeInputBind, launch: nil, index: nil, vocabulary: .sample)
      $0.thieves = [Arm.holder(ports: 5)]
    }
    #expect(forced.arms[0].outOfReach == nil)
    // A thief of which theory knows nothing may be anywhere.
    let unknown = Self.matrix([(nil, Self.tally(ports))]) {
      $0.thieves = [Choice(name: "x", label: "x")]
    }
    #expect(unknown.arms[0].outOfReach == nil)
  }

  @Test func `a trial of the scenario that lost a port is named, for the command`() {
    let control = (
      Demand(failureRateAtLeast: 0.6, isMustFailControl: true) as Demand?,
      ArmTally.of([.ready: 2, .lostToThief: 98])
    )
    let arm = Self.matrix([control, (nil, Self.tally([20_000]))]) {
      $0.thieves = [Arm.holder(ports: 5)]
    }.arms[1]
    #expect(arm.outOfReach?.lostTrial == OutOfReach.LostTrial(arm: 0, trial: 2))
  }

  @Test func `the ports are those that a trial's record has`() throws {
    let arm = Arm.sample()
    let outcome = TrialJudge(arm: arm).judge(TrialHistory(arm).events)
    #expect(Set(outcome.ports) == [40_001, 40_002, 40_003, 40_004])
    var set = PortSet()
    #expect(set.ends == nil && !set.overlaps(0...65_535))
    for port: UInt16 in [65_535, 64, 63] { set.insert(port) }
    #expect(set.ends == 63...65_535)
    #expect(set.overlaps(64...64) && !set.overlaps(65...65_534))
  }
}
