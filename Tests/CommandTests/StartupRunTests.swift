import Foundation
import History
import TestSupport
import Testing

/// Whole start-ups with real processes, by the command itself: on two nodes, unless a scenario says otherwise.
@Suite(
  .serialized, .enabled(if: Kernel.allowsNamespaces, "needs network namespaces, the nodes")
) struct StartupRunTests {
  /// What a run left.
  struct Outcome {
    var status: Int32
    var output: String
    var events: [Event] = []
  }

  /// Runs a plan of these scenarios and reads its history.
  static func run(
    _ strategies: String, _ scenarios: String, environment: [String: String?] = [:]
  ) throws -> Outcome {
    let scratch = try ScratchFolder()
    let plan = try scratch.write(
      """
      {"version": 1, "name": "test", "defaults": {"depth": "startup", "topology": {"api_servers": 2},
      "startup": {"nodes": 2}, "trials": 2, "timeout_ms": 5000}, "strategies": [\(strategies)], "scenarios": [\(scenarios)]}
      """, to: "plan.json")
    let finished = try Program.run(
      [
        Built.bindstorm, "run", plan, "--results", scratch.path, "--color", "never", "--quiet",
      ], environment: environment)
    var result = Outcome(
      status: finished.status, output: finished.output + finished.errorOutput)
    let history = scratch.path + "/test/latest/events.jsonl"
    for line in try String(contentsOfFile: history, encoding: .utf8).split(separator: "\n") {
      result.events.append(try EventDecoder.decode(String(line)))
    }
    return result
  }

  @Test(arguments: [
    (1, #""ipc-path""#), (2, #""wildcard-report-back", "inherited-listener""#),
    (2, #""single-api-server", "single-api-server-wildcard""#),
  ])
  func `every pair of API server and engine core is served, and nothing is left`(
    _ nodes: Int, _ strategies: String
  ) throws {
    let run = try Self.run(
      strategies, #"{"name": "all", "startup": {"engines": 4, "nodes": \#(nodes)}}"#)
    #expect(run.status == 0, "\(run.output)")
    var engines = 0
    for case .engine(let engine) in run.events {
      engines += 1
      #expect(
        engine.requests == (strategies.contains("single") ? 1 : 2) && engine.strangers == 0,
        "\(engine)")
      #expect(engine.node == engine.engine / (4 / nodes))
    }
    // The coordinator lets nobody go on before all have connected.
    for trial in run.events.split(whereSeparator: {
      if case .trialEnded = $0 { true } else { false }
    }) {
      let records = trial.compactMap { event -> EngineRecord? in
        if case .engine(let engine) = event { engine } else { nil }
      }
      guard !records.isEmpty else { continue }
      #expect(records.map(\.ready).min()! >= records.map(\.connected).max()!)
    }
    let arms = strategies.split(separator: ",").count
    #expect(engines == arms * 2 * 4, "two trials of four engine cores")
    for case .serving(let serving) in run.events {
      #expect(serving.served != 0 && serving.unheard.isEmpty && serving.unanswered.isEmpty)
    }
    var pids: Set<Int32> = []
    for event in run.events {
      switch event {
      case .engine(let engine): pids.insert(engine.pid)
      case .server(let server): pids.insert(server.pid)
      case .startup(let startup): pids.insert(startup.coordinatorPid)
      case .trialEnded(let ended): #expect(ended.socketsLeft == 0)
      default: break
      }
    }
    for pid in pids { #expect(kill(pid, 0) == -1, "process \(pid) is left") }
  }

  @Test(arguments: ["v0.19", "fixed"])
  func `launches whose engine cores were sent to each other are cross-talk`(
    _ variant: String
  ) throws {
    let run = try Self.run(
      #""broken-foreign-endpoints""#,
      #"{"name": "foreign", "topology": {"api_servers": 2, "launches": 2}, "#
        + #""startup": {"variant": "\#(variant)", "client_timeout_ms": 1000}}"#,
      environment: ["BINDSTORM_BROKEN_STRATEGIES": "1"])
    // Two trials of two launches; the bind of each worked, so nothing else gives them away.
    #expect(run.output.contains("cross-talk x4"), "\(run.output)")
    for case .server(let server) in run.events {
      #expect(server.input.errno == 0 && server.output.errno == 0, "\(server)")
    }
    // As with vLLM, no process of 0.19.1 notices: the account of the harness alone knows. Those of 0.32.0 compare their
    // coordinator's address.
    let isSilent = variant == "v0.19"
    for case .startup(let startup) in run.events {
      #expect((startup.served != 0) == isSilent && (startup.noticed == 0) == isSilent, "\(startup)")
    }
    #expect(
      run.output.contains(
        isSilent
          ? "and no process noticed; the user sees: nothing: it is ready"
          : "the user sees: AssertionError; RuntimeError: Frontend process failed"), "\(run.output)"
    )
  }

  @Test func `port 0 in the copies of Ray-like actors is a placeholder leak`() throws {
    let run = try Self.run(
      #""wildcard-report-back""#,
      #"{"name": "ray", "startup": {"backend": "ray", "client_timeout_ms": 100}}"#)
    #expect(run.output.contains("placeholder-leak x2"), "\(run.output)")
  }

  @Test func `an orphan of an earlier launch is named and ended before the next trial`() throws {
    let run = try Self.run(
      #""wildcard-report-back""#, #"{"name": "orphan", "startup": {"orphan": true}}"#)
    #expect(run.output.contains("lost-to-outsider x2"), "\(run.output)")
    #expect(run.output.contains("bs-orphan-0"))
    for case .trialEnded(let ended) in run.events {
      #expect(ended.left.count == 1 && ended.left[0].hasPrefix("bs-orphan-0"), "\(ended)")
      #expect(ended.socketsLeft == 0)
    }
  }

  @Test func `a coordinator that is slower than its limit is a false timeout`() throws {
    let run = try Self.run(
      #""wildcard-report-back""#,
      #"{"name": "slow", "startup": {"coordinator_import_ms": 60, "coordinator_timeout_ms": 20}}"#)
    #expect(run.output.contains("false-timeout x2"), "\(run.output)")
  }

  /// A pool of three slots: the two numbers meet in every third start. Thirty trials without a loss have a probability of
  /// 5e-6.
  @Test func `a launcher that loses its own bind has started nothing`() throws {
    let run = try Self.run(
      #""single-api-server""#, #"{"name": "pair", "trials": 30, "pool": {"slots": 3}}"#)
    #expect(run.output.contains("lost-to-self"), "\(run.output)")
    #expect(!run.output.contains("lost-to-sibling") && !run.output.contains("Frontend process"))
    var losses = 0
    for trial in run.events.split(whereSeparator: {
      if case .trialEnded = $0 { true } else { false }
    }) {
      let hasLost = trial.contains {
        if case .launch(let launch) = $0 {
          launch.errno == 98 && launch.stage == .bind
        } else {
          false
        }
      }
      guard hasLost else { continue }
      losses += 1
      for event in trial {
        switch event {
        case .engine(let engine): #expect(engine.pid == 0, "\(engine)")
        case .server(let server): #expect(server.pid == 0, "\(server)")
        case .startup(let startup):
          #expect(startup.coordinatorPid == 0 && startup.handshakeBound == 0, "\(startup)")
          #expect(startup.casualty == .launcher && startup.noticed > 0, "\(startup)")
        default: break
        }
      }
    }
    #expect(losses > 0)
  }

  @Test func `the handshake is bound before engine cores and API servers, on one node to a path`()
    throws
  {
    for (nodes, strategy) in [(1, "ipc-path"), (2, "wildcard-report-back")] {
      let run = try Self.run(
        "\"\(strategy)\"", #"{"name": "order", "startup": {"nodes": \#(nodes)}}"#)
      var bound: UInt64 = 0
      var engines = 0
      // In each trial the engine cores' records follow the launch's.
      for event in run.events {
        if case .startup(let record) = event {
          bound = record.handshakeBound
          #expect(record.handshakePort == (nodes == 1 ? 0 : 29_550) && bound > 0)
          #expect(nodes == 1 || bound > record.coordinatorReported, "\(record)")
        }
        if case .engine(let engine) = event {
          engines += 1
          #expect(nodes == 1 || engine.started > bound, "\(engine) \(bound)")
        }
      }
      #expect(engines == 4)
    }
  }

  @Test func `a head node may have no engine core`() throws {
    let run = try Self.run(
      #""wildcard-report-back""#,
      #"{"name": "none", "startup": {"engines": 3, "local_engines": 0}}"#)
    #expect(run.status == 0, "\(run.output)")
    let nodes = run.events.compactMap { event -> Int? in
      if case .engine(let engine) = event { engine.node } else { nil }
    }
    #expect(nodes == [1, 1, 1, 1, 1, 1])
  }

  /// The launcher comes to the point once for each engine core. Struck again, it would be so after the first of them
  /// had its addresses.
  @Test func `a fault strikes a launcher once, however often it comes to the point`() throws {
    let run = try Self.run(
      #""wildcard-report-back""#,
      #"{"name": "once", "startup": {"engines": 3}, "faults": [{"kind": "delay", "#
        + #""at": "before-handshake-reply", "options": {"milliseconds": 100}}]}"#)
    #expect(run.status == 0, "\(run.output)")
    var trials = 0
    for trial in run.events.split(whereSeparator: {
      if case .trialEnded = $0 { true } else { false }
    }) {
      var injected: UInt64 = 0
      var initialised: [UInt64] = []
      for event in trial {
        if case .fault(let fault) = event { injected = fault.injected }
        if case .engine(let engine) = event { initialised.append(engine.initialised) }
      }
      guard let first = initialised.min() else { continue }
      trials += 1
      #expect(injected > 0 && injected < first, "\(injected) \(initialised)")
    }
    #expect(trials == 2)
  }

  /// Ten API servers draw 20 numbers from 20 slots: that none meets has a chance of 20!/20^20 < 1e-7.
  @Test func `the variant decides when a dead API server is noticed`() throws {
    func latencies(_ variant: String) throws -> [UInt64] {
      let run = try Self.run(
        #""probe-then-bind""#,
        #"{"name": "late", "pool": {"slots": 20}, "topology": {"api_servers": 10}, "#
          + #""startup": {"variant": "\#(variant)", "engines": 2, "load_ms": 1500}}"#)
      var failures: [UInt64] = []
      for case .server(let server) in run.events {
        failures += [server.input, server.output].filter { $0.errno == 98 }.map(\.finished)
      }
      return run.events.compactMap { event in
        guard case .startup(let startup) = event else { return nil }
        return failures.filter { $0 <= startup.noticed }.max().map { startup.noticed - $0 }
      }
    }
    let late = try latencies("v0.19")
    let early = try latencies("fixed")
    #expect(late.count == 2 && early.count == 2)
    // The engine cores load for 1.5 s; binds fail within the first half second even on a busy machine.
    #expect(late.allSatisfy { $0 > 700_000_000 }, "\(late)")
    #expect(early.allSatisfy { $0 < 700_000_000 }, "\(early)")
  }
}
