import Statistics
import Testing

@testable import PlanModel
@testable import PlanReading

/// Scenarios with `forced`: a second row for each strategy.
@Suite struct ForcedScenarioTests {
  private static func plan(
    _ scenario: String, strategies: String = #""probe-then-bind", "wildcard-report-back""#
  ) throws(PlanErrors) -> ResolvedPlan {
    try TestVocabulary.load(
      """
      {"version": 1, "name": "p", "strategies": [\(strategies)],
       "scenarios": [{"name": "s", "trials": 400, "topology": {"api_servers": 2},
         "window": {"foreign_draws": 7}, "thieves": [{"kind": "bind-hold", "options": {"ports": 7}}],
         "forced": true\(scenario)}]}
      """)
  }

  @Test func `each strategy has a row of its own and a forced one`() throws {
    let plan = try Self.plan("")
    #expect(
      plan.arms.map(\.strategy.label) == [
        "probe-then-bind", "wildcard-report-back", "probe-then-bind (forced)",
        "wildcard-report-back (forced)",
      ])
    #expect(plan.arms.map(\.index) == [0, 1, 2, 3])
    #expect(plan.arms[0].faults.isEmpty && plan.arms[0].thieves.count == 1)
    for arm in plan.arms[2...] {
      #expect(arm.trials == 100 && arm.thieves.isEmpty && arm.window.foreignDraws == 0)
      #expect(arm.faults.map(\.kind.name) == [FaultName.steal])
      #expect(arm.faults[0].point == .beforeInputBind && arm.faults[0].probability == 1)
      #expect(arm.faults[0].index == nil && arm.expectation == nil)
    }
  }

  /// What 100 trials that all go well show, and 100 with one that does not do not.
  @Test func `a row that must fail must do so in each trial, one that must not in none`() throws {
    let plan = try Self.plan(
      """
      , "expect": {"probe-then-bind": {"failure_rate_at_least": 0.6, "must_fail_control": true},
          "wildcard-report-back": {"failure_rate_at_most": 0.05, "confidence": 0.99}}
      """)
    let fails = try #require(plan.arms[2].expectation)
    let survives = try #require(plan.arms[3].expectation)
    #expect(!fails.isMustFailControl && fails.confidence == 0.95)
    let least = try #require(fails.failureRateAtLeast)
    #expect(ClopperPearson.lowerBound(100, outOf: 100, confidence: 0.95) >= least)
    #expect(ClopperPearson.lowerBound(99, outOf: 100, confidence: 0.95) < least)
    let most = try #require(survives.failureRateAtMost)
    #expect(ClopperPearson.upperBound(0, outOf: 100, confidence: 0.99) <= most)
    #expect(ClopperPearson.upperBound(1, outOf: 100, confidence: 0.99) > most)
  }

  @Test func `a forced row may have a demand of its own, or be left out`() throws {
    let plan = try Self.plan(
      """
      , "expect": {"*": {"failure_rate_at_most": 0.05},
          "probe-then-bind (forced)": {"failure_rate_at_least": 0.9}},
        "skip": {"wildcard-report-back (forced)": "not today"}
      """)
    #expect(plan.arms[2].expectation?.failureRateAtLeast == 0.9)
    #expect(plan.arms[2].expectation?.failureRateAtMost == nil)
    #expect(plan.arms[3].skipReason == "not today" && plan.arms[1].skipReason == nil)
    // 100 trials cannot show it, whatever the scenario's number.
    let problem = #", "expect": {"probe-then-bind (forced)": {"failure_rate_at_most": 0.01}}"#
    #expect(throws: PlanErrors.self) { try Self.plan(problem) }
    #expect(throws: PlanErrors.self) { try Self.plan(#", "skip": {"x (forced)": "why"}"#) }
  }

  @Test func `a program whose calls are caught has its thief already`() throws {
    let plan = try Self.plan(
      "", strategies: #"{"name": "exec", "command": ["x"], "check": {}}, "probe-then-bind""#)
    #expect(
      plan.arms.map(\.strategy.label) == ["exec", "probe-then-bind", "probe-then-bind (forced)"])
  }

  @Test func `what cannot be forced, or is called like a forced row, is a mistake`() {
    func message(_ scenario: String, _ strategies: String) -> String? {
      do throws(PlanErrors) {
        _ = try Self.plan(scenario, strategies: strategies)
        return nil
      } catch { return error.description }
    }
    let clash = message(
      "",
      #""probe-then-bind", {"name": "wildcard-report-back", "label": "probe-then-bind (forced)"}"#)
    #expect(
      clash?.contains("would be called \"probe-then-bind (forced)\"") == true, "\(clash ?? "")")
    let shallow = message(#", "depth": "allocate""#, #""probe-then-bind""#)
    #expect(shallow?.contains("no loss can be forced") == true, "\(shallow ?? "")")
  }
}
