import Glibc
import TestSupport
import Testing

/// A process that the host does not let be made: the trial says so, and nothing is held against the strategy. The
/// refusal is made by BINDSTORM_FAIL (`failing_calls.h`), which debug builds know.
@Suite(.serialized, .timeLimit(.minutes(10))) struct HostRefusalTests {
  /// Which process is refused in which kind of plan.
  struct Row: Sendable, CustomTestStringConvertible {
    var rule: String
    /// What the evidence calls it.
    var process: String
    var strategy = "inherited-listener"
    /// JSON members of `defaults`.
    var settings = ""
    /// JSON members of the scenario.
    var scenario = ""
    var testDescription: String { "\(rule) \(settings) \(scenario)" }
  }

  static func startup(_ members: String) -> String {
    #""depth": "startup", "sockets": "zmq", "topology": {"api_servers": 2}, "startup": {"nodes": 2, \#(members)}"#
  }

  static func fault(_ kind: String, _ point: String) -> String {
    #""faults": [{"kind": "\#(kind)", "at": "\#(point)"}]"#
  }

  static let rows: [Row] = [
    Row(rule: "fork/api-server:EAGAIN", process: "API server 0"),
    Row(rule: "fork/api-server#3:EAGAIN", process: "API server 2"),
    Row(
      rule: "fork/api-server#3:ENOMEM", process: "API server 2", settings: #""workers": "pooled""#),
    Row(
      rule: "fork/api-server:EAGAIN", process: "API server 0",
      scenario: startup(#""engines": 2"#)),
    Row(
      rule: "socketpair/launcher:EMFILE", process: "the channel to API server 0",
      strategy: "wildcard-report-back"),
    Row(
      rule: "fork/engine-core#2:EAGAIN", process: "engine core 1",
      scenario: startup(#""engines": 4"#)),
    // The head node's launcher has made two when it makes that of the other node, which goes on from its count.
    Row(
      rule: "fork/engine-core#3:EAGAIN", process: "engine core 2",
      scenario: startup(#""engines": 4"#)),
    Row(
      rule: "fork/headless-launcher:EAGAIN", process: "the launcher of node 1",
      scenario: startup(#""engines": 2"#)),
    Row(
      rule: "fork/node-service:EAGAIN", process: "the services of a node",
      scenario: startup(#""engines": 2, "node_ports": 2"#)),
    Row(
      rule: "fork/coordinator:EAGAIN", process: "the coordinator",
      scenario: startup(#""engines": 2"#)),
    Row(
      rule: "fork/orphan#1:EAGAIN", process: "the orphan of an earlier launch",
      scenario: startup(#""orphan": true"#)),
    Row(
      rule: "fork/orphan#2:EAGAIN", process: "the orphan of an earlier launch",
      scenario: startup(#""orphan": true"#)),
    // The first front end of an API server's is its own; the launcher's is the HTTP client.
    Row(
      rule: "fork/front-end:EAGAIN", process: "the HTTP client",
      scenario: startup(#""http": true"#)),
    Row(
      rule: "socketpair/api-server:EMFILE", process: "the HTTP front end of API server",
      scenario: startup(#""http": true"#)),
    Row(rule: "fork/launcher:EAGAIN", process: "launcher 0"),
    Row(
      rule: "fork/thief:EAGAIN", process: "thief 0",
      scenario: #""thieves": [{"kind": "bind-hold", "options": {"ports": 3}}]"#),
    Row(rule: "fork/auditor:EAGAIN", process: "the auditor"),
    Row(
      rule: "fork/fault-helper:EAGAIN", process: "the process that acts for fault 0 (steal)",
      strategy: "fixed-ranges", scenario: fault("steal", "before-input-bind")),
    Row(
      rule: "fork/fault-helper#1:EAGAIN", process: "the process that acts for fault 0 (orphan)",
      strategy: "fixed-ranges", scenario: fault("orphan", "after-probe")),
    Row(
      rule: "fork/fault-helper#2:EAGAIN", process: "the process that acts for fault 0 (orphan)",
      strategy: "fixed-ranges", scenario: fault("orphan", "after-probe")),
    Row(
      rule: "fork/fault-helper:EAGAIN",
      process: "the process that acts for fault 0 (leaked-descriptors)",
      scenario: fault("leaked-descriptors", "after-probe")),
  ]

  @Test(arguments: rows)
  func `a process that the host refuses is a harness error of its trial`(_ row: Row) throws {
    let place = try Workplace(
      plan([row.strategy], trials: 1, settings: row.settings, scenario: row.scenario))
    let finished = try place.run(environment: ["BINDSTORM_FAIL": row.rule])
    let counts = try place.outcomes()
    #expect(counts == ["harness-error": 1], "\(counts)\n\(finished.errorOutput)")
    let told = try place.bindstorm(["explain", place.latest("0/0")]).output
    let error = String(row.rule.split(separator: ":").last!)
    // Which of several API servers comes first is nobody's to say.
    let refusal = #/the host refused to make (.+?)(?: \d+)?: errno/#
    let made = told.firstMatch(of: refusal).map { String($0.1) }
    #expect(made == row.process.replacing(#/ \d+$/#, with: ""), "\(told)")
    #expect(told.contains(error) && told.contains("not the strategy's failure"), "\(told)")
    #expect(told.contains("or let the plan start fewer"), "\(told)")
  }

  /// One that is refused once costs its trial alone.
  @Test func `the run goes on with the next trial`() throws {
    let place = try Workplace(plan(["inherited-listener"], trials: 4))
    _ = try place.run(environment: [
      "BINDSTORM_FAIL": "fork/api-server#6:EAGAIN,fork/thief#9:EAGAIN"
    ])
    #expect(try place.outcomes() == ["ready": 3, "harness-error": 1])
    let workers = try Workplace(plan(["inherited-listener"], trials: 4))
    _ = try workers.run(environment: ["BINDSTORM_FAIL": "fork/launcher#1:EAGAIN"])
    #expect(try workers.outcomes() == ["ready": 3, "harness-error": 1])
  }

  @Test func `a rule that cannot be read ends the program that meets it`() throws {
    let place = try Workplace()
    let finished = try place.run(environment: ["BINDSTORM_FAIL": "fork/api-sever:EAGAIN"])
    #expect(finished.ending != .exit(0))
  }
}
