internal import Judging
internal import PlanModel
internal import ReportKit
internal import TerminalText

/// The matrix as JUnit XML in the dialect that Jenkins and GitLab read: a suite for the plan, and a case for each arm
/// with the result of the plan's answer (`PlanAnswer.Facts.testResult`). An arm that was not decided is an error, so that
/// missing data never looks like a pass; one that did not run is skipped, with the reason.
public enum JUnitReport {
  /// The document, ending with a line break.
  public static func text(_ run: RunDocument) -> String {
    let matrix = run.matrix
    var document = JUnitDocument(
      suite: matrix.plan.name, seconds: run.seconds.reduce(0, +))
    document.timestamp = run.origin?.startedAt.map {
      $0.hasSuffix("Z") ? String($0.dropLast()) : $0
    }
    document.host = run.origin?.host
    document.properties = properties(run)
    document.cases = matrix.plan.arms.map { testCase($0, of: run) }
    return document.text
  }

  private static func properties(_ run: RunDocument) -> [(name: String, value: String)] {
    let plan = run.matrix.plan
    var pools: [String] = []
    for arm in plan.arms {
      let pool = "\(arm.pool.low)-\(arm.pool.high)"
      if !pools.contains(pool) { pools.append(pool) }
    }
    var properties = [
      (name: "seed", value: "\(plan.seed)"), ("partial", "\(run.matrix.isPartial)"),
      ("isolated", "\(run.matrix.isIsolated)"), ("pool", pools.joined(separator: " ")),
    ]
    guard let origin = run.origin else { return properties }
    properties += origin.facts
    properties.append(
      ("replay", "bindstorm run \(shellQuoted("\(origin.folder)/plan.json")) --seed \(plan.seed)"))
    return properties
  }

  private static func testCase(_ arm: Arm, of run: RunDocument) -> JUnitDocument.Case {
    let (matrix, verdict) = (run.matrix, run.matrix.arms[arm.index])
    let seconds = arm.index < run.seconds.count ? run.seconds[arm.index] : 0
    let cell = CellText(arm, of: matrix)
    // Viewers show cases one by one, so that each must say it.
    let mark = matrix.isIsolated ? "" : "\(IsolationNotice.mark): "
    let summary = "\(mark)\(cell.answers): \(verdict.reason)"
    let detail = detail(arm, verdict, cell, run.origin?.folder)
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
      seconds: seconds, result: result, output: summary + "\n" + detail)
  }

  /// - Parameter folder: the run's; nil if it is not known.
  private static func detail(
    _ arm: Arm, _ verdict: ArmVerdict, _ cell: CellText, _ folder: String?
  ) -> String {
    var lines = cell.details
    lines.append("attempts: \(attempts(verdict))")
    if !verdict.strategyReason.isEmpty {
      lines.append("\(verdict.strategyAnswer.rawValue): \(verdict.strategyReason)")
    }
    if let cause = verdict.topCause {
      lines.append(
        "\(cause.outcome.rawValue) x\(cause.launches), first in trial \(cause.firstTrial): \(cause.evidence)"
      )
    }
    if let folder, verdict.trials.outOf > 0, arm.depth.binds {
      lines.append(
        "replay: \(arm.replayCommand(run: folder, trial: verdict.topCause?.firstTrial ?? 0))")
    }
    return lines.joined(separator: "\n")
  }

  /// `100 of 160 trials counted, 7 of them failed`.
  private static func attempts(_ verdict: ArmVerdict) -> String {
    let trials = verdict.trials
    return
      "\(trials.outOf) of \(Counted.text(verdict.plannedTrials, "trial")) counted, \(trials.failures) of them failed"
  }
}
