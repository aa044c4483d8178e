import Foundation
import Glibc
import TestSupport
import Testing

/// Names below a results folder that somebody replaces by links while a run goes on: what they lead to stays as it is.
@Suite(.serialized, .timeLimit(.minutes(20))) struct ReplacedNameTests {
  /// All that a run writes after it has begun.
  private static let late = [
    "matrix.json", "matrix.md", "matrix.csv", "metrics.txt", "junit.xml", "timing.json",
    "report.html",
  ]

  /// Runs something as the user nobody where this is root, else as this user.
  @discardableResult
  private static func asAnother(_ script: String, in folder: String) throws -> Finished {
    let nobody =
      Kernel.isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []
    return try Program.run(nobody + ["sh", "-ec", script], folder: folder)
  }

  /// A run in its window, whose results belong to somebody else where that can be.
  private static func runInWindow(_ body: (Workplace, Program, String) throws -> Void) throws {
    let workplace = try Workplace(
      plan(
        ["inherited-listener"], trials: 2,
        settings: #""window": {"milliseconds": 3600000}, "timeout_ms": 20000"#))
    try asAnother(
      "mkdir results && chmod 777 results && umask 0 && mkdir results/small",
      in: workplace.scratch.path)
    let program = try workplace.start(["--quiet"])
    try waitUntil("trial in its window") {
      if program.hasEnded() { throw TestFailure("it has ended: \(program.errorOutput)") }
      return Kernel.descendants(of: program.pid).count { $0.name.hasPrefix("bs-api-0-") } == 4
    }
    let name = try #require(
      workplace.scratch.names(in: "results/small").first { $0 != "latest" })
    try body(workplace, program, name)
  }

  @Test func `a run whose folder is replaced writes to the one that it made`() throws {
    try Self.runInWindow { workplace, program, name in
      let victim = try workplace.scratch.write("before", to: "victim")
      chmod(victim, 0o600)
      let swapped = try Self.asAnother(
        """
        cd results/small; mv \(name) moved; mkdir \(name)
        for file in \(Self.late.joined(separator: " ")) workers.log events.jsonl
        do ln -s \(victim) \(name)/$file; done
        """, in: workplace.scratch.path)
      #expect(swapped.ending == .exit(0), "\(swapped)")
      program.signal(SIGINT)
      let finished = try program.wait()
      #expect(finished.ending == .exit(130), "\(finished)")
      #expect(try workplace.text(victim) == "before")
      let names = workplace.scratch.names(in: "results/small/moved")
      #expect(Self.late.allSatisfy(names.contains), "\(names)")
      #expect(finished.errorOutput.contains("warning: others can remove or replace results in "))
    }
  }

  @Test func `names that are there before their file is written are refused`() throws {
    try Self.runInWindow { workplace, program, name in
      let victim = try workplace.scratch.write("before", to: "victim")
      for file in Self.late {
        try #require(symlink(victim, "\(workplace.results)/small/\(name)/\(file)") == 0)
      }
      program.signal(SIGINT)
      let finished = try program.wait()
      #expect(finished.ending == .exit(74), "\(finished)")
      #expect(finished.errorOutput.contains("matrix.json: File exists"), "\(finished)")
      #expect(try workplace.text(victim) == "before")
    }
  }

  @Test(.enabled(if: Kernel.isRoot, "needs root to become another user"))
  func `another user's link is no results folder and no summary`() throws {
    let workplace = try Workplace()
    try #require(mkdir(workplace.scratch.path + "/target", 0o777) == 0)
    let victim = try workplace.scratch.write("before", to: "victim")
    try Self.asAnother("ln -s target results; ln -s victim summary", in: workplace.scratch.path)
    let refused = try workplace.run()
    #expect(refused.ending == .exit(73), "\(refused)")
    #expect(refused.errorOutput.contains("'results' is a symbolic link of user 65534"))
    #expect(workplace.scratch.names(in: "target") == [])
    let finished = try workplace.bindstorm(
      ["run", "plan.json"],
      environment: ["GITHUB_STEP_SUMMARY": workplace.scratch.path + "/summary"])
    #expect(finished.ending == .exit(0), "\(finished)")
    #expect(finished.errorOutput.contains("cannot write GITHUB_STEP_SUMMARY: 'summary' is a"))
    #expect(try workplace.text(victim) == "before")
  }

  @Test func `a summary that is a pipe nobody reads does not keep the run`() throws {
    let workplace = try Workplace()
    let pipe = workplace.scratch.path + "/pipe"
    try #require(mkfifo(pipe, 0o600) == 0)
    let finished = try workplace.run(environment: ["GITHUB_STEP_SUMMARY": pipe])
    #expect(finished.ending == .exit(0), "\(finished)")
    #expect(finished.errorOutput.contains("cannot write GITHUB_STEP_SUMMARY: "))
    let full = try workplace.run(environment: ["GITHUB_STEP_SUMMARY": "/dev/full"])
    #expect(full.errorOutput.contains("cannot write GITHUB_STEP_SUMMARY: No space left"), "\(full)")
  }
}
