import ForcedCalls
import Foundation
import PlanModel
import Testing

/// Words of a plan whose types stand in targets that nothing is generated into.
@Suite struct PlanSchemaTests {
  private static func words(_ path: [String]) throws -> [String] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Scenarios/schema/plan-v1.schema.json")
    var node = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
    for key in ["$defs"] + path + ["enum"] {
      node = try #require((node as? [String: Any])?[key], "no \(key) in the schema")
    }
    return try #require(node as? [String])
  }

  @Test func `the schema has every way to steal`() throws {
    let words = try Self.words(["forcing", "properties", "steal"])
    #expect(words == StealMode.allCases.map(\.rawValue))
  }

  @Test func `the schema has every call that can be made to fail`() throws {
    let words = try Self.words(["injection", "properties", "call"])
    #expect(words == InjectedCall.allCases.map(\.rawValue))
  }

  @Test func `the schema has every error that can be injected`() throws {
    let words = try Self.words(["injection", "properties", "errno"])
    #expect(words == InjectableError.names)
  }
}
