/// Every object of a plan. Add a key to its section; `make generate` writes its property, how it is read, checked,
/// stored and sent to the workers, its place in the JSON Schema and its line in Documentation/plan-keys.md.
enum PlanSections {
  /// In the order of the documents. Those of one scenario come first.
  static let all = [
    plan, scenario, settings, topology, pool, window, barrier, startup, reservation, strategy,
    forcing, injection, thief, fault, expectation, published,
  ]

  static func named(_ name: String) -> PlanSection {
    guard let section = all.first(where: { $0.name == name }) else {
      preconditionFailure("a plan has no object \(name)")
    }
    return section
  }

  private static let portRange = 1_024...65_535

  static let plan = PlanSection(
    "plan", type: "Plan", prefix: "plan", .names,
    """
    Scenarios x strategies = arms. What a schema cannot say (names that exist, demands that the trials can show) is \
    checked by `bindstorm validate`.
    """,
    [
      PlanKey("$schema", "schema", .text, .none("no schema"), "The JSON Schema, for editors."),
      PlanKey(
        "version", "version", .own("PlanNode", schema: #""const": 1"#, words: "1"), .required,
        "Version of the plan format."),
      PlanKey(
        "name", "name",
        .own(
          "PlanNode", schema: #""type": "string", "pattern": "^[a-z0-9][a-z0-9._-]{0,63}$""#,
          words: "1 to 64 of a-z, 0-9, `.`, `_` and `-`"), .required, "Names the results folder."),
      PlanKey("title", "title", .text, .none("the name"), "One line for people."),
      PlanKey(
        "seed", "seed",
        .own(
          "PlanNode",
          schema: #""type": "integer", "minimum": 0, "maximum": 18446744073709551615"#,
          words: "whole number below 2^64"), .none("1"), "Of every choice that bindstorm makes."),
      PlanKey(
        "budget_seconds", "budgetSeconds", .real(0.1...10_000_000), .none("no limit"),
        "Time after which no more trials begin. Trials are dealt so that all open cells with a demand come equally far, before the others; a cell ends when its verdict is certain."
      ),
      PlanKey(
        "defaults", "defaults",
        .own("PlanNode", schema: defaultsSchema, words: "[settings](#settings)"), .none("none"),
        "Settings for all scenarios that do not give their own."),
      PlanKey(
        "strategies", "strategies", .list("strategy", type: "Choice", 1...1_024), .required,
        "Rows of the matrix."),
      PlanKey(
        "scenarios", "scenarios", .list("scenario", type: "Arm", 1...Int.max), .required,
        "Columns of the matrix."),
    ])

  static let defaultsSchema = """
    "type": "object", "additionalProperties": false, "properties": {
    \(PlanSchema.references(to: settings.keys, indent: 10))
            }
    """

  static let scenario = PlanSection(
    "scenario", type: "Scenario", prefix: "scenario", .names,
    "A column of the matrix: these keys, and the [settings](#settings) that it does not take from `defaults`.",
    [
      PlanKey(
        "name", "name",
        .own("PlanNode", schema: #""type": "string", "minLength": 1"#, words: "text"),
        .required, "Of the column."),
      PlanKey("why", "why", .text, .none("nothing"), "What the scenario is for."),
      PlanKey(
        "strategies", "strategies",
        .own(
          "PlanNode",
          schema: """
            "type": "array", "minItems": 1, "uniqueItems": true, "items": { "type": "string" }
            """, words: "list of labels"), .none("all"),
        "Labels of the strategies that run here."),
      PlanKey(
        "expect", "expect",
        .own(
          "PlanNode",
          schema: """
            "type": "object", "additionalProperties": { "$ref": "#/$defs/expectation" }
            """, words: "[expectation](#expectation) by label"), .none("nothing is demanded"),
        "Demands by strategy label; * for those not named."),
      PlanKey(
        "forced", "isForced", .flag, .value("false"),
        "Each strategy also meets its own forced interleaving, as a row `NAME (forced)` with 100 trials: another process takes the number that an API server is about to bind, in place of the scenario's thieves and faults. Unless `expect` has a demand of its own for that row, every trial must fail where the strategy's row must, and none may where that must not. Programs whose calls `check` catches have no such row; their thief comes anyway. A program that binds by itself cannot be met from outside: give it the key `check`."
      ),
      PlanKey(
        "published", "published", .list("published", type: "PublishedFigure", 1...Int.max),
        .none("none"), "Published figures for the same conditions."),
      PlanKey(
        "skip", "skip",
        .own(
          "PlanNode",
          schema: """
            "type": "object", "additionalProperties": { "type": "string", "minLength": 1 }
            """, words: "text by label"), .none("all run"),
        "Arms that stand in the matrix and do not run: the reason by strategy label."),
    ])

  static let settings = PlanSection(
    "settings", type: "TrialSettings", prefix: "", .settings,
    "What happens in each trial of a scenario, and how often. `trials` and `topology.api_servers` must be given, here or in `defaults`.",
    trialKeys + [
      PlanKey(
        "startup", "startup", .section("startup", type: "Startup"),
        .none("as each of its keys says"), "The rest of the launch, at depth `startup`."),
      PlanKey(
        "thieves", "thieves",
        .list("thief", type: "Choice", 0...Slots.limit("BS_MAX_THIEVES")), .none("none"),
        "Processes that take ports. An empty list switches the thieves of the defaults off."),
      PlanKey(
        "faults", "faults",
        .list("fault", type: "PlannedFault", 0...Slots.limit("BS_MAX_FAULTS")), .none("none"),
        "What is done to processes of the trials. An empty list switches the faults of the defaults off."
      ),
      PlanKey(
        "trials", "trials", .whole(1...10_000_000), .required, "Trials of each strategy."),
    ], stored: trialKeys)

  /// The settings that a trial's workers also get.
  private static let trialKeys = [
    PlanKey("depth", "depth", .word("Depth"), .value(".bind"), "How far a trial goes."),
    PlanKey(
      "topology", "topology", .section("topology", type: "Topology"), .required,
      "Processes of one trial."),
    PlanKey(
      "pool", "pool", .section("pool", type: "PortPool"), .value("PortPool()"),
      "The ephemeral ports of the trial's network namespace."),
    PlanKey(
      "window", "window", .section("window", type: "Window"), .value("Window()"),
      "Between allocation and barrier."),
    PlanKey(
      "barrier", "barrier", .section("barrier", type: "Barrier"), .value("Barrier()"),
      "How the binders are released together."),
    PlanKey(
      "workers", "workers", .word("WorkerKind"), .value(".fresh"),
      "Where the API server processes come from."),
    PlanKey(
      "sockets", "sockets", .word("SocketKind"), .value(".zmq"),
      "What the API servers' endpoints are made of."),
    PlanKey(
      "ownership_check", "ownershipCheck", .word("OwnershipCheck"), .value(".full"),
      "How the harness checks who owns an endpoint. At depth `startup` the served requests are the check."
    ),
    PlanKey(
      "timeout_ms", "timeoutMilliseconds", .whole(10...3_600_000), .value("10_000"), unit: "ms",
      "Longest time of a phase of a trial."),
  ]

  static let topology = PlanSection(
    "topology", type: "Topology", prefix: "topology", .settings, "Processes of one trial.",
    [
      PlanKey(
        "launches", "launches", .whole(1...Slots.limit("BS_MAX_LAUNCHES")), .value("1"),
        "Parallel launches that share the host."),
      PlanKey(
        "api_servers", "apiServers", .whole(1...Slots.limit("BS_MAX_SERVERS")), .required,
        "API servers of each launch; each has two endpoints."),
    ])

  static let pool = PlanSection(
    "pool", type: "PortPool", prefix: "pool", .settings,
    "The range of ephemeral ports (`ip_local_port_range`), both ends included: one of the two keys. Without either 32768 to 60999, as the kernel has it.",
    constraint: #""oneOf": [{ "required": ["range"] }, { "required": ["slots"] }]"#,
    [
      PlanKey(
        "range", "range",
        .own(
          "PlanNode",
          schema: """
            "type": "array", "minItems": 2, "maxItems": 2, "items": { "type": "integer", "minimum": \
            \(portRange.lowerBound), "maximum": \(portRange.upperBound) }
            """, words: "`[FIRST, LAST]`, \(portRange.lowerBound) to \(portRange.upperBound)"),
        .none("`slots` says it"), "First and last port."),
      PlanKey(
        "slots", "slots", .whole(1...16_384), .none("`range` says it"), unit: "ports",
        "How many ports bind(0) of a TCP socket chooses among while one of them is free: those at an odd distance from the first, 32768."
      ),
    ],
    stored: [
      PlanKey("low", "low", .whole(portRange), .value("32_768"), unit: "port", "First port."),
      PlanKey("high", "high", .whole(portRange), .value("60_999"), unit: "port", "Last port."),
    ])

  static let window = PlanSection(
    "window", type: "Window", prefix: "window", .settings,
    "What lies between the release of the probed ports and their re-bind. Both conditions must be met before the barrier opens.",
    [
      PlanKey(
        "milliseconds", "milliseconds", .milliseconds(0...3_600_000), .value("0"), unit: "ms",
        "Least length."),
      PlanKey(
        "foreign_draws", "foreignDraws", .whole(0...60_000), .value("0"), unit: "ports",
        "Least number of ports that thieves must have drawn since the addresses were allocated."),
    ])

  static let barrier = PlanSection(
    "barrier", type: "Barrier", prefix: "barrier", .settings,
    "How the binders are released together.",
    [
      PlanKey("kind", "kind", .word("Barrier.Kind"), .value(".futex"), "What they wait in."),
      PlanKey(
        "arrival_skew_us", "arrivalSkewMicroseconds", .whole(0...60_000_000), .value("0"),
        unit: "us",
        "Each binder starts after a further seeded uniform delay of 0 to this many microseconds."),
    ])

  static let reservation = PlanSection(
    "reservation", type: "NodeReservation", prefix: "reservation", .keys,
    "Ports that the kernel of one node reserves.",
    [
      PlanKey(
        "node", "node", .whole(0...Slots.limit("BS_MAX_NODES") - 1), .required,
        "The node, 0 for the head node."),
      PlanKey(
        "range", "range",
        .own(
          "PlanNode",
          schema: """
            "type": "array", "minItems": 2, "maxItems": 2, "items": { "type": "integer", "minimum": 1, "maximum": 65535 }
            """, words: "`[FIRST, LAST]`"), .required, "First and last port."),
    ],
    stored: [
      PlanKey("node", "node", .whole(0...Slots.limit("BS_MAX_NODES") - 1), .required, ""),
      PlanKey("low", "low", .whole(1...65_535), .required, ""),
      PlanKey("high", "high", .whole(1...65_535), .required, ""),
    ])
}
