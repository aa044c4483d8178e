internal import History
public import Judging
internal import PlanModel
internal import ReportKit
internal import TerminalText

/// The matrix as a GitHub-flavoured Markdown document.
public enum MarkdownReport {
  /// The document, ending with a line break.
  public static func text(_ whole: Matrix) -> String {
    let matrix = whole.shown(longestName: TerminalText.longestName)
    var lines = ["# \(escaped(Wording.heading(matrix.plan)))", ""]
    if !matrix.isIsolated { lines += ["**\(IsolationNotice.text)**", ""] }
    if matrix.isPartial { lines += ["**PARTIAL: the run was interrupted.**", ""] }
    lines.append("| strategy | " + matrix.scenarios.map(escaped).joined(separator: " | ") + " |")
    lines.append(String(repeating: "|---", count: matrix.scenarios.count + 1) + "|")
    for strategy in matrix.strategies {
      let cells = matrix.scenarios.map { scenario -> String in
        guard let arm = matrix.arm(strategy, scenario) else { return "-" }
        let verdict = matrix.arms[arm.index]
        let cell = CellText(arm, of: matrix)
        let word = verdict.strategyAnswer.word
        var parts = ["**\(word)**\(cell.strategy.dropFirst(word.count))"]
        parts += cell.lines.dropFirst().map(escaped)
        if let reason = verdict.noPrediction { parts.append("no model: \(escaped(reason))") }
        return parts.joined(separator: "<br>")
      }
      lines.append("| \(escaped(strategy)) | " + cells.joined(separator: " | ") + " |")
    }
    for line in Wording.legend(matrix) { lines += ["", escaped(line)] }
    lines.append("")
    if matrix.arms.contains(where: { !$0.published.isEmpty }) {
      lines += [
        "Published figures: Fisher's exact test, two-sided, level \(MatrixJudge.publishedLevel).",
        "",
      ]
    }
    let compared = ComparedRows.lines(matrix)
    if !compared.isEmpty { lines += [escaped(ComparedRows.heading) + ":", ""] }
    lines += compared.map { "- \(escaped($0))" }
    for arm in matrix.plan.arms {
      let verdict = matrix.arms[arm.index]
      for comparison in verdict.published {
        lines.append(
          "- \(escaped(arm.scenario)), \(escaped(arm.strategy.label)): \(escaped(Wording.published(comparison, verdict)))"
        )
      }
      if let cause = verdict.topCause {
        lines.append(
          "- \(escaped(arm.scenario)), \(escaped(arm.strategy.label)): \(cause.outcome.rawValue) x\(cause.launches), first in trial \(cause.firstTrial): \(escaped(cause.evidence))"
        )
      }
    }
    lines += startups(matrix) + costs(matrix) + findings(matrix)
    lines += ["", "**\(Wording.conclusion(matrix))**", ""]
    return lines.joined(separator: "\n")
  }

  private static func startups(_ matrix: Matrix) -> [String] {
    let table = StartupTable(matrix)
    guard !table.rows.isEmpty else { return [] }
    return ["", "## Start-up", "", "\(escaped(table.legend)).", ""]
      + lines(table.head, table.rows)
  }

  private static func lines(_ head: [String], _ rows: [[String]]) -> [String] {
    [head, head.map { _ in "---" }].map { "| \($0.joined(separator: " | ")) |" }
      + rows.map { "| \($0.map(escaped).joined(separator: " | ")) |" }
  }

  private static func costs(_ matrix: Matrix) -> [String] {
    let rows = CostTable(matrix).rows
    guard !rows.isEmpty else { return [] }
    return ["", "## What each strategy costs", ""] + lines(CostTable.head, rows)
  }

  private static func findings(_ matrix: Matrix) -> [String] {
    let findings = RunFindings(matrix, run: "RUN")
    return findings.remarks.flatMap { ["", escaped($0)] }
      + findings.groups.flatMap { group in
        ["", "## \(escaped(group.title))", ""] + group.items.map { "- \(escaped($0))" }
      }
  }

  /// A text that is safe to show as plain text, without any markup.
  static func escaped(_ text: String) -> String {
    // Compare by Unicode scalars: a combining mark after one of these characters does not change its meaning in markup.
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "\\", "`", "*", "_", "[", "]", "~", "|": result += "\\\(scalar)"
      case "<": result += "&lt;"
      case "&": result += "&amp;"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
}

/// The matrix as comma-separated values (RFC 4180), one row for each arm. No cell is a formula for a spreadsheet.
public enum CSVReport {
  /// The document, with CRLF line ends as the RFC demands.
  public static func text(_ whole: Matrix) -> String {
    let matrix = whole.shown(longestName: nil)
    let head = [
      "scenario", "strategy", "strategy_answer", "plan_answer", "launches_failed",
      "launches_counted", "launch_rate",
      "launch_rate_low95", "launch_rate_high95", "trials_failed", "trials_counted", "trial_rate",
      "trial_rate_low95", "trial_rate_high95", "trials_planned", "launches_recovered",
      "launches_failed_or_recovered",
      "trials_failed_or_recovered", "out_of_reach", "predicted_launch_rate",
      "predicted_trial_rate", "prediction_p_value", "prediction_agrees", "top_cause",
      "top_cause_launches", "release_skew_p50_ns", "release_skew_p99_ns", "release_skew_max_ns",
      "window_p50_ns", "time_to_bound_p50_ns", "time_to_bound_p99_ns",
      "allocation_p50_ns", "allocation_p99_ns", "ports_taken", "sockets_in_window", "needs_root",
      "cooperation", "known_beforehand", "across_hosts", "failure_mode",
      "time_to_served_p50_ns", "detection_p50_ns", "detection_p99_ns", "requests_per_second_median",
      "requests_per_second_lowest", "requests_per_second_highest", "isolated",
    ]
    let rows = matrix.plan.arms.map { arm -> [String] in
      let verdict = matrix.arms[arm.index]
      let lost = verdict.recovered?.launchesWithFailed ?? verdict.launches
      let lostTrials = verdict.recovered?.trialsWithFailed ?? verdict.trials
      return [
        arm.scenario, arm.strategy.label, verdict.strategyAnswer.rawValue,
        verdict.planAnswer.rawValue,
      ]
        + estimate(verdict.launches) + estimate(verdict.trials) + [
          "\(verdict.plannedTrials)", "\(verdict.recovered?.launches ?? 0)", "\(lost.failures)",
          "\(lostTrials.failures)", "\(verdict.outOfReach != nil)",
          number(verdict.predictionPerLaunch?.predicted),
          number(verdict.predictionPerTrial?.predicted),
          number(verdict.predictionPerTrial?.pValue),
          verdict.predictionPerTrial?.agrees.map { "\($0)" } ?? "",
          verdict.topCause?.outcome.rawValue ?? "",
          verdict.topCause.map { "\($0.launches)" } ?? "", count(verdict.releaseSkew?.p50),
          count(verdict.releaseSkew?.p99), count(verdict.releaseSkew?.max),
          count(verdict.window?.p50), count(verdict.timeToBound?.p50),
          count(verdict.timeToBound?.p99), count(verdict.allocation?.p50),
          count(verdict.allocation?.p99), verdict.portsTaken.map { "\($0)" } ?? "",
          verdict.socketsInWindow.map { "\($0)" } ?? "",
        ] + declared(arm.strategy.command == nil ? matrix.traits[arm.strategy.name] : nil) + [
          count(verdict.timeToServed?.p50), count(verdict.detection?.p50),
          count(verdict.detection?.p99), number(verdict.requestsPerSecond?.median),
          number(verdict.requestsPerSecond?.lowest), number(verdict.requestsPerSecond?.highest),
          "\(matrix.isIsolated)",
        ]
    }
    return ([head] + rows).map { $0.map(quoted).joined(separator: ",") + "\r\n" }.joined()
  }

  private static func declared(_ traits: StrategyTraits?) -> [String] {
    guard let traits else { return ["", "", "", "", ""] }
    return [
      "\(traits.needsRoot)", traits.cooperation.rawValue, "\(traits.isKnownBeforehand)",
      "\(traits.worksAcrossHosts)", traits.failure.rawValue,
    ]
  }

  private static func estimate(_ rate: RateEstimate) -> [String] {
    ["\(rate.failures)", "\(rate.outOf)", number(rate.rate), number(rate.low), number(rate.high)]
  }

  private static func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
  private static func count(_ value: UInt64?) -> String { value.map { "\($0)" } ?? "" }

  /// The first characters that make a spreadsheet treat a cell as a formula (OWASP, CSV Injection).
  private static let formulas: Set<Unicode.Scalar> = [
    "=", "+", "-", "@", "\t", "\r", "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}",
  ]

  private static func quoted(_ cell: String) -> String {
    // Numbers stay numbers.
    let isFormula =
      cell.unicodeScalars.first.map(formulas.contains) == true && Double(cell) == nil
    let field = isFormula ? "'" + cell : cell
    // Compare by Unicode scalars: for Swift, a quote with a combining mark is a different character.
    let special: Set<Unicode.Scalar> = [",", "\"", "\r", "\n"]
    guard field.unicodeScalars.contains(where: special.contains) else { return field }
    var text = String.UnicodeScalarView("\"".unicodeScalars)
    for scalar in field.unicodeScalars {
      if scalar == "\"" { text.append(scalar) }
      text.append(scalar)
    }
    text.append("\"")
    return String(text)
  }
}

/// Values as JSON, in the form of all files of a run.
public enum JSONReport {
  /// - Parameter format: the key `format` of a value that has none itself, as `bindstorm-compare/1`.
  /// - Throws: `EncodingError` for numbers that JSON cannot represent.
  public static func bytes(_ value: some Encodable, format: String? = nil) throws -> [UInt8] {
    try IndentedJSON.bytes(value, format: format)
  }
}
