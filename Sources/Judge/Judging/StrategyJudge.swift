internal import PlanModel
internal import PortModel
internal import Statistics
internal import Theory

/// What a row's failure rate is held against: the rate up to which the strategy survives.
struct SurvivalLimit {
  /// In (0, 1).
  var rate: Double
  /// Where it comes from, in words.
  var source: String

  /// The share of a rate that must be reached, or that a control has, from which a row counts as failing.
  static let share = 0.1

  /// The limit that a demand sets; nil if it sets none.
  init?(_ demand: PlanModel.Expectation?) {
    if let least = demand?.failureRateAtLeast {
      self.init(rate: Self.share * least, source: "a tenth of the rate that the plan demands")
    } else if let most = demand?.failureRateAtMost {
      self.init(rate: most, source: "the plan's demand")
    } else {
      return nil
    }
  }

  init(rate: Double, source: String) { (self.rate, self.source) = (rate, source) }
}

/// Decides what a strategy did; `StrategyAnswer` has the rules.
struct StrategyJudge {
  typealias Decision = (answer: StrategyAnswer, reason: String)

  let arm: Arm
  let tally: ArmTally
  /// Nil if there is nothing to hold the rate against.
  let limit: SurvivalLimit?
  /// When the arm's trials end.
  let rule: StoppingRule
  /// Why the trials show nothing, if they do not; otherwise nil.
  let unusable: String?

  func decide() -> Decision {
    if let reason = tally.skipReason { return (.skipped, reason) }
    guard let limit else {
      return unusable.map { (.undecided, $0) }
        ?? (.measured, "there is nothing to hold the rate against")
    }
    if rule.kind == .sequential {
      return unusable.map { (.undecided, $0) } ?? sequential()
    }
    let failed = bounds(failedOnly: true)
    let lost = bounds(failedOnly: false)
    let beside = "\(Percent.text(limit.rate)), \(limit.source), at confidence \(confidence)"
    let most = limit.rate + DemandRounding.slack
    // Shown whatever the unusable launches came to.
    if failed.lower > limit.rate { return (.fails, "the failure rate is above \(beside)") }
    if let unusable { return (.undecided, unusable) }
    if lost.upper <= most { return (.survives, "the failure rate is at most \(beside)") }
    if failed.upper <= most && lost.lower > limit.rate {
      return (
        .recovers,
        "the rate of failed launches is at most \(beside), and that of lost ports above it"
      )
    }
    return (
      .undecided,
      "the failure rate is between \(Percent.text(lost.lower)) and \(Percent.text(lost.upper)), and to survive it must be at most \(beside)"
    )
  }

  /// What the sequential test of the demand says. The bounds for a fixed number of trials are not valid then.
  private func sequential() -> Decision {
    let byLaunch = arm.launchesPerTrial == 1
    let lost = rule.decision(Observations(tally, byLaunch: byLaunch))
    let failed = rule.decision(Observations(failedOnly: tally, byLaunch: byLaunch))
    let test = "by the sequential test of the plan's demand"
    switch (failed, lost) {
    case (_, .good) where arm.expectation?.failureRateAtLeast == nil:
      return (.survives, "the failure rate is at most the demanded one, \(test)")
    case (.bad, _): return (.fails, "the failure rate is not as low as demanded, \(test)")
    case (.good, .bad):
      return (
        .recovers, "the rate of failed launches is low, and that of lost ports is not, \(test)"
      )
    default: return (.undecided, "nothing is shown \(test)")
    }
  }

  private var confidence: Double {
    arm.expectation?.confidence ?? PlanModel.Expectation().confidence
  }

  /// Bounds of the rate per launch, as for demands: with T the rate of trials in which any of L launches fails, it lies
  /// between T/L and T.
  private func bounds(failedOnly: Bool) -> (lower: Double, upper: Double) {
    let byLaunch = arm.launchesPerTrial == 1
    let seen =
      failedOnly
      ? Observations(failedOnly: tally, byLaunch: byLaunch)
      : Observations(tally, byLaunch: byLaunch)
    let left = rule.hasEndedEarly(tally) ? arm.trials - tally.trialsSeen : 0
    let (lower, upper) = seen.adding(uncounted: left).bounds(confidence: confidence)
    return (lower / Double(arm.launchesPerTrial), upper)
  }
}

extension MatrixJudge {
  /// What a row is held against that has no demand of its own: the scenario's control, or else the racy start's
  /// predicted rate.
  func limit(of arm: Arm, _ tallies: [ArmTally]) -> SurvivalLimit? {
    if let own = SurvivalLimit(arm.expectation) { return own }
    // Whoever loses what is taken from it fails in every trial.
    let isForced = arm.faults.contains {
      $0.kind.name == FaultName.steal && $0.probability == 1 && $0.every == 1
    }
    if isForced {
      return SurvivalLimit(
        rate: SurvivalLimit.share / Double(arm.launchesPerTrial),
        source: "a tenth of the trials, in each of which a port is taken")
    }
    let control = plan.arms.first {
      $0.scenario == arm.scenario && $0.index != arm.index
        && $0.expectation?.isMustFailControl == true && $0.skipReason == nil
    }
    if let control, let demand = control.expectation {
      let lower = lowerBound(control, demand, tallies[control.index])
      guard lower > 0 else { return nil }
      return SurvivalLimit(
        rate: SurvivalLimit.share * lower,
        source: "a tenth of what the control \(control.strategy.label) fails at least")
    }
    guard let racy = vocabulary.strategies.first(where: { $0.collisionModel == .probeThenBind })
    else { return nil }
    var start = arm
    start.strategy = Choice(
      name: racy.name, label: racy.name,
      options: racy.options.map { OptionValue(name: $0.name, value: $0.defaultValue ?? 0) })
    guard
      let rates = Prediction.predict(asMeasured(start, tallies[arm.index]), vocabulary: vocabulary),
      rates.perLaunch > 0
    else { return nil }
    return SurvivalLimit(
      rate: SurvivalLimit.share * rates.perLaunch,
      source: "a tenth of the rate that theory predicts for \(racy.name) here")
  }

  /// The lower bound of the rate per launch at which a control fails as it must.
  private func lowerBound(
    _ control: Arm, _ demand: PlanModel.Expectation, _ tally: ArmTally
  ) -> Double {
    let rule = rule(control)
    if rule.kind == .sequential { return rule.launchRate(tally, failedOnly: true).low }
    let left = rule.hasEndedEarly(tally) ? control.trials - tally.trialsSeen : 0
    let seen = Observations(tally, of: control).adding(uncounted: left)
    return seen.bounds(confidence: demand.confidence).lower / Double(control.launchesPerTrial)
  }

  /// Outcomes in which a bind failed because a socket held the port: `replay --force` can repeat them.
  private static let heldByOthers: Set<Outcome> = [
    .lostToSelf, .lostToSibling, .lostToThief, .lostToOutsider, .lostToUnknown,
  ]

  /// A row that no thief could reach has survived nothing.
  func applyReach(to verdicts: inout [ArmVerdict], _ tallies: [ArmTally]) {
    for arm in plan.arms {
      guard
        var found = OutOfReach(arm, tallies[arm.index].ports, vocabulary: vocabulary)
      else { continue }
      let lost = plan.arms.first {
        $0.scenario == arm.scenario && $0.depth.binds && $0.strategy.command?.forcing == nil
          && verdicts[$0.index].topCause.map { Self.heldByOthers.contains($0.outcome) } == true
      }
      found.lostTrial = lost.flatMap { other in
        verdicts[other.index].topCause.map {
          OutOfReach.LostTrial(arm: other.index, trial: $0.firstTrial)
        }
      }
      verdicts[arm.index].outOfReach = found
      guard [.survives, .recovers].contains(verdicts[arm.index].strategyAnswer) else { continue }
      verdicts[arm.index].strategyAnswer = .undecided
      verdicts[arm.index].strategyReason =
        "no thief of the scenario could take its ports, so nothing is shown about thieves"
    }
  }
}
