import History
import PageKit
import PlanModel
import TestSupport
import Testing

@testable import Judging
@testable import Pages

/// The comparison by itself, and the picture.
@Suite struct OtherPagesTests {
  private static let table: ComparisonTable = {
    let content = SamplePages.content()
    let rows = zip(content.matrix.plan.arms, content.tallies).map {
      PairComparison.Row(name: $0.strategy.label, arm: $0, tally: $1)
    }
    return ComparisonTable(
      ComparisonTable.besideFirst(rows), level: 0.05, margin: 0.05, areInterleaved: true)
  }()

  @Test func `a comparison is a page of its own`() {
    let html = ComparisonPage(Self.table, runs: ["a", "b"], version: "1").html
    #expect(html.contains("2 comparisons: 2 better"))
    #expect(html.contains("older run <b>a</b>") && html.contains("newer run <b>b</b>"))
    #expect(html.contains("<table class=\"wide\" id=\"decided\" data-sortable>"))
    #expect(!html.contains("id=\"undecided\"") && html.hasSuffix("</html>\n"))
  }

  @Test func `rows are compared with the first one of their scenario`() {
    #expect(Self.table.pairs.map(\.row.name) == ["wildcard-report-back", "mine"])
    #expect(Set(Self.table.pairs.map(\.reference.name)) == ["probe-then-bind"])
  }

  @Test func `a picture has each cell's word, rate and sign, and says them to a reader`() {
    let svg = MatrixPicture(SamplePages.content().matrix).svg
    #expect(svg.contains("<title id=\"name\">demo: a plan for tests</title>"))
    #expect(svg.contains("mine: thieves FAILS 50.0 %"))
    #expect(svg.contains(">\u{2717}</text>") && svg.contains("prefers-color-scheme: dark"))
    #expect(svg == MatrixPicture(SamplePages.content().matrix).svg)
  }

  @Test func `a picture counts what it cannot show`() {
    let arms = (0..<70).map { Arm.sample(label: "l\($0)") }
    let content = SamplePages.content(
      .sample(arms), trials: 1, lost: Array(repeating: 0, count: 70))
    #expect(MatrixPicture(content.matrix).svg.contains("10 strategies not shown"))
  }
}
