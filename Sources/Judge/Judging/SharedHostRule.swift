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

  /// Makes both answers of the doubted rows undecided. Where the plan demands nothing, it stays so.
  /// - Parameter other: the row whose rate the plan demands to be like the arm's.
  func apply(to verdicts: inout [ArmVerdict], comparedWith other: (Arm) -> Arm?) {
    let before = verdicts
    for arm in plan.arms {
      guard let doubt = doubt(arm, before, comparedWith: other(arm)) else { continue }
      let reason =
        "this host's own ports were used, and \(doubt); run it in a network namespace (bindstorm doctor run)"
      let row = arm.index
      (verdicts[row].strategyAnswer, verdicts[row].strategyReason) = (.undecided, reason)
      guard verdicts[row].planAnswer != .notDemanded else { continue }
      verdicts[row].planAnswer = .undecided
      verdicts[row].reason = reason + "; " + verdicts[row].reason
    }
  }

  /// What speaks against an answer; nil if nothing does.
  private func doubt(
    _ arm: Arm, _ verdicts: [ArmVerdict], comparedWith other: Arm?
  ) -> String? {
    let verdict = verdicts[arm.index]
    guard verdict.planAnswer != .skipped, verdict.launches.outOf > 0 else { return nil }
    func isOffModel(_ arm: Int) -> Bool { verdicts[arm].predictionPerTrial?.agrees == false }
    if isOffModel(arm.index) {
      return "the rate is off the model, which does not know their other owners"
    }
    if let other, isOffModel(other.index) {
      return
        "the rate of \(other.strategy.label), with which it is compared, is off the model, which does not know their other owners"
    }
    guard verdict.planAnswer == .notAsExpected || verdict.strategyAnswer == .fails else {
      return nil
    }
    if let prediction = verdict.predictionPerTrial {
      return prediction.agrees == nil
        ? "the rate was not compared with its model, as in rows that may end early, so that what their other owners did is unknown"
        : nil
    }
    let foreign =
      tallies[arm.index].count(.lostToOutsider) + tallies[arm.index].count(.lostToUnknown)
    return foreign > 0
      ? "launches lost a port to processes outside the run (\(foreign))" : nil
  }
}
