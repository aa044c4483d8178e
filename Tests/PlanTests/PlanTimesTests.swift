import PortModel
import Testing

@testable import PlanModel
@testable import PlanReading

/// Plans whose own settings reach their `timeout_ms`: every strategy would seem to hang.
@Suite struct PlanTimesTests {
  private static let traits = StrategyTraits(
    cooperation: .nobody, isKnownBeforehand: true, worksAcrossHosts: true, failure: .closed,
    weakness: "none")

  static let vocabulary = Vocabulary(
    strategies: TestVocabulary.vocabulary.strategies + [
      StrategyDescriptor(
        name: "sleeper", summary: "sleeps", origin: "",
        options: ["least_ms", "most_ms", "gap_ms"].map {
          OptionDescriptor(name: $0, defaultValue: 5, range: 0...60_000, summary: "how long")
        }, collisionModel: .unmodelled, depths: [.bind], traits: traits),
      StrategyDescriptor(
        name: "patient", summary: "drives a program", origin: "",
        options: [
          "hello_timeout_ms", "allocate_timeout_ms", "bind_timeout_ms", "report_timeout_ms",
          "release_timeout_ms", "stop_timeout_ms",
        ].map { OptionDescriptor(name: $0, defaultValue: 5, range: 1...60_000, summary: "") },
        collisionModel: .unmodelled, depths: [.bind], takesCommand: true, traits: traits),
    ],
    thieves: TestVocabulary.vocabulary.thieves + [
      ThiefDescriptor(
        name: "siblings", summary: "same start",
        options: ["deployments", "addresses", "window_ms"].map {
          OptionDescriptor(name: $0, defaultValue: 5, range: 0...60_000, summary: "how many")
        }, model: .runsTheSameStart)
    ])

  /// What is wrong with a plan of one scenario, "s", of 300 ms: path and message.
  static func problems(
    _ scenario: String, strategy: String = "\"probe-then-bind\"", defaults: String = ""
  ) -> [String] {
    let text = """
      {"version": 1, "name": "p", "strategies": [\(strategy)], "defaults": {"trials": 9\(defaults)},
      "scenarios": [{"name": "s", "topology": {"api_servers": 2}, "timeout_ms": 300\(scenario)}]}
      """
    do throws(PlanErrors) {
      _ = try PlanLoader.load(text.utf8, file: "p", vocabulary: vocabulary)
      return []
    } catch {
      return error.errors.map { "\($0.path): \($0.message)" }
    }
  }

  static let startup = #", "depth": "startup", "startup": {"nodes": 2, "#
  static let advice = "and timeout_ms is 300: raise timeout_ms above"

  @Test(arguments: [
    (
      #", "barrier": {"arrival_skew_us": 300000}"#, #", "barrier": {"arrival_skew_us": 299999}"#,
      "scenarios[0].barrier.arrival_skew_us",
      "scenario \"s\" takes up to 300 ms by its own settings (barrier.arrival_skew_us: 300 ms), \(advice) 300, or lower barrier.arrival_skew_us"
    ),
    (
      startup + #""import_ms": 100, "load_ms": 200}"#,
      startup + #""import_ms": 100, "load_ms": 199}"#, "scenarios[0].startup.load_ms",
      "(startup.import_ms: 100 ms, startup.load_ms: 200 ms), \(advice) 300, or lower startup.load_ms"
    ),
    // By default the load takes 20 ms.
    (
      startup + #""import_ms": 280}"#, startup + #""import_ms": 279}"#,
      "scenarios[0].startup.import_ms", "(startup.import_ms: 280 ms, startup.load_ms: 20 ms)"
    ),
    (
      startup + #""coordinator_import_ms": 300}"#, startup + #""coordinator_import_ms": 299}"#,
      "scenarios[0].startup.coordinator_import_ms", "(startup.coordinator_import_ms: 300 ms)"
    ),
    // With Ray the launcher waits for coordinator and actors before it starts an API server.
    (
      startup + #""backend": "ray", "load_ms": 299, "import_ms": 200}"#,
      startup + #""backend": "ray", "load_ms": 298, "import_ms": 200}"#,
      "scenarios[0].startup.load_ms",
      "(startup.coordinator_import_ms: 1 ms, startup.load_ms: 299 ms)"
    ),
    // A limit of its own ends the wait before: that is what such a plan asks for.
    (
      startup + #""load_ms": 5000, "client_timeout_ms": 295}"#,
      startup + #""load_ms": 5000, "client_timeout_ms": 200}"#, "scenarios[0].startup.load_ms",
      "startup.load_ms: 295 ms"
    ),
    (
      startup + #""coordinator_import_ms": 5000, "coordinator_timeout_ms": 300}"#,
      startup + #""coordinator_import_ms": 5000, "coordinator_timeout_ms": 40}"#,
      "scenarios[0].startup.coordinator_import_ms", "startup.coordinator_import_ms: 300 ms"
    ),
    (
      #", "window": {"foreign_draws": 30}, "thieves": [{"kind": "bind-churn", "options": {"rate_per_second": 100, "hold_ms": 1}}]"#,
      #", "window": {"foreign_draws": 29}, "thieves": [{"kind": "bind-churn", "options": {"rate_per_second": 100, "hold_ms": 1}}]"#,
      "scenarios[0].window.foreign_draws",
      "waits for 30 foreign draws, for which its thieves need 300 ms on average"
    ),
    // The window may be longer than the limit.
    (
      #", "window": {"foreign_draws": 50, "milliseconds": 500}, "thieves": [{"kind": "bind-churn", "options": {"rate_per_second": 100, "hold_ms": 1}}]"#,
      #", "window": {"foreign_draws": 49, "milliseconds": 500}, "thieves": [{"kind": "bind-churn", "options": {"rate_per_second": 100, "hold_ms": 1}}]"#,
      "scenarios[0].window.foreign_draws", "need 500 ms on average"
    ),
    (
      #", "window": {"foreign_draws": 9}, "thieves": [{"kind": "siblings", "options": {"window_ms": 300}}]"#,
      #", "window": {"foreign_draws": 9}, "thieves": [{"kind": "siblings", "options": {"window_ms": 299}}]"#,
      "scenarios[0].thieves[0].options.window_ms",
      "waits 300 ms for the draws of \"siblings\", \(advice) 300, or lower window_ms"
    ),
  ])
  func `settings of a scenario that reach its timeout are refused where they stand`(
    _ tooLong: String, _ shorter: String, _ path: String, _ message: String
  ) throws {
    let problems = Self.problems(tooLong)
    try #require(problems.count == 1, "\(problems)")
    #expect(problems[0].hasPrefix(path + ": "), "\(problems[0])")
    #expect(problems[0].contains(message), "\(problems[0])")
    #expect(Self.problems(shorter) == [])
  }

  @Test func `a setting of the defaults is named there`() throws {
    let problems = Self.problems("", defaults: #", "barrier": {"arrival_skew_us": 400000}"#)
    try #require(problems.count == 1, "\(problems)")
    #expect(problems[0].hasPrefix("defaults.barrier.arrival_skew_us: "), "\(problems[0])")
  }

  /// Most counts, and the scenario's own skew comes on top.
  @Test func `a strategy's own sleeps count beside the scenario's settings`() throws {
    func strategy(_ options: String) -> String {
      #"{"name": "sleeper", "label": "doze", "options": {\#(options)}}"#
    }
    let long = Self.problems("", strategy: strategy(#""most_ms": 200, "gap_ms": 100"#))
    try #require(long.count == 1, "\(long)")
    #expect(
      long[0]
        == "strategies[0].options.most_ms: scenario \"s\" takes up to 300 ms with \"doze\" by its own settings (gap_ms: 100 ms, most_ms: 200 ms), \(Self.advice) 300, or lower most_ms"
    )
    #expect(Self.problems("", strategy: strategy(#""most_ms": 200, "gap_ms": 99"#)) == [])
    let least = Self.problems("", strategy: strategy(#""least_ms": 300"#))
    try #require(least.count == 1, "\(least)")
    #expect(least[0].hasPrefix("strategies[0].options.least_ms: "), "\(least[0])")
    let skew = #", "barrier": {"arrival_skew_us": 100000}"#
    let both = Self.problems(skew, strategy: strategy(#""most_ms": 10, "gap_ms": 190"#))
    try #require(both.count == 1, "\(both)")
    #expect(both[0].hasPrefix("strategies[0].options.gap_ms: "), "\(both[0])")
    // One that does not run takes no time.
    #expect(
      Self.problems(
        skew + #", "skip": {"doze": "not here"}"#,
        strategy: strategy(#""most_ms": 10, "gap_ms": 190"#)) == [])
  }

  /// Its lateness could not be told from a hang if the trial ended in the same millisecond.
  @Test(arguments: [
    (["hello_timeout_ms": 5_000, "allocate_timeout_ms": 300], "allocate_timeout_ms"),
    (["bind_timeout_ms": 1, "report_timeout_ms": 299], "bind_timeout_ms and report_timeout_ms"),
    (["release_timeout_ms": 300], "release_timeout_ms"),
    (["stop_timeout_ms": 300], "stop_timeout_ms"),
  ])
  func `an adapter's deadlines must pass before the trial's`(
    _ deadlines: [String: Int], _ names: String
  ) {
    func problems(_ deadlines: [String: Int]) -> [String] {
      let options = deadlines.map { "\"\($0)\": \($1)" }.joined(separator: ", ")
      return Self.problems(
        "", strategy: #"{"name": "patient", "command": ["x"], "options": {\#(options)}}"#)
    }
    #expect(
      problems(deadlines) == [
        "scenarios[0]: \(names) of \"patient\" are 300 ms together; they must be less than timeout_ms, 300"
      ])
    var shorter = deadlines
    let counted = deadlines.filter { $0.key != "hello_timeout_ms" }
    let longest = counted.max { $0.value < $1.value }!.key
    shorter[longest]! -= 1
    #expect(problems(shorter) == [])
  }

  @Test func `addresses alone are not released from a barrier`() {
    #expect(
      Self.problems(#", "depth": "allocate", "barrier": {"arrival_skew_us": 900000}"#) == [])
  }
}
