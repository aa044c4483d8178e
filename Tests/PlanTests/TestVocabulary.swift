import PortModel

@testable import PlanModel
@testable import PlanReading

/// Words for the plans of these tests. They are the tests' own, so that a new strategy breaks no test of
/// planning.
enum TestVocabulary {
  private static let traits = StrategyTraits(
    cooperation: .nobody, isKnownBeforehand: true, worksAcrossHosts: true, failure: .closed,
    weakness: "none")

  static let vocabulary = Vocabulary(
    strategies: [
      StrategyDescriptor(
        name: "probe-then-bind", summary: "races", origin: "", collisionModel: .probeThenBind,
        depths: [.allocate, .bind], traits: traits),
      StrategyDescriptor(
        name: "wildcard-report-back", summary: "reports", origin: "",
        options: [
          OptionDescriptor(
            name: "report_timeout_ms", defaultValue: 5_000, range: 1...60_000,
            summary: "patience of the launcher"),
          OptionDescriptor(name: "attempts", defaultValue: 1, range: 1...9, summary: "tries"),
        ], collisionModel: .heldFromTheStart, depths: [.bind], traits: traits),
      StrategyDescriptor(
        name: "lease", summary: "must be told its size", origin: "",
        options: [
          OptionDescriptor(
            name: "lease_ports", defaultValue: nil, range: 1...10, summary: "size of the lease")
        ], collisionModel: .heldFromTheStart, depths: [.bind], traits: traits),
      StrategyDescriptor(
        name: "exec", summary: "drives a program", origin: "", collisionModel: .unmodelled,
        depths: [.allocate, .bind], takesCommand: true, traits: traits),
    ],
    thieves: [
      ThiefDescriptor(
        name: "bind-hold", summary: "holds",
        options: [
          OptionDescriptor(
            name: "ports", defaultValue: nil, range: 1...60_000, summary: "ports it takes")
        ], intensity: "ports", model: .holdsThroughWindow),
      ThiefDescriptor(
        name: "bind-churn", summary: "churns",
        options: [
          OptionDescriptor(
            name: "rate_per_second", defaultValue: nil, range: 1...1_000_000, summary: "its rate"),
          OptionDescriptor(
            name: "hold_ms", defaultValue: nil, range: 0...60_000, summary: "how long it holds"),
        ], intensity: "rate_per_second", model: .churns),
      ThiefDescriptor(
        name: "riddle", summary: "unknown", options: [], model: .unmodelled("who knows")),
    ],
    faults: [
      FaultDescriptor(name: "pause", summary: "stops", options: FaultDescriptor.duration),
      FaultDescriptor(
        name: "kill", summary: "kills",
        options: [
          OptionDescriptor(
            name: "signal", defaultValue: 0, range: 0...1, summary: "which",
            words: ["SIGKILL", "SIGTERM"])
        ]),
      FaultDescriptor(
        name: "closed-channel", summary: "closes", points: [.beforeReport, .afterReport],
        needsFreshWorkers: true),
    ])

  static func load(_ text: String) throws(PlanErrors) -> ResolvedPlan {
    try PlanLoader.load(text.utf8, file: "demo.json", vocabulary: vocabulary)
  }

  static func errors(_ text: String) -> [PlanError] {
    do throws(PlanErrors) {
      _ = try load(text)
      return []
    } catch {
      return error.errors
    }
  }

  /// A good plan of eight lines. Line 2 takes more of the plan's members, line 7 more of the scenario's,
  /// each beginning in column 1.
  static func text(top: String = "", scenario: String = "") -> String {
    """
    {
    \(top)
    "version": 1, "name": "demo", "strategies": ["probe-then-bind", "wildcard-report-back"],
    "defaults": {"trials": 300, "topology": {"api_servers": 2}},
    "scenarios": [{
    "name": "quiet",
    \(scenario)
    "why": "nothing else happens"}]}
    """
  }
}
