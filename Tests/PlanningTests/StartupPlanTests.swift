import Planning
import Strategies
import Testing

@Suite struct StartupPlanTests {
  private func load(_ scenario: String, _ strategy: String = "wildcard-report-back") throws -> Arm {
    let text = """
      {"version": 1, "name": "p", "strategies": ["\(strategy)"], "scenarios": [{"name": "s", "trials": 1,
      "depth": "startup", "topology": {"api_servers": 4}, \(scenario)}]}
      """
    let vocabulary = Vocabulary(strategies: StrategyRegistry.descriptors, thieves: [])
    return try PlanLoader.load(Array(text.utf8), file: "p.json", vocabulary: vocabulary).arms[0]
  }

  private func messages(_ scenario: String, _ strategy: String = "wildcard-report-back") -> String {
    do {
      return "no error: \(try load(scenario, strategy))"
    } catch let errors as PlanErrors {
      return errors.errors.map(\.message).joined(separator: "\n")
    } catch { return "\(error)" }
  }

  @Test func `defaults are the fixed variant on one node with an engine core for each API server`()
    throws
  {
    let startup = try #require(try load(#""startup": {}"#).startup)
    #expect(startup == Startup(engines: 4))
    #expect(startup.coordinatorTimeoutMilliseconds == 120_000)
    let old = try #require(try load(#""startup": {"variant": "v0.19"}"#).startup)
    #expect(old.coordinatorTimeoutMilliseconds == 30_000)
    #expect(!old.breaksModel)
  }

  @Test func `engine cores are dealt out to nodes by rank`() throws {
    let startup = try #require(try load(#""startup": {"engines": 16, "nodes": 4}"#).startup)
    #expect(startup.localEngines == 4)
    #expect([0, 3, 4, 8, 12, 15].map(startup.node(ofEngine:)) == [0, 0, 1, 2, 3, 3])
  }

  @Test(arguments: [
    #""backend": "ray""#, #""shares_rpc_port": true"#, #""orphan": true"#,
    #""coordinator_import_ms": 40, "coordinator_timeout_ms": 40"#, #""client_timeout_ms": 20"#,
    #""import_ms": 9, "init_timeout_ms": 9"#, #""nodes": 2, "api_server_node": 1"#,
  ])
  func `what is set to go wrong by other things than collisions has no prediction`(
    _ settings: String
  ) throws {
    #expect(try load("\"startup\": {\(settings)}").startup?.breaksModel == true)
  }

  @Test(arguments: [
    (#""startup": {"engines": 5, "nodes": 2}"#, "5 engine cores do not divide among 2 nodes"),
    (#""startup": {"rpc_port": 40000}"#, "the handshake ports 40000...40000 lie in the pool"),
    (#""startup": {"api_server_node": 1}"#, "there is no node 1 among 1"),
    (#""sockets": "tcp""#, "depth \"startup\" has no sockets \"tcp\""),
    (#""workers": "pooled""#, "depth \"startup\" has no pooled workers"),
    (#""startup": {"variant": "v19"}"#, "expected one of v0.19, fixed"),
  ])
  func `what cannot be is refused`(_ scenario: String, _ message: String) {
    #expect(messages(scenario).contains(message), "\(messages(scenario))")
  }

  @Test func `paths do not reach other nodes`() {
    let text = messages(#""startup": {"nodes": 2}"#, "ipc-path")
    #expect(text.contains("do not reach other nodes"), "\(text)")
  }
}
