import Foundation
import Glibc
import History
import TestSupport
import Testing

/// What a plan can ask of a start-up beyond its binds: HTTP, requests per second, launchers on other nodes, launches
/// in a row, reserved ports, hybrid load balancing.
@Suite(.serialized, .timeLimit(.minutes(20))) struct StartupExtrasTests {
  /// Runs one scenario at depth `startup`; ends the test as skipped where the host allows no nodes.
  private func cell(
    _ strategy: String, _ startup: String, servers: Int = 2, more: String = "", trials: Int = 2
  ) throws -> MeasuredPlan.Cell {
    let plan = try MeasuredPlan(
      strategies: ["\"\(strategy)\""],
      scenarios: [#"{"name": "a", "startup": {\#(startup)}\#(more)}"#],
      defaults: #"""
        "depth": "startup", "topology": {"api_servers": \#(servers)}, "trials": \#(trials),
        "startup": {"nodes": 2}, "timeout_ms": 60000
        """#)
    try plan.skipWithoutHost("a", strategy)
    return try plan.cell("a", strategy)
  }

  private func startups(_ cell: MeasuredPlan.Cell) -> [StartupRecord] {
    cell.trials.joined().compactMap { if case .startup(let record) = $0 { record } else { nil } }
  }

  private func servings(_ cell: MeasuredPlan.Cell) -> [ServingRecord] {
    cell.trials.joined().compactMap { if case .serving(let record) = $0 { record } else { nil } }
  }

  private func engines(_ cell: MeasuredPlan.Cell) -> [EngineRecord] {
    cell.trials.joined().compactMap { if case .engine(let record) = $0 { record } else { nil } }
  }

  private func servers(_ cell: MeasuredPlan.Cell) -> [ServerRecord] {
    cell.trials.joined().compactMap { if case .server(let record) = $0 { record } else { nil } }
  }

  // MARK: HTTP

  @Test(arguments: [(1, "ipc-path"), (2, "wildcard-report-back"), (2, "inherited-listener")])
  func `every API server answers over the HTTP port that all of them share`(
    nodes: Int, strategy: String
  ) throws {
    let cell = try self.cell(
      strategy, #""http": true, "http_port": 8100, "nodes": \#(nodes), "engines": 4"#,
      servers: 3, more: #", "topology": {"launches": 2, "api_servers": 3}"#)
    #expect(cell.outcomes == ["ready": 4], "\(cell.evidence)")
    for record in startups(cell) {
      #expect(record.httpPort == 8_100 + record.launch && record.httpStrangers == 0)
      #expect(record.httpBound < record.handshakeBound && record.httpAnswered >= record.served)
      #expect(record.httpRequests >= 3 && record.measuredRequests == 0, "\(record)")
    }
    #expect(servings(cell).count == 12)
    for record in servings(cell) {
      #expect(record.httpAnswered > record.served, "\(record)")
      #expect(record.frontEndPid > 0 && !Kernel.isRunning(record.frontEndPid))
    }
  }

  @Test(arguments: [true, false])
  func `requests per second are measured over HTTP and without it`(_ http: Bool) throws {
    let cell = try self.cell(
      "wildcard-report-back",
      #""http": \#(http), "requests": 101, "request_connections": 7, "request_ms": 1"#,
      servers: 3)
    #expect(cell.outcomes == ["ready": 2], "\(cell.evidence)")
    for record in startups(cell) {
      #expect(record.measuredRequests == 101)
      // Three API servers pause for 1 ms for each request; the busiest has a third of them at least.
      #expect(record.measured >= 34 * 1_000_000, "\(record)")
    }
    let throughput = try #require(cell.requestsPerSecond)
    #expect(throughput > 0 && throughput <= 101 / 0.034, "\(throughput)")
  }

  @Test func `without the front end's program a plan with HTTP ends before its first trial`() throws
  {
    let workplace = try Workplace(httpPlan)
    try workplace.copyPrograms(frontEnd: nil)
    let finished = try workplace.runCopy()
    #expect(finished.ending == .exit(70), "\(finished)")
    #expect(finished.errorOutput.contains("there is no bindstorm-frontend beside"), "\(finished)")
  }

  @Test func `a front end that ends takes its API server with it, as in one process`() throws {
    let workplace = try Workplace(httpPlan)
    try workplace.copyPrograms(frontEnd: "#!/bin/sh\nexit 70\n")
    let finished = try workplace.runCopy()
    #expect(finished.ending == .exit(0), "\(finished)")
    #expect(try workplace.outcomes(of: "http") == ["child-died": 2], "\(finished)")
  }

  @Test func `a launch that never answers over HTTP is a timeout`() throws {
    let workplace = try Workplace(
      httpPlan.replacing(#""http": true"#, with: #""http": true, "http_timeout_ms": 300"#))
    // Nobody accepts; the client is the real one.
    try workplace.copyPrograms(
      frontEnd: "#!/bin/sh\n[ $1 = serve ] && exec sleep 3600\nexec \(Built.frontEnd) \"$@\"\n")
    let finished = try workplace.runCopy()
    #expect(try workplace.outcomes(of: "http") == ["timeout": 2], "\(finished)")
  }

  @Test(arguments: [SIGKILL, SIGTERM])
  func `a harness that is ended while HTTP is measured leaves nothing`(_ signal: Int32) throws {
    let workplace = try Workplace(
      httpPlan.replacing(
        #""http": true"#, with: #""http": true, "requests": 1000000"#))
    let program = try workplace.start()
    var tree: [ProcessRecord] = []
    try waitUntil("launch that is being measured") {
      if program.hasEnded() { throw TestFailure("it has ended: \(program.errorOutput)") }
      tree = Kernel.descendants(of: program.pid)
      // Two front ends and the client, by the kernel's 15 characters.
      return tree.filter { $0.name == "bindstorm-front" }.count == 3
        && tree.contains { $0.name.hasPrefix("bs-engine") }
    }
    program.signal(signal)
    _ = try program.wait(atMost: 120)
    try waitUntil("end of all processes") { tree.allSatisfy { !Kernel.isRunning($0.pid) } }
  }

  private var httpPlan: String {
    #"""
    {"version": 1, "name": "http", "strategies": ["wildcard-report-back"],
     "defaults": {"depth": "startup", "topology": {"api_servers": 2}, "trials": 2, "timeout_ms": 600000,
                  "startup": {"nodes": 2, "http": true}},
     "scenarios": [{"name": "a"}]}
    """#
  }

  // MARK: Nodes

  @Test func `engine cores of other nodes are children of a launcher there`() throws {
    let cell = try self.cell("wildcard-report-back", #""nodes": 4, "engines": 8"#)
    #expect(cell.outcomes == ["ready": 2], "\(cell.evidence)")
    for record in startups(cell) {
      #expect(record.headless.count == 3 && Set(record.headless.map(\.pid)).count == 3)
      for headless in record.headless {
        #expect(headless.started > 0 && headless.noticed == 0 && headless.died == nil)
        #expect(headless.pid > 0 && !Kernel.isRunning(headless.pid))
      }
    }
  }

  @Test func `an engine core's death on another node is noticed there and not on the head node`()
    throws
  {
    let cell = try self.cell(
      "wildcard-report-back", #""nodes": 2, "engines": 4, "client_timeout_ms": 500"#,
      more: #"""
        , "faults": [{"kind": "kill", "at": "before-engine-connect", "node": 1,
                      "options": {"signal": "SIGKILL"}}]
        """#)
    #expect(cell.outcomes == ["child-died": 2], "\(cell.evidence)")
    let sentence =
      "its own launcher noticed, the head node's learnt only that an API server"
    #expect(cell.evidence.contains(sentence), "\(cell.evidence)")
    #expect(
      cell.evidence.contains("Waited 0.5s (configured by VLLM_ENGINE_READY_TIMEOUT_S)"),
      "\(cell.evidence)")
    for record in startups(cell) {
      let headless = try #require(record.headless.first)
      #expect(headless.noticed > 0 && headless.casualty >= 2, "\(record)")
      // As vLLM's headless launcher, which waits for the first process and shuts down.
      #expect(headless.died == 0, "\(record)")
    }
  }

  @Test func `a reserved list holds on its own node and no other`() throws {
    let list = { (node: Int) in
      #""nodes": 2, "reserved_ports": [{"node": \#(node), "range": [32768, 60000]}]"#
    }
    let head = try cell("wildcard-report-back", list(0), servers: 4, trials: 4)
    let other = try cell("wildcard-report-back", list(1), servers: 4, trials: 4)
    let there = try cell(
      "wildcard-report-back", list(1) + #", "api_server_node": 1"#, servers: 4, trials: 4)
    func ports(_ cell: MeasuredPlan.Cell) -> [UInt16] {
      servers(cell).flatMap { [$0.input.bound, $0.output.bound] }
    }
    for cell in [head, other, there] {
      #expect(cell.outcomes == ["ready": 4], "\(cell.evidence)")
      #expect(ports(cell).count == 32)
    }
    #expect(ports(head).allSatisfy { $0 > 60_000 } && ports(there).allSatisfy { $0 > 60_000 })
    // Each of 32 ports lies above 60,000 with a probability of 1,000 in 28,232: all of them below 10^-46.
    #expect(!ports(other).allSatisfy { $0 > 60_000 })
  }

  @Test func `hybrid load balancing pairs a node's API servers with its engine cores, over paths`()
    throws
  {
    let cell = try self.cell(
      "probe-then-bind", #""nodes": 2, "engines": 6, "hybrid_lb": true"#, servers: 4)
    #expect(cell.outcomes == ["ready": 2], "\(cell.evidence)")
    #expect(servers(cell).count == 8 && engines(cell).count == 12)
    for server in servers(cell) {
      #expect(!server.input.path.isEmpty && !server.output.path.isEmpty, "\(server)")
    }
    // Its API servers are on all nodes: the coordinator's front has a port, too.
    for record in startups(cell) {
      #expect(record.coordinatorPorts.count == 3 && !record.coordinatorPorts.contains(0))
    }
    // Two of the four API servers are on its node.
    for engine in engines(cell) { #expect(engine.requests == 2, "\(engine)") }
  }

  // MARK: Launches in a row

  @Test func `each launch of a row counts`() throws {
    let cell = try self.cell("wildcard-report-back", #""serial_launches": 4"#, trials: 3)
    #expect(cell.outcomes == ["ready": 12], "\(cell.evidence)")
    #expect(startups(cell).map(\.serial) == [3, 3, 3])
  }

  @Test
  func `what the first launch of a row leaves stops the second, and the next row begins anew`()
    throws
  {
    let cell = try self.cell(
      "wildcard-report-back", #""serial_launches": 4, "orphan": true"#, trials: 3)
    #expect(cell.outcomes == ["ready": 3, "lost-to-outsider": 3], "\(cell.evidence)")
    #expect(cell.evidence.contains("launch 2 of 4 in a row"), "\(cell.evidence)")
    #expect(cell.evidence.contains("held by what an earlier launch of the row left"))
  }
}

extension Workplace {
  /// Copies the command and its worker, and beside them `frontEnd` as a script, or nothing.
  func copyPrograms(frontEnd: String?) throws {
    for path in [Built.bindstorm, Built.worker] {
      _ = try scratch.copyExecutable(path)
    }
    guard let frontEnd else { return }
    let script = try scratch.write(frontEnd, to: "front-end.sh")
    chmod(script, 0o755)
    _ = try scratch.copyExecutable(script, named: "bindstorm-frontend")
  }

  /// Runs the plan with these copies.
  func runCopy() throws -> Finished {
    try Program(
      [scratch.path + "/bindstorm"] + runLine().dropFirst(), folder: scratch.path
    ).wait()
  }
}
