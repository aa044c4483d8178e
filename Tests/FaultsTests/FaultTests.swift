import Faults
import History
import PlanModel
import TestSupport
import Testing

/// Every fault with real processes.
@Suite(.serialized, .timeLimit(.minutes(20))) struct FaultTests {
  /// What a fault comes to where it matters.
  struct Expected: Sendable, CustomTestStringConvertible {
    var name: String
    var point: InjectionPoint
    /// JSON members of `options`.
    var options = ""
    var strategy: String
    /// Of the launch that it hits.
    var outcome: String
    /// A later point of the same process, which is not reached by one that died at the first.
    var later: InjectionPoint
    var testDescription: String { name }
  }

  /// Of strategies that never lose a number to themselves, so that nothing is left to chance: `fixed-ranges` has its
  /// numbers outside the pool.
  static let table: [Expected] = [
    Expected(
      name: "pause", point: .beforeInputBind, options: #""milliseconds": 20"#,
      strategy: "fixed-ranges", outcome: "ready", later: .beforeOutputBind),
    Expected(
      name: "kill", point: .beforeInputBind, options: #""signal": "SIGTERM""#,
      strategy: "fixed-ranges", outcome: "child-died", later: .afterReady),
    Expected(
      name: "exit", point: .beforeOutputBind, options: #""code": 3"#,
      strategy: "inherited-listener", outcome: "child-died", later: .afterReady),
    Expected(
      name: "hang", point: .beforeInputBind, strategy: "fixed-ranges", outcome: "timeout",
      later: .afterReady),
    Expected(
      name: "delay", point: .afterReady,
      options: #""milliseconds": 20, "distribution": "uniform""#, strategy: "fixed-ranges",
      outcome: "ready", later: .beforeOutputBind),
    Expected(
      name: "steal", point: .beforeInputBind, strategy: "fixed-ranges",
      outcome: "lost-to-thief", later: .beforeOutputBind),
    Expected(
      name: "fail-call", point: .beforeInputBind, options: #""errno": "EADDRNOTAVAIL""#,
      strategy: "fixed-ranges", outcome: "other-error", later: .beforeOutputBind),
    Expected(
      name: "descriptor-limit", point: .beforeInputBind, strategy: "fixed-ranges",
      outcome: "child-died", later: .beforeOutputBind),
    Expected(
      name: "truncated-report", point: .beforeReport, strategy: "wildcard-report-back",
      outcome: "timeout", later: .beforeReport),
    Expected(
      name: "duplicated-report", point: .beforeReport, strategy: "wildcard-report-back",
      outcome: "ready", later: .beforeReport),
    Expected(
      name: "garbage-report", point: .beforeReport, strategy: "wildcard-report-back",
      outcome: "other-error", later: .beforeReport),
    Expected(
      name: "closed-channel", point: .beforeReport, strategy: "wildcard-report-back",
      outcome: "other-error", later: .beforeReport),
    Expected(
      name: "parent-copy", point: .afterSpawn, strategy: "inherited-listener", outcome: "leaked",
      later: .afterSpawn),
    Expected(
      name: "leaked-descriptors", point: .afterProbe, strategy: "inherited-listener",
      outcome: "leaked", later: .afterSpawn),
  ]

  @Test func `every fault has a row, and a name and defaults that are valid`() {
    // The last two have tests of their own.
    #expect(
      Self.table.map(\.name) + ["node-cut", "orphan"] == FaultRegistry.descriptors.map(\.name))
    #expect(Set(Self.table.map(\.name)).count == Self.table.count)
    for fault in FaultRegistry.descriptors {
      #expect(!fault.points.isEmpty && fault.options.count <= 8)
      for option in fault.options {
        #expect(option.defaultValue.map { option.range.contains($0) } ?? true)
      }
    }
  }

  /// Trials of one arm.
  struct Trials {
    var outcomes: [String: Int]
    /// Fault records, trial by trial.
    var faults: [[FaultRecord]] = []
    /// Whether every endpoint was bound, trial by trial.
    var allBound: [Bool] = []

    init(_ plan: MeasuredPlan, _ scenario: String, _ strategy: String) throws {
      let cell = try plan.cell(scenario, strategy)
      outcomes = cell.outcomes
      for events in cell.trials {
        faults.append(
          events.compactMap {
            guard case .fault(let record) = $0 else { return nil }
            return record
          })
        allBound.append(
          events.allSatisfy {
            guard case .server(let record) = $0 else { return true }
            return record.input.bound != 0 && record.output.bound != 0 && record.died == nil
          })
      }
    }
  }

  private func fault(_ row: Expected, at point: InjectionPoint, _ more: String = "") -> String {
    #"{"kind": "\#(row.name)", "at": "\#(point.rawValue)", "options": {\#(row.options)}\#(more)}"#
  }

  private func scenario(_ name: String, _ faults: String, workers: String = "fresh") -> String {
    #"{"name": "\#(name)", "faults": [\#(faults)], "workers": "\#(workers)"}"#
  }

  @Test(arguments: table)
  func `a fault hits the trials that it is due in, no others, and has its outcome`(
    _ row: Expected
  ) throws {
    let descriptor = try #require(FaultRegistry.descriptors.first { $0.name == row.name })
    let pooled = descriptor.needsFreshWorkers ? [] : ["pooled"]
    let isLauncher = row.point.role == .launcher
    let earlier: InjectionPoint = isLauncher ? .afterProbe : .beforeInputBind
    let plan = try MeasuredPlan(
      strategies: ["\"\(row.strategy)\""],
      scenarios: [
        scenario("never", fault(row, at: row.point, #", "probability": 0"#)),
        scenario(
          "unreached",
          #"{"kind": "kill", "at": "\#(earlier.rawValue)", "index": 0}, "#
            + fault(row, at: row.later, #", "index": 0"#)),
      ]
        + (["fresh"] + pooled).map {
          scenario($0, fault(row, at: row.point, #", "every": 2"#), workers: $0)
        },
      defaults: #""topology": {"api_servers": 2}, "trials": 4, "timeout_ms": 1500"#)

    let never = try Trials(plan, "never", row.strategy)
    #expect(never.outcomes == ["ready": 4])
    for record in never.faults.flatMap({ $0 }) { expectNothing(of: record) }
    #expect(never.faults.map(\.count) == [1, 1, 1, 1])

    if row.later != earlier {
      let unreached = try Trials(plan, "unreached", row.strategy)
      #expect(unreached.outcomes == ["invalid": 4])
      for records in unreached.faults {
        try #require(records.count == 2)
        #expect(records[0].witnessed != 0, "the first fault ends the process")
        #expect(records[1].isDue && records[1].injected == 0 && records[1].witnessed == 0)
      }
    }

    for workers in ["fresh"] + pooled {
      let trials = try Trials(plan, workers, row.strategy)
      #expect(
        trials.outcomes == (row.outcome == "ready" ? ["ready": 4] : [row.outcome: 2, "ready": 2]),
        "\(workers)")
      try #require(trials.faults.map(\.count) == [1, 1, 1, 1])
      for (number, records) in trials.faults.enumerated() {
        let record = records[0]
        #expect(record.name == row.name && record.point == row.point)
        if number % 2 == 0 {
          #expect(record.isDue && record.pid > 0)
          #expect(
            0 < record.armed && record.armed <= record.injected
              && record.injected <= record.witnessed, "\(workers), trial \(number): \(record)")
          #expect(record.injected <= record.healed, "\(workers), trial \(number): \(record)")
        } else {
          expectNothing(of: record)
          #expect(trials.allBound[number], "\(workers): trial \(number) is not as without it")
        }
      }
    }
  }

  /// What holds the number is found by both records; it is gone before the next trial, which would lose to it.
  @Test(arguments: ["fresh", "pooled"])
  func `an orphan holds the number that is decided on, and is gone with its trial`(
    _ workers: String
  ) throws {
    let plan = try MeasuredPlan(
      strategies: [
        #""fixed-ranges""#, #""inherited-listener""#, #""wildcard-report-back""#,
      ],
      scenarios: [
        scenario(
          "orphan", #"{"kind": "orphan", "at": "after-probe", "every": 2}"#, workers: workers),
        scenario(
          "never", #"{"kind": "orphan", "at": "after-probe", "probability": 0}"#, workers: workers),
      ], defaults: #""topology": {"api_servers": 2}, "trials": 4, "timeout_ms": 3000"#)
    let lost = try plan.cell("orphan", "fixed-ranges")
    #expect(lost.outcomes == ["lost-to-thief": 2, "ready": 2])
    #expect(lost.evidence.contains("bs-orphan; events and kernel agree"), "\(lost.evidence)")
    let trials = try Trials(plan, "orphan", "fixed-ranges")
    for (number, records) in trials.faults.enumerated() {
      #expect((records[0].helper != 0) == (number % 2 == 0), "\(records)")
    }
    for fix in ["inherited-listener", "wildcard-report-back"] {
      #expect(try plan.cell("orphan", fix).outcomes == ["ready": 4], "\(fix)")
    }
    let never = try Trials(plan, "never", "fixed-ranges")
    #expect(never.outcomes == ["ready": 4])
    for record in never.faults.flatMap({ $0 }) { expectNothing(of: record) }
  }

  /// Nothing is left to chance: without a thief nobody takes a port that `bind(0)` gives a listener. A checker that
  /// fails one healthy trial of a thousand would be seen with a probability of 1 - 0.999^3000 > 0.95.
  @Test func `three thousand trials without a fault have no failure`() throws {
    let plan = try MeasuredPlan(
      strategies: [#""wildcard-report-back""#], scenarios: [#"{"name": "fault-free"}"#],
      defaults: #"""
        "topology": {"api_servers": 2}, "trials": 3000, "workers": "pooled", "sockets": "tcp"
        """#)
    #expect(try plan.cell("fault-free", "wildcard-report-back").outcomes == ["ready": 3000])
  }

  @Test func `a node that is cut off comes back, and the head node cannot be`() throws {
    let cut = { (name: String, node: Int, more: String) in
      #"{"name": "\#(name)", "faults": [{"kind": "node-cut", "at": "before-engine-connect", "#
        + #""node": \#(node), "options": {"milliseconds": 40}\#(more)}]}"#
    }
    let plan = try MeasuredPlan(
      strategies: [#""inherited-listener""#],
      scenarios: [
        cut("never", 1, #", "probability": 0"#), cut("cut", 1, #", "every": 2"#),
        cut("head", 0, ""),
      ],
      defaults: #"""
        "depth": "startup", "topology": {"api_servers": 2}, "startup": {"engines": 4, "nodes": 2},
        "trials": 4, "timeout_ms": 4000
        """#)
    try plan.skipWithoutHost("never", "inherited-listener")
    let never = try Trials(plan, "never", "inherited-listener")
    #expect(never.outcomes == ["ready": 4])
    for record in never.faults.flatMap({ $0 }) { expectNothing(of: record) }
    let trials = try Trials(plan, "cut", "inherited-listener")
    #expect(trials.outcomes == ["ready": 4])
    for (number, records) in trials.faults.enumerated() {
      guard number % 2 == 0 else {
        expectNothing(of: records[0])
        continue
      }
      let record = records[0]
      #expect(record.injected > 0 && record.injected <= record.witnessed, "\(record)")
      #expect(record.healed >= record.witnessed + 40_000_000, "\(record)")
    }
    #expect(try Trials(plan, "head", "inherited-listener").outcomes == ["invalid": 4])
  }

  @Test func `of two launches the one that the fault names is hit, and the other is ready`() throws
  {
    let plan = try MeasuredPlan(
      strategies: [#""inherited-listener""#],
      scenarios: [
        scenario(
          "second", #"{"kind": "kill", "at": "before-input-bind", "launch": 1, "index": 0}"#)
      ],
      defaults: #""topology": {"launches": 2, "api_servers": 2}, "trials": 3, "timeout_ms": 3000"#)
    let cell = try plan.cell("second", "inherited-listener")
    #expect(cell.outcomes == ["child-died": 3, "ready": 3])
    for events in cell.trials {
      var victim: Int32 = -1
      var dead: [(launch: Int, pid: Int32)] = []
      for event in events {
        if case .fault(let fault) = event { victim = fault.pid }
        if case .server(let server) = event, server.died != nil {
          dead.append((server.launch, server.pid))
        }
      }
      #expect(dead.map(\.launch) == [1] && dead.map(\.pid) == [victim], "\(dead) \(victim)")
    }
  }

  /// A fault that is not due leaves no trace.
  private func expectNothing(of record: FaultRecord) {
    #expect(
      record
        == FaultRecord(
          fault: 0, name: record.name, point: record.point, launch: record.launch,
          index: record.index, isDue: false))
  }
}
