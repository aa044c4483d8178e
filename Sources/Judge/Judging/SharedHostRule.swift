internal import PlanModel

/// What a run that used its host's own ports does not decide.
///
/// The host's other programs take part in such a run: they hold ports, take some meanwhile, and leave others in TIME_WAIT.
/// Two things show that they did. A rate off its model, because the model knows only the plan's own ports. And, where
/// there is no model, launches that lost a port to a process outside the run. A cell that shows one of them is undecided,
/// whatever its verdict would be otherwise. So is a violated demand if the row has a model and was not compared with it.
struct SharedHostRule {
  let plan: ResolvedPlan
  let tallies: [ArmTally]
  /// Before this rule.
  let verdicts: [ArmVerdict]

  /// Why a cell is undecided; nil if it is not.
  /// - Parameter other: the row whose rate the plan demands to be like the arm's.
  func doubt(_ arm: Arm, comparedWith other: Arm?) -> String? {
    let verdict = verdicts[arm.index]
    guard verdict.verdict != .skipped, verdict.launches.outOf > 0 else { return nil }
    if isOffModel(arm.index) {
      return
        "this host's own ports were used, whose other owners the model does not know, and the measured rate is off the model; run it in a network namespace (bindstorm doctor run)"
    }
    if let other, isOffModel(other.index) {
      return
        "this host's own ports were used, and the rate of \(other.strategy.label), with which it is compared, is off the model; run it in a network namespace (bindstorm doctor run)"
    }
    let isViolated = verdict.verdict == .fail || verdict.verdict == .unexpectedPass
    if isViolated, let prediction = verdict.predictionPerTrial, prediction.agrees == nil {
      return
        "this host's own ports were used, and the rate was not compared with its model, as in rows that may end early, so that what their other owners did is unknown; run it in a network namespace (bindstorm doctor run)"
    }
    let foreign =
      tallies[arm.index].count(.lostToOutsider) + tallies[arm.index].count(.lostToUnknown)
    if verdict.verdict == .fail && verdict.predictionPerTrial == nil && foreign > 0 {
      return
        "this host's own ports were used, and \(foreign) launches lost a port to processes outside the run; run it in a network namespace (bindstorm doctor run)"
    }
    return nil
  }

  private func isOffModel(_ arm: Int) -> Bool {
    verdicts[arm].predictionPerTrial?.agrees == false
  }
}
