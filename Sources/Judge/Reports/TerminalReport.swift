internal import History
public import Judging
internal import PlanModel
internal import TerminalText

/// The matrix for a terminal, no line of which is wider than the terminal: rows are strategies, columns are scenarios;
/// if that does not fit, an overview and a block for each scenario. What needs a reader's attention comes last.
public struct TerminalReport {
  private let matrix: Matrix
  private let width: Int
  private let usesColor: Bool
  private let isVerbose: Bool
  private let showsCosts: Bool
  private let run: String

  /// The least width that lines are fitted to.
  public static let leastWidth = 40
  /// From this number of cells on, blocks have a line for each, unless `isVerbose`.
  static let mostBlocks = 40
  /// The number of entries of a list that are printed unless `isVerbose`.
  static let mostEntries = 8

  /// - Parameters:
  ///   - width: columns of the terminal; at least `leastWidth` is used.
  ///   - usesColor: whether to colour the answers, which are printed in any case.
  ///   - isVerbose: whether lists are printed in full.
  ///   - showsCosts: whether to print durations and what each strategy costs.
  ///   - run: the run's folder, for commands.
  public init(
    _ matrix: Matrix, width: Int, usesColor: Bool, isVerbose: Bool = false,
    showsCosts: Bool = false, run: String = "RUN"
  ) {
    self.matrix = matrix.shown(longestName: TerminalText.longestName)
    self.width = max(Self.leastWidth, width)
    self.usesColor = usesColor
    self.isVerbose = isVerbose
    self.showsCosts = showsCosts
    self.run = run
  }

  /// The report, ending with a line break.
  public var text: String {
    var lines = wrapped(Wording.heading(matrix.plan)) + [""]
    if !matrix.isIsolated { lines += wrapped(IsolationNotice.text) + [""] }
    lines += table() ?? (overview() + blocks())
    lines += Wording.legend(matrix).flatMap { wrapped($0) } + [""]
    lines += published() + compared() + causes() + withoutModel() + startups()
    if showsCosts { lines += timings() + costs() }
    lines += findings()
    lines += wrapped(Wording.conclusion(matrix)) + [""]
    return TerminalText.withoutCommands(lines.joined(separator: "\n"))
  }

  private func wrapped(_ text: String, indent: String = "", rest: String = "") -> [String] {
    TextLayout.wrapped(text, width: width, indent: indent, rest: rest)
  }

  // MARK: The cells

  /// Nil when the table is too wide.
  private func table() -> [String]? {
    let scenarios = matrix.scenarios
    let rows = matrix.strategies.map { strategy in
      (
        strategy,
        scenarios.map { scenario -> (arm: Arm?, lines: [String]) in
          let arm = matrix.arm(strategy, scenario)
          return (arm, arm.map { CellText($0, of: matrix).lines } ?? ["-"])
        }
      )
    }
    let first = max(8, matrix.strategies.map(\.count).max() ?? 0)
    let widths = scenarios.enumerated().map { column, scenario in
      max(scenario.count, rows.flatMap { $0.1[column].lines }.map(\.count).max() ?? 0)
    }
    guard first + widths.map({ $0 + 3 }).reduce(0, +) <= width else { return nil }
    var lines = [
      ([pad("strategy", first)] + zip(scenarios, widths).map { pad($0, $1) }).joined(
        separator: " | "),
      ([first] + widths).map { String(repeating: "-", count: $0) }.joined(separator: "-+-"),
    ]
    for (strategy, cells) in rows {
      for line in 0..<(cells.map(\.lines.count).max() ?? 0) {
        let parts = zip(cells, widths).map { cell, width in
          colored(pad(line < cell.lines.count ? cell.lines[line] : "", width), cell.arm)
        }
        lines.append(([pad(line == 0 ? strategy : "", first)] + parts).joined(separator: " | "))
      }
      lines.append("")
    }
    return lines
  }

  /// Strategies and scenarios with the two answers alone; empty if there is one scenario only, or it does not fit.
  private func overview() -> [String] {
    let scenarios = matrix.scenarios
    guard scenarios.count > 1 else { return [] }
    let rows = matrix.strategies.map { strategy in
      (strategy, scenarios.map { matrix.arm(strategy, $0) })
    }
    let first = max(8, matrix.strategies.map(\.count).max() ?? 0)
    let titles = scenarios.map { Self.atHyphens($0, atMost: 14) }
    let widths = scenarios.indices.map { column in
      max(
        titles[column].map(\.count).max() ?? 0,
        rows.map { $0.1[column].map { Wording.brief(matrix.arms[$0.index]).count } ?? 1 }.max() ?? 0
      )
    }
    guard first + widths.map({ $0 + 3 }).reduce(0, +) <= width else { return [] }
    let height = titles.map(\.count).max() ?? 0
    var lines = (0..<height).map { number in
      ([pad(number == 0 ? "strategy" : "", first)]
        + zip(titles, widths).map { pad(number < $0.count ? $0[number] : "", $1) })
        .joined(separator: " | ")
    }
    lines.append(
      ([first] + widths).map { String(repeating: "-", count: $0) }.joined(separator: "-+-"))
    for (strategy, arms) in rows {
      let cells = zip(arms, widths).map { arm, width in
        colored(pad(arm.map { Wording.brief(matrix.arms[$0.index]) } ?? "-", width), arm)
      }
      lines.append(([pad(strategy, first)] + cells).joined(separator: " | "))
    }
    return lines + [""] + wrapped(Wording.briefLegend) + [""]
  }

  /// A name in parts of at most so many characters, broken behind hyphens and blanks where there are some.
  private static func atHyphens(_ name: String, atMost limit: Int) -> [String] {
    var parts: [String] = []
    var word = ""
    var words: [String] = []
    for character in name {
      word.append(character)
      if character == "-" || character == " " {
        words.append(word)
        word = ""
      }
    }
    words.append(word)
    for word in words {
      if let last = parts.last, last.count + word.count <= limit {
        parts[parts.count - 1] += word
      } else {
        parts.append(word)
      }
    }
    return parts.map(TextLayout.trimmed).filter { !$0.isEmpty }
  }

  private func blocks() -> [String] {
    let isBrief = !isVerbose && matrix.plan.arms.count >= Self.mostBlocks
    let longest = matrix.strategies.map(\.count).max() ?? 0
    let first = min(max(8, longest), max(8, width / 3))
    let margin = String(repeating: " ", count: first + 4)
    return matrix.scenarios.flatMap { scenario -> [String] in
      let arms = matrix.plan.arms.filter { $0.scenario == scenario }
      return wrapped(scenario)
        + arms.flatMap { arm -> [String] in
          let cell = CellText(arm, of: matrix)
          let name = arm.strategy.label
          let fits = name.count <= first
          var lines = fits ? [] : wrapped(name, indent: "  ", rest: "  ")
          let texts = isBrief ? [cell.answers] : cell.lines
          for (number, text) in texts.enumerated() {
            let head = number == 0 && fits ? "  \(pad(name, first))  " : margin
            let parts = wrapped(text, indent: "", rest: "", within: width - margin.count)
            lines += parts.enumerated().map { place, part in
              (place == 0 ? head : margin) + colored(part, arm)
            }
          }
          return lines
        } + [""]
    } + (isBrief ? wrapped("Model, causes and counts of every cell: --verbose") + [""] : [])
  }

  private func wrapped(_ text: String, indent: String, rest: String, within: Int) -> [String] {
    TextLayout.wrapped(text, width: max(16, within), indent: indent, rest: rest)
  }

  // MARK: What is below

  /// A list with a title, shortened unless everything is asked for.
  private func list(_ title: String, _ items: [String]) -> [String] {
    guard !items.isEmpty else { return [] }
    let shown = isVerbose ? items[...] : items.prefix(Self.mostEntries)
    let rest = items.count - shown.count
    return wrapped("\(title):") + shown.flatMap { wrapped($0, indent: "  ", rest: "    ") }
      + (rest > 0 ? ["  and \(rest) more (--verbose)"] : []) + [""]
  }

  private func published() -> [String] {
    list(
      "Published figures (Fisher's exact test, two-sided, level \(MatrixJudge.publishedLevel))",
      matrix.plan.arms.flatMap { arm in
        matrix.arms[arm.index].published.map {
          "\(arm.scenario), \(arm.strategy.label): \(Wording.published($0, matrix.arms[arm.index]))"
        }
      })
  }

  private func compared() -> [String] { list(ComparedRows.heading, ComparedRows.lines(matrix)) }

  /// Those of rows that need attention come first, so that they are not cut off.
  private func causes() -> [String] {
    let arms = matrix.plan.arms.filter { matrix.arms[$0.index].topCause != nil }
    let urgent = arms.filter { matrix.arms[$0.index].planAnswer.facts.exitCode != 0 }
    let others = arms.filter { matrix.arms[$0.index].planAnswer.facts.exitCode == 0 }
    return list(
      "Causes",
      (urgent + others).compactMap { arm in
        matrix.arms[arm.index].topCause.map { cause in
          "\(arm.scenario), \(arm.strategy.label): \(cause.outcome.rawValue) x\(cause.launches), first in trial \(cause.firstTrial): \(cause.evidence)"
        }
      })
  }

  /// Each reason once, with the rows that it holds for.
  private func withoutModel() -> [String] {
    var reasons: [(reason: String, rows: [String])] = []
    for arm in matrix.plan.arms {
      guard let reason = matrix.arms[arm.index].noPrediction else { continue }
      let row = "\(arm.scenario), \(arm.strategy.label)"
      if let place = reasons.firstIndex(where: { $0.reason == reason }) {
        reasons[place].rows.append(row)
      } else {
        reasons.append((reason, [row]))
      }
    }
    return list(
      "No model",
      reasons.map { reason, rows in
        let shown = isVerbose ? rows[...] : rows.prefix(3)
        let rest = rows.count - shown.count
        return "\(shown.joined(separator: "; "))\(rest > 0 ? " and \(rest) more" : ""): \(reason)"
      })
  }

  private func timings() -> [String] {
    let arms = matrix.plan.arms.filter { matrix.arms[$0.index].releaseSkew != nil }
    guard !arms.isEmpty else { return [] }
    let rows = arms.map { arm -> [String] in
      let verdict = matrix.arms[arm.index]
      return [
        "\(arm.scenario), \(arm.strategy.label)", Wording.durations(verdict.releaseSkew),
        Wording.durations(verdict.window), Wording.durations(verdict.timeToBound),
      ]
    }
    let head = ["", "barrier release skew", "allocated to first bind", "time to all bound"]
    return ["Measured, p50 / p99 / max:"] + TextLayout.table([head] + rows, width: width) + [""]
  }

  /// What only depth `startup` measures.
  private func startups() -> [String] {
    let table = StartupTable(matrix)
    guard !table.rows.isEmpty else { return [] }
    return wrapped("\(table.legend):")
      + TextLayout.table([table.head] + table.rows, width: width) + [""]
  }

  private func costs() -> [String] {
    let rows = CostTable(matrix).rows
    guard !rows.isEmpty else { return [] }
    return ["What each strategy costs:"]
      + TextLayout.table([CostTable.head] + rows, width: width) + [""]
  }

  private func findings() -> [String] {
    let findings = RunFindings(matrix, run: run)
    let costs =
      showsCosts || CostTable(matrix).rows.isEmpty
      ? [] : wrapped("Durations and what each strategy costs: bindstorm analyze \(run) --costs")
    let remarks = findings.remarks.flatMap { wrapped($0) } + costs
    return remarks + (remarks.isEmpty ? [] : [""])
      + findings.groups.flatMap { list($0.title, $0.items) }
  }

  // MARK: Colours

  private func pad(_ text: String, _ width: Int) -> String { TextLayout.padded(text, width) }

  /// Colours an answer at the beginning of a line. The colour says whether it was expected, not whether it is good.
  private func colored(_ line: String, _ arm: Arm?) -> String {
    guard usesColor, let arm else { return line }
    let verdict = matrix.arms[arm.index]
    let words = [verdict.strategyAnswer.word, verdict.planAnswer.word]
    guard
      let word = words.first(where: { line == $0 || line.hasPrefix($0 + " ") })
    else { return line }
    let code =
      switch (verdict.planAnswer, verdict.strategyAnswer) {
      case (.notAsExpected, _): 31
      case (.undecided, _), (.asExpected, .undecided), (.notDemanded, .undecided): 33
      case (.asExpected, .fails): 36
      case (.asExpected, _): 32
      case (.notDemanded, _), (.skipped, _): 2
      }
    return "\u{1B}[\(code)m\(word)\u{1B}[0m\(line.dropFirst(word.count))"
  }
}
