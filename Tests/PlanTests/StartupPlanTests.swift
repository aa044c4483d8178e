import JSON
import PlanModel
import PlanReading
import Strategies
import Testing

@Suite struct StartupPlanTests {
  /// - Parameter strategy: by default one that suits the number of nodes.
  private func load(
    _ scenario: String, _ strategy: String? = nil, launches: Int = 1
  ) throws -> Arm {
    let strategy = strategy ?? (scenario.contains("nodes") ? "wildcard-report-back" : "ipc-path")
    let text = """
      {"version": 1, "name": "p", "strategies": ["\(strategy)"], "scenarios": [{"name": "s", "trials": 1,
      "depth": "startup", "topology": {"api_servers": 4, "launches": \(launches)}, \(scenario)}]}
      """
    let vocabulary = Vocabulary(strategies: StrategyRegistry.descriptors, thieves: [])
    return try PlanLoader.load(Array(text.utf8), file: "p.json", vocabulary: vocabulary).arms[0]
  }

  private func messages(
    _ scenario: String, _ strategy: String? = nil, launches: Int = 1
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
      try load(#""startup": {"engines": 6, "nodes": 3, "local_engines": 0}"#).startup)
    #expect(startup.localEngines == 0)
    #expect((0..<6).map(startup.node(ofEngine:)) == [1, 1, 1, 2, 2, 2])
    // On a single node a second launcher has them, and there is no other node.
    let alone = try #require(try load(#""startup": {"local_engines": 0}"#).startup)
    #expect(alone.localEngines == 0 && (0..<4).allSatisfy { alone.node(ofEngine: $0) == 0 })
  }

  /// vLLM's condition for the store is `local_engine_count > 0`.
  @Test func `only a launcher with engine cores of its own holds a store`() throws {
    let held = try #require(
      try load(#""startup": {"dp_group": "coord-store", "nodes": 2}"#).startup)
    #expect(held.effectiveGroup == .coordStore && !held.hasLostMaster)
    let old = try #require(
      try load(#""startup": {"dp_group": "coord-store", "local_engines": 0}"#).startup)
    #expect(old.effectiveGroup == .list && !old.hasLostMaster && !old.breaksModel)
    let lost = try #require(
      try load(#""startup": {"dp_group": "coord-store", "local_engines": 0, "nodes": 2}"#)
        .startup)
    #expect(lost.effectiveGroup == .list && lost.hasLostMaster)
  }

  @Test(arguments: [
    (#""engines": 5, "nodes": 2"#, [0..<3, 3..<5]),
    (#""engines": 10, "nodes": 4"#, [0..<3, 3..<6, 6..<8, 8..<10]),
    (#""engines": 4, "nodes": 2, "local_engines": 3"#, [0..<3, 3..<4]),
    (#""engines": 3, "nodes": 3, "local_engines": 0"#, [0..<0, 0..<2, 2..<3]),
    (#""engines": 4, "nodes": 1"#, [0..<4]),
  ])
  func `the head node has as many as the plan says, and the others share the rest`(
    _ settings: String, _ ranks: [Range<Int>]
  ) throws {
    let strategy = ranks.count == 1 ? "ipc-path" : "wildcard-report-back"
    let startup = try #require(try load("\"startup\": {\(settings)}", strategy).startup)
    #expect(ranks.indices.map(startup.ranks(onNode:)) == ranks)
    for (node, ranks) in ranks.enumerated() {
      #expect(ranks.allSatisfy { startup.node(ofEngine: $0) == node })
    }
  }

  @Test func `on one node there is no port to lose, and a plan about ports is told to have two`()
    throws
  {
    let errors = { (text: String) -> [String] in
      let vocabulary = Vocabulary(strategies: StrategyRegistry.descriptors, thieves: [])
      do throws(PlanErrors) {
        _ = try PlanLoader.load(Array(text.utf8), file: "p.json", vocabulary: vocabulary)
        return []
      } catch {
        return error.errors.map { "\($0.position.line) \($0.path): \($0.message)" }
      }
    }
    let plan = { (defaults: String, scenario: String) in
      """
      {"version": 1, "name": "p", "strategies": ["probe-then-bind", "ipc-path", "inherited-listener"],
      "defaults": {"trials": 1, "topology": {"api_servers": 4}\(defaults)},
      "scenarios": [{"name": "s"\(scenario)}]}
      """
    }
    let binds =
      "scenario \"s\" has one node, where vLLM's client addresses are paths, and its strategies bind ports "
      + "(\"probe-then-bind\", \"inherited-listener\"): give \"startup\" the key \"nodes\": 2, or choose \"ipc-path\""
    #expect(
      errors(plan("", #", "depth": "startup""#)) == ["3 scenarios[0].depth: \(binds)"])
    #expect(
      errors(plan(#", "depth": "startup", "startup": {"nodes": 1}"#, "")) == [
        "2 defaults.startup.nodes: \(binds)"
      ])
    let paths = #", "strategies": ["ipc-path"], "depth": "startup", "startup": "#
    #expect(errors(plan("", paths + "{}")) == [])
    for key in ["orphan", "shares_rpc_port"] {
      #expect(
        errors(plan("", paths + "{\"\(key)\": true}")) == [
          "3 scenarios[0].startup.\(key): scenario \"s\" has one node, where vLLM's handshake is a path and has no "
            + "port for \"\(key)\": give \"startup\" the key \"nodes\": 2"
        ])
    }
    // A path does not meet the pool.
    #expect(errors(plan("", paths + #"{"rpc_port": 40000}"#)) == [])
  }

  @Test(arguments: [
    #""backend": "ray""#, #""nodes": 2, "shares_rpc_port": true"#, #""nodes": 2, "orphan": true"#,
    #""coordinator_import_ms": 40, "coordinator_timeout_ms": 40"#, #""client_timeout_ms": 20"#,
    #""import_ms": 9, "init_timeout_ms": 9"#, #""nodes": 2, "api_server_node": 1"#,
    #""nodes": 2, "hybrid_lb": true"#, #""serial_launches": 2"#,
    #""reserved_ports": [{"node": 0, "range": [40000, 40000]}]"#,
    #""http": true, "shares_http_port": true"#, #""http": true, "http_orphan": true"#,
    #""side_channel_port": 5600"#,
    #""nodes": 2, "local_engines": 0, "dp_group": "list""#,
  ])
  func `what is set to go wrong by other things than collisions has no prediction`(
    _ settings: String
  ) throws {
    #expect(try load("\"startup\": {\(settings)}").startup?.breaksModel == true)
  }

  @Test(arguments: [
    (
      #""startup": {"engines": 3, "nodes": 4}"#,
      "1 of 3 engine cores are on the head node, and of 3 other nodes each needs one"
    ),
    (
      #""startup": {"local_engines": 3}"#,
      "3 of 4 engine cores are on the head node, and of 0 other nodes each needs one"
    ),
    (
      #""startup": {"nodes": 2, "local_engines": 5}"#,
      "5 of 4 engine cores are on the head node, and of 1 other nodes each needs one"
    ),
    (
      #""startup": {"nodes": 2, "local_engines": 0, "hybrid_lb": true}"#,
      "\"hybrid_lb\" needs engine cores on every node, the head node too"
    ),
    (
      #""startup": {"nodes": 2, "rpc_port": 40000}"#,
      "the handshake ports 40000...40000 lie in the pool"
    ),
    (#""startup": {"api_server_node": 1}"#, "there is no node 1 among 1"),
    (#""sockets": "tcp""#, "depth \"startup\" requires \"sockets\": \"zmq\""),
    (#""workers": "pooled""#, "depth \"startup\" requires \"workers\": \"fresh\""),
    (#""startup": {"variant": "v19"}"#, "expected one of v0.19, fixed"),
    (
      #""startup": {"http": true, "http_port": 40000}"#,
      "the HTTP ports 40000...40000 lie in the pool"
    ),
    (
      #""startup": {"nodes": 2, "http": true, "http_port": 29550}"#,
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
    (#""startup": {"shares_http_port": true}"#, "need \"http\": true"),
    (#""startup": {"http_orphan": true}"#, "need \"http\": true"),
    (#""startup": {"ipv6": true}"#, "\"ipv6\" needs at least two nodes"),
    (
      #""startup": {"ipv6": true, "nodes": 2, "api_server_node": 1}"#,
      "and \"api_server_node\" 0"
    ),
    (
      #""startup": {"side_channel_port": 32765}"#,
      "the side channels' ports 32765...32768 lie in the pool"
    ),
    (
      #""startup": {"side_channel_port": 1000}"#,
      "the side channels' ports 1000...1003 are not within 1024...65535"
    ),
    (
      #""startup": {"side_channel_port": 65000, "side_channel_stride": 64, "engines": 16}"#,
      "are not within 1024...65535"
    ),
    (#""startup": {"http_reuse_port": "yes"}"#, "expected one of variant, always, never"),
    (#""startup": {"engines": 1, "dp_group": "list"}"#, "needs at least two engine cores"),
    (#""startup": {"dp_group": "list", "nodes": 2, "ipv6": true}"#, "not modelled with \"ipv6\""),
    (
      #""startup": {"dp_group": "list", "worker_rendezvous": "port"}"#,
      "\"worker_rendezvous\" is for models without a data-parallel group"
    ),
    (#""startup": {"reinit": true}"#, "and \"dp_group\" is \"none\""),
    (#""startup": {"serial_launches": 0}"#, "expected a number from 1 to 1000, found 0"),
  ])
  func `what cannot be is refused`(_ scenario: String, _ message: String) {
    #expect(messages(scenario).contains(message), "\(messages(scenario))")
  }

  @Test func `the ports of parallel launches stay clear of the pool and of one another`() throws {
    // The default pool begins at 32768; of two launches the second counts up.
    #expect(
      messages(#""startup": {"nodes": 2, "rpc_port": 32767}"#, launches: 2).contains(
        "the handshake ports 32767...32768 lie in the pool"))
    _ = try load(#""startup": {"nodes": 2, "rpc_port": 32766}"#, launches: 2)
    #expect(
      messages(#""startup": {"http": true, "http_port": 32767}"#, launches: 2).contains(
        "the HTTP ports 32767...32768 lie in the pool"))
    for port in [29_549, 29_550, 29_551] {
      #expect(
        messages(#""startup": {"nodes": 2, "http": true, "http_port": \#(port)}"#, launches: 2)
          .contains(
            "the HTTP ports \(port)...\(port + 1) are handshake ports, too"))
    }
    for port in [29_548, 29_552] {
      _ = try load(#""startup": {"nodes": 2, "http": true, "http_port": \#(port)}"#, launches: 2)
    }
  }

  @Test func `launches that share an HTTP port need one, and side channels have a base`() throws {
    let shared = #""startup": {"http": true, "http_port": 32767, "shares_http_port": true}"#
    let startup = try #require(try load(shared, launches: 2).startup)
    #expect([0, 1].map(startup.httpPort(ofLaunch:)) == [32_767, 32_767])
    let own = #""startup": {"side_channel_port": 5600, "side_channel_stride": 2, "#
    let together = try #require(try load(own + "\"engines\": 3}", launches: 2).startup)
    let apart = try #require(
      try load(own + #""shares_side_channel": false, "engines": 3}"#, launches: 2).startup)
    #expect(
      (0..<3).map { together.sideChannelPort(ofEngine: $0, launch: 1) } == [5600, 5602, 5604])
    #expect((0..<3).map { apart.sideChannelPort(ofEngine: $0, launch: 1) } == [5606, 5608, 5610])
    #expect(Startup(engines: 3).sideChannelPort(ofEngine: 0, launch: 0) == nil)
  }

  @Test func `SO_REUSEPORT on the HTTP port follows the variant unless the plan says so`() throws {
    func reuses(_ settings: String, _ servers: Int) throws -> Bool? {
      try load(#""startup": {"http": true\#(settings)}"#).startup?.reusesHTTPPort(servers: servers)
    }
    #expect(try reuses(#", "variant": "v0.19""#, 1) == true)
    #expect(try reuses("", 1) == false)
    #expect(try reuses("", 2) == true)
    #expect(try reuses(#", "http_reuse_port": "never", "variant": "v0.19""#, 2) == false)
    #expect(try reuses(#", "http_reuse_port": "always""#, 1) == true)
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
