public import Judging
internal import PageKit
internal import PlanModel
internal import Reports
internal import TerminalText

/// Rows beside a reference, each with the interval of the difference.
struct ComparisonView {
  let table: ComparisonTable

  /// The section; what shows no difference is apart from what does.
  /// - Parameter remark: what else a reader should know; nil for nothing.
  func markup(remark: String? = nil) -> Markup {
    let ends = table.pairs.flatMap { [$0.differenceLow, $0.differenceHigh].compactMap { $0 } }
    let chart = DifferenceChart(ends: ends, margin: table.margin)
    let decided = table.pairs.filter { [.better, .worse, .equal].contains($0.word) }
    let open = table.pairs.filter { ![.better, .worse, .equal].contains($0.word) }
    let parts: [(id: String, title: String, pairs: [PairComparison])] = [
      ("decided", "Shown to differ, or to be equal within the margin", decided),
      ("undecided", "No difference shown, which is not equality", open),
    ]
    return RunPage.templates.render(
      "comparison",
      [
        "parts": .list(
          parts.filter { !$0.pairs.isEmpty }.map { part in
            [
              "id": .text(part.id), "title": .text(part.title),
              "count": .number(part.pairs.count),
              "reach": .text(Wording.fixed(chart.reach * 100, 0)),
              "rows": .list(part.pairs.map { row($0, chart) }),
            ]
          }),
        "remarks": .list(
          (ComparisonReport.remarks(table) + (remark.map { [$0] } ?? [])).map {
            ["text": .text($0)]
          }),
      ])
  }

  private func row(_ pair: PairComparison, _ chart: DifferenceChart) -> PageView {
    let difference = ComparisonReport.difference(pair)
    var view: PageView = [
      "scenario": .text(name(pair.scenario)), "row": .text(name(pair.row.name)),
      "reference": .text(name(pair.reference.name)),
      "failed": .text(ComparisonReport.failed(pair.row)),
      "rateValue": .text("\(pair.row.rate.rate ?? -1)"),
      "referenceRate": .text(Wording.estimate(pair.reference.rate)),
      "difference": .text(difference), "value": .text("\(pair.difference ?? 0)"),
      "p": .text(ComparisonReport.p(pair)), "pValue": .text("\(pair.adjustedPValue ?? 2)"),
      "word": .text(pair.word.rawValue), "time": .text(ComparisonReport.time(pair)),
      "kind": .text(
        pair.word == .worse ? "bad" : pair.word == .better ? "good" : "none"),
    ]
    if let value = pair.difference, let low = pair.differenceLow, let high = pair.differenceHigh {
      view["chart"] = .markup(chart.row(value, low: low, high: high, words: difference))
    }
    return view
  }

  private func name(_ text: String) -> String {
    TerminalText.safeLine(text, atMost: TerminalText.longestName)
  }
}

extension RunPage {
  /// Comparisons that are worth the time of their exact tests.
  static let mostCompared = 500

  /// Every strategy beside the first one of its scenario; nil where no scenario has two.
  var comparison: Markup? {
    let rows = zip(content.matrix.plan.arms, content.matrix.arms).compactMap {
      PairComparison.Row($0, $1)
    }
    let asked = ComparisonTable.besideFirst(rows)
    guard !asked.isEmpty else { return nil }
    guard asked.count <= Self.mostCompared else { return Self.uncompared(asked.count, content) }
    let table = ComparisonTable(
      asked, level: Self.level, margin: Self.margin, areInterleaved: true,
      isIsolated: matrix.isIsolated)
    return ComparisonView(table: table).markup(
      remark:
        "Other references and all pairs: bindstorm compare \(shellQuoted(content.folder)) --reference LABEL, --all-pairs."
    )
  }

  /// In place of comparisons that this page leaves out.
  private static func uncompared(_ count: Int, _ content: RunContent) -> Markup {
    let file = shellQuoted("\(content.folder)/comparison.html")
    let remark =
      "\(count) comparisons, more than the \(mostCompared) that a run's page makes; nothing was compared here. All of them: bindstorm compare \(shellQuoted(content.folder)) --html \(file)"
    return templates.render(
      "comparison", ["parts": .list([]), "remarks": .list([["text": .text(remark)]])])
  }

  /// As `bindstorm compare` has them.
  private static let level = 0.05
  private static let margin = 0.05
}

/// What `compare` tells, as a self-contained HTML page.
public struct ComparisonPage {
  private let table: ComparisonTable
  private let runs: [String]
  private let version: String

  /// - Parameters:
  ///   - runs: the folders of one run or two, the older one first.
  ///   - version: of bindstorm.
  public init(_ table: ComparisonTable, runs: [String], version: String) {
    (self.table, self.runs, self.version) = (table, runs, version)
  }

  /// The document, ending with a line break.
  public var html: String {
    let counts = PairComparison.Word.allCases.compactMap { word -> String? in
      let count = table.pairs.count { $0.word == word }
      return count > 0 ? "\(count) \(word.rawValue)" : nil
    }
    let sentence =
      "\(Counted.text(table.pairs.count, "comparison")): \(counts.joined(separator: ", "))"
    let isWorse = table.pairs.contains { $0.word == .worse }
    let head = RunPage.templates.render(
      "head",
      [
        "name": .text(runs.count == 1 ? "Strategies of a run" : "Two runs"),
        "kind": .text(isWorse ? "bad" : "none"), "sign": .text(isWorse ? "\u{2717}" : "\u{2013}"),
        "sentence": .text(sentence),
        "notices": .list(table.isIsolated ? [] : [["text": .text(IsolationNotice.text)]]),
        "facts": .list(
          zip(runs.count == 1 ? ["run"] : ["older run", "newer run"], runs).map {
            ["name": .text($0.0), "value": .text(TerminalText.safeLine($0.1))]
          }),
      ])
    return Page(
      title: "Comparison: \(sentence)", kind: "compare", head: head,
      sections: [
        Page.Section(
          id: "comparison", title: "Comparison", body: ComparisonView(table: table).markup())
      ], version: version
    ).html
  }
}
