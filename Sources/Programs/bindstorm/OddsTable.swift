internal import Judging
internal import PlanModel
internal import Statistics
internal import TerminalText

/// The odds of a plan as text.
enum OddsTable {
  /// A table of the demanded cells, weakest first, and what holds for the whole plan.
  static func text(_ odds: PlanOdds, _ plan: ResolvedPlan, width: Int) -> String {
    let demanded = odds.cells.filter { $0.rate != nil }
      .sorted { ($1.red, $0.arm) < ($0.red, $1.arm) }
    let head = [
      "arm", "scenario", "strategy", "trials", "rate if right", "by", "P(red)", "bears wrong",
      "bears invalid",
    ]
    let rows = demanded.map { cell in
      [
        "\(cell.arm)", name(cell.scenario), name(cell.strategy), "\(cell.trials)",
        Percent.text(cell.rate ?? 0), cell.source?.rawValue ?? "-", scientific(cell.red),
        "\(cell.bearsWrongTrials ?? 0)", "\(cell.bearsInvalidTrials)",
      ]
    }
    var lines = [
      "The probability that a cell is red though everything is right, and how many trials may be wrong or invalid before:",
      "",
    ]
    lines += TextLayout.table([head] + rows, width: width, indent: 0)
    return (lines + [""] + conclusion(odds, plan) + [""]).joined(separator: "\n")
  }

  private static func conclusion(_ odds: PlanOdds, _ plan: ResolvedPlan) -> [String] {
    var lines = ["red by chance: \(scientific(odds.red)) of all runs"]
    if let arm = odds.weakest, let cell = odds.cells.first(where: { $0.arm == arm }) {
      lines[0] +=
        "; weakest cell: \(name(cell.scenario)), \(name(cell.strategy)), \(scientific(cell.red))"
    }
    func exposed(_ what: String, _ bears: (CellOdds) -> Int?) {
      let cells = odds.cells.filter { bears($0) == 0 }
      let launches = cells.map { $0.trials * plan.arms[$0.arm].launchesPerTrial }.reduce(0, +)
      if !cells.isEmpty {
        lines.append(
          "\(Counted.text(cells.count, "cell")), \(Counted.text(launches, "launch", "launches")), \(cells.count == 1 ? "bears" : "bear") no \(what)"
        )
      }
    }
    exposed("wrong trial", \.bearsWrongTrials)
    exposed("invalid trial", \.bearsInvalidTrials)
    exposed("trial without a usable record", \.bearsHarnessErrors)
    return lines
  }

  private static func name(_ text: String) -> String {
    TerminalText.safeLine(text, atMost: TerminalText.longestName)
  }

  /// Two digits: `0`, `2.5e-3`, `0.14`.
  private static func scientific(_ value: Double) -> String {
    if value == 0 { return "0" }
    if value >= 0.1 { return "\((value * 100).rounded() / 100)" }
    var (digits, exponent) = (value, 0)
    while digits < 1 { (digits, exponent) = (digits * 10, exponent - 1) }
    let rounded = (digits * 10).rounded() / 10
    return rounded < 10 ? "\(rounded)e\(exponent)" : "1.0e\(exponent + 1)"
  }
}
