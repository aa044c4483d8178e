import History
import PlanModel
import TestSupport
import Testing

@testable import Strategies
@testable import StrategyKit

/// Every strategy with real processes, alone on its host: it must come up, in fresh and pooled processes and
/// with both kinds of sockets.
@Suite(.serialized, .timeLimit(.minutes(20))) struct StrategyTests {
  /// What is needed to run a strategy quickly; the rest keeps its default.
  static let options = [
    "stagger": #"{"least_ms": 0, "most_ms": 5}"#, "vllm-port-scan": #"{"advance": 1}"#,
  ]
  /// Strategies that draw numbers and let go of them, so that a launch may collide with itself.
  static let racing: Set = [
    "probe-then-bind", "retry-same-number", "retry-new-number", "stagger", "serialise",
    "single-api-server", "wrong-host-probe",
  ]

  /// All but `exec`, which is nothing without a program: AdapterTests runs it.
  static let all = StrategyRegistry.all.filter { !$0.descriptor.takesCommand }

  static func element(_ type: any Strategy.Type) -> String {
    let name = type.descriptor.name
    return #"{"name": "\#(name)", "options": \#(options[name] ?? "{}")}"#
  }

  @Test(arguments: [("fresh", "zmq"), ("pooled", "zmq"), ("fresh", "tcp"), ("pooled", "tcp")])
  func `every strategy brings up a launch that is alone`(workers: String, sockets: String) throws {
    let types = Self.all.filter {
      $0.descriptor.sockets.contains(sockets == "zmq" ? .zmq : .tcp)
    }
    let measured = try MeasuredPlan(
      strategies: types.map(Self.element), scenarios: [#"{"name": "alone"}"#],
      defaults: #"""
        "topology": {"api_servers": 3}, "trials": 4, "timeout_ms": 20000,
        "workers": "\#(workers)", "sockets": "\#(sockets)"
        """#)
    for type in types {
      let name = type.descriptor.name
      let cell = try measured.cell("alone", name)
      // A racing launch of 6 addresses collides with probability 0.1 % in 14,116 slots: all four trials do
      // with 1e-12, and one of them may.
      let ready = cell.outcomes["ready", default: 0]
      let least = Self.racing.contains(name) ? 1 : 4
      #expect(ready >= least, "\(name): \(cell.outcomes) \(cell.evidence)")
    }
  }

  /// 6 of 8 ports are the launch's own: a check that dialled from the pool's ports would find 2.
  @Test(arguments: ["zmq", "tcp"])
  func `a launch that takes nearly the whole pool can be checked`(_ sockets: String) throws {
    let measured = try MeasuredPlan(
      strategies: [#""wildcard-report-back""#, #""inherited-listener""#],
      scenarios: [#"{"name": "full", "pool": {"range": [40000, 40007]}}"#],
      defaults: #""topology": {"api_servers": 3}, "trials": 5, "sockets": "\#(sockets)""#)
    for name in ["wildcard-report-back", "inherited-listener"] {
      let cell = try measured.cell("full", name)
      #expect(cell.outcomes == ["ready": 5], "\(name): \(cell.outcomes) \(cell.evidence)")
    }
  }

  /// 90 of 100 ports are drawn on average between probe and bind, each by another process for good: both numbers are
  /// left with probability 0.02 (the mean of (1 - D/100)^2 for a Poisson D of mean 90). Five of ten trials with both
  /// left have a probability of 10^-6. The thieves of the plan's window come too late in any case.
  @Test func `a launcher that is the API server loses what others draw within its own window`()
    throws
  {
    let churn =
      #"{"kind": "bind-churn", "options": {"rate_per_second": 900, "hold_ms": 60000}}"#
    let measured = try MeasuredPlan(
      strategies: [
        #"{"name": "single-api-server", "options": {"window_us": 100000}}"#,
        #""single-api-server-wildcard""#,
      ],
      scenarios: [
        #"{"name": "churn", "thieves": [\#(churn)]}"#,
        #"""
        {"name": "late", "window": {"foreign_draws": 90},
         "thieves": [{"kind": "bind-hold", "options": {"ports": 90}}]}
        """#,
      ],
      defaults: #""topology": {"api_servers": 3}, "trials": 10, "pool": {"slots": 100}"#)
    let lost = try measured.cell("churn", "single-api-server")
    #expect(lost.outcomes["lost-to-thief", default: 0] > 5, "\(lost.outcomes) \(lost.evidence)")
    #expect(lost.evidence.contains("which the launcher binds, pid "), "\(lost.evidence)")
    // Two numbers that meet, 1 in 100, are the only loss: three of ten have a probability of 10^-4.
    let kept = try measured.cell("late", "single-api-server")
    #expect(kept.outcomes["ready", default: 0] > 7, "\(kept.outcomes) \(kept.evidence)")
    for scenario in ["churn", "late"] {
      #expect(
        try measured.cell(scenario, "single-api-server-wildcard").outcomes == ["ready": 10])
    }
  }

  @Test func `depth allocate works wherever a strategy claims it`() throws {
    let types = Self.all.filter { $0.descriptor.depths.contains(.allocate) }
    let measured = try MeasuredPlan(
      strategies: types.map(Self.element), scenarios: [#"{"name": "numbers"}"#],
      defaults: #""topology": {"api_servers": 3}, "trials": 30, "depth": "allocate""#)
    for type in types {
      let name = type.descriptor.name
      let cell = try measured.cell("numbers", name)
      // Ten collisions in 30 trials have a probability below 1e-20.
      #expect(cell.outcomes["ready", default: 0] > 20, "\(name): \(cell.outcomes)")
    }
  }
}

/// What strategies that count by themselves decide on.
@Suite(.serialized, .timeLimit(.minutes(20))) struct CountingTests {
  /// Each with few numbers: the twelve launches of a block, which have one launcher, come round to the first again.
  static let options: KeyValuePairs<String, [String: Int]> = [
    "rank-windows": ["width": 2], "fixed-ranges": ["base": 20_000],
    "sequential-counter": ["base": 20_000, "span": 64],
    "lock-file-cursor": ["base": 20_000, "span": 64], "reserved-ports": ["base": 45_000],
  ]

  @Test func `counted numbers are among those that the strategy says`() throws {
    let measured = try MeasuredPlan(
      strategies: Self.options.map { name, options in
        let members = options.map { #""\#($0)": \#($1)"# }.joined(separator: ", ")
        return #"{"name": "\#(name)", "options": {\#(members)}}"#
      }, scenarios: [#"{"name": "counted"}"#],
      defaults: #""topology": {"api_servers": 3}, "trials": 120, "depth": "allocate""#)
    for (name, options) in Self.options {
      let known = try #require(StrategyRegistry.all.first { $0.descriptor.name == name })
        .descriptor
      let values = known.options.map { options[$0.name] ?? $0.defaultValue ?? 0 }
      let count = try #require(known.numbers)
      let numbers = count(OptionValues(known.options, values), 6)
      var decided: [UInt16] = []
      for event in try measured.cell("counted", name).trials.joined() {
        if case .launch(let launch) = event { decided += launch.advertised }
      }
      #expect(decided.count == 120 * 6)
      #expect(decided.allSatisfy { numbers.contains(Int($0)) }, "\(name): \(decided)")
    }
  }

  /// The upper quarter of the span is the pool, which is taken as a whole before the launch allocates. 6 numbers a
  /// launch of the 48 that are left: the ninth launch begins where nothing is free up to the end. An arm runs in ten
  /// blocks, each with a launcher of its own: of twelve launches here.
  @Test func `a counter that finds nothing up to its end starts again`() throws {
    let names = ["sequential-counter", "lock-file-cursor"]
    let measured = try MeasuredPlan(
      strategies: names.map {
        #"{"name": "\#($0)", "options": {"base": 20000, "span": 64}}"#
      },
      scenarios: [
        #"""
        {"name": "taken", "pool": {"range": [20048, 20063]},
         "thieves": [{"kind": "exhaust-pool", "options": {"leaves": 0}}]}
        """#
      ],
      defaults: #"""
        "topology": {"api_servers": 3}, "trials": 120, "sockets": "tcp", "ownership_check": "kernel"
        """#)
    for name in names {
      let cell = try measured.cell("taken", name)
      #expect(cell.outcomes == ["ready": 120], "\(name): \(cell.outcomes) \(cell.evidence)")
    }
  }
}

/// Each strategy's known weakness, and the condition that it is proof against, on the real kernel.
@Suite(.serialized, .timeLimit(.minutes(20))) struct WeaknessTests {
  struct Row: Sendable {
    var element: String
    var label: String
    var scenario: String
    var outcome: String
    var least: Int

    /// - Parameter least: launches of 6 that must end so.
    init(
      _ name: String, _ options: String = "{}", in scenario: String, is outcome: String,
      least: Int = 6
    ) {
      label = "\(name) \(options) \(scenario)"
      element = #"{"name": "\#(name)", "label": \#(Row.quoted(label)), "options": \#(options)}"#
      self.scenario = scenario
      self.outcome = outcome
      self.least = least
    }

    static func quoted(_ text: String) -> String {
      "\"" + text.map { $0 == "\"" ? "\\\"" : String($0) }.joined() + "\""
    }
  }

  static let scenarios = [
    "alone": "",
    "squatter": #""thieves": [{"kind": "port-squatter"}]"#,
    "squatter-reuseaddr":
      #""thieves": [{"kind": "port-squatter", "options": {"reuse_address": 1}}]"#,
    "squatter-reuseport":
      #""thieves": [{"kind": "port-squatter", "options": {"reuse_port": 1}}]"#,
  ]

  /// All certain: no row depends on chance. (A squatter that goes for one of six numbers can meet one that the
  /// launch drew twice, with probability 0.1 % a trial; then the outcome is another, so 5 of 6 are enough for those.)
  static let rows: [Row] = [
    Row("probe-then-bind", in: "squatter", is: "lost-to-thief", least: 5),
    Row("batch-dedupe", in: "squatter", is: "lost-to-thief"),
    Row("hold-all-then-release", in: "squatter", is: "lost-to-thief"),
    Row("verify-after-close", in: "squatter", is: "lost-to-thief"),
    Row("hold-until-bind", in: "squatter", is: "ready"),
    Row("reuseaddr-hold", in: "squatter", is: "ready"),
    Row("reuseaddr-hold", in: "squatter-reuseaddr", is: "lost-to-thief"),
    Row("reuseaddr-hold", in: "squatter-reuseport", is: "ready"),
    Row("reuseport-hold", in: "squatter-reuseaddr", is: "ready"),
    Row("reuseport-hold", in: "squatter-reuseport", is: "split-brain"),
    Row("reuseport-hold", #"{"holder_listens": 1}"#, in: "alone", is: "split-brain"),
    Row("wildcard-report-back", in: "squatter", is: "ready"),
    Row("wildcard-report-back", in: "squatter-reuseaddr", is: "ready"),
    Row("inherited-listener", in: "squatter-reuseaddr", is: "ready"),
    Row("inherited-listener-exec", in: "squatter-reuseaddr", is: "ready"),
    Row("inherited-listener-passed", in: "squatter-reuseaddr", is: "ready"),
    Row("inherited-listener", #"{"close_parent_copy": 0}"#, in: "alone", is: "leaked"),
    Row("inherited-listener", #"{"leak_to_child": 1}"#, in: "alone", is: "leaked"),
    Row("inherited-listener", #"{"listens": 0}"#, in: "alone", is: "child-died"),
    Row("publish-through-store", in: "squatter", is: "ready"),
    Row("publish-through-store", #"{"stale_keys": 1}"#, in: "alone", is: "cross-talk", least: 5),
    Row("retry-same-number", in: "squatter", is: "lost-to-thief", least: 5),
    Row("retry-new-number", in: "squatter", is: "recovered"),
    Row("retry-new-number", #"{"announce": 0}"#, in: "squatter", is: "cross-talk", least: 5),
    Row("random-in-range", in: "squatter", is: "ready"),
    Row("random-in-range", #"{"ports": 3, "tries": 30}"#, in: "alone", is: "exhausted"),
    Row("rank-windows", in: "squatter", is: "lost-to-thief"),
    Row("fixed-ranges", in: "squatter", is: "lost-to-thief"),
    Row("sequential-counter", in: "squatter", is: "lost-to-thief"),
    Row("lock-file-cursor", in: "squatter", is: "lost-to-thief"),
    Row(
      "lock-file-cursor", #"{"stale_lock": 1, "lock_timeout_ms": 20}"#, in: "alone", is: "timeout"),
    Row("reserved-ports", in: "squatter", is: "lost-to-thief"),
    Row("ipc-path", #"{"path_length": 150}"#, in: "alone", is: "other-error"),
    Row("file-rendezvous", #"{"unique": 0}"#, in: "alone", is: "cross-talk", least: 5),
    Row("central-manager", in: "squatter", is: "ready"),
    Row("time-wait-reservation", in: "squatter", is: "ready"),
    Row("time-wait-reservation", in: "squatter-reuseaddr", is: "lost-to-thief"),
    Row("vllm-port-scan", in: "alone", is: "lost-to-self"),
    Row(
      "vllm-port-scan", #"{"master_port": 20000, "most_rounds": 200}"#, in: "alone", is: "timeout"),
    Row("single-api-server", in: "squatter", is: "ready", least: 5),
    Row("single-api-server", in: "squatter-reuseaddr", is: "ready", least: 5),
    Row("single-api-server-wildcard", in: "squatter-reuseaddr", is: "ready"),
  ]

  @Test(arguments: scenarios.keys.sorted())
  func `each strategy comes to what is known of it`(_ scenario: String) throws {
    let rows = Self.rows.filter { $0.scenario == scenario }
    let members = Self.scenarios[scenario]!
    let measured = try MeasuredPlan(
      strategies: rows.map(\.element),
      scenarios: [#"{"name": "\#(scenario)"\#(members.isEmpty ? "" : ", " + members)}"#],
      defaults: #""topology": {"api_servers": 3}, "trials": 6, "timeout_ms": 10000"#)
    for row in rows {
      let cell = try measured.cell(scenario, row.label)
      #expect(
        cell.outcomes[row.outcome, default: 0] >= row.least,
        "\(row.label): \(cell.outcomes) \(cell.evidence)")
    }
  }

  @Test func `launches with one formula lose to each other, participants of a lock do not`() throws
  {
    let losing = ["rank-windows", "fixed-ranges", "sequential-counter", "reserved-ports"]
    let measured = try MeasuredPlan(
      strategies: (losing + ["lock-file-cursor", "ipc-path"]).map { "\"\($0)\"" },
      scenarios: [#"{"name": "siblings"}"#],
      defaults: #""topology": {"api_servers": 3, "launches": 3}, "trials": 4"#)
    for name in losing {
      let cell = try measured.cell("siblings", name)
      // In every trial two of three launches lose; which, depends on who is first.
      #expect(cell.outcomes["lost-to-sibling", default: 0] >= 8, "\(name): \(cell.outcomes)")
    }
    for name in ["lock-file-cursor", "ipc-path"] {
      #expect(try measured.cell("siblings", name).outcomes == ["ready": 12])
    }
  }

  /// Per checker one strategy that is wrong on purpose.
  @Test(arguments: ["fresh", "pooled"])
  func `each broken strategy is caught by name`(_ workers: String) throws {
    let measured = try MeasuredPlan(
      strategies: BrokenStrategies.all.map { "\"\($0.descriptor.name)\"" },
      scenarios: [#"{"name": "caught"}"#],
      defaults: #"""
        "topology": {"api_servers": 3}, "trials": 3, "timeout_ms": 1500, "workers": "\#(workers)"
        """#, environment: ["BINDSTORM_BROKEN_STRATEGIES": "1"])
    for type in BrokenStrategies.all {
      let cell = try measured.cell("caught", type.descriptor.name)
      #expect(
        cell.outcomes == [type.caughtAs: 3], "\(type.descriptor.name): \(cell.outcomes)")
    }
  }
}
