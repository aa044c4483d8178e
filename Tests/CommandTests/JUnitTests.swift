import Foundation
import TestSupport
import Testing

/// The JUnit XML of a run and of `check`, against the schema that Jenkins has for it.
@Suite struct JUnitTests {
  private static let prepared = Built.repository + "/.venv/statistics"
  private static let schema = prepared + "/pytest-8.3.3/testing/example_scripts/junit-10.xsd"
  private static let python = prepared + "/bin/python"

  /// What is wrong with a document, one a line. The copy of the schema that pytest carries calls the element `error`
  /// `errors`, a slip: pytest itself writes `error`, and so do Jenkins' examples.
  private static func faults(_ document: String) throws -> String {
    let script = """
      import sys
      from lxml import etree
      text = open(sys.argv[1]).read().replace('name="errors">', 'name="error">').replace('ref="errors"', 'ref="error"')
      schema = etree.XMLSchema(etree.fromstring(text.encode()))
      schema.validate(etree.parse(sys.argv[2]))
      for error in schema.error_log: print(error.line, error.message)
      """
    let finished = try Program.run([python, "-c", script, schema, document])
    try #require(finished.ending == .exit(0), "\(finished)")
    return finished.output
  }

  private static func hasSchema() -> Bool {
    FileManager.default.fileExists(atPath: schema) && FileManager.default.fileExists(atPath: python)
  }

  @Test(.enabled(if: hasSchema(), "no schema of JUnit XML: `make statistics-python` fetches it"))
  func `each kind of case is valid`() throws {
    let workplace = try Workplace(
      plan(
        ["probe-then-bind", "wildcard-report-back", "inherited-listener", "adapter"], trials: 20,
        scenario: """
          "window": { "foreign_draws": 300 },
          "thieves": [{ "kind": "bind-hold", "options": { "ports": 300 } }],
          "expect": {
            "probe-then-bind": { "failure_rate_at_most": 0.2 },
            "wildcard-report-back": { "failure_rate_at_most": 0.2 },
            "inherited-listener": { "failure_rate_at_least": 0.5, "must_fail_control": true }
          }
          """
      ).replacing(
        #""adapter""#,
        with: #"{ "name": "exec", "label": "absent", "command": ["no-such-program"] }"#))
    _ = try workplace.run(["--quiet"])
    let path = workplace.latest("junit.xml")
    let text = try workplace.text(path)
    for element in ["<failure", "<error", "<skipped"] where !text.contains(element) {
      Issue.record("no \(element): \(text)")
    }
    #expect(try Self.faults(path) == "")

    let checked = try workplace.bindstorm(
      ["check", "-q", "--junit", "check.xml", "--", "python3", "-c", Self.racy])
    #expect(checked.ending == .exit(66), "\(checked)")
    #expect(try Self.faults(workplace.scratch.path + "/check.xml") == "")
  }

  private static let racy = """
    import socket
    for port in (0, 0):
        probe = socket.socket(); probe.bind(("127.0.0.1", 0)); port = probe.getsockname()[1]; probe.close()
        again = socket.socket(); again.bind(("127.0.0.1", port)); again.close()
    """

  @Test
  func `it names the host, the seed, the pool, the attempts and the command that repeats them`()
    throws
  {
    let workplace = try Workplace(
      plan(
        ["probe-then-bind"], trials: 20,
        scenario: """
          "window": { "foreign_draws": 300 },
          "thieves": [{ "kind": "bind-hold", "options": { "ports": 300 } }]
          """))
    #expect(try workplace.run(["--quiet", "--tag", "commit=0a1b"]).ending == .exit(0))
    let text = try workplace.text(workplace.latest("junit.xml"))
    let environment = try workplace.json(workplace.latest("environment.json"))
    let host = try #require(environment["host"] as? String)
    #expect(text.contains(#" hostname="\#(host)">"#), "\(text)")
    #expect(text.contains(/timestamp="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"/), "\(text)")
    for (name, value) in [
      ("pool", "42000-42999"), ("kernel", environment["kernel"] as? String ?? ""),
      ("tag.commit", "0a1b"), ("seed", "1"),
    ] {
      #expect(text.contains(#"<property name="\#(name)" value="\#(value)"/>"#), "\(name): \(text)")
    }
    #expect(text.contains(/attempts: 20 of 20 trials counted, \d+ of them failed/), "\(text)")
    // The command does what it says.
    let line = try #require(text.firstMatch(of: /replay: bindstorm (replay .* --force)/)?.1)
    let replayed = try workplace.bindstorm(line.split(separator: " ").map(String.init))
    #expect([0, 1].contains(replayed.status), "\(replayed)")
    #expect(replayed.output.contains("lost"), "\(replayed)")
    let again = try #require(text.firstMatch(of: /name="replay" value="bindstorm (run [^"]*)"/)?.1)
    let rerun = try workplace.bindstorm(again.split(separator: " ").map(String.init) + ["--quiet"])
    #expect(rerun.ending == .exit(0), "\(rerun)")
  }
}
