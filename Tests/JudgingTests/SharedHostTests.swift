import PlanModel
import PortModel
import TestSupport
import Testing

@testable import Judging

/// Runs among the host's own ports: what they do not decide.
@Suite struct SharedHostTests {
  /// A row whose model says one half (`ComparisonTests.even`), with a demand.
  static func even(_ demand: Demand?, label: String = "probe-then-bind") -> Arm {
    var arm = ComparisonTests.even
    arm.expectation = demand
    arm.strategy.label = label
    return arm
  }

  /// Verdicts of one plan, with and without a namespace.
  static func judge(_ rows: [(Arm, ArmTally)]) -> (isolated: Matrix, shared: Matrix) {
    var arms = rows.map(\.0)
    for index in arms.indices { (arms[index].index, arms[index].trials) = (index, 1) }
    let judge = MatrixJudge(plan: .sample(arms), vocabulary: .sample)
    return (
      judge.judge(rows.map(\.1), isPartial: false),
      judge.judge(rows.map(\.1), isPartial: false, isIsolated: false)
    )
  }

  static let atMost = Demand(failureRateAtMost: 0.05, why: "")
  static let control = Demand(failureRateAtLeast: 0.3, isMustFailControl: true, why: "")

  /// 100 of 100 and 0 of 100 at one half: p = 2/2^100.
  @Test(
    arguments: [
      (atMost, [.lostToThief: 100], .notAsExpected),
      (control, [.ready: 100], .notAsExpected),
      (control, [.lostToThief: 100], .asExpected),
      (atMost, [.ready: 100], .asExpected),
    ] as [(Demand?, KeyValuePairs<Outcome, Int>, PlanAnswer)])
  func `a rate off its model is undecided, whatever it would be otherwise`(
    _ demand: Demand?, _ outcomes: KeyValuePairs<Outcome, Int>, _ otherwise: PlanAnswer
  ) {
    let (isolated, shared) = Self.judge([(Self.even(demand), .of(outcomes))])
    #expect(isolated.isIsolated && !shared.isIsolated)
    #expect(isolated.arms[0].planAnswer == otherwise)
    #expect(shared.arms[0].planAnswer == .undecided)
    #expect(shared.arms[0].strategyAnswer == .undecided)
    #expect(shared.exitCode == 2)
    for reason in [shared.arms[0].reason, shared.arms[0].strategyReason] {
      #expect(reason.hasPrefix("this host's own ports were used, and the rate is off"), "\(reason)")
    }
    let reason = shared.arms[0].reason
    #expect(!reason.contains("harness, host or theory"), "the cause is known: \(reason)")
    #expect(shared.arms[0].launches == isolated.arms[0].launches, "what was measured is shown")
  }

  @Test func `where nothing is demanded only the strategy's answer is undecided`() {
    let (isolated, shared) = Self.judge([(Self.even(nil), .of([.lostToThief: 100]))])
    #expect(isolated.arms[0].strategyAnswer == .fails)
    #expect(shared.arms[0].strategyAnswer == .undecided)
    #expect(shared.arms[0].planAnswer == .notDemanded && shared.exitCode == 0)
  }

  @Test func `a rate that agrees with its model is judged as in a namespace`() {
    let (isolated, shared) = Self.judge([
      (Self.even(Self.control), .of([.ready: 50, .lostToThief: 50]))
    ])
    #expect(isolated.arms[0].planAnswer == .asExpected)
    #expect(shared.arms == isolated.arms)
  }

  @Test func `what is compared with a row off its model is undecided too`() {
    let like = Demand(like: "reference", why: "")
    let (isolated, shared) = Self.judge([
      (Self.even(nil, label: "reference"), .of([.ready: 200])),
      (Self.even(like, label: "mine"), .of([.ready: 100, .lostToThief: 100])),
    ])
    #expect(isolated.arms[1].planAnswer == .notAsExpected)
    #expect(shared.arms[1].planAnswer == .undecided)
    #expect(shared.arms[1].reason.contains("reference"), "\(shared.arms[1].reason)")
  }

  /// Rows that may end early are not tested against their model.
  @Test func `a violated demand needs a rate that was compared with its model`() {
    var demand = Self.atMost
    (demand.sequentialRate, demand.falseAlarm) = (0.005, 0.05)
    var arm = Self.even(demand)
    arm.trials = 300
    let judge = MatrixJudge(plan: .sample([arm]), vocabulary: .sample)
    let tally = ArmTally.of([.lostToThief: 40])
    let isolated = judge.judge([tally], isPartial: false).arms[0]
    #expect(isolated.planAnswer == .notAsExpected && isolated.predictionPerTrial?.agrees == nil)
    let shared = judge.judge([tally], isPartial: false, isIsolated: false).arms[0]
    #expect(shared.planAnswer == .undecided)
  }

  @Test func `without a model a loss to other programs is not the strategy's failure`() {
    var arm = Self.even(Self.atMost)
    arm.strategy.name = "unknown"
    let lost = Self.judge([(arm, .of([.ready: 20, .lostToOutsider: 20]))])
    #expect(lost.isolated.arms[0].planAnswer == .notAsExpected)
    #expect(lost.shared.arms[0].planAnswer == .undecided)
    let own = Self.judge([(arm, .of([.ready: 20, .lostToSelf: 20]))])
    #expect(own.shared.arms[0].planAnswer == .notAsExpected, "nobody else had a part in it")
  }

  @Test func `a row that did not run stays skipped, and one without trials undecided`() {
    var tally = ArmTally()
    tally.skip("not here")
    let (_, shared) = Self.judge([(Self.even(Self.atMost), tally), (Self.even(nil), ArmTally())])
    #expect(shared.arms[0].planAnswer == .skipped)
    #expect(shared.arms[1].reason == "no trial ran")
  }

  @Test func `a control that is undecided proves nothing of its scenario`() {
    var held = Arm.sample(strategy: "wildcard-report-back")
    held.expectation = Self.atMost
    let (isolated, shared) = Self.judge([
      (Self.even(Self.control), .of([.lostToThief: 100])), (held, .of([.ready: 100])),
    ])
    #expect(isolated.arms.map(\.planAnswer) == [.asExpected, .asExpected])
    #expect(shared.arms.map(\.planAnswer) == [.undecided, .undecided])
    #expect(shared.arms.map(\.strategyAnswer) == [.undecided, .undecided])
  }
}
