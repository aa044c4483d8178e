import Lifelines
import Testing

@testable import PageKit

#if canImport(FoundationXML)
  import Foundation
  import FoundationXML
#endif

/// Charts as text: names for those who do not see them, positions that do not depend on the host.
@Suite struct ChartTests {
  private func isWellFormed(_ text: String) -> Bool { XMLParser(data: Data(text.utf8)).parse() }

  @Test func `a bar says its figures, and draws rate, interval and model to scale`() {
    let chart = RateChart(
      rate: 0.5, low: 0.25, high: 0.75, model: 0.6, atLeast: 0.4, words: "5 of 10 & \"more\"")
    let small = chart.small.text
    #expect(small.contains("role=\"img\" aria-label=\"5 of 10 &amp; &quot;more&quot;\""))
    #expect(small.contains("<rect class=\"c-rate\" x=\"0\" y=\"2\" width=\"60\""))
    #expect(small.contains("d=\"M30 6L90 6\"") && small.contains("M72 3L75 6"))
    let large = chart.large.text
    #expect(large.contains("M185.6 20L185.6 50") && large.contains("at least"))
    #expect(isWellFormed(small) && isWellFormed(large))
    #expect(!RateChart(rate: nil, low: 0, high: 1, words: "none").small.text.contains("c-rate"))
  }

  @Test func `a part that recovered is drawn apart`() {
    let chart = RateChart(rate: 0.5, recovered: 0.25, low: 0.4, high: 0.6, words: "x")
    #expect(chart.small.text.contains("<rect class=\"c-recovered\" x=\"30\" y=\"2\" width=\"30\""))
  }

  @Test func `shares have their names and numbers as text`() {
    let text = ShareChart(
      [.init(name: "ready", count: 3, kind: .good), .init(name: "<lost>", count: 1, kind: .bad)],
      words: "launches by outcome"
    ).markup.text
    #expect(text.contains("aria-label=\"launches by outcome: ready 3, &lt;lost&gt; 1\""))
    #expect(text.contains("width=\"165\"") && text.contains(">&lt;lost&gt;</text>"))
    #expect(isWellFormed(text))
  }

  @Test func `a distribution rises from its least to its largest sample on whole decades`() {
    let points: [DistributionChart.Point] = [
      .init(share: 0.01, nanoseconds: 1_000), .init(share: 0.5, nanoseconds: 10_000),
      .init(share: 1, nanoseconds: 100_000),
    ]
    let text = DistributionChart(title: "window", points: points, words: "p50 10 us").markup.text
    #expect(text.contains("d=\"M38 88V87.3H145V54H252V20\""), "\(text)")
    #expect(text.contains(">1 us<") && text.contains(">100 us<"))
    #expect(isWellFormed(text))
    let none = DistributionChart(title: "window", points: [], words: "none").markup.text
    #expect(isWellFormed(none) && !none.contains("c-curve"))
    let zero = DistributionChart(
      title: "w", points: [.init(share: 1, nanoseconds: 0)], words: "zero"
    ).markup.text
    #expect(isWellFormed(zero) && !zero.contains("nan"))
  }

  @Test func `differences share a scale that holds every interval`() {
    let chart = DifferenceChart(ends: [-0.3, 0.2], margin: 0.05)
    #expect(chart.reach == 0.5)
    let text = chart.row(-0.25, low: -0.5, high: 0, words: "25 points lower").text
    #expect(text.contains("M4 8H90") && text.contains("c-better") && isWellFormed(text))
    #expect(DifferenceChart(ends: [], margin: 0).reach == 1)
  }

  @Test func `a timeline has a lane for each process, with its times to scale`() {
    var lane = Lifeline(.port, "port 40001")
    lane.spans = [
      .init(.held, "held", from: 1_000, to: 2_000), .init(.open, "free", from: 2_000, to: 5_000),
      .init(.step, "not drawn", from: 9_000, to: 99_000),
    ]
    lane.instants = [.init(.failure, "fails", at: 5_000), .init(.step, "not drawn", at: 9_000)]
    lane.note = "EADDRINUSE <x>"
    let chart = TimelineChart(
      lanes: [lane], moments: [("barrier opens", 3_000)], start: 1_000, words: "one trial")
    let text = chart.markup.text
    #expect(text.contains("<desc>port 40001: EADDRINUSE &lt;x&gt;</desc>"))
    #expect(text.contains("class=\"c-held\" x=\"132\"") && text.contains("width=\"106\""))
    #expect(text.contains("class=\"c-moment\" d=\"M344 "))
    #expect(isWellFormed(text))
    let empty = TimelineChart(lanes: [], moments: [], start: 0, words: "nothing").markup.text
    #expect(isWellFormed(empty))
  }

  @Test func `a picture stands for itself, in both themes`() {
    let cell = MatrixChart.Cell(
      kind: "bad", sign: "\u{2717}", word: "FAILS", rate: "50 %",
      chart: RateChart(rate: 0.5, low: 0.4, high: 0.6, words: ""))
    let text = MatrixChart(
      title: "a & b", sentence: "one <x>", columns: ["s"], rows: [("t", [cell]), ("u", [nil])],
      legend: ["l"]
    ).document
    #expect(isWellFormed(text))
    #expect(text.contains("prefers-color-scheme: dark") && !text.contains("var("))
    #expect(text.contains("t: s FAILS 50 %"))
    #expect(!text.contains("href") && text.hasSuffix("</svg>\n"))
  }

  @Test func `numbers have one digit behind the point at most`() {
    #expect(
      [0, 1.26, -0.04, -2.5, 100.05].map(Drawing.text) == ["0", "1.3", "0", "-2.5", "100.1"])
  }
}
