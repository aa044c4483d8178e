public import Judging
internal import PlanModel
internal import TerminalText

/// The matrix as Markdown that fits into a comment: what is not as expected, undecided or decisive first, the rest
/// folded.
public enum ShortMarkdown {
  /// Rows that are not folded.
  private static let mostShown = 12
  /// Bytes; GitHub's limit for a comment is 65,536 characters.
  static let longest = 60_000

  /// The document, ending with a line break.
  public static func text(_ whole: Matrix) -> String {
    let matrix = whole.shown(longestName: TerminalText.longestName)
    let heading = MarkdownReport.escaped(Wording.heading(matrix.plan))
    var lines = ["### \(heading)", "", "**\(Wording.conclusion(matrix))**", ""]
    if !matrix.isIsolated { lines += ["**\(IsolationNotice.text)**", ""] }
    let ranked = matrix.plan.arms.map { ($0, rank($0, matrix.arms[$0.index])) }
    let first = (0...3).flatMap { rank in ranked.filter { $0.1 == rank }.map(\.0) }
    let shown = first.prefix(mostShown)
    let isShown = Set(shown.map(\.index))
    let rest = matrix.plan.arms.filter { !isShown.contains($0.index) }
    if !shown.isEmpty { lines += head + shown.map { row($0, matrix) } + [""] }
    guard !rest.isEmpty else { return lines.joined(separator: "\n") }
    lines += ["<details><summary>\(Counted.text(rest.count, "more cell"))</summary>", ""] + head
    var size = lines.map { $0.utf8.count + 1 }.reduce(0, +)
    var left = rest.count
    for arm in rest {
      let line = row(arm, matrix)
      size += line.utf8.count + 1
      if size > longest { break }
      lines.append(line)
      left -= 1
    }
    lines += [""] + (left > 0 ? ["and \(left) more", ""] : []) + ["</details>", ""]
    return lines.joined(separator: "\n")
  }

  private static let head = [
    "| scenario | strategy | launches failed | expected? | why |", "|---|---|---|---|---|",
  ]

  /// Up to 3 for what is not folded.
  private static func rank(_ arm: Arm, _ verdict: ArmVerdict) -> Int {
    switch verdict.planAnswer {
    case .notAsExpected: 0
    case .undecided: 1
    case .asExpected, .notDemanded, .skipped:
      verdict.predictionPerTrial?.agrees == false
        ? 2 : arm.expectation?.isMustFailControl == true ? 3 : 4
    }
  }

  private static func row(_ arm: Arm, _ matrix: Matrix) -> String {
    let verdict = matrix.arms[arm.index]
    let cell = CellText(arm, of: matrix)
    // A reason may be long; it is whole in the other reports.
    let reason = verdict.reason.count > 300 ? verdict.reason.prefix(299) + "…" : verdict.reason
    let cells = [arm.scenario, arm.strategy.label, cell.strategy, cell.plan, reason]
    return "| " + cells.map(MarkdownReport.escaped).joined(separator: " | ") + " |"
  }
}
