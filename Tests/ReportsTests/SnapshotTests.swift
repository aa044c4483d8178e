import History
import PlanModel
import TestSupport
import Testing

@testable import Judging
@testable import Reports

/// Every report of a run, whole, from the hand-made matrix and from the hand-made history of a trial.
@Suite struct SnapshotTests {
  @Test func `reports of the matrix say what their snapshots say`() throws {
    let matrix = SampleMatrix.full
    let awkward = SampleMatrix.awkward(scenario: "s", strategy: "t", evidence: "why")
    let json = String(decoding: try JSONReport.bytes(matrix), as: UTF8.self)
    let reports = [
      ("matrix-wide.txt", TerminalReport(matrix, width: 200, usesColor: false).text),
      ("matrix-narrow.txt", TerminalReport(matrix, width: 40, usesColor: false).text),
      ("matrix-colored.txt", TerminalReport(matrix, width: 40, usesColor: true).text),
      ("matrix-partial.txt", TerminalReport(awkward, width: 80, usesColor: false).text),
      (
        "matrix-startup.txt",
        TerminalReport(StartupReportTests.measured, width: 100, usesColor: false).text
      ),
      (
        "matrix-costs.txt",
        TerminalReport(CostTableTests.matrix(), width: 100, usesColor: false, showsCosts: true).text
      ),
      ("matrix.md", MarkdownReport.text(matrix)),
      ("matrix.csv", CSVReport.text(matrix)),
      ("matrix.json", json),
      ("matrix.metrics.txt", OpenMetricsReport.text(matrix, seconds: [1.5])),
      (
        "matrix.junit.xml",
        JUnitReport.text(
          RunDocument(
            matrix: matrix, seconds: [1.5],
            origin: RunOrigin(
              folder: "Results/sample/20261128T020000Z-7", startedAt: "2026-11-28T02:00:00Z",
              host: "build-7", facts: [("kernel", "Linux 6.1.0"), ("tag.commit", "0a1b2c")])))
      ),
    ]
    for (name, text) in reports { #expect(Snapshot.problem(text, name) == nil) }
  }

  /// `TerminalReportTests` proves that no line is wider; here the lines are seen.
  @Test(arguments: [80, 100, 120, 200]) func `findings at the widths of terminals are as recorded`(
    _ width: Int
  ) {
    for (name, matrix) in [("findings", SampleMatrix.findings), ("large", SampleMatrix.large)] {
      let text = TerminalReport(
        matrix, width: width, usesColor: false, showsCosts: true, run: "Results/demo/latest"
      ).text
      #expect(text.split(separator: "\n").allSatisfy { $0.count <= width })
      #expect(Snapshot.problem(text, "matrix-\(name)-\(width).txt") == nil)
    }
  }

  @Test func `what explain says of a trial is what its snapshots say`() {
    let arm = Arm.sample(launches: 2, apiServers: 2)
    var history = TrialHistory(arm)
    let holders: [Holder?] = [
      Holder(kind: .thief, index: 0, pid: 77, command: "bs-thief-0", sources: .eventsAndKernel),
      Holder(kind: .nobody, sources: .neither), nil,
    ]
    for (server, holder) in holders.enumerated() { history.lose(server, to: holder) }
    let reports = RaceReport.all(history.events, arm: arm, run: "Results/demo/run")
    #expect(Snapshot.problem(reports.map(\.text).joined(), "lost-ports.txt") == nil)
    #expect(Snapshot.problem(Timeline.text(history.events), "timeline.txt") == nil)
    #expect(
      Snapshot.problem(Timeline.text(TimelineTests.startup), "timeline-startup.txt") == nil)
  }
}

/// The comparison itself.
@Suite struct SnapshotComparisonTests {
  @Test func `a text is compared byte by byte, and the first other line is shown`() throws {
    let folder = try ScratchFolder()
    _ = try folder.write("one\ntwo\nthree\n", to: "a.txt")
    func problem(_ text: String, _ name: String = "a.txt") -> String? {
      Snapshot.problem(text, name, folder: folder.path, environment: [:])
    }
    #expect(problem("one\ntwo\nthree\n") == nil)
    let other = try #require(problem("one\n2\nthree\n"))
    #expect(other.contains("line 2") && other.contains("\"two\"") && other.contains("\"2\""))
    #expect(try #require(problem("one\ntwo\n")).contains("line 3"))
    #expect(problem("one\ntwo\nthree\n\n") != nil)
    #expect(problem("one\r\ntwo\r\nthree\r\n") != nil)
    #expect(try #require(problem("", "missing.txt")).contains("make record-snapshots"))
  }

  @Test func `snapshots are recorded on demand, and never in CI`() throws {
    let folder = try ScratchFolder()
    func record(_ text: String, _ environment: [String: String]) -> String? {
      Snapshot.problem(text, "a.txt", folder: folder.path, environment: environment)
    }
    #expect(record("new", ["RECORD_SNAPSHOTS": "1"]) == nil)
    #expect(record("new", [:]) == nil)
    #expect(record("newer", ["RECORD_SNAPSHOTS": "1", "CI": "true"]) != nil)
    #expect(record("new", [:]) == nil, "CI has changed the snapshot")
  }
}
