/// Objects that are chosen by name, and demands.
extension PlanSections {
  static let strategy = PlanSection(
    "strategy", type: "Choice", prefix: "strategy", .names,
    "A row of the matrix: the strategy's name, or an object.",
    constraint: """
      "if": { "properties": { "name": { "enum": ["exec", "check"] } } }, "then": { "required": ["command"] }, \
      "else": { "properties": { "command": false, "check": false } }
      """,
    [
      PlanKey("name", "name", word, .required, "`bindstorm list strategies` has them."), label,
      PlanKey(
        "command", "command",
        .own(
          "PlanNode",
          schema: """
            "type": "array", "minItems": 1, "items": { "type": "string" }, "prefixItems": [{ "type": "string", \
            "minLength": 1 }]
            """, words: "list of words"), .none("only `exec` and `check` have one"),
        "The program that strategies exec and check run, and its arguments. It runs in the plan's folder, so relative paths are meant from there."
      ),
      PlanKey(
        "check", "check", .section("forcing", type: "Forcing"), .none("nothing is forced"),
        "What is done to the program's port calls."),
      PlanKey(
        "options", "options", options, .none("its standards"),
        "`bindstorm list strategies --long` has them."),
    ])

  static let thief = PlanSection(
    "thief", type: "Choice", prefix: "thief", .names, "A thief: its name, or an object.",
    [
      PlanKey("kind", "kind", word, .required, "`bindstorm list thieves` has them."), label,
      PlanKey(
        "target_failure_rate", "targetFailureRate", .between(0...1),
        .none("the option gives the intensity"),
        "Failure rate per launch for which the thief's intensity is solved, in place of the option that gives it (`bindstorm list thieves --long` names that). The rate is that of the scenario's must-fail control or, without one, of the first strategy that it moves."
      ),
      PlanKey(
        "options", "options", options, .none("its standards"),
        "`bindstorm list thieves --long` has them."),
    ])

  static let fault = PlanSection(
    "fault", type: "PlannedFault", prefix: "fault", .keys,
    "A fault: what, where, to whom, and in which trials.",
    [
      PlanKey("kind", "kind", word, .required, "`bindstorm list faults` has them."),
      PlanKey(
        "at", "point", .word("InjectionPoint"), .required,
        "Where in its work the victim is hit: launcher (after-probe, after-spawn, before-handshake-reply), engine core (before-engine-connect) or API server (the others)."
      ), label,
      PlanKey(
        "options", "options", options, .none("its standards"),
        "`bindstorm list faults --long` has them."),
      PlanKey(
        "launch", "launch", .whole(0...Slots.limit("BS_MAX_LAUNCHES") - 1),
        .none("a random one in each trial"), "Of the victim."),
      PlanKey(
        "index", "index", .whole(0...Slots.limit("BS_MAX_SERVERS") - 1),
        .none("a random one in each trial"), "Number of the victim within its launch."),
      PlanKey(
        "node", "node", .whole(0...Slots.limit("BS_MAX_NODES") - 1), .none("any"),
        "Node of the victim, an engine core; instead of index."),
      PlanKey(
        "probability", "probability", .real(0...1), .value("1"),
        "Share of trials in which it is due, of those that `every` selects."),
      PlanKey(
        "every", "every", .whole(1...10_000_000), .value("1"), unit: "trials",
        "It is due in trials 0, n, 2n, ... only."),
    ])

  static let expectation = PlanSection(
    "expectation", type: "Expectation", prefix: "expectation", .demands,
    "What the plan demands of an arm.",
    constraint: """
      "anyOf": [{ "required": ["failure_rate_at_most"] }, { "required": ["failure_rate_at_least"] }, \
      { "required": ["like"] }, { "required": ["better_than"] }]
      """,
    [
      PlanKey(
        "failure_rate_at_most", "failureRateAtMost", .between(0...1), .none("no such demand"),
        "The failure rate must be shown to be at most this, at `confidence`. It counts launches that recovered: their port was lost, though they came up after a retry."
      ),
      PlanKey(
        "failure_rate_at_least", "failureRateAtLeast", .between(0...1), .none("no such demand"),
        "The failure rate must be shown to be at least this, at `confidence`. It counts launches that recovered."
      ),
      PlanKey(
        "like", "like", .text, .none("no such demand"),
        "Label of another strategy in this scenario. The rates must not be told apart (Fisher's exact test, two-sided, at `like_level`), and a difference of more than `like_within` must be ruled out."
      ),
      PlanKey(
        "like_level", "likeLevel", .between(0...0.5),
        .computed("like == nil ? nil : Self.defaultLikeLevel", "0.0001 with `like`"),
        "With `like`: level of the test. If the rates are equal, the row is not as expected with at most this probability."
      ),
      PlanKey(
        "like_within", "likeWithin", .between(0...1),
        .computed("like == nil ? nil : Self.defaultLikeWithin", "0.1 with `like`"),
        "With `like`: largest difference of the two rates that passes. As long as a larger one is not ruled out at `confidence` (two one-sided tests), the row is undecided."
      ),
      PlanKey(
        "better_than", "betterThan", .text, .none("no such demand"),
        "Label of another strategy in this scenario. This one's rate must be shown to be lower: exact one-sided test (Fisher's; with `better_by` the unconditional one) at level 1 - `confidence`, adjusted for all comparisons of the plan that demand it (Holm)."
      ),
      PlanKey(
        "better_by", "betterBy", .between(0...1), .none("any difference"),
        "With `better_than`: the rate must be shown to be lower by more than this."),
      PlanKey(
        "assumed_rate", "assumedRate", .real(0...1),
        .none("1 for a demand of at least something, else the launch's own collisions"),
        "For `plan --odds` alone, where theory has no rate: the rate of trials in which a launch fails if everything is right, measured or computed elsewhere; `why` says which."
      ),
      PlanKey(
        "confidence", "confidence", .real(0.5...0.999_999), .value("0.95"),
        "Of the exact one-sided bounds, and 1 - the level of `better_than`."),
      PlanKey(
        "sequential_rate", "sequentialRate", .real(0...1), .none("a fixed number of trials"),
        "A rate at which the demand is clearly met. With it the row ends as soon as a sequential test (Wald's SPRT) between this rate and the demanded one has decided, after `trials` at most."
      ),
      PlanKey(
        "false_alarm", "falseAlarm", .real(0.000_001...0.49),
        .computed(
          "sequentialRate == nil ? nil : Self.defaultFalseAlarm", "0.05 with `sequential_rate`"),
        "With `sequential_rate`: probability at most of deciding against the demand at that rate."),
      PlanKey(
        "must_fail_control", "isMustFailControl", .flag, .value("false"),
        "The scenario's must-fail control: if it does not fail as demanded, the scenario proves nothing."
      ),
      PlanKey("why", "why", .text, .value("\"\""), "Why this is expected."),
    ])

  static let published = PlanSection(
    "published", type: "PublishedFigure", prefix: "published", .keys,
    "A published figure for the same conditions.",
    [
      PlanKey("strategy", "strategy", .text, .required, "Label of the row."),
      PlanKey(
        "failures", "failures", .whole(0...1_000_000_000), .required, "Failed observations."),
      PlanKey("out_of", "outOf", .whole(1...1_000_000_000), .required, "All observations."),
      PlanKey(
        "per", "per", .word("PublishedFigure.Unit"), .value(".launch"), "What one observation was."),
      PlanKey(
        "shared_host", "sharesHost", .flag, .value("false"),
        "Whether these launches ran on one host at the same time. They are then not independent, and no test is made."
      ),
      PlanKey("source", "source", .text, .required, "Where it was published."),
    ])

  static let forcing = PlanSection(
    "forcing", type: "Forcing", prefix: "forcing", .keys,
    "The program's port calls are caught, as by `bindstorm check`, and its windows stolen. Strategy check does so even without this.",
    [
      PlanKey(
        "steal", "steal", .foreignWord("StealMode", ["off", "lazy", "eager"]), .value(".lazy"),
        "When the thief comes: while the re-bind is held, at the release, or never (then only the injections)."
      ),
      PlanKey(
        "max", "max", .whole(0...1_000_000), .value("1"),
        "Most re-binds of a trial that are made to fail; 0 for all."),
      PlanKey(
        "rebind", "rebind", .whole(1...1_000), .none("each"), "Only the n-th re-bind of a port."),
      PlanKey(
        "min_window_ms", "minWindowMilliseconds", .whole(0...3_600_000), .value("0"), unit: "ms",
        "Only windows of at least this length."),
      PlanKey(
        "only", "only", line, .none("every place"),
        "Only this place: the eight digits of a report of `bindstorm check`, or a part of its summary."
      ),
      PlanKey(
        "inject", "inject", .list("injection", type: "CallInjection", 1...Int.max), .none("none"),
        "Calls that fail or wait."),
    ])

  static let injection = PlanSection(
    "injection", type: "CallInjection", prefix: "injection", .keys,
    "A call of the program that fails or waits: `errno`, `delay_ms` or both.",
    constraint: #""anyOf": [{ "required": ["errno"] }, { "required": ["delay_ms"] }]"#,
    [
      PlanKey(
        "call", "call",
        .foreignWord("InjectedCall", ["bind", "listen", "socket", "connect", "accept"]), .required,
        "Which."),
      PlanKey(
        "errno", "error",
        .own(
          "PlanNode",
          schema: "\"enum\": [\(injectableErrors.map { "\"\($0)\"" }.joined(separator: ", "))]",
          words: injectableErrors.map { "`\"\($0)\"`" }.joined(separator: ", ")), .none("it works"),
        "What it fails with."),
      PlanKey(
        "delay_ms", "delayMilliseconds", .whole(1...3_600_000), .value("0"), unit: "ms",
        "How long it waits before."),
      PlanKey("nth", "nth", .whole(1...1_000_000), .none("each"), "Only the n-th of them."),
      PlanKey(
        "ports", "ports",
        .own(
          "PlanNode",
          schema: """
            "type": "array", "minItems": 2, "maxItems": 2, "items": { "type": "integer", "minimum": 0, "maximum": 65535 }
            """, words: "`[FIRST, LAST]`"), .none("all"), "Only calls that name such a port."),
      PlanKey(
        "process", "process", line, .none("all"), "Only processes whose name has this part."),
    ],
    stored: [
      PlanKey("delay_ms", "delayMilliseconds", .whole(1...3_600_000), .value("0"), ""),
      PlanKey("nth", "nth", .whole(1...1_000_000), .none(""), ""),
    ])

  private static let options = PlanKey.Kind.own(
    "PlanNode",
    schema: """
      "type": "object", "additionalProperties": { "type": ["integer", "string"] }
      """, words: "whole numbers or words by option")
  private static let label = PlanKey(
    "label", "label",
    .own(
      "PlanNode", schema: #""type": "string", "minLength": 1, "not": { "const": "*" }"#,
      words: "text"), .none("its name"), "Name of the row, if several rows use the same strategy."
  )
  private static let line = PlanKey.Kind.own(
    "PlanNode", schema: #""type": "string", "minLength": 1"#, words: "text of one line")
  private static let word = PlanKey.Kind.own(
    "PlanNode", schema: #""type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$""#, words: "name")
  /// The words of `InjectableError`; `PlanSchemaTests` compares the two lists.
  private static let injectableErrors = [
    "EPERM", "EINTR", "EIO", "EAGAIN", "ENOMEM", "EACCES", "EINVAL", "ENFILE", "EMFILE", "EPROTO",
    "EAFNOSUPPORT", "EADDRINUSE", "EADDRNOTAVAIL", "ENETDOWN", "ENETUNREACH", "ECONNABORTED",
    "ECONNRESET", "ENOBUFS", "ETIMEDOUT", "ECONNREFUSED", "EHOSTUNREACH",
  ]
}
