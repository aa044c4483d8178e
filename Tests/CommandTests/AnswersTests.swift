import Foundation
import TestSupport
import Testing

/// The two answers of a row, from a run to its files.
@Suite(.serialized) struct AnswersTests {
  /// A port that is taken on purpose is lost in every trial, and one that is held in none: nothing that is asserted
  /// depends on chance.
  @Test func `what no thief reaches is undecided, and its forced row shows what it is worth`()
    throws
  {
    let workplace = try Workplace(
      """
      {
        "version": 1, "name": "small", "defaults": { "topology": { "api_servers": 2 }, "trials": 40 },
        "strategies": ["probe-then-bind", "inherited-listener", "fixed-ranges"],
        "scenarios": [{
          "name": "a", "forced": true, "thieves": [{ "kind": "bind-hold", "options": { "ports": 8000 } }],
          "window": { "foreign_draws": 8000 },
          "expect": { "fixed-ranges": { "failure_rate_at_most": 0.1 } }
        }]
      }
      """)
    let run = try workplace.run(["--quiet"], environment: ["COLUMNS": "80"])
    #expect(run.ending == .exit(1), "\(run)")
    let report = try #require(run.output.components(separatedBy: "\nresults: ").first)
    let lines = report.split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 80 }, "\(run.output)")
    let matrix = try StoredMatrix(path: workplace.latest("matrix.json"))
    let answers = zip(matrix.plan.arms, matrix.arms).map {
      "\($0.strategy.label): \($1.strategyAnswer), \($1.planAnswer)"
    }
    #expect(
      answers.dropFirst() == [
        "inherited-listener: survives, not-demanded", "fixed-ranges: undecided, as-expected",
        "probe-then-bind (forced): fails, not-demanded",
        "inherited-listener (forced): survives, not-demanded",
        "fixed-ranges (forced): fails, not-as-expected",
      ])
    #expect(run.output.contains("See the row fixed-ranges (forced)."))
    let wide = try workplace.bindstorm(
      ["analyze", workplace.latest(), "--costs"], environment: ["COLUMNS": "200"])
    #expect(wide.ending == .exit(1) && wide.output.contains("What each strategy costs:"))
  }

  @Test func `a row that lacks a part is told, and fails a strict run`() throws {
    let workplace = try Workplace(
      """
      {
        "version": 1, "name": "small", "defaults": { "topology": { "api_servers": 1 }, "trials": 2 },
        "strategies": ["inherited-listener", { "name": "exec", "command": ["/nonexistent/program"] }],
        "scenarios": [{ "name": "a" }, { "name": "b", "skip": { "exec": "not here" } }]
      }
      """)
    let run = try workplace.run(["--quiet"])
    #expect(run.ending == .exit(0), "\(run)")
    #expect(run.output.contains("1 row did not run, because a part is missing here"), "\(run)")
    #expect(run.output.contains("  a, exec: "))
    let strict = try workplace.bindstorm(["analyze", workplace.latest(), "--strict-skips"])
    #expect(strict.ending == .exit(2))
    #expect(try workplace.run(["--quiet", "--strict-skips"]).ending == .exit(2))
    // What the plan itself leaves out is no missing part.
    let part = try workplace.run(["--quiet", "--strict-skips", "--only", "b"])
    #expect(part.ending == .exit(0), "\(part)")
  }
}
