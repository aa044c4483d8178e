import Foundation
import Glibc
import TestSupport
import Testing

/// Runs, cells and trials by name, on runs made here.
@Suite(.serialized) struct RunNameTests {
  /// A folder `Results` with runs of `small`, which has awkward labels, and then of `other`.
  nonisolated(unsafe) private static let workplace = Result {
    let text = plan(name: "small").replacing(
      #""strategies": ["wildcard-report-back", "inherited-listener"]"#,
      with: #"""
        "strategies": [
          { "name": "wildcard-report-back", "label": "wild card" },
          { "name": "inherited-listener", "label": "x" },
          { "name": "inherited-listener", "label": "x/3" },
          { "name": "inherited-listener", "label": "b/x" }
        ]
        """#
    ).replacing(
      #"[{ "name": "a" }]"#, with: #"[{ "name": "a" }, { "name": "a/b", "strategies": ["x"] }]"#)
    let workplace = try Workplace(text)
    _ = try workplace.scratch.write(
      plan(["inherited-listener"], trials: 2, name: "other"), to: "other.json")
    for file in ["plan.json", "plan.json", "other.json"] {
      let run = try workplace.bindstorm(["run", file, "--quiet"])
      guard run.ending == .exit(0) else { throw TestFailure(run.errorOutput) }
    }
    return workplace
  }

  private static func answer(_ line: [String], ends code: Int32 = 0) throws -> String {
    let finished = try workplace.get().bindstorm(line)
    #expect(finished.ending == .exit(code), "\(line): \(finished)")
    return finished.output + finished.errorOutput
  }

  /// Names of the runs of a plan, the older one first: two of one second are told apart by a number.
  private static func runs(of plan: String) throws -> [String] {
    let names = try workplace.get().scratch.names(in: "Results/\(plan)").filter { $0 != "latest" }
    return names.sorted { ($0.count, $0) < ($1.count, $1) }
  }

  @Test func `a run is found by folder, by plan and as the newest`() throws {
    let small = try #require(try Self.runs(of: "small").last)
    let other = try #require(try Self.runs(of: "other").last)
    for name in [
      "small", "small/", "small/latest", "small/latest///", "small/\(small)", "Results/small",
      "Results/small/", "Results/small/latest", "./Results/small/\(small)/",
      try Self.workplace.get().scratch.path + "/Results/small",
    ] {
      let text = try Self.answer(["explain", name])
      #expect(text.contains("50 trials, 0 ports lost"), "\(name): \(text)")
      #expect(try Self.answer(["analyze", name]).contains("wild card"), "\(name)")
    }
    for name in ["latest", "latest/", "Results/latest", "other/\(other)"] {
      #expect(try Self.answer(["explain", name]).contains("2 trials"), "\(name)")
    }
    #expect(try Self.answer(["compare", "small"]).contains("beside wild card"))
    // Not Results: the other folder has no runs.
    let elsewhere = try Self.workplace.get().bindstorm(
      ["explain", "latest"], environment: ["BINDSTORM_RESULTS": "Nothing"])
    #expect(elsewhere.ending == .exit(64))
    #expect(elsewhere.errorOutput.contains("The results folder Nothing has no runs"))
  }

  @Test func `a cell and a trial are found by name and by number`() throws {
    for name in ["small/a/wild card/7", "small/0/7", "Results/small/latest/a/wild card/7"] {
      let text = try Self.answer(["explain", name])
      #expect(text.hasPrefix("a, wild card, trial 7 (arm 0)\nlaunch 0: ready"), "\(text)")
    }
    for name in ["small/a/wild card", "small/a/wild card/", "small/0"] {
      #expect(try Self.answer(["explain", name]).contains("10 trials, "), "\(name)")
    }
    let text = try Self.answer(["replay", "small/a/wild card/7"])
    #expect(text.contains("a, wild card, trial 7 (recorded: ready)"), "\(text)")
    let clean = try Self.answer(["replay", "small/a/wild card"], ends: 64)
    #expect(clean.contains("no trial of a/wild card in Results/small/"), "\(clean)")
  }

  @Test func `an ambiguous name is refused with every reading`() throws {
    let text = try Self.answer(["explain", "small/a/b/x"], ends: 64)
    #expect(text.contains("\"a/b/x\" is ambiguous"), "\(text)")
    #expect(text.contains("it may be a/b%2Fx, a%2Fb/x"), "\(text)")
    // The name of a trial has one meaning, whatever labels there are.
    #expect(try Self.answer(["explain", "small/a/x/3"]).hasPrefix("a, x, trial 3 (arm 1)\n"))
    #expect(try Self.answer(["explain", "small/a/x%2F3"]).contains("10 trials, "))
    #expect(try Self.answer(["explain", "small/a/x%2F3/3"]).contains("a, x/3, trial 3 (arm 2)"))
    #expect(try Self.answer(["explain", "small/1/3"]).contains("a, x, trial 3 (arm 1)"))
  }

  @Test func `what is not there is refused with what is`() throws {
    let run = try Self.answer(["explain", "smal"], ends: 64)
    #expect(run.contains("there is no run \"smal\"; did you mean small?"), "\(run)")
    #expect(run.contains("has runs of other, small"), "\(run)")
    let path = try Self.answer(["analyze", "Results/smll/latest"], ends: 64)
    #expect(path.contains("did you mean small?"), "\(path)")
    let cell = try Self.answer(["explain", "small/a/wild crad/7"], ends: 64)
    #expect(cell.contains("did you mean 'a/wild card'?"), "\(cell)")
    #expect(
      cell.contains("it has the cells 'a/wild card', a/x, a/x%2F3, a/b%2Fx, a%2Fb/x"), "\(cell)")
    let scenario = try Self.answer(["explain", "other/a"], ends: 64)
    #expect(scenario.contains("did you mean a/inherited-listener?"), "\(scenario)")
    let trial = try Self.answer(["explain", "other/a/inherited-listener/2"], ends: 64)
    #expect(trial.contains("there is no trial 2 of a/inherited-listener"), "\(trial)")
    #expect(trial.contains("has 2 of its trials, counted from 0"), "\(trial)")
    let whole = try Self.answer(["analyze", "small/a/x"], ends: 64)
    #expect(whole.contains("takes a whole run, and small/a/x names the cell a/x"), "\(whole)")
    let none = try Self.answer(["replay", "small"], ends: 64)
    #expect(none.contains("replay takes one trial: small/SCENARIO/STRATEGY/TRIAL"), "\(none)")
  }

  @Test func `completions offer runs, cells and labels`() throws {
    func offers(_ command: String, _ place: String, _ typed: String, _ words: [String] = []) throws
      -> [String]
    {
      let line = ["bindstorm", command] + words + [typed]
      let index = line.count - 1
      return try Self.answer(
        ["---completion", command, "--", place, "\(index)", "\(typed.count)"] + line
      ).split(separator: "\n").map(String.init)
    }
    #expect(try offers("explain", "positional@0", "").prefix(3) == ["latest", "other", "small"])
    #expect(
      try offers("explain", "positional@0", "small/a/") == [
        "small/a/wild card", "small/a/x", "small/a/x%2F3", "small/a/b%2Fx",
      ])
    #expect(
      try offers("explain", "positional@0", "small/a/w")
        == ["small/a/wild card", "small/a/wild card/"])
    #expect(try offers("analyze", "positional@0", "ot") == ["other"])
    #expect(try offers("analyze", "positional@0", "Res") == ["Results/"])
    #expect(try offers("compare", "--reference", "w", ["small"]) == ["wild card"])
    #expect(try offers("run", "--only", "a/", ["other.json"]) == ["a/inherited-listener"])
    #expect(try offers("run", "positional@0", "ot") == ["other.json"])
    #expect(try offers("predict", "--strategy", "wild") == ["wildcard-report-back"])
  }
}
