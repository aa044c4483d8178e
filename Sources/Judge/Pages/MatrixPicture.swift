public import Judging
internal import PageKit
internal import PlanModel
internal import Reports
internal import TerminalText

/// The matrix of a run as one SVG picture.
public struct MatrixPicture {
  private let matrix: Matrix

  /// What a picture can hold that is still read; the rest is counted in it.
  private static let (mostRows, mostColumns) = (60, 8)

  public init(_ matrix: Matrix) {
    self.matrix = matrix.shown(longestName: TerminalText.longestName)
  }

  /// The document, ending with a line break.
  public var svg: String {
    let (scenarios, strategies) = (matrix.scenarios, matrix.strategies)
    var cells: [String: [String: MatrixChart.Cell]] = [:]
    for arm in matrix.plan.arms {
      cells[arm.strategy.label, default: [:]][arm.scenario] = cell(arm)
    }
    let columns = Array(scenarios.prefix(Self.mostColumns))
    let rows = strategies.prefix(Self.mostRows)
    let left = [
      (strategies.count - rows.count, "strategy", "strategies"),
      (scenarios.count - columns.count, "scenario", "scenarios"),
    ].filter { $0.0 > 0 }.map { Counted.text($0.0, $0.1, $0.2) + " not shown" }
    let answers = PlanAnswer.allCases.filter { answer in
      matrix.arms.contains { $0.planAnswer == answer }
    }
    let signs = answers.map { "\(AnswerLook($0).sign) \($0.word)" }
    let shapes =
      ["bar: launches that failed", "line: 95 % interval"]
      + (matrix.arms.contains { $0.recovered != nil } ? ["lighter: recovered"] : [])
      + (matrix.arms.contains { $0.predictionPerLaunch != nil } ? ["diamond: model"] : [])
    return MatrixChart(
      title: Wording.heading(matrix.plan), sentence: Wording.conclusion(matrix),
      columns: columns,
      rows: rows.map { strategy in
        (name: strategy, cells: columns.map { cells[strategy]?[$0] })
      },
      legend: [signs, shapes, left].filter { !$0.isEmpty }
        .map { $0.joined(separator: " \u{B7} ") }
    ).document
  }

  private func cell(_ arm: Arm) -> MatrixChart.Cell {
    let verdict = matrix.arms[arm.index]
    let look = AnswerLook(verdict.planAnswer)
    let shown = verdict.recovered?.launchesWithFailed ?? verdict.launches
    return MatrixChart.Cell(
      kind: look.kind, sign: look.sign, word: verdict.strategyAnswer.word,
      rate: verdict.launches.rate.map(Wording.percent) ?? "",
      chart: RateChart(
        rate: shown.rate,
        recovered: verdict.recovered.map { Double($0.launches) / Double(max(1, shown.outOf)) } ?? 0,
        low: shown.low, high: shown.high,
        model: verdict.predictionPerLaunch?.predicted, words: ""))
  }
}
