public import Judging
internal import PlanModel
internal import ReportKit

/// The matrix as JUnit XML in the dialect that Jenkins and GitLab read: a suite for the plan, and a case for each arm
/// with the result of the plan's answer (`PlanAnswer.Facts.testResult`). An arm that was not decided is an error, so that
/// missing data never looks like a pass; one that did not run is skipped, with the reason.
public enum JUnitReport {
  /// The document, ending with a line break.
  /// - Parameter seconds: the time of each arm, in the plan's order; 0 if unknown.
  public static func text(_ matrix: Matrix, seconds: [Double]) -> String {
    var document = JUnitDocument(
      suite: matrix.plan.name, time: Wording.fixed(seconds.reduce(0, +), 3))
    document.properties = [("seed", "\(matrix.plan.seed)"), ("partial", "\(matrix.isPartial)")]
    document.properties.append(("isolated", "\(matrix.isIsolated)"))
    document.cases = matrix.plan.arms.map { arm in
      let time = arm.index < seconds.count ? seconds[arm.index] : 0
      return testCase(arm, matrix.arms[arm.index], of: matrix, seconds: time)
    }
    return document.text
  }

  private static func testCase(
    _ arm: Arm, _ verdict: ArmVerdict, of matrix: Matrix, seconds: Double
  ) -> JUnitDocument.Case {
    let cell = CellText(arm, of: matrix)
    // Viewers show cases one by one, so that each must say it.
    let mark = matrix.isIsolated ? "" : "\(IsolationNotice.mark): "
    let summary = "\(mark)\(cell.answers): \(verdict.reason)"
    let detail = detail(arm, verdict, cell)
    let result: JUnitDocument.Result =
      switch verdict.planAnswer.facts.testResult {
      case .passed: .passed
      case .failed:
        .failed(type: verdict.planAnswer.rawValue, message: summary, text: detail)
      case .error:
        .undecided(type: verdict.planAnswer.rawValue, message: summary, text: detail)
      case .skipped: .skipped(message: summary)
      }
    return JUnitDocument.Case(
      className: "\(matrix.plan.name).\(arm.scenario)", name: arm.strategy.label,
      time: Wording.fixed(seconds, 3), result: result, output: summary + "\n" + detail)
  }

  private static func detail(_ arm: Arm, _ verdict: ArmVerdict, _ cell: CellText) -> String {
    var lines = cell.details
    if !verdict.strategyReason.isEmpty {
      lines.append("\(verdict.strategyAnswer.rawValue): \(verdict.strategyReason)")
    }
    if let cause = verdict.topCause {
      lines.append(
        "\(cause.outcome.rawValue) x\(cause.launches), first in trial \(cause.firstTrial): \(cause.evidence)"
      )
    }
    return lines.joined(separator: "\n")
  }
}
