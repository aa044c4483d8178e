import Foundation
import History
import TestSupport
import Testing

/// The ports that engine cores bind for their process groups, with real processes. No test rests on chance but for the
/// draws of one launch among 14,116 ports, or says so.
@Suite(.serialized, .timeLimit(.minutes(20))) struct GroupTests {
  /// Runs one scenario at depth `startup`; ends the test as skipped where the host allows no nodes.
  private func cell(
    _ startup: String, by strategy: String = "ipc-path", thief: String? = nil,
    more: String = "", timeout: Int = 20_000, trials: Int = 2
  ) throws -> MeasuredPlan.Cell {
    let thieves = thief.map {
      #", "thieves": [{"kind": "engine-squatter", "options": {\#($0)}}]"#
    }
    let plan = try MeasuredPlan(
      strategies: ["\"\(strategy)\""],
      scenarios: [#"{"name": "a", "startup": {\#(startup)}\#(thieves ?? "")\#(more)}"#],
      defaults: #"""
        "depth": "startup", "topology": {"api_servers": 2}, "trials": \#(trials),
        "timeout_ms": \#(timeout)
        """#)
    try plan.skipWithoutHost("a", strategy)
    return try plan.cell("a", strategy)
  }

  private func engines(_ cell: MeasuredPlan.Cell) -> [EngineRecord] {
    cell.trials.joined().compactMap { if case .engine(let record) = $0 { record } else { nil } }
  }

  private func startups(_ cell: MeasuredPlan.Cell) -> [StartupRecord] {
    cell.trials.joined().compactMap { if case .startup(let record) = $0 { record } else { nil } }
  }

  // MARK: The list

  @Test(arguments: [("ipc-path", 1), ("inherited-listener", 2)])
  func `engine cores meet at the first number of the list, their workers at the second`(
    strategy: String, nodes: Int
  ) throws {
    let cell = try self.cell(
      #""engines": 4, "nodes": \#(nodes), "dp_group": "list""#, by: strategy)
    #expect(cell.outcomes == ["ready": 2], "\(cell.evidence)")
    let startups = self.startups(cell)
    for startup in startups {
      #expect(Set(startup.groupPorts).count == 5 && startup.storePort == 0, "\(startup)")
    }
    #expect(engines(cell).count == 8)
    for (number, engine) in engines(cell).enumerated() {
      let ports = startups[number / 4].groupPorts
      let (group, workers) = (try #require(engine.group), try #require(engine.workers))
      #expect(group.port == ports[0] && workers.port == ports[1])
      #expect(group.bound == (engine.engine == 0 ? ports[0] : 0))
      #expect(workers.bound == (engine.engine == 0 ? ports[1] : 0))
      #expect(engine.initialised < group.met && group.met < workers.met)
      #expect(workers.met <= engine.loaded && engine.loaded < engine.ready)
      #expect(group.chosen < group.attempted && group.lost == 0 && engine.reinit == nil)
    }
  }

  @Test(arguments: [("ipc-path", 1), ("inherited-listener", 2)])
  func `a number that somebody took is a silent hang, which names who has it`(
    strategy: String, nodes: Int
  ) throws {
    let cell = try self.cell(
      #""variant": "v0.19", "engines": 4, "nodes": \#(nodes), "dp_group": "list""#, by: strategy,
      thief: "", timeout: 3_000)
    #expect(cell.outcomes == ["timeout": 2], "\(cell.evidence)")
    #expect(cell.agreesWithModel == true)
    for part in [
      "of the data-parallel group (engine core 0, pid", "held by thief 0",
      "events and kernel agree",
      "nobody tells the 3 others", "3 were accepted by whoever listens there, and get no answer",
      "(EngineCore_DP0) Address already in use. Retrying with a new port. Then nothing: it hangs",
    ] {
      #expect(cell.evidence.contains(part), "\(cell.evidence)")
    }
    for (number, engine) in engines(cell).enumerated() {
      let ports = startups(cell)[number / 4].groupPorts
      let group = try #require(engine.group)
      #expect(group.port == ports[0] && group.met == 0 && engine.ready == 0)
      #expect(group.bound == (engine.engine == 0 ? ports[1] : 0), "\(engine)")
      #expect(group.lost == (engine.engine == 0 ? 1 : 0) && engine.died == nil)
    }
  }

  @Test(arguments: [
    ("\"skip\": 1", "its workers", 1), ("\"ports\": 5", "the data-parallel group", 5),
  ])
  func `a loss that nobody retries ends the engine core, and its launcher notices`(
    thief: String, what: String, lost: Int
  ) throws {
    let cell = try self.cell(
      #""variant": "v0.19", "engines": 3, "dp_group": "list""#, thief: thief)
    #expect(cell.outcomes == ["lost-to-thief": 2], "\(cell.evidence)")
    #expect(cell.evidence.contains("of \(what) (engine core 0"), "\(cell.evidence)")
    #expect(cell.evidence.contains("Failed core proc(s): {'EngineCore_DP0': 1}"))
    for startup in startups(cell) {
      #expect(startup.casualty == .engine && startup.casualtyNumber == 0 && startup.noticed != 0)
    }
    let first = engines(cell).filter { $0.engine == 0 }
    #expect(first.allSatisfy { $0.stage == .rendezvous && $0.lostNumbers == lost }, "\(first)")
  }

  // MARK: The store

  @Test(arguments: [("ipc-path", 1), ("inherited-listener", 2)])
  func `with a store the number is chosen at the bind, whoever has the list`(
    strategy: String, nodes: Int
  ) throws {
    let cell = try self.cell(
      #""engines": 4, "nodes": \#(nodes), "dp_group": "coord-store""#, by: strategy,
      thief: "\"ports\": 5")
    #expect(cell.outcomes == ["ready": 2], "\(cell.evidence)")
    let startups = self.startups(cell)
    for (number, engine) in engines(cell).enumerated() {
      let startup = startups[number / 4]
      #expect(startup.storePort != 0 && startup.groupPorts.count == 5)
      for record in [engine.group, engine.workers] {
        let record = try #require(record)
        #expect(!startup.groupPorts.contains(record.port) && record.met != 0)
        #expect(record.bound == (engine.engine == 0 ? record.port : 0))
      }
    }
  }

  @Test func `a head node without engine cores holds no store`() throws {
    let cell = try self.cell(
      #""dp_group": "coord-store", "local_engines": 0"#, thief: "", timeout: 3_000)
    #expect(cell.outcomes == ["timeout": 2], "\(cell.evidence)")
    #expect(startups(cell).allSatisfy { $0.storePort == 0 })
    #expect(cell.evidence.contains("dial port"), "\(cell.evidence)")
  }

  @Test func `engine core 0 on another node listens where nobody dials`() throws {
    let cell = try self.cell(
      #""dp_group": "coord-store", "local_engines": 0, "nodes": 2"#, by: "inherited-listener",
      timeout: 3_000)
    #expect(cell.outcomes == ["timeout": 2], "\(cell.evidence)")
    #expect(cell.evidence.contains("of node 1, and all 2 engine cores"), "\(cell.evidence)")
    #expect(engines(cell).allSatisfy { $0.node == 1 && $0.group?.isAccepted == false })
  }

  // MARK: The workers' rendezvous

  /// Eight probes of ten slots are all different with probability 10!/(2! 10^8) = 0.018; in all of four launches with
  /// 1e-7.
  @Test func `engine cores of one launch take each other's numbers`() throws {
    let cell = try self.cell(
      #""variant": "v0.19", "engines": 8, "worker_rendezvous": "port", "load_ms": 300"#,
      more: #", "pool": {"slots": 10}"#, trials: 4)
    #expect(cell.outcomes["lost-to-self", default: 0] >= 1, "\(cell.outcomes) \(cell.evidence)")
    #expect(cell.evidence.contains("held by engine core"), "\(cell.evidence)")
    #expect(cell.evidence.contains("events and kernel agree"), "\(cell.evidence)")
    #expect(cell.evidence.contains("torch.distributed.DistNetworkError"), "\(cell.evidence)")
  }

  @Test func `a number that is taken while the workers load is lost`() throws {
    let cell = try self.cell(
      #""worker_rendezvous": "port", "load_ms": 2000"#, thief: "\"rendezvous\": 1")
    #expect(cell.outcomes == ["lost-to-thief": 2], "\(cell.evidence)")
    #expect(cell.evidence.contains("of its workers (engine core"), "\(cell.evidence)")
  }

  @Test func `workers that meet at a file have no number to lose`() throws {
    let cell = try self.cell(
      #""worker_rendezvous": "file", "load_ms": 100"#, thief: "\"rendezvous\": 1, \"ports\": 2")
    #expect(cell.outcomes == ["ready": 2], "\(cell.evidence)")
    for engine in engines(cell) {
      let workers = try #require(engine.workers)
      #expect(workers.port == 0 && workers.bound == 0 && workers.met != 0, "\(engine)")
    }
  }

  // MARK: The group that is formed anew

  @Test func `a group is formed anew at other numbers once the launch is served`() throws {
    let cell = try self.cell(#""engines": 3, "dp_group": "list", "reinit": true"#)
    #expect(cell.outcomes == ["ready": 2], "\(cell.evidence)")
    for (number, engine) in engines(cell).enumerated() {
      let startup = startups(cell)[number / 3]
      let record = try #require(engine.reinit)
      #expect(record.met > startup.served && startup.reinitialised >= record.met)
      #expect(record.bound == (engine.engine == 0 ? record.port : 0))
    }
  }

  @Test func `the numbers of a group that is formed anew can be lost after the launch is served`()
    throws
  {
    let cell = try self.cell(
      #""engines": 3, "dp_group": "coord-store", "reinit": true, "teardown_ms": 2000"#,
      thief: "\"rendezvous\": 2")
    #expect(cell.outcomes == ["lost-to-thief": 2], "\(cell.evidence)")
    #expect(cell.evidence.contains("of the group that was to be formed anew"), "\(cell.evidence)")
    #expect(startups(cell).allSatisfy { $0.served != 0 && $0.reinitialised == 0 })
  }
}

extension EngineRecord {
  fileprivate var lostNumbers: Int {
    [group, workers, reinit].compactMap { $0?.lost }.reduce(0, +)
  }
}
