package import Judging
package import PlanModel

/// One cell of the matrix in words, line by line. Every report shows these lines.
package struct CellText {
  /// The strategy's answer, and the launches that failed.
  package let strategy: String
  /// The plan's answer, and what it demands.
  package let plan: String
  /// Launches that recovered, the model, causes, and what is not counted.
  package let details: [String]

  package init(_ arm: Arm, of matrix: Matrix) {
    let verdict = matrix.arms[arm.index]
    strategy =
      verdict.strategyAnswer.word
      + (verdict.strategyAnswer == .skipped
        ? ""
        : (verdict.recovered == nil ? " " : " failed ") + Wording.estimate(verdict.launches))
    plan = Self.planLine(arm, verdict)
    hasRun = verdict.planAnswer != .skipped
    var lines: [String] = []
    if arm.launchesPerTrial > 1 && verdict.strategyAnswer != .skipped {
      lines.append("any launch \(Wording.estimate(verdict.trials))")
    }
    if let recovered = verdict.recovered { lines += Self.recovered(recovered, verdict, arm) }
    if let prediction = verdict.predictionPerTrial { lines.append(Wording.prediction(prediction)) }
    if verdict.noPrediction != nil { lines.append("no model") }
    // Those that recovered have a line of their own.
    if verdict.topCause?.outcome != .recovered || verdict.launches.failures > 0,
      let causes = Wording.causes(verdict)
    {
      lines.append(causes)
    }
    if verdict.outOfReach != nil { lines.append("out of its thieves' reach") }
    details = lines + Wording.leftOut(verdict, of: matrix)
  }

  /// Whether the row ran: if not, one word says so.
  private let hasRun: Bool

  /// Both answers on one line.
  var answers: String { hasRun ? "\(strategy), \(plan)" : strategy }
  /// All lines.
  var lines: [String] { (hasRun ? [strategy, plan] : [strategy]) + details }

  private static func planLine(_ arm: Arm, _ verdict: ArmVerdict) -> String {
    let word = verdict.planAnswer.word
    guard verdict.planAnswer != .skipped, let demand = arm.expectation else { return word }
    return "\(word) (\(Wording.demand(demand)))"
  }

  /// `recovered 161/300; lost the port 161/300 53.7 % [47.8, 59.4]`, as demands and the model count.
  private static func recovered(
    _ recovered: Recovered, _ verdict: ArmVerdict, _ arm: Arm
  ) -> [String] {
    let both =
      arm.launchesPerTrial > 1
      ? "any failed or recovered \(Wording.estimate(recovered.trialsWithFailed))"
      : "failed or recovered \(Wording.estimate(recovered.launchesWithFailed))"
    let share =
      verdict.launches.outOf > 0
      ? " " + Wording.percent(Double(recovered.launches) / Double(verdict.launches.outOf)) : ""
    return ["recovered \(recovered.launches)/\(verdict.launches.outOf)\(share)", both]
  }
}
