import Foundation
import TestSupport
import Testing

/// What is kept of a run's events, and for how long.
@Suite struct RecordTests {
  /// Some trials lose a port: thieves draw a third of the pool.
  private static let losing = plan(
    ["probe-then-bind", "wildcard-report-back"], trials: 300,
    scenario: """
      "window": { "foreign_draws": 40 },
      "thieves": [{ "kind": "bind-hold", "options": { "ports": 40 } }]
      """)

  private static func files(_ workplace: Workplace) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: workplace.latest()).filter {
      $0.hasPrefix("events")
    }
  }

  @Test func `a large record is compressed, and read as a plain one is`() throws {
    let workplace = try Workplace(Self.losing)
    #expect(try workplace.run(["--quiet"]).ending == .exit(0))
    #expect(try Self.files(workplace) == ["events.jsonl.gz"])
    let packed = try workplace.bindstorm(["analyze", workplace.latest(), "--json"])
    #expect(packed.ending == .exit(0), "\(packed)")
    #expect(packed.output == (try workplace.text(workplace.latest("matrix.json"))))
    // The same after an independent program has unpacked it.
    _ = try Program.run(["gzip", "-d", workplace.latest("events.jsonl.gz")])
    let plain = try workplace.bindstorm(["analyze", workplace.latest(), "--json"])
    #expect(plain.output == packed.output)
  }

  @Test func `a compressed record that is cut short is an error that names it`() throws {
    let workplace = try Workplace(Self.losing)
    _ = try workplace.run(["--quiet"])
    let path = workplace.latest("events.jsonl.gz")
    let bytes = try Data(contentsOf: URL(filePath: path))
    try bytes.prefix(bytes.count / 2).write(to: URL(filePath: path))
    let finished = try workplace.bindstorm(["analyze", workplace.latest()])
    #expect(finished.ending == .exit(64), "\(finished)")
    #expect(finished.errorOutput.contains("damaged or cut short"), "\(finished)")
  }

  @Test func `of lost trials alone the verdict and each lost trial stay`() throws {
    let workplace = try Workplace(Self.losing)
    #expect(try workplace.run(["--quiet", "--events", "lost"]).ending == .exit(0))
    #expect(try Self.files(workplace) == ["events-lost.jsonl.gz"])
    let analyzed = try workplace.bindstorm(["analyze", workplace.latest(), "--json"])
    #expect(analyzed.output == (try workplace.text(workplace.latest("matrix.json"))))
    let matrix = try StoredMatrix(path: workplace.latest("matrix.json"))
    let lost = matrix.arms[0].outcomes.filter { $0.outcome != "ready" }.map(\.launches)
    let explained = try workplace.bindstorm(["explain", workplace.latest()])
    #expect(explained.output.contains("\(lost.reduce(0, +)) trials"), "\(explained)")
    #expect(explained.errorOutput.contains("kept only events of trials"), "\(explained)")
    let page = try workplace.bindstorm(["report", workplace.latest(), "-o", "-"])
    #expect(page.ending == .exit(0) && page.output.contains("lost-to-thief"), "\(page)")
    let whole = try workplace.bindstorm(
      ["explain", "\(workplace.latest())/a/wildcard-report-back/0"])
    #expect(whole.ending == .exit(64), "\(whole)")
    #expect(whole.errorOutput.contains("were not kept"), "\(whole)")
  }

  @Test func `without events the verdict stays`() throws {
    let workplace = try Workplace()
    #expect(try workplace.run(["--quiet", "--events", "none"]).ending == .exit(0))
    #expect(try Self.files(workplace) == [])
    #expect(try workplace.bindstorm(["analyze", workplace.latest()]).ending == .exit(0))
    #expect(try workplace.bindstorm(["compare", workplace.latest()]).ending == .exit(0))
    let page = try workplace.bindstorm(["report", workplace.latest(), "-o", "-"])
    #expect(page.ending == .exit(0) && page.output.contains("inherited-listener"), "\(page)")
    let path = workplace.latest("matrix.json")
    try workplace.text(path).replacing("bindstorm-matrix/2", with: "bindstorm-matrix/1")
      .write(toFile: path, atomically: false, encoding: .utf8)
    let older = try workplace.bindstorm(["analyze", workplace.latest()])
    #expect(older.ending == .exit(64), "\(older)")
    #expect(older.errorOutput.contains("has the format bindstorm-matrix/1, and"), "\(older)")
    let explained = try workplace.bindstorm(["explain", workplace.latest()])
    #expect(explained.ending == .exit(64), "\(explained)")
    #expect(explained.errorOutput.contains("has no events"), "\(explained)")
  }

  @Test func `prune removes events and keeps verdicts, and leaves running runs alone`() throws {
    let workplace = try Workplace()
    _ = try workplace.run(["--quiet"])
    let prune = ["prune", "--results", workplace.results, "--keep"]
    let young = try workplace.bindstorm(prune + ["1h"])
    #expect(young.output == "removed the events of 0 runs, 0.0 MiB\n", "\(young)")
    let dry = try workplace.bindstorm(prune + ["0M", "--dry-run"])
    #expect(dry.output.hasPrefix("would remove the events of 1 run,"), "\(dry)")
    #expect(try Self.files(workplace) == ["events.jsonl"])

    try endlessPlan().write(
      toFile: workplace.scratch.path + "/plan.json", atomically: true, encoding: .utf8)
    let program = try workplace.start(["--quiet"])
    try waitUntil("a run that goes on") {
      FileManager.default.fileExists(
        atPath: workplace.latest("events.jsonl", of: "endless"))
    }
    let removed = try workplace.bindstorm(prune + ["0M"])
    #expect(removed.output.hasPrefix("removed the events of 1 run,"), "\(removed)")
    #expect(try Self.files(workplace) == [])
    #expect(
      FileManager.default.fileExists(atPath: workplace.latest("events.jsonl", of: "endless")))
    program.signal(SIGKILL)
    try program.wait()
    #expect(try workplace.bindstorm(["analyze", workplace.latest()]).ending == .exit(0))

    // A killed run gets its verdict before its events go.
    let killed = try workplace.bindstorm(prune + ["0M"])
    #expect(killed.output.hasPrefix("removed the events of 1 run,"), "\(killed)")
    #expect(
      FileManager.default.fileExists(atPath: workplace.latest("matrix.json", of: "endless")))
  }

  @Test(arguments: ["", "5", "d", "-1d", "5x", "99999999999999999999G", "9999999999999999T"])
  func `a limit that is none is refused`(text: String) throws {
    #expect(try Workplace().bindstorm(["prune", "--keep", text]).ending == .exit(64))
  }
}
