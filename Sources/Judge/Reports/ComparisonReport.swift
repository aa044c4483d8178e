public import Judging
internal import TerminalText

/// Rows beside each other, as text, Markdown and JSON.
public enum ComparisonReport {
  /// A column, with its cell for a pair.
  private typealias Column = (title: String, cell: (PairComparison) -> String)

  private static var narrow: [Column] {
    [
      ("", \.word.rawValue), ("row", \.row.name),
      ("failed", { failed($0.row) }),
      ("difference [95 %]", difference), ("p", p), ("ready after", time),
    ]
  }

  private static var wide: [Column] {
    narrow + [("rate", { $0.row.rate.rate.map(Wording.percent) ?? "-" }), ("ratio [95 %]", ratio)]
  }

  /// As text. Ends with a line break.
  public static func text(_ table: ComparisonTable) -> String {
    var lines = table.isIsolated ? [] : [IsolationNotice.text, ""]
    for group in groups(table) {
      lines += [title(group[0]), ""]
      let rows = group.map { pair in narrow.map { shortened($0.cell(pair)) } }
      lines += TextLayout.aligned([narrow.map(\.title)] + rows, indent: 2) + [""]
    }
    return (lines + remarks(table)).map { TerminalText.safeLine($0) + "\n" }.joined()
  }

  /// As Markdown. Ends with a line break.
  public static func markdown(_ table: ComparisonTable) -> String {
    var lines = table.isIsolated ? [] : ["**\(IsolationNotice.text)**", ""]
    for group in groups(table) {
      lines += ["**\(MarkdownReport.escaped(title(group[0])))**", ""]
      lines.append("| " + wide.map(\.title).joined(separator: " | ") + " |")
      lines.append(String(repeating: "|---", count: wide.count) + "|")
      for pair in group {
        let cells = wide.map { MarkdownReport.escaped($0.cell(pair)) }
        lines.append("| " + cells.joined(separator: " | ") + " |")
      }
      lines.append("")
    }
    return (lines + remarks(table)).joined(separator: "\n") + "\n"
  }

  /// As JSON.
  /// - Throws: `EncodingError`, never for these values.
  public static func json(_ table: ComparisonTable) throws -> [UInt8] {
    try JSONReport.bytes(table, format: "bindstorm-compare/1")
  }

  /// `3/60`, and with launches that recovered `0/60, recovered 31`.
  package static func failed(_ side: PairComparison.Side) -> String {
    "\(side.rate.failures - side.recovered)/\(side.rate.outOf)"
      + (side.recovered > 0 ? ", recovered \(side.recovered)" : "")
  }

  /// Pairs with the same scenario and reference.
  private static func groups(_ table: ComparisonTable) -> [[PairComparison]] {
    var groups: [[PairComparison]] = []
    for pair in table.pairs {
      if let last = groups.last?.first, last.scenario == pair.scenario,
        last.reference.name == pair.reference.name
      {
        groups[groups.count - 1].append(pair)
      } else {
        groups.append([pair])
      }
    }
    return groups
  }

  private static func title(_ pair: PairComparison) -> String {
    let unit = pair.isByLaunch ? "launches" : "trials"
    let recovered =
      pair.reference.recovered > 0 ? ", recovered \(pair.reference.recovered)" : ""
    let time =
      pair.reference.medianTimeToReady.map { ", ready after \(Wording.duration($0))" } ?? ""
    return
      "\(pair.scenario): beside \(pair.reference.name), \(Wording.estimate(pair.reference.rate)) of \(unit)\(recovered)\(time)"
  }

  package static func difference(_ pair: PairComparison) -> String {
    guard let value = pair.difference, let low = pair.differenceLow, let high = pair.differenceHigh
    else { return "-" }
    return "\(signed(value)) [\(signed(low)), \(signed(high))]"
  }

  private static func ratio(_ pair: PairComparison) -> String {
    pair.ratioLow.map { "[\(factor($0)), \(pair.ratioHigh.map(factor) ?? "no limit")]" } ?? "-"
  }

  package static func p(_ pair: PairComparison) -> String {
    guard let p = pair.adjustedPValue else { return "-" }
    let text = Wording.pValue(p)
    return text.hasPrefix("= ") ? String(text.dropFirst(2)) : text
  }

  package static func time(_ pair: PairComparison) -> String {
    guard let own = pair.row.medianTimeToReady else { return "-" }
    guard let other = pair.reference.medianTimeToReady, other > 0 else {
      return Wording.duration(own)
    }
    return "\(Wording.duration(own)), x\(factor(Double(own) / Double(other)))"
  }

  /// Names are the only cells of any length.
  private static func shortened(_ cell: String) -> String {
    cell.count <= 30 ? cell : cell.prefix(29) + "…"
  }

  /// Percentage points.
  private static func signed(_ value: Double) -> String {
    let text = Wording.fixed(value * 100, 1)
    return value > 0 ? "+" + text : text
  }

  private static func factor(_ value: Double) -> String {
    Wording.fixed(value, value >= 10 ? 0 : 2)
  }

  package static func remarks(_ table: ComparisonTable) -> [String] {
    let tests = Set(table.pairs.map(\.test)).sorted().map {
      $0 == "boschloo" ? "Boschloo" : "Fisher"
    }
    var lines = [
      "Difference in percentage points and ratio of the failure rates, with intervals of their own (Miettinen and Nurminen).",
      "p: exact test (\(tests.joined(separator: ", "))), adjusted for \(Counted.text(table.pairs.count, "comparison")) (Holm); better and worse at \(table.level).",
      "Equal: the interval lies within \(Wording.fixed(table.margin * 100, 1)) points on both sides. No difference shown is not equality.",
    ]
    if table.pairs.contains(where: { $0.row.recovered + $0.reference.recovered > 0 }) {
      lines.append("Rates are of launches that failed or recovered: both have lost a port.")
    }
    let uncounted = table.pairs.map { $0.row.uncounted + $0.reference.uncounted }.reduce(0, +)
    if uncounted > 0 {
      lines.append(
        "\(Counted.text(uncounted, "observation is", "observations are")) not counted, and taken as what speaks most against a difference."
      )
    }
    lines.append(
      table.areInterleaved
        ? "The rows took turns in blocks of random order: a drift of the host affects all alike."
        : "The runs are not of one time: a drift of the host between them is not excluded. Run both rows in one plan to exclude it."
    )
    return lines
  }
}
