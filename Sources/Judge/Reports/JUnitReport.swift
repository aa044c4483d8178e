public import Judging
internal import PlanModel
internal import ReportKit

/// The matrix as JUnit XML in the dialect that Jenkins and GitLab read: a suite for the plan, and a case for each arm
/// with the verdict's result (`Verdict.Facts.testResult`). Arms that were not decided or did not run are skipped, with
/// the reason, so that missing data never looks like a pass.
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
      return testCase(arm, of: matrix, seconds: time)
    }
    return document.text
  }

  private static func testCase(
    _ arm: Arm, of matrix: Matrix, seconds: Double
  ) -> JUnitDocument.Case {
    let verdict = matrix.arms[arm.index]
    // Viewers show cases one by one, so that each must say it.
    let summary =
      (matrix.isIsolated ? "" : "\(IsolationNotice.mark): ")
      + "\(verdict.verdict.rawValue) \(Wording.estimate(verdict.launches)): \(verdict.reason)"
    let detail = detail(arm, verdict)
    let result: JUnitDocument.Result =
      switch verdict.verdict.facts.testResult {
      case .passed: .passed
      case .failed: .failed(type: "rate", message: summary, text: detail)
      case .skipped: .skipped(message: summary)
      }
    return JUnitDocument.Case(
      className: "\(matrix.plan.name).\(arm.scenario)", name: arm.strategy.label,
      time: Wording.fixed(seconds, 3), result: result, output: summary + "\n" + detail)
  }

  private static func detail(_ arm: Arm, _ verdict: ArmVerdict) -> String {
    var lines: [String] = []
    if arm.launchesPerTrial > 1 {
      lines.append("any launch \(Wording.estimate(verdict.trials))")
    }
    if let prediction = verdict.predictionPerTrial { lines.append(Wording.prediction(prediction)) }
    if let cause = verdict.topCause {
      lines.append(
        "\(cause.outcome.rawValue) x\(cause.launches), first in trial \(verdict.arm)/\(cause.firstTrial): \(cause.evidence)"
      )
    }
    return lines.joined(separator: "\n")
  }
}
