import PlanModel
import Testing

@Suite struct CellNameTests {
  /// A plan with these scenarios and labels, every label under every scenario.
  private static func plan(_ scenarios: [String], _ labels: [String]) throws -> ResolvedPlan {
    func list(_ items: [String]) -> String { items.joined(separator: ", ") }
    let text = """
      {
        "version": 1, "name": "names",
        "defaults": { "topology": { "api_servers": 2 }, "trials": 5 },
        "strategies": [\(list(labels.map { #"{ "name": "probe-then-bind", "label": "\#($0)" }"# }))],
        "scenarios": [\(list(scenarios.map { #"{ "name": "\#($0)" }"# }))]
      }
      """
    return try TestVocabulary.load(text)
  }

  @Test func `cells and trials are read by name and by number`() throws {
    let plan = try Self.plan(["quiet", "busy host"], ["probe", "wild card"])
    #expect(plan.readings(of: "busy host/wild card/4") == [CellReading(arm: 3, trial: 4)])
    #expect(plan.readings(of: "busy host/wild card") == [CellReading(arm: 3)])
    #expect(plan.readings(of: "3/4") == [CellReading(arm: 3, trial: 4)])
    #expect(plan.readings(of: "3") == [CellReading(arm: 3)])
    for nothing in [
      "", "quiet", "quiet/", "quiet/prob", "quiet/probe/", "quiet/probe/x", "quiet/probe/-1",
      "quiet/probe/1/2", "4", "0/x", "0/1/2", "-1", "+1", "٣", "quiet/probe/99999999999999999999",
    ] {
      #expect(plan.readings(of: nothing) == [], "\(nothing)")
    }
    // A number that no arm has may still be a trial's.
    #expect(plan.readings(of: "quiet/probe/99") == [CellReading(arm: 0, trial: 99)])
  }

  @Test func `a slash in a name is read where it is not ambiguous`() throws {
    let plan = try Self.plan(["a", "a/b"], ["c", "b/c", "c/3"])
    // a + b/c, or a/b + c.
    #expect(
      Set(plan.readings(of: "a/b/c")) == [CellReading(arm: 1), CellReading(arm: 3)])
    // The name of trial 3 of a + c, and not a + c/3, whose slash has to be escaped then.
    #expect(plan.readings(of: "a/c/3") == [CellReading(arm: 0, trial: 3)])
    #expect(plan.readings(of: "a/c%2F3") == [CellReading(arm: 2)])
    #expect(plan.readings(of: "a/b/b/c") == [CellReading(arm: 4)])
    #expect(plan.readings(of: "a%2Fb/b/c/7") == [CellReading(arm: 4, trial: 7)])
  }

  @Test func `the name of a cell is never ambiguous`() throws {
    let plan = try Self.plan(
      ["0", "1/2", "%30", "a b", "ä", "x"], ["3", "b/3", "%2F", "/", "100 %", "it's", "\\t", "3/3"])
    for arm in plan.arms {
      #expect(plan.readings(of: arm.cellName) == [CellReading(arm: arm.index)], "\(arm.cellName)")
      #expect(
        plan.readings(of: arm.trialName(2)) == [CellReading(arm: arm.index, trial: 2)])
      #expect(arm.cellName.split(separator: "/", omittingEmptySubsequences: false).count == 2)
    }
    #expect(Set(plan.arms.map(\.cellName)).count == plan.arms.count)
    #expect(plan.arms[0].cellName == "%30/3")
    // Arm 0 trial 3, or the scenario 0 and the strategy 3.
    #expect(Set(plan.readings(of: "0/3")) == [CellReading(arm: 0, trial: 3), CellReading(arm: 0)])
  }
}
