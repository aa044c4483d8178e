import Foundation
import TestSupport
import Testing

@Suite struct StoppingCommandTests {
  /// A control that a thief always hits, a fix, and a row without a demand.
  static let demanding = plan(
    ["probe-then-bind", "inherited-listener"], trials: 300,
    settings: #""thieves": [{ "kind": "bind-hold", "options": { "ports": 400 } }]"#,
    scenario: """
      "expect": {
        "probe-then-bind": { "failure_rate_at_least": 0.5, "must_fail_control": true },
        "inherited-listener": { "failure_rate_at_most": 0.02 } }
      """)

  private func matrix(_ place: Workplace) throws -> StoredMatrix {
    try StoredMatrix(path: place.results + "/small/latest/matrix.json")
  }

  @Test func `a sequential test spares trials, and analyze says the same`() throws {
    let place = try Workplace(Self.demanding)
    let run = try place.run(["--sequential", "--quiet"])
    #expect(run.status == 0, "\(run)")
    let control = try matrix(place).arms[0]
    #expect(control.reason.contains("by the sequential test"), "\(control)")
    #expect(control.launches.values.reduce(0, +) < 300)
    let again = try place.bindstorm(["analyze", place.results + "/small/latest"])
    #expect(again.status == run.status)
    #expect(run.output.hasPrefix(again.output.dropLast(1)), "\(again)")
  }

  @Test func `a budget ends a run by its verdicts`() throws {
    let place = try Workplace(
      plan(
        ["inherited-listener"], trials: 1_000_000,
        scenario: #""expect": {"*": {"failure_rate_at_most": 0.5}}"#))
    let run = try place.run(["--budget", "1s", "--quiet"])
    // Undecided would be 2, an interruption 130: half a second is enough to show a rate below one half.
    #expect(run.status == 0, "\(run)")
    #expect(try matrix(place).arms[0].reason.contains("in the budget of 1.0 s"))
    #expect(!run.output.contains("PARTIAL"))
  }

  @Test func `the first failure ends a cell, and the run goes on`() throws {
    let place = try Workplace(
      plan(
        ["probe-then-bind", "inherited-listener"], trials: 200,
        settings: #""thieves": [{ "kind": "bind-hold", "options": { "ports": 400 } }]"#))
    #expect(try place.run(["--until-failure", "--quiet"]).status == 0)
    let rows = try matrix(place).arms
    #expect(rows[0].reason.contains("by a failure"), "\(rows[0])")
    #expect(rows[1].launches == ["ready": 200])
  }

  @Test func `jobs change no result but times`() throws {
    let place = try Workplace(
      plan(["inherited-listener", "wildcard-report-back", "hold-until-bind"], trials: 20))
    let one = try place.run(["--quiet"])
    let three = try place.run(["--quiet", "--jobs", "3"])
    #expect(one.status == 0 && three.status == 0, "\(three)")
    let resolved = try String(
      contentsOfFile: place.results + "/small/latest/environment.json", encoding: .utf8)
    #expect(resolved.contains("\"jobs\" : 3"), "\(resolved)")
    for count in ["20/20", "0/20"] {
      #expect(one.output.contains(count) == three.output.contains(count))
    }
    #expect(try place.run(["--jobs", "2", "--no-isolation"]).status == 64)
    #expect(try place.run(["--jobs", "0"]).status == 64)
  }
}
