internal import History
public import Judging
internal import PlanModel
internal import TerminalText

/// The matrix for a terminal: rows are strategies, columns are scenarios; narrow terminals get one block per scenario.
public struct TerminalReport {
  private let matrix: Matrix
  private let width: Int
  private let usesColor: Bool

  /// - Parameters:
  ///   - width: columns of the terminal.
  ///   - usesColor: whether to colour the verdict words, which are printed in any case.
  public init(_ matrix: Matrix, width: Int, usesColor: Bool) {
    self.matrix = matrix.shown(longestName: TerminalText.longestName)
    self.width = width
    self.usesColor = usesColor
  }

  /// The report, ending with a line break.
  public var text: String {
    var lines = [Wording.heading(matrix.plan), ""]
    if !matrix.isIsolated { lines += [IsolationNotice.text, ""] }
    lines += table() ?? blocks()
    lines += [Wording.legend(matrix), ""]
    lines += published() + causes() + withoutModel() + timings() + startups() + costs()
    lines += [Wording.conclusion(matrix), ""]
    return TerminalText.withoutCommands(lines.joined(separator: "\n"))
  }

  /// Lines of a cell.
  private func cell(_ arm: Arm) -> [String] {
    let verdict = matrix.arms[arm.index]
    var lines = ["\(verdict.verdict.rawValue) \(Wording.estimate(verdict.launches))"]
    if arm.launchesPerTrial > 1 { lines.append("any launch \(Wording.estimate(verdict.trials))") }
    if let prediction = verdict.predictionPerTrial {
      lines.append(Wording.prediction(prediction))
    }
    if verdict.noPrediction != nil { lines.append("no model") }
    if let causes = Wording.causes(verdict) { lines.append(causes) }
    lines += Wording.leftOut(verdict, of: matrix)
    return lines
  }

  /// Nil when the table is too wide.
  private func table() -> [String]? {
    let scenarios = matrix.scenarios
    let rows = matrix.strategies.map { strategy in
      (strategy, scenarios.map { matrix.arm(strategy, $0).map(cell) ?? ["-"] })
    }
    let first = max(8, matrix.strategies.map(\.count).max() ?? 0)
    let widths = scenarios.enumerated().map { column, scenario in
      max(scenario.count, rows.flatMap { $0.1[column] }.map(\.count).max() ?? 0)
    }
    guard first + widths.map({ $0 + 3 }).reduce(0, +) <= width else { return nil }
    var lines = [
      ([pad("strategy", first)] + zip(scenarios, widths).map { pad($0, $1) }).joined(
        separator: " | "),
      ([first] + widths).map { String(repeating: "-", count: $0) }.joined(separator: "-+-"),
    ]
    for (strategy, cells) in rows {
      for line in 0..<(cells.map(\.count).max() ?? 0) {
        let parts = zip(cells, widths).map { cell, width in
          colored(pad(line < cell.count ? cell[line] : "", width))
        }
        lines.append(
          ([pad(line == 0 ? strategy : "", first)] + parts).joined(separator: " | "))
      }
      lines.append("")
    }
    return lines
  }

  private func blocks() -> [String] {
    let first = max(8, matrix.strategies.map(\.count).max() ?? 0)
    return matrix.scenarios.flatMap { scenario -> [String] in
      let arms = matrix.plan.arms.filter { $0.scenario == scenario }
      return [scenario]
        + arms.flatMap { arm in
          cell(arm).enumerated().map { number, line in
            "  \(pad(number == 0 ? arm.strategy.label : "", first))  \(colored(line))"
          }
        } + [""]
    }
  }

  private func published() -> [String] {
    let lines = matrix.plan.arms.flatMap { arm in
      matrix.arms[arm.index].published.map {
        "  \(arm.scenario), \(arm.strategy.label): \(Wording.published($0, matrix.arms[arm.index]))"
      }
    }
    guard !lines.isEmpty else { return [] }
    return [
      "Published figures (Fisher's exact test, two-sided, level \(MatrixJudge.publishedLevel)):"
    ]
      + lines + [""]
  }

  private func causes() -> [String] {
    let lines = matrix.plan.arms.flatMap { arm -> [String] in
      let verdict = matrix.arms[arm.index]
      var lines: [String] = []
      if let cause = verdict.topCause {
        lines.append(
          "  \(arm.scenario), \(arm.strategy.label): \(cause.outcome.rawValue) x\(cause.launches), first in trial \(arm.index)/\(cause.firstTrial):"
        )
        lines.append("    \(cause.evidence)")
      }
      if let attention = Wording.attention(verdict) {
        lines.append("  \(arm.scenario), \(arm.strategy.label): \(attention)")
      }
      return lines
    }
    return lines.isEmpty ? [] : ["Causes:"] + lines + [""]
  }

  private func withoutModel() -> [String] {
    let lines = matrix.plan.arms.compactMap { arm in
      matrix.arms[arm.index].noPrediction.map {
        "  \(arm.scenario), \(arm.strategy.label): \($0)"
      }
    }
    return lines.isEmpty ? [] : ["No model:"] + lines + [""]
  }

  private func timings() -> [String] {
    let arms = matrix.plan.arms.filter { matrix.arms[$0.index].releaseSkew != nil }
    guard !arms.isEmpty else { return [] }
    let names = arms.map { "\($0.scenario), \($0.strategy.label)" }
    let first = names.map(\.count).max()!
    let lines = zip(arms, names).map { arm, name in
      let verdict = matrix.arms[arm.index]
      return
        "  \(pad(name, first))  \(pad(Wording.durations(verdict.releaseSkew), 32))  \(pad(Wording.durations(verdict.window), 32))  \(Wording.durations(verdict.timeToBound))"
    }
    let head =
      "  \(pad("", first))  \(pad("barrier release skew", 32))  \(pad("allocated to first bind", 32))  time to all bound"
    return ["Measured, p50 / p99 / max:", head] + lines + [""]
  }

  /// What only depth `startup` measures.
  private func startups() -> [String] {
    let table = StartupTable(matrix)
    guard !table.rows.isEmpty else { return [] }
    return ["\(table.legend):"] + aligned([table.head] + table.rows) + [""]
  }

  private func aligned(_ rows: [[String]]) -> [String] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
    return rows.map { row in
      let cells = zip(row, widths).map { pad($0, $1) }.joined(separator: "  ")
      return "  " + cells.trimmingSuffix()
    }
  }

  /// Not fitted to the width: it is a reference beside the matrix, and its last columns are the longest.
  private func costs() -> [String] {
    let rows = CostTable(matrix).rows
    guard !rows.isEmpty else { return [] }
    return ["What each strategy costs:"] + aligned([CostTable.head] + rows) + [""]
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private func colored(_ line: String) -> String {
    guard usesColor,
      let verdict = Verdict.allCases.first(where: { line.hasPrefix($0.rawValue + " ") })
    else { return line }
    let code =
      switch verdict {
      case .pass: 32
      case .expectedFailure: 36
      case .fail: 31
      case .inconclusive, .unexpectedPass: 33
      case .measured, .skipped: 2
      }
    let word = verdict.rawValue
    return "\u{1B}[\(code)m\(word)\u{1B}[0m\(line.dropFirst(word.count))"
  }
}

extension String {
  /// Without trailing spaces.
  fileprivate func trimmingSuffix() -> String {
    var text = Substring(self)
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
