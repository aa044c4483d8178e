import PlanReading
import PortModel
import Testing

@testable import PlanModel
@testable import Theory

/// Thieves whose intensity is solved for.
@Suite struct TargetRateTests {
  private static func load(_ thieves: String, _ more: String = "") throws -> ResolvedPlan {
    try TestVocabulary.load(
      TestVocabulary.text(scenario: "\"thieves\": [\(thieves)],\(more)"))
  }

  private static func problems(_ thieves: String, _ more: String = "") -> [String] {
    TestVocabulary.errors(
      TestVocabulary.text(scenario: "\"thieves\": [\(thieves)],\(more)")
    ).map { "\($0.path): \($0.message)" }
  }

  private static func rate(_ arm: Arm) -> Double {
    Prediction.predict(arm, vocabulary: TestVocabulary.vocabulary)!.perLaunch
  }

  @Test(arguments: [0.01, 0.3, 0.8, 0.999]) func `the solved count is the nearest one`(
    target: Double
  )
    throws
  {
    let plan = try Self.load("{\"kind\": \"bind-hold\", \"target_failure_rate\": \(target)}")
    let arm = plan.arms[0]
    #expect(arm.thieves[0].targetFailureRate == target)
    let ports = arm.thieves[0]["ports"]
    #expect(plan.arms[1].thieves == arm.thieves, "every strategy meets the same thief")
    for other in [ports - 1, ports + 1] {
      var near = arm
      near.thieves[0].options[0].value = other
      #expect(abs(Self.rate(arm) - target) <= abs(Self.rate(near) - target))
    }
  }

  @Test func `the reported launch needs about 690 held ports for 80 percent`() throws {
    let plan = try Self.load(
      "{\"kind\": \"bind-hold\", \"target_failure_rate\": 0.8}",
      "\"topology\": {\"api_servers\": 16},")
    #expect((670...700).contains(plan.arms[0].thieves[0]["ports"]))
  }

  @Test func `a rate of draws is solved for, too, beside what else is there`() throws {
    let plan = try Self.load(
      "{\"kind\": \"bind-hold\", \"options\": {\"ports\": 100}}, {\"kind\": \"bind-churn\", \"target_failure_rate\": 0.5, \"options\": {\"hold_ms\": 5}}",
      "\"window\": {\"milliseconds\": 10},")
    let arm = plan.arms[0]
    #expect(arm.thieves[0].targetFailureRate == nil)
    #expect(abs(Self.rate(arm) - 0.5) < 0.001)
  }

  @Test func `what cannot be solved is said`() {
    let target = { (kind: String, rest: String) in
      "{\"kind\": \"\(kind)\", \"target_failure_rate\": \(rest)}"
    }
    let here = "scenarios[0].thieves[0].target_failure_rate"
    #expect(
      Self.problems(target("riddle", "0.5")) == [
        "\(here): thief \"riddle\" has no intensity that theory could solve for; there are bind-hold, bind-churn"
      ])
    #expect(
      Self.problems(target("bind-hold", "1")) == [
        "\(here): expected a rate between 0 and 1, found 1.0"
      ])
    #expect(
      Self.problems(target("bind-hold", "0.5, \"options\": {\"ports\": 3}")) == [
        "scenarios[0].thieves[0].options.ports: give either \"ports\" or \"target_failure_rate\", not both"
      ])
    #expect(
      Self.problems(target("bind-churn", "0.5, \"options\": {\"hold_ms\": 5}")) == [
        "\(here): theory has no rate here that rate_per_second moves: bind-churn: the plan gives no window.milliseconds, in which ports churn; wildcard-report-back fails at 0 % whatever rate_per_second is"
      ])
    #expect(
      Self.problems(target("bind-hold", "0.5"), "\"strategies\": [\"wildcard-report-back\"],") == [
        "\(here): theory has no rate here that ports moves: wildcard-report-back comes no nearer than 0 %, with ports 28228"
      ], "a pool is exhausted or it is not")
    #expect(
      Self.problems(target("bind-hold", "0.00001"))[0].hasSuffix(
        "probe-then-bind fails at 0.07 % with ports 1 already"))
    #expect(
      Self.problems(
        "\(target("bind-hold", "0.5")), \(target("bind-hold", "0.5"))"
      ) == ["\(here): only one thief of a scenario can be solved for"])
    #expect(
      Self.problems(
        target("bind-hold", "0.5"),
        "\"depth\": \"allocate\", \"strategies\": [\"probe-then-bind\"],")
        == [
          "\(here): theory has no rate here that ports moves: probe-then-bind fails at 0.04 % whatever ports is"
        ])
  }

  @Test func `a thief that theory knows nothing of takes the prediction away, with the reason`()
    throws
  {
    let arms = try Self.load("\"riddle\"").arms
    let vocabulary = TestVocabulary.vocabulary
    #expect(Prediction.predict(arms[0], vocabulary: vocabulary) == nil)
    #expect(Prediction.reasonForNone(arms[0], vocabulary: vocabulary) == "riddle: who knows")
    let quiet = try TestVocabulary.load(TestVocabulary.text()).arms
    #expect(Prediction.reasonForNone(quiet[0], vocabulary: vocabulary) == nil)
  }
}
