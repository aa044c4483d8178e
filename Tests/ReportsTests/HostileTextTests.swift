import Foundation
import PlanModel
import TestSupport
import Testing

@testable import History
@testable import Judging
@testable import Reports

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Whatever a plan, a program or a process is called, in whatever place: each format shows it and obeys nothing.
@Suite struct HostileTextTests {
  /// A matrix of some arms with hostile words in every place that a report can print.
  static func matrix(_ seed: UInt64) -> Matrix {
    var words = HostileText(seed: seed)
    let labels = (0..<2).map { "\(words.next())\($0)" }
    let scenarios = [words.next(), words.next() + "y"]
    var matrix = Matrix(
      plan: .sample(
        name: words.next(), title: words.next(),
        scenarios.flatMap { scenario in
          labels.map { Arm.sample(scenario: scenario, label: $0, launches: 2) }
        }), arms: [], isPartial: seed % 2 == 0, traits: ["probe-then-bind": .sample])
    matrix.arms = matrix.plan.arms.map { arm in
      var verdict = SampleMatrix.verdict(
        arm.index, seed % 3 == 0 ? .skipped : .notAsExpected, words.next(),
        SampleMatrix.rate(1, 3, 0.0084, 0.9057),
        cause: Cause(outcome: .adapterError, launches: 1, firstTrial: 2, evidence: words.next()),
        published: [
          PublishedComparison(
            figure: PublishedFigure(failures: 1, outOf: 2, source: words.next()),
            rate: SampleMatrix.rate(1, 2, 0, 1), pValue: 1,
            level: 0.01,
            isConsistent: true)
        ], skew: DurationSummary(samples: 1, p50: 1, p99: 1, max: 1))
      verdict.noPrediction = words.next()
      verdict.allocation = verdict.releaseSkew
      return verdict
    }
    return matrix
  }

  static let seeds: ClosedRange<UInt64> = 1...40

  @Test func `no format of a run's matrix has anything to obey`() throws {
    for seed in Self.seeds {
      let matrix = Self.matrix(seed)
      for width in [60, 500] {
        let text = TerminalReport(matrix, width: width, usesColor: false).text
        #expect(HostileText.faults(in: text) == [], "seed \(seed), width \(width)")
        let colored = TerminalReport(matrix, width: width, usesColor: true).text
        let plain = ["31mNOT as expected", "31mMEASURED", "2mskipped", "2mMEASURED"]
          .reduce(colored) {
            $0.replacing("\u{1B}[\($1)\u{1B}[0m", with: $1.split(separator: "m", maxSplits: 1)[1])
          }
        #expect(HostileText.faults(in: plain) == [], "seed \(seed), width \(width)")
      }
      #expect(HostileText.faults(in: MarkdownReport.text(matrix)) == [], "seed \(seed)")
      let csv = CSVReport.text(matrix)
      #expect(HostileText.faults(in: csv.replacing("\r\n", with: "\n")) == [], "seed \(seed)")
      let metrics = OpenMetricsReport.text(matrix, seconds: [])
      #expect(HostileText.faults(in: metrics) == [], "seed \(seed)")
      // Whatever the words are, they are within the quotes of a label. By scalars: a mark may join the quote.
      let sample = /[a-z_]+\{([a-z_]+="([^"\\]|\\.)*",?)+\} [-+.e0-9]+/
        .matchingSemantics(.unicodeScalar)
      for line in metrics.split(separator: "\n") where !line.hasPrefix("#") {
        #expect(line.wholeMatch(of: sample) != nil, "seed \(seed): \(line)")
      }
      let hostile = matrix.plan.arms[0].strategy.label
      let origin = RunOrigin(
        folder: hostile, startedAt: "2026-11-28T02:00:00Z", host: hostile,
        facts: [("tag.\(hostile)", hostile)])
      let junit = JUnitReport.text(RunDocument(matrix: matrix, seconds: [], origin: origin))
      // Tabs are XML's own.
      #expect(HostileText.faults(in: junit.replacing("\t", with: " ")) == [], "seed \(seed)")
      #expect(XMLParser(data: Data(junit.utf8)).parse(), "seed \(seed)")
    }
  }

  @Test func `tables keep their cells, and no cell is a formula`() throws {
    for seed in Self.seeds {
      let matrix = Self.matrix(seed)
      let rows = try #require(CSVReportTests.parse(CSVReport.text(matrix)), "seed \(seed)")
      #expect(rows.count == matrix.arms.count + 1 && rows.allSatisfy { $0.count == rows[0].count })
      for cell in rows.joined() where Double(cell) == nil {
        #expect(
          !"=+-@\t\r\u{FF1D}".contains { cell.hasPrefix(String($0)) }, "seed \(seed): \(cell)")
      }
      // Numbers of the matrix are numbers in every row.
      #expect(rows.dropFirst().allSatisfy { $0[4] == "1" && $0[7] == "0.0084" })
      // By scalars: to Swift, a bar with a combining mark is another character.
      let table = MarkdownReport.text(matrix).unicodeScalars.split(separator: "\n").filter {
        $0.first == "|"
      }
      let bars = table.prefix(4).map { line in
        String(line).replacing("\\\\", with: "").replacing("\\|", with: "").unicodeScalars.count {
          $0 == "|"
        }
      }
      #expect(bars == [4, 4, 4, 4], "seed \(seed)")
    }
  }

  @Test func `names that differ only in what is not shown stay apart`() throws {
    let long = String(repeating: "x", count: 200)
    var matrix = SampleMatrix.full
    for (index, label) in ["a\u{200B}", "a\u{200E}", long + "1", long + "2", "a\u{FFFD}"]
      .enumerated()
    {
      matrix.plan.arms[index].strategy.label = label
      matrix.plan.arms[index].scenario = "s"
    }
    let shown = matrix.shown(longestName: 80).strategies
    #expect(Set(shown).count == 5 && shown.allSatisfy { $0.count <= 80 }, "\(shown)")
    let cut = String(repeating: "x", count: 79) + "…"
    #expect(shown[0...2] == ["a\u{FFFD}", "a\u{FFFD} (2)", cut])
    #expect(shown[4] == "a\u{FFFD} (3)")
  }

  @Test func `a very long label does not pad every row`() {
    let arms = (0..<150).map { number in
      Arm.sample(label: number == 7 ? String(repeating: "l", count: 20_000) : "s\(number)")
    }
    let matrix = Matrix(
      plan: .sample(arms),
      arms: arms.indices.map {
        SampleMatrix.verdict(
          $0, .notDemanded, "r", SampleMatrix.rate(0, 1, 0, 1),
          skew: DurationSummary(samples: 1, p50: 1, p99: 1, max: 1))
      }, isPartial: false)
    for text in [
      TerminalReport(matrix, width: 120, usesColor: false).text, MarkdownReport.text(matrix),
    ] {
      #expect(text.utf8.count < 200_000)
      #expect(text.contains(String(repeating: "l", count: 79) + "…"))
    }
    // Data is whole.
    #expect(CSVReport.text(matrix).contains(String(repeating: "l", count: 20_000)))
  }

  @Test func `nor has a trial's record, told in words`() {
    for seed in Self.seeds {
      var words = HostileText(seed: seed)
      let arm = Arm.sample(scenario: words.next(), label: words.next())
      var history = TrialHistory(arm)
      history.lose(0, to: Holder(kind: .outsider, pid: 7, command: words.next(), sources: .kernel))
      history.servers[1].input.path = "/run/" + words.next()
      for report in RaceReport.all(history.events, arm: arm, run: words.next()) {
        #expect(HostileText.faults(in: report.text) == [], "seed \(seed)")
        #expect(report.text.split(separator: "\n").count == 12, "seed \(seed): \(report.text)")
      }
      #expect(HostileText.faults(in: Timeline.text(history.events)) == [], "seed \(seed)")
      let line = ProgressLine(
        arms: 1, arm: 1, name: words.next(), trialsDone: 0, trialsPlanned: 1,
        rate: SampleMatrix.rate(0, 1, 0, 1), elapsedSeconds: 0, trialsPerSecond: 1, leftSeconds: nil
      )
      #expect(HostileText.faults(in: line.text) == [] && !line.text.contains("\n"), "seed \(seed)")
    }
  }
}
