import PlanModel
import Statistics
import Testing
import Theory

@testable import Judging

@Suite struct StoppingRuleTests {
  static func arm(_ demand: Demand?, trials: Int = 300, label: String = "a", index: Int = 0) -> Arm
  {
    Arm(
      index: index, scenario: "s", strategy: Choice(name: "probe-then-bind", label: label),
      settings: TrialSettings(topology: Topology(launches: 1, apiServers: 2)), trials: trials,
      expectation: demand)
  }

  static func plan(_ arms: [Arm], budget: Double? = nil, untilFailure: Bool? = nil) -> ResolvedPlan
  {
    ResolvedPlan(
      version: 1, name: "stopped", title: "", seed: 1, arms: arms, budgetSeconds: budget,
      untilFailure: untilFailure)
  }

  /// The number of trials after which the arm is closed if they end so; nil if it stays open.
  static func end(_ arm: Arm, _ plan: ResolvedPlan, _ outcome: (Int) -> Outcome) -> (Int, ArmTally)
  {
    let rule = StoppingRule(arm, in: plan)
    var tally = ArmTally()
    while rule.isOpen(tally) {
      tally.add(ArmTallyTests.trial(tally.trialsSeen, [outcome(tally.trialsSeen)]))
    }
    return (tally.trialsSeen, tally)
  }

  static func verdict(_ arm: Arm, _ plan: ResolvedPlan, _ tally: ArmTally) -> ArmVerdict {
    MatrixJudge(plan: plan, vocabulary: Vocabulary(strategies: [], thieves: [], faults: []))
      .judge([tally], isPartial: false).arms[0]
  }

  @Test func `without a rule all trials run`() {
    let arm = Self.arm(Demand(failureRateAtMost: 0.05))
    #expect(Self.end(arm, Self.plan([arm])) { _ in .lostToThief }.0 == 300)
  }

  @Test func `a sequential test ends a clear row and meets its demand`() {
    var demand = Demand(failureRateAtMost: 0.05)
    (demand.sequentialRate, demand.falseAlarm) = (0.005, 0.05)
    let arm = Self.arm(demand)
    let plan = Self.plan([arm])
    let test = SequentialTest(demand, longest: 300)!
    let (clean, tally) = Self.end(arm, plan) { _ in .ready }
    #expect(clean == test.fewest(toMeet: demand))
    let verdict = Self.verdict(arm, plan, tally)
    #expect(verdict.planAnswer == .asExpected)
    #expect(verdict.strategyAnswer == .survives, "\(verdict.strategyReason)")
    #expect(verdict.stoppedBy == .sequential)
    // What it claims holds for the interval, too.
    #expect(verdict.launches.high <= test.interval(0, outOf: clean).upperBound)
    #expect(verdict.predictionPerTrial?.agrees == nil)
    let (bad, failing) = Self.end(arm, plan) { _ in .lostToThief }
    #expect(bad < clean)
    #expect(Self.verdict(arm, plan, failing).planAnswer == .notAsExpected)
    #expect(Self.verdict(arm, plan, failing).strategyAnswer == .fails)
  }

  @Test func `a control is decided from the other side`() {
    var demand = Demand(failureRateAtLeast: 0.6, isMustFailControl: true)
    (demand.sequentialRate, demand.falseAlarm) = (0.8, 0.05)
    let arm = Self.arm(demand)
    let plan = Self.plan([arm])
    let failing = Self.end(arm, plan) { _ in .lostToThief }
    #expect(failing.0 < 20)
    #expect(Self.verdict(arm, plan, failing.1).planAnswer == .asExpected)
    let passing = Self.end(arm, plan) { _ in .ready }
    #expect(Self.verdict(arm, plan, passing.1).planAnswer == .notAsExpected)
    // Failures of another kind show nothing: the row runs to its end and is undecided.
    let other = Self.end(arm, plan) { _ in .timeout }
    #expect(other.0 == 300)
    #expect(Self.verdict(arm, plan, other.1).planAnswer == .undecided)
  }

  @Test func `launches that do not count keep a sequential test open`() {
    var demand = Demand(failureRateAtMost: 0.05)
    (demand.sequentialRate, demand.falseAlarm) = (0.005, 0.05)
    let arm = Self.arm(demand)
    let some = Self.end(arm, Self.plan([arm])) { $0 % 3 == 0 ? .invalid : .ready }
    #expect(some.0 == 300)
    #expect(Self.verdict(arm, Self.plan([arm]), some.1).planAnswer == .undecided)
  }

  @Test func `a budget ends a row as soon as its verdict is certain, and not before`() {
    let demand = Demand(failureRateAtMost: 0.05)
    let arm = Self.arm(demand)
    let plan = Self.plan([arm], budget: 60)
    // The number of failures of 300 whose lower bound is above 5 %.
    let enough = (0...300).first { ClopperPearson.lowerBound($0, outOf: 300) > 0.05 }!
    let (failing, tally) = Self.end(arm, plan) { _ in .lostToThief }
    #expect(failing == enough)
    let verdict = Self.verdict(arm, plan, tally)
    #expect(verdict.planAnswer == .notAsExpected)
    #expect(verdict.stoppedBy == .certain && verdict.strategyAnswer == .fails)
    // The interval allows for all that did not run.
    #expect(verdict.launches.low == ClopperPearson.interval(enough, outOf: 300).lowerBound)
    #expect(verdict.launches.high == 1)
    let clean = Self.end(arm, plan) { _ in .ready }
    let few = (0...300).last { ClopperPearson.upperBound($0, outOf: 300) <= 0.05 }!
    #expect(clean.0 == 300 - few)
    #expect(Self.verdict(arm, plan, clean.1).planAnswer == .asExpected)
  }

  @Test(arguments: [Demand(failureRateAtMost: 0.05), Demand(failureRateAtLeast: 0.7)])
  func `a row that a budget has ended has the verdict of all its trials`(_ demand: Demand) {
    let arm = Self.arm(demand, trials: 200)
    let (budget, whole) = (Self.plan([arm], budget: 60), Self.plan([arm]))
    for percent in stride(from: 0, through: 100, by: 5) {
      let outcome = { (trial: Int) in trial * 37 % 100 < percent ? Outcome.lostToThief : .ready }
      let early = Self.end(arm, budget, outcome)
      let all = Self.end(arm, whole, outcome)
      #expect(
        Self.verdict(arm, budget, early.1).planAnswer == Self.verdict(arm, whole, all.1).planAnswer,
        "\(percent) %")
    }
  }

  @Test func `rows that are compared with one another run all of their trials`() {
    let one = Self.arm(Demand(failureRateAtMost: 0.05), label: "one")
    let two = Self.arm(Demand(like: "one"), label: "two", index: 1)
    let plan = Self.plan([one, two], budget: 60, untilFailure: true)
    #expect(StoppingRule(one, in: plan).kind == .fixed)
    #expect(StoppingRule(two, in: plan).kind == .fixed)
  }

  @Test func `the first failure ends a row that is no control`() {
    let row = Self.arm(nil)
    let control = Self.arm(Demand(failureRateAtLeast: 0.5, isMustFailControl: true), index: 1)
    let plan = Self.plan([row, control], untilFailure: true)
    let (trials, tally) = Self.end(row, plan) { $0 == 19 ? .lostToThief : .ready }
    #expect(trials == 20)
    let verdict = Self.verdict(row, Self.plan([row], untilFailure: true), tally)
    #expect(verdict.stoppedBy == .firstFailure)
    // One failure in run 20: the upper end is that of no failure in 19.
    let high = ClopperPearson.interval(0, outOf: 19).upperBound
    #expect(abs(verdict.launches.high - high) < 1e-12)
    #expect(Self.end(control, plan) { _ in .lostToThief }.0 == 300)
  }
}
