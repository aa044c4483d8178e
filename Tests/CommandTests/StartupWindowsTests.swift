import History
import TestSupport
import Testing

/// Windows of a start-up beside the API servers' addresses, with real processes: the HTTP port, Ray's order, an IPv6
/// head node, side channels.
@Suite(.serialized, .timeLimit(.minutes(20))) struct StartupWindowsTests {
  /// Runs one scenario at depth `startup` on two nodes; ends the test as skipped where the host allows no nodes.
  private func cell(
    _ strategy: String, _ startup: String, launches: Int = 1, servers: Int = 2, engines: Int = 2,
    more: String = "", trials: Int = 3
  ) throws -> MeasuredPlan.Cell {
    let name = strategy.hasPrefix("{") ? "row" : strategy
    let plan = try MeasuredPlan(
      strategies: [strategy.hasPrefix("{") ? strategy : "\"\(strategy)\""],
      scenarios: [#"{"name": "a", "startup": {"nodes": 2, \#(startup)}\#(more)}"#],
      defaults: #"""
        "depth": "startup", "startup": {"engines": \#(engines)}, "topology": {"api_servers": \#(servers), "launches": \#(launches)},
        "trials": \#(trials), "timeout_ms": 60000
        """#)
    try plan.skipWithoutHost("a", name)
    return try plan.cell("a", name)
  }

  private func startups(_ cell: MeasuredPlan.Cell) -> [StartupRecord] {
    cell.trials.joined().compactMap { if case .startup(let record) = $0 { record } else { nil } }
  }

  private func servings(_ cell: MeasuredPlan.Cell) -> [ServingRecord] {
    cell.trials.joined().compactMap { if case .serving(let record) = $0 { record } else { nil } }
  }

  private func servers(_ cell: MeasuredPlan.Cell) -> [ServerRecord] {
    cell.trials.joined().compactMap { if case .server(let record) = $0 { record } else { nil } }
  }

  private func engines(_ trial: [Event]) -> [EngineRecord] {
    trial.compactMap { if case .engine(let record) = $0 { record } else { nil } }
  }

  // MARK: The HTTP port

  @Test func `API servers listen on the HTTP port only when they know their engine cores`() throws {
    let cell = try self.cell("wildcard-report-back", #""http": true"#)
    #expect(cell.outcomes == ["ready": 3], "\(cell.evidence)")
    for record in startups(cell) { #expect(record.httpListeners == 1, "\(record)") }
    #expect(servings(cell).count == 6)
    for record in servings(cell) {
      #expect(record.httpListened > record.heard && record.httpListened < record.httpAnswered)
    }
  }

  /// With 10 API servers a client gets at least 10 answers of its own launch. If each request went to either launch
  /// with equal chance, it would see none of the other launch with a probability of at most 2^-10; 3 trials of 2
  /// launches show no stranger at all with at most 2^-60.
  @Test(arguments: [("v0.19", 1), ("fixed", 10)])
  func `two launches with SO_REUSEPORT share the requests, and nobody notices`(
    _ variant: String, _ servers: Int
  ) throws {
    let cell = try self.cell(
      "wildcard-report-back",
      #""variant": "\#(variant)", "http": true, "shares_http_port": true, "requests": 50"#,
      launches: 2, servers: servers)
    #expect(cell.outcomes == ["split-brain": 6], "\(cell.evidence)")
    #expect(cell.evidence.contains("2 sockets listen on HTTP port 8000"), "\(cell.evidence)")
    #expect(cell.evidence.contains("the user sees: nothing: it is ready"), "\(cell.evidence)")
    for record in startups(cell) {
      #expect(record.httpPort == 8_000 && record.httpListeners == 2 && record.noticed == 0)
    }
    // One API server and 50 requests over 32 connections: none of the other launch has 2^-32.
    #expect(startups(cell).contains { $0.httpStrangers > 0 }, "\(startups(cell))")
  }

  @Test func `without SO_REUSEPORT the later launch is refused the HTTP port, when it listens`()
    throws
  {
    let cell = try self.cell(
      "wildcard-report-back",
      #""http": true, "shares_http_port": true, "http_reuse_port": "never""#, launches: 2)
    #expect(cell.outcomes == ["ready": 3, "lost-to-sibling": 3], "\(cell.evidence)")
    #expect(cell.evidence.contains("port 8000 of the launcher's own service"), "\(cell.evidence)")
    #expect(cell.evidence.contains("OSError: [Errno 98] Address already in use"))
    for record in startups(cell) { #expect(record.httpListeners <= 1 && record.httpBound > 0) }
  }

  @Test func `an orphan on the HTTP port gets a share with SO_REUSEPORT and is found without it`()
    throws
  {
    let shared = try cell("wildcard-report-back", #""http": true, "http_orphan": true"#)
    #expect(shared.outcomes == ["split-brain": 3], "\(shared.evidence)")
    // At least two requests in each of three trials; none of them goes to the orphan with 2^-6 at most, and it waits
    // for requests as the API servers do: what must not be is that its answers count as this launch's.
    for record in startups(shared) {
      #expect(record.httpRequests >= 2 + record.httpStrangers, "\(record)")
    }
    let own = try cell(
      "wildcard-report-back", #""http": true, "http_orphan": true, "http_reuse_port": "never""#)
    #expect(own.outcomes == ["lost-to-outsider": 3], "\(own.evidence)")
    #expect(own.evidence.contains("bs-orphan-0"), "\(own.evidence)")
  }

  // MARK: Strangers

  /// One API server has the numbers of both launches, and for each rank two engine cores race for its ear. In a trial
  /// in which its own are always first nothing is seen: 7 of 40 trials of `Scenarios/vllm-windows.json` were so, with
  /// half the engine cores, and all of eight are with 1e-6.
  ///
  /// 0.32.0 notices them by their coordinator's address, and its API server ends.
  @Test(arguments: ["v0.19", "fixed"])
  func `the engine cores of a launch that lost its ports serve the one that has them`(
    variant: String
  ) throws {
    let cell = try self.cell(
      "fixed-ranges", #""variant": "\#(variant)", "client_timeout_ms": 2000"#, launches: 2,
      servers: 1, engines: 8, trials: 8)
    // An API server that has ended holds nothing any more when the kernel is asked for the holder.
    let lost = ["lost-to-sibling", "lost-to-unknown"].map { cell.outcomes[$0, default: 0] }
    #expect(lost.reduce(0, +) == 8, "\(cell.outcomes)")
    #expect(cell.outcomes["cross-talk", default: 0] > 0, "\(cell.outcomes)")
    let strangers = servings(cell).filter { $0.strangers > 0 }
    #expect(strangers.contains { $0.served != 0 } == (variant == "v0.19"), "\(strangers)")
  }

  // MARK: Ray's order

  @Test func `with Ray no API server starts before every actor has loaded`() throws {
    let cell = try self.cell(
      "inherited-listener", #""backend": "ray", "load_ms": 100"#)
    #expect(cell.outcomes == ["ready": 3], "\(cell.evidence)")
    for trial in cell.trials {
      let ready = try #require(engines(trial).map(\.ready).max())
      for case .server(let server) in trial { #expect(server.input.attempted > ready) }
    }
  }

  @Test func `with Ray an actor that dies while it loads ends the launch before any API server`()
    throws
  {
    let cell = try self.cell(
      "inherited-listener", #""backend": "ray", "load_ms": 100"#,
      more: #"""
        , "faults": [{"kind": "kill", "at": "before-engine-connect", "index": 0,
                      "options": {"signal": "SIGKILL"}}]
        """#)
    #expect(cell.outcomes == ["child-died": 3], "\(cell.evidence)")
    #expect(cell.evidence.contains("engine core 0"), "\(cell.evidence)")
    // It dies 100 ms after its start; API servers that did not wait for it would have bound long before.
    #expect(servers(cell).count == 6)
    for server in servers(cell) {
      #expect(server.input.attempted == 0 && server.pid == 0, "\(server)")
    }
  }

  // MARK: An IPv6 head node

  @Test(arguments: ["probe-then-bind", "wildcard-report-back", "inherited-listener"])
  func `a launch whose nodes have IPv6 addresses is served`(_ strategy: String) throws {
    // 8 numbers of 14,116 meet one another or the coordinator's two in 44 of 14,116 launches: 1 % of three trials.
    let cell = try self.cell(strategy, #""ipv6": true, "http": true"#)
    #expect(cell.outcomes["ready", default: 0] >= 2, "\(cell.evidence)")
    for record in startups(cell) { #expect(record.host == "[fd00:66::1]", "\(record)") }
  }

  /// 150 of 300 slots are held at the address of the bind. Each of 8 probes that do not see them returns one with
  /// probability 1/2: a launch is ready with 2^-8, and three of eight are with 3e-6. A probe at the address never returns one;
  /// what is left is that 8 numbers of 150 meet one another or the coordinator's two, 27 %, which all of eight launches do
  /// with 3e-5. Such a loss may come first among the blind launches, too.
  @Test func `a probe over IPv4 returns numbers that are held over IPv6`() throws {
    let residents = #"""
      , "pool": {"slots": 300}, "thieves": [{"kind": "resident-hold", "options": {"ports": 150, "own_address": 1}}]
      """#
    let blind = try cell(
      "probe-then-bind", #""ipv6": true"#, servers: 4, more: residents, trials: 8)
    #expect(blind.outcomes["lost-to-thief", default: 0] > 0, "\(blind.outcomes)")
    #expect(blind.outcomes["ready", default: 0] <= 2, "\(blind.outcomes)")
    let seeing = try cell(
      #"{"name": "probe-then-bind", "label": "row", "options": {"own_address": 1}}"#,
      #""ipv6": true"#, servers: 4, more: residents, trials: 8)
    #expect(seeing.outcomes["lost-to-thief"] == nil, "\(seeing.evidence)")
    #expect(seeing.outcomes["ready", default: 0] > 0, "\(seeing.evidence)")
  }

  // MARK: Side channels

  @Test func `deployments with one base for their side channels meet, and one of them hangs`()
    throws
  {
    let cell = try self.cell(
      "wildcard-report-back", #""side_channel_port": 5600, "client_timeout_ms": 1000"#,
      launches: 2)
    // Each number goes to one of the two: at least one launch of a trial loses one.
    #expect(cell.outcomes["lost-to-sibling", default: 0] >= 3, "\(cell.evidence)")
    #expect(
      cell.outcomes["lost-to-sibling", default: 0] + cell.outcomes["ready", default: 0] == 6,
      "\(cell.outcomes)")
    #expect(cell.evidence.contains("held by engine core"), "\(cell.evidence)")
    #expect(cell.evidence.contains("events and kernel agree"), "\(cell.evidence)")
    let apart = try self.cell(
      "wildcard-report-back", #""side_channel_port": 5600, "shares_side_channel": false"#,
      launches: 2)
    #expect(apart.outcomes == ["ready": 6], "\(apart.evidence)")
  }
}
