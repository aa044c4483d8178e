import PlanModel
import PlanReading
import Testing

@Suite struct CalibratedPlanTests {
  private static func plan(_ defaults: String, _ scenario: String) -> String {
    """
    {
      "version": 1, "name": "p",
      "defaults": { "topology": { "api_servers": 4 },   "trials": 100\(defaults) },
      "strategies": ["probe-then-bind"],
      "scenarios": [
        { "name": "first", "trials": 7 },
        {
          "name": "second"\(scenario)
        }
      ]
    }
    """
  }

  private static func changed(_ text: String, draws: Int? = 9, note: String = "n") -> String {
    let change = CalibratedPlan(
      scenario: "second", thief: 0, option: "ports", value: 9, foreignDraws: draws, note: note)
    return String(decoding: change.applied(to: Array(text.utf8)), as: UTF8.self)
  }

  private static func arm(_ text: String) throws -> Arm {
    try PlanLoader.load(text.utf8, file: "p", vocabulary: TestVocabulary.vocabulary).arms[1]
  }

  @Test func `a scenario's own thief and window change, and nothing else`() throws {
    let thief = #"{ "kind": "bind-hold", "label": "x", "options": { "ports": %d } }"#
    func text(_ ports: Int, _ why: String) -> String {
      let thief = thief.replacing("%d", with: "\(ports)")
      return Self.plan(
        "",
        "\(why),\n      \"window\": { \"milliseconds\": 1, \"foreign_draws\": \(ports) },\n      \"thieves\": [\(thief)]"
      )
    }
    #expect(
      Self.changed(text(5, ",\n      \"why\": \"busy\""))
        == text(9, ",\n      \"why\": \"busy; calibrated: n\""))
    #expect(
      Self.changed(text(5, ",\n      \"why\": \"busy; calibrated: old\""))
        == text(9, ",\n      \"why\": \"busy; calibrated: n\""))
    #expect(Self.changed(text(5, "")) == text(9, ",\n      \"why\": \"calibrated: n\""))
  }

  @Test func `a thief of the defaults changes in the scenario alone`() throws {
    let text = Self.plan(
      #", "window": { "foreign_draws": 5 }, "thieves": [{ "kind": "bind-hold", "options": { "ports": 5 } }]"#,
      "")
    let arm = try Self.arm(Self.changed(text, note: "a \"quoted\" note"))
    #expect(arm.thieves[0]["ports"] == 9 && arm.window.foreignDraws == 9)
    #expect(arm.why == "calibrated: a \"quoted\" note")
    let first = try PlanLoader.load(
      Self.changed(text).utf8, file: "p", vocabulary: TestVocabulary.vocabulary
    ).arms[0]
    #expect(first.thieves[0]["ports"] == 5 && first.window.foreignDraws == 5)
  }

  @Test func `a rate that was solved for becomes a count`() throws {
    let text = Self.plan(
      "", #", "thieves": [{ "kind": "bind-hold", "target_failure_rate": 0.5 }]"#)
    let arm = try Self.arm(Self.changed(text, draws: nil))
    #expect(arm.thieves[0]["ports"] == 9 && arm.thieves[0].targetFailureRate == nil)
  }
}
