import PlanReading
import Faults
import PortModel
import Strategies
import Testing

@testable import PlanModel

/// The largest that a plan may say, and what lies just beyond.
@Suite struct PlanBoundaryTests {
  private static func messages(_ scenario: String) -> [String] {
    TestVocabulary.errors(TestVocabulary.text(scenario: scenario + ",")).map(\.message)
  }

  @Test func `4096 API servers fit`() {
    #expect(Self.messages(#""topology": {"launches": 64, "api_servers": 64}"#) == [])
    #expect(
      Self.messages(#""topology": {"launches": 64, "api_servers": 65}"#) == [
        "64 launches of 65 API servers are 4160; at most 4096 fit"
      ])
  }

  @Test func `a demand may be one rate`() {
    func demand(_ least: Double, _ most: Double) -> String {
      "\"expect\": {\"*\": {\"failure_rate_at_least\": \(least), \"failure_rate_at_most\": \(most)}}"
    }
    #expect(Self.messages(demand(0.5, 0.5)) == [])
    #expect(Self.messages(demand(0.51, 0.5)).count == 1)
  }

  @Test func `a name has 64 characters at most`() {
    func errors(_ length: Int) -> [PlanError] {
      TestVocabulary.errors(
        BrokenPlanTests.plan(name: "\"\(String(repeating: "a", count: length))\""))
    }
    #expect(errors(64) == [])
    #expect(errors(65).map(\.path) == ["name"])
  }

  /// A strategy may have a number of API servers of its own.
  @Test func `a fault's victim is there with every strategy`() throws {
    let strategy = try #require(StrategyRegistry.descriptors.first { $0.apiServers == 1 })
    let vocabulary = Vocabulary(
      strategies: StrategyRegistry.descriptors, thieves: [], faults: FaultRegistry.descriptors)
    func messages(index: Int) -> [String] {
      let text = """
        {"version": 1, "name": "p", "strategies": ["\(strategy.name)"], "scenarios": [{"name": "s",
        "trials": 1, "topology": {"api_servers": 4},
        "faults": [{"kind": "hang", "at": "after-ready", "index": \(index)}]}]}
        """
      do throws(PlanErrors) {
        _ = try PlanLoader.load(text.utf8, file: "p", vocabulary: vocabulary)
        return []
      } catch {
        return error.errors.map(\.message)
      }
    }
    #expect(messages(index: 0) == [])
    let refused = messages(index: 1)
    #expect(refused.count == 1)
    #expect(
      refused.first?.hasPrefix(
        "there is no api-server 1 with \"\(strategy.name)\"; its launches have 1") == true,
      "\(refused)")
  }
}
