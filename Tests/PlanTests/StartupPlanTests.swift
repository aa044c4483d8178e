import PlanModel
import PlanReading
import Strategies
import Testing

@Suite struct StartupPlanTests {
  private func load(
    _ scenario: String, _ strategy: String = "wildcard-report-back", launches: Int = 1
  ) throws -> Arm {
    let text = """
      {"version": 1, "name": "p", "strategies": ["\(strategy)"], "scenarios": [{"name": "s", "trials": 1,
      "depth": "startup", "topology": {"api_servers": 4, "launches": \(launches)}, \(scenario)}]}
      """
    let vocabulary = Vocabulary(strategies: StrategyRegistry.descriptors, thieves: [])
    return try PlanLoader.load(Array(text.utf8), file: "p.json", vocabulary: vocabulary).arms[0]
  }

  private func messages(
    _ scenario: String, _ strategy: String = "wildcard-report-back", launches: Int = 1
  ) -> String {
    do {
      return "no error: \(try load(scenario, strategy, launches: launches))"
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

  @Test func `a head node without engine cores leaves them to the others`() throws {
    let startup = try #require(
      try load(#""startup": {"engines": 6, "nodes": 3, "head_engines": false}"#).startup)
    #expect(startup.localEngines == 0)
    #expect((0..<6).map(startup.node(ofEngine:)) == [1, 1, 1, 2, 2, 2])
    // On a single node a second launcher has them, and there is no other node.
    let alone = try #require(try load(#""startup": {"head_engines": false}"#).startup)
    #expect(alone.localEngines == 4 && (0..<4).allSatisfy { alone.node(ofEngine: $0) == 0 })
  }

  /// vLLM's condition for the store is `local_engine_count > 0`.
  @Test func `only a launcher with engine cores of its own holds a store`() throws {
    let held = try #require(try load(#""startup": {"dp_group": "coord-store"}"#).startup)
    #expect(held.effectiveGroup == .coordStore && !held.hasLostMaster)
    let old = try #require(
      try load(#""startup": {"dp_group": "coord-store", "head_engines": false}"#).startup)
    #expect(old.effectiveGroup == .list && !old.hasLostMaster && !old.breaksModel)
    let lost = try #require(
      try load(#""startup": {"dp_group": "coord-store", "head_engines": false, "nodes": 2}"#)
        .startup)
    #expect(lost.effectiveGroup == .list && lost.hasLostMaster)
  }

  @Test(arguments: [
    #""backend": "ray""#, #""shares_rpc_port": true"#, #""orphan": true"#,
    #""coordinator_import_ms": 40, "coordinator_timeout_ms": 40"#, #""client_timeout_ms": 20"#,
    #""import_ms": 9, "init_timeout_ms": 9"#, #""nodes": 2, "api_server_node": 1"#,
    #""nodes": 2, "hybrid_lb": true"#, #""serial_launches": 2"#,
    #""reserved_ports": [{"node": 0, "range": [40000, 40000]}]"#,
    #""nodes": 2, "head_engines": false, "dp_group": "list""#,
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
    (#""sockets": "tcp""#, "depth \"startup\" requires \"sockets\": \"zmq\""),
    (#""workers": "pooled""#, "depth \"startup\" requires \"workers\": \"fresh\""),
    (#""startup": {"variant": "v19"}"#, "expected one of v0.19, fixed"),
    (
      #""startup": {"http": true, "http_port": 40000}"#,
      "the HTTP ports 40000...40000 lie in the pool"
    ),
    (
      #""startup": {"http": true, "http_port": 29550}"#,
      "the HTTP ports 29550...29550 are handshake ports, too"
    ),
    (
      #""startup": {"reserved_ports": [{"node": 1, "range": [40000, 41000]}]}"#,
      "there is no node 1 among 1, whose ports to reserve"
    ),
    (
      #""startup": {"reserved_ports": [{"node": 0, "range": [41000, 40000]}]}"#,
      "expected the first port not to be above the last, found 41000 and 40000"
    ),
    (
      #""startup": {"reserved_ports": [{"node": 0, "range": [41000]}]}"#,
      "expected the first and the last port, found 1 elements"
    ),
    (
      #""startup": {"nodes": 2, "hybrid_lb": true, "backend": "ray"}"#,
      "\"hybrid_lb\" has no backend \"ray\""
    ),
    (
      #""startup": {"nodes": 2, "hybrid_lb": true, "http": true}"#,
      "\"hybrid_lb\" has an HTTP port on each node, and \"http\" has one"
    ),
    (
      #""startup": {"nodes": 3, "engines": 3, "hybrid_lb": true}"#,
      "4 API servers do not divide among 3 nodes"
    ),
    (
      #""startup": {"engines": 4, "nodes": 4, "head_engines": false}"#,
      "4 engine cores do not divide among the 3 nodes besides the head node"
    ),
    (#""startup": {"engines": 1, "dp_group": "list"}"#, "needs at least two engine cores"),
    (
      #""startup": {"dp_group": "list", "worker_rendezvous": "port"}"#,
      "\"worker_rendezvous\" is for models without a data-parallel group"
    ),
    (#""startup": {"reinit": true}"#, "and \"dp_group\" is \"none\""),
    (
      #""startup": {"nodes": 2, "hybrid_lb": true, "head_engines": false, "dp_group": "list"}"#,
      "\"hybrid_lb\" needs engine cores on the head node"
    ),
    (#""startup": {"serial_launches": 0}"#, "expected a number from 1 to 1000, found 0"),
  ])
  func `what cannot be is refused`(_ scenario: String, _ message: String) {
    #expect(messages(scenario).contains(message), "\(messages(scenario))")
  }

  @Test func `the ports of parallel launches stay clear of the pool and of one another`() throws {
    // The default pool begins at 32768; of two launches the second counts up.
    #expect(
      messages(#""startup": {"rpc_port": 32767}"#, launches: 2).contains(
        "the handshake ports 32767...32768 lie in the pool"))
    _ = try load(#""startup": {"rpc_port": 32766}"#, launches: 2)
    #expect(
      messages(#""startup": {"http": true, "http_port": 32767}"#, launches: 2).contains(
        "the HTTP ports 32767...32768 lie in the pool"))
    for port in [29_549, 29_550, 29_551] {
      #expect(
        messages(#""startup": {"http": true, "http_port": \#(port)}"#, launches: 2).contains(
          "the HTTP ports \(port)...\(port + 1) are handshake ports, too"))
    }
    for port in [29_548, 29_552] {
      _ = try load(#""startup": {"http": true, "http_port": \#(port)}"#, launches: 2)
    }
  }

  @Test func `paths do not reach other nodes, and hybrid load balancing has no need of that`()
    throws
  {
    let text = messages(#""startup": {"nodes": 2}"#, "ipc-path")
    #expect(text.contains("do not reach other nodes"), "\(text)")
    let arm = try load(#""startup": {"nodes": 2, "hybrid_lb": true}"#, "ipc-path")
    #expect(arm.startup?.isHybrid == true)
  }

  @Test func `every key of HTTP, requests, rows and reserved ports is read`() throws {
    let startup = try #require(
      try load(
        #"""
        "startup": {"http": true, "http_port": 8001, "http_timeout_ms": 7, "requests": 9,
          "request_connections": 3, "request_ms": 0.5, "serial_launches": 6, "nodes": 2,
          "reserved_ports": [{"node": 1, "range": [40000, 41000]}, {"node": 0, "range": [7, 7]}]}
        """#
      ).startup)
    #expect(
      startup
        == Startup(
          engines: 4, nodes: 2,
          reservedPorts: [
            NodeReservation(node: 1, low: 40_000, high: 41_000),
            NodeReservation(node: 0, low: 7, high: 7),
          ], serialLaunches: 6, http: true, httpPort: 8_001, httpTimeoutMilliseconds: 7,
          requests: 9, requestConnections: 3, requestMilliseconds: 0.5))
  }

  @Test func `a row's launches count, and only whole rows decide`() throws {
    #expect(try load(#""startup": {"serial_launches": 10}"#).launchesPerTrial == 10)
    let text = messages(
      #""startup": {"serial_launches": 10}, "expect": {"*": {"failure_rate_at_most": 0.05}}"#)
    #expect(text.contains("cannot be shown at confidence 0.95 by 1 trials"), "\(text)")
  }

  @Test func `with hybrid load balancing API servers have the engine cores of their node`() {
    let startup = Startup(engines: 4, nodes: 2, isHybrid: true)
    #expect((0..<6).map { startup.node(ofServer: $0, of: 6) } == [0, 0, 0, 1, 1, 1])
    #expect(
      (0..<4).map { startup.isPair(server: 2, engine: $0, of: 6) } == [true, true, false, false])
    let plain = Startup(engines: 4, nodes: 2)
    #expect((0..<4).allSatisfy { plain.isPair(server: 2, engine: $0, of: 6) })
    #expect(startup.overridingStrategy == "ipc-path" && plain.overridingStrategy == nil)
  }
}
