import Foundation
import Glibc
import TestSupport
import Testing

private let escape = "\u{1B}["

@Suite(.serialized, .timeLimit(.minutes(20))) struct ResultsTests {
  @Test func `a trial whose record has lost a line is no pass when it is judged again`() throws {
    let workplace = try Workplace(
      plan(
        ["inherited-listener"], trials: 4,
        scenario: #""expect": {"*": {"failure_rate_at_most": 0.7}}"#))
    #expect(try workplace.run().ending == .exit(0))
    var lines = try workplace.text(workplace.latest("events.jsonl")).split(
      separator: "\n", omittingEmptySubsequences: false)
    let place = try #require(lines.firstIndex { $0.contains(#""event":"server""#) })
    lines.remove(at: place)
    try lines.joined(separator: "\n").write(
      toFile: workplace.latest("events.jsonl"), atomically: false, encoding: .utf8)
    let judged = try workplace.bindstorm(["analyze", workplace.latest()])
    #expect(judged.ending == .exit(2), "\(judged)")
    #expect(judged.output.contains("1 launch without a usable record"), "\(judged.output)")
  }

  @Test func `the matrix is appended to GitHub's job summary where there is one`() throws {
    let workplace = try Workplace(plan(["probe-then-bind"]))
    let summary = try workplace.scratch.write("# before\n", to: "summary.md")
    let finished = try workplace.run(environment: ["GITHUB_STEP_SUMMARY": summary])
    #expect([.exit(0), .exit(1), .exit(2)].contains(finished.ending), "\(finished)")
    let text = try workplace.text(summary)
    #expect(text.hasPrefix("# before\n# small\n"))
    #expect(text.contains("| probe-then-bind |"))
    // One that cannot be written is said, and changes nothing else.
    let broken = try workplace.run(environment: ["GITHUB_STEP_SUMMARY": "/nonexistent/summary"])
    #expect(broken.ending == finished.ending)
    #expect(broken.errorOutput.contains("cannot write GITHUB_STEP_SUMMARY"))
  }

  @Test
  func `what libzmq says in a worker is kept beside the history, not shown between the lines`()
    throws
  {
    let workplace = try Workplace(
      plan(
        ["wildcard-report-back"], trials: 2, settings: #""timeout_ms": 3000"#,
        scenario:
          #""sockets": "zmq", "faults": [{"kind": "descriptor-limit", "at": "before-input-bind"}]"#
      ))
    let finished = try workplace.run(["--quiet"])
    #expect(finished.ending == .exit(0), "\(finished)")
    #expect(try workplace.outcomes() == ["child-died": 2])
    #expect(!finished.errorOutput.contains("signaler"), "\(finished.errorOutput)")
    #expect(finished.errorOutput.contains("workers.log"), "\(finished.errorOutput)")
    #expect(!(try workplace.text(workplace.latest("workers.log"))).isEmpty)
  }

  @Test func `a finished run's folder holds everything, and latest links to it`() throws {
    let workplace = try Workplace()
    let finished = try workplace.run(["-v", "--seed", "77"])
    #expect(finished.ending == .exit(0), "\(finished)")
    let folders = workplace.scratch.names(in: "results/small").filter { $0 != "latest" }
    let name = try #require(folders.first)
    #expect(folders.count == 1)
    #expect(try /[0-9]{8}T[0-9]{6}Z-77/.wholeMatch(in: name) != nil, "\(name)")
    #expect(
      try FileManager.default.destinationOfSymbolicLink(
        atPath: workplace.results + "/small/latest") == name)
    #expect(
      workplace.scratch.names(in: "results/small/latest") == [
        "environment.json", "events.jsonl", "junit.xml", "matrix.csv", "matrix.json", "matrix.md",
        "metrics.txt", "plan.json", "report.html",
        "resolved.json", "timing.json",
      ])
    #expect(finished.output.hasSuffix("results: \(workplace.results)/small/\(name)\n"))
    #expect(finished.errorOutput.contains("results: \(workplace.results)/small/\(name)\n"))
    // The plan stands there byte for byte, the seed that was used in what was resolved.
    #expect(
      try workplace.text(workplace.latest("plan.json"))
        == workplace.text(workplace.scratch.path + "/plan.json"))
    #expect(try workplace.json(workplace.latest("resolved.json"))["seed"] as? Int == 77)
    let matrix = try workplace.json(workplace.latest("matrix.json"))
    #expect(matrix["isPartial"] as? Bool == false)
    #expect((matrix["arms"] as? [Any])?.count == 2)
    #expect(try workplace.outcomes() == ["ready": 10])
    let rows = try workplace.text(workplace.latest("matrix.csv")).split(
      whereSeparator: \.isNewline)
    #expect(rows.count == 3)
    #expect(try workplace.text(workplace.latest("matrix.md")).contains("| inherited-listener |"))
    let environment = try workplace.json(workplace.latest("environment.json"))
    #expect((environment["kernel"] as? String)?.hasPrefix("Linux ") == true)
    #expect((environment["libzmq"] as? String)?.hasPrefix("4.") == true)
    #expect((environment["processors"] as? Int ?? 0) >= 1)
    let timings = try workplace.json(workplace.latest("timing.json"))["arms"] as? [[String: Any]]
    #expect(timings?.compactMap { $0["trials"] as? Int } == [10, 10])
    #expect(timings?.allSatisfy { ($0["trials_per_second"] as? Double ?? 0) > 0 } == true)
  }

  @Test func `analyze finds in the history what the run found`() throws {
    // 20 slots for 8 addresses: a mix of failures and successes, so that there is something to get wrong.
    let workplace = try Workplace(
      plan(
        ["probe-then-bind", "wildcard-report-back"], trials: 30,
        scenario: #""pool": { "slots": 20 }"#))
    let run = try workplace.run()
    let judged = try workplace.bindstorm(["analyze", workplace.latest()])
    #expect(judged.ending == run.ending)
    #expect(judged.output + run.output.suffix(run.output.count - judged.output.count) == run.output)
    #expect(run.output.dropFirst(judged.output.count).hasPrefix("results: "))
    #expect(judged.output.contains("probe-then-bind"))
  }

  @Test func `a history that was cut off is judged as partial, trial by trial`() throws {
    let workplace = try Workplace()
    #expect(try workplace.run().ending == .exit(0))
    let path = workplace.latest("events.jsonl")
    let whole = Data(try workplace.text(path).utf8)
    // In the middle of a line.
    let cut = whole.prefix(whole.count / 2)
    #expect(cut.last != UInt8(ascii: "\n"))
    try cut.write(to: URL(filePath: path))
    let judged = try workplace.bindstorm(["analyze", workplace.latest()])
    #expect(judged.ending == .exit(2), "\(judged)")
    #expect(judged.output.contains("PARTIAL"))
    #expect(judged.output.contains("no demand") && !judged.output.contains("0/10 "))
    // Whole lines, but without the last one: nobody says that it is complete.
    let lines = String(decoding: whole, as: UTF8.self).split(separator: "\n")
    try Data((lines.dropLast().joined(separator: "\n") + "\n").utf8).write(
      to: URL(filePath: path))
    let almost = try workplace.bindstorm(["analyze", workplace.latest()])
    #expect(almost.ending == .exit(2) && almost.output.contains("PARTIAL"))
    // A line in the middle that is no event makes what follows worth nothing.
    try Data("garbage\n".utf8).write(to: URL(filePath: path))
    let garbage = try workplace.bindstorm(["analyze", workplace.latest()])
    #expect(garbage.ending == .exit(64) && garbage.errorOutput.contains("events.jsonl:1:"))
  }

  @Test func `runs of one second and one seed do not share a folder`() throws {
    let workplace = try Workplace(plan(["inherited-listener"], trials: 2))
    let programs = try (0..<3).map { _ in try workplace.start() }
    for program in programs { #expect(try program.wait().ending == .exit(0)) }
    let names = workplace.scratch.names(in: "results/small")
    #expect(names.count == 4 && names.contains("latest"), "\(names)")
    for name in names {
      #expect(
        workplace.scratch.names(in: "results/small/\(name)").contains("matrix.json"), "\(name)")
    }
  }

  @Test func `the environment chooses the results folder, the flag goes before it`() throws {
    let workplace = try Workplace(plan(["inherited-listener"], trials: 2))
    let first = try workplace.bindstorm(
      ["run", "plan.json"], environment: ["BINDSTORM_RESULTS": "chosen/deep"])
    #expect(first.ending == .exit(0), "\(first)")
    #expect(workplace.scratch.names(in: "chosen/deep") == ["archive.sqlite", "small"])
    _ = try workplace.run(environment: ["BINDSTORM_RESULTS": "other"])
    #expect(workplace.scratch.names() == ["chosen", "plan.json", "results"])
    _ = try workplace.bindstorm(["run", "plan.json"], environment: ["BINDSTORM_RESULTS": ""])
    #expect(workplace.scratch.names() == ["Results", "chosen", "plan.json", "results"])
  }
}

@Suite(.serialized, .timeLimit(.minutes(20))) struct TerminalTests {
  @Test func `on a terminal the matrix is coloured and progress is one line that is rewritten`()
    throws
  {
    let workplace = try Workplace(plan(trials: 200))
    let terminal = try Terminal()
    let shown = try terminal.run(
      try workplace.start(terminal: terminal.slave, environment: ["TERM": "xterm"]))
    #expect(shown.ending == .exit(0), "\(shown.text)")
    #expect(shown.text.contains("\(escape)33mUNDECIDED\(escape)0m"))
    #expect(shown.text.contains("\r\(escape)K"), "no progress was shown")
    // The last thing before the results clears the line.
    let matrix = try #require(shown.text.range(of: "small\r\n"))
    #expect(shown.text[..<matrix.lowerBound].hasSuffix("\r\(escape)K"))
  }

  @Test(
    arguments: [
      (["NO_COLOR": "1", "TERM": "xterm"], [], false, true),
      (["NO_COLOR": "", "TERM": "xterm"], [], true, true),
      (["TERM": "dumb"], [], false, false),
      (["TERM": "xterm"], ["--color", "never"], false, true),
      (["TERM": "dumb", "NO_COLOR": "1"], ["--color", "always"], true, false),
      (["TERM": "xterm"], ["-q"], true, false),
    ] as [([String: String], [String], Bool, Bool)])
  func `colour and progress on a terminal can be switched off`(
    environment: [String: String], arguments: [String], colours: Bool, rewrites: Bool
  ) throws {
    let workplace = try Workplace(plan(trials: 200))
    let terminal = try Terminal()
    let shown = try terminal.run(
      try workplace.start(
        arguments, terminal: terminal.slave, environment: environment.mapValues { $0 }))
    #expect(shown.ending == .exit(0), "\(shown.text)")
    #expect(shown.text.contains("\(escape)33mUNDECIDED") == colours)
    #expect(shown.text.contains("\r\(escape)K") == rewrites)
    #expect(shown.text.contains("no demand"))
  }

  @Test func `in a file there is no colour unless it is asked for`() throws {
    let workplace = try Workplace(plan(trials: 2))
    #expect(try !workplace.run().output.contains(escape))
    #expect(try workplace.run(["--color", "always"]).output.contains("\(escape)33mUNDECIDED"))
    let judged = try workplace.bindstorm(["analyze", workplace.latest(), "--color", "always"])
    #expect(judged.output.contains("\(escape)33mUNDECIDED"))
  }

  @Test func `progress in a file is a plain line every five seconds, and -q keeps it away`() throws
  {
    let workplace = try Workplace(endlessPlan())
    let loud = try workplace.start()
    let quiet = try workplace.start(["-q"])
    try waitUntil("second line of progress") {
      loud.errorOutput.split(separator: "\n").count >= 2
    }
    // Both have run equally long.
    for program in [loud, quiet] { program.signal(SIGINT) }
    let (first, second) = (try loud.wait(), try quiet.wait())
    #expect(first.ending == .exit(130) && second.ending == .exit(130))
    #expect(second.errorOutput == "")
    let lines = first.errorOutput.split(separator: "\n")
    #expect(lines.count == 2, "\(first.errorOutput)")
    #expect(!first.errorOutput.contains(escape) && !first.errorOutput.contains("\r"))
    for line in lines {
      #expect(line.contains("inherited-listener") && line.contains("trials/s"), "\(line)")
    }
  }
}
