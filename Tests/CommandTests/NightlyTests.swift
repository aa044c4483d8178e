import Foundation
import TestSupport
import Testing

/// What ships for a nightly, and what GitHub Actions is told.
@Suite struct NightlyTests {
  private static let folder = Built.repository + "/Examples/nightly"

  private static func night(_ arguments: [String], _ workplace: Workplace) throws -> Finished {
    try Program.run(
      [folder + "/nightly.sh"] + arguments,
      environment: ["PATH": "\(Built.folder):/usr/local/bin:/usr/bin:/bin", "COLUMNS": "4000"],
      folder: workplace.scratch.path)
  }

  @Test func `the script runs plans, keeps a history and ends with the worst code`() throws {
    let workplace = try Workplace()
    let results = workplace.results
    let first = try Self.night([results, "plan.json"], workplace)
    #expect(first.ending == .exit(2), "\(first)")
    #expect(first.output.contains("gate: undecided"), "\(first)")
    let second = try Self.night([results, "plan.json"], workplace)
    #expect(second.ending == .exit(0), "\(second)")
    #expect(second.output.contains("gate: none worse of 2 cells"), "\(second)")
    #expect(try workplace.text(results + "/plan.junit.xml").contains("<testsuites"))
    let bad = plan(
      ["inherited-listener"], trials: 40,
      scenario: #""expect": {"*": {"failure_rate_at_least": 0.9}}"#,
      name: "bad")
    _ = try workplace.scratch.write(bad, to: "bad.json")
    let worst = try Self.night([results, "bad.json", "plan.json"], workplace)
    #expect(worst.ending == .exit(1), "\(worst)")
    let broken = try Self.night([results, "missing.json", "plan.json"], workplace)
    #expect(broken.ending == .exit(64), "\(broken)")
    #expect(try Self.night([results], workplace).ending == .exit(64))
  }

  @Test(arguments: [
    "Examples/nightly/github-workflow.yml", "Examples/nightly/gitlab-ci.yml", "action.yml",
  ])
  func `each YAML file is well-formed`(file: String) throws {
    let script = """
      import sys
      try: import yaml
      except ImportError: sys.exit(9)
      assert isinstance(yaml.safe_load(open(sys.argv[1])), dict)
      """
    let parsed = try Program.run(["python3", "-c", script, Built.repository + "/" + file])
    if parsed.ending == .exit(9) { try skip("no PyYAML") }
    #expect(parsed.ending == .exit(0), "\(parsed)")
  }

  @Test(arguments: [
    "Examples/nightly/github-workflow.yml", "Examples/nightly/gitlab-ci.yml", "action.yml",
  ])
  func `each YAML file gives options that run has`(file: String) throws {
    let text = try String(contentsOfFile: Built.repository + "/" + file, encoding: .utf8)
    let help = try Program.run([Built.bindstorm, "run", "--help"]).output
    let options = Set(text.matches(of: /[\s"](--[a-z][a-z-]+)/).map { String($0.output.1) })
      .subtracting(["--preserve-env"])
    #expect(!options.isEmpty)
    for option in options { #expect(help.contains(option), "\(file): \(option)") }
  }

  @Test func `GitHub is told of cells that are not as expected, at the plan's line`() throws {
    let text = plan(
      ["inherited-listener"], trials: 40,
      scenario: #""expect": {"*": {"failure_rate_at_least": 0.9, "why": "100 %: sure"}}"#)
    let workplace = try Workplace(text)
    let silent = try workplace.run(["--quiet"])
    #expect(silent.ending == .exit(1) && !silent.errorOutput.contains("::"), "\(silent)")
    let told = try workplace.run(["--quiet"], environment: ["GITHUB_ACTIONS": "true"])
    let line = text.split(separator: "\n", omittingEmptySubsequences: false)
      .firstIndex { $0.contains("\"name\": \"a\"") }!
    #expect(
      told.errorOutput.contains(
        "::error file=plan.json,line=\(line + 1),title=a/inherited-listener::"), "\(told)")
  }
}
