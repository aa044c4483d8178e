public import PlanModel
internal import PortModel
internal import Statistics
internal import Theory

/// Turns the tallies of a run into the matrix.
///
/// `RowJudge` decides whether each row is as the plan expects, and `StrategyJudge` what the strategy did. If a must-fail
/// control did not fail as it must, or could not run, the other rows of its scenario that are as expected become
/// undecided, and so do the strategies that survive. If the plan's own `skip` leaves the control out, they stay, but say
/// so.
public struct MatrixJudge {
  /// Level below which predictions are reported to disagree, for all cells of a plan together: if all predictions are
  /// right, at most one run of the plan in 1,000 has such a cell. Each cell is tested at this level divided by the number
  /// of cells (Bonferroni).
  public static let predictionLevel = 0.001
  /// Level below which a published figure is reported as inconsistent.
  public static let publishedLevel = 0.01
  /// Ratio of uncounted to counted launches above which a rate is reported to be biased by selection.
  public static let selectedShare = 0.1

  let plan: ResolvedPlan
  let vocabulary: Vocabulary

  /// A judge of the plan's runs.
  public init(plan: ResolvedPlan, vocabulary: Vocabulary) {
    self.plan = plan
    self.vocabulary = vocabulary
  }

  /// Judges.
  /// - Parameters:
  ///   - tallies: in the order of `plan.arms`.
  ///   - isPartial: whether the run was cut short.
  ///   - isIsolated: whether it had a network namespace of its own. Without one, what `SharedHostRule` doubts is undecided.
  public func judge(_ tallies: [ArmTally], isPartial: Bool, isIsolated: Bool = true) -> Matrix {
    let predictions = zip(plan.arms, tallies).map { predict(asMeasured($0, $1)) }
    // A rate of 0 or 1 leaves nothing to chance.
    let tested = zip(plan.arms, predictions).count { arm, prediction in
      arm.skipReason == nil && prediction.map { $0.perTrial > 0 && $0.perTrial < 1 } ?? false
    }
    let level = Self.predictionLevel / Double(max(1, tested))
    let better = betterComparisons(tallies)
    var verdicts = plan.arms.indices.map { index in
      let arm = plan.arms[index]
      let other = other(arm).map { ($0, tallies[$0.index]) }
      return judge(
        arm, tallies, comparison(arm, tallies[index], other), better[index],
        PredictionTest(prediction: predictions[index], level: level), isIsolated: isIsolated)
    }
    if !isIsolated {
      SharedHostRule(plan: plan, tallies: tallies).apply(to: &verdicts, comparedWith: other)
    }
    applyReach(to: &verdicts, tallies)
    for scenario in Set(plan.arms.map(\.scenario)) {
      applyControls(of: scenario, to: &verdicts, tallies, isIsolated: isIsolated)
    }
    let named = Set(plan.arms.map(\.strategy.name))
    let traits = vocabulary.strategies.filter { named.contains($0.name) }
    return Matrix(
      plan: plan, arms: verdicts, isPartial: isPartial, isIsolated: isIsolated,
      traits: Dictionary(uniqueKeysWithValues: traits.map { ($0.name, $0.traits) }))
  }

  /// If a must-fail control of its scenario did not fail, no other row of it shows anything. If the control was left out,
  /// the row says so.
  private func applyControls(
    of scenario: String, to verdicts: inout [ArmVerdict], _ tallies: [ArmTally], isIsolated: Bool
  ) {
    let arms = plan.arms.filter { $0.scenario == scenario }
    let controls = arms.filter { $0.expectation?.isMustFailControl == true }
    let spoilt = controls.first {
      verdicts[$0.index].planAnswer != .asExpected && $0.skipReason == nil
    }
    if let spoilt {
      for arm in arms where [.survives, .recovers].contains(verdicts[arm.index].strategyAnswer) {
        verdicts[arm.index].strategyAnswer = .undecided
        verdicts[arm.index].strategyReason =
          misbehaviour(spoilt, verdicts[spoilt.index]) + ", so this proves nothing"
      }
    }
    for arm in arms
    where verdicts[arm.index].planAnswer == .asExpected
      && arm.expectation?.isMustFailControl != true
    {
      let row = arm.index
      if let spoilt {
        verdicts[row].planAnswer = .undecided
        verdicts[row].reason =
          misbehaviour(spoilt, verdicts[spoilt.index]) + ", so this proves nothing"
          + remarks(
            arm, tallies[row], verdicts[row].predictionPerTrial, isIsolated: isIsolated)
      }
      for control in controls {
        guard let reason = control.skipReason else { continue }
        verdicts[row].reason +=
          "; the plan leaves the control \(control.strategy.label) out: \(reason)"
      }
    }
  }

  /// What is wrong with a control.
  private func misbehaviour(_ control: Arm, _ verdict: ArmVerdict) -> String {
    let name = "the control \(control.strategy.label)"
    return verdict.planAnswer == .skipped
      ? "\(name) did not run (\(verdict.reason))" : "\(name) did not fail as it must"
  }

  /// When the arm's trials end.
  func rule(_ arm: Arm) -> StoppingRule { StoppingRule(arm, in: plan) }

  /// The row with which the arm's must be compared: a demand names one at most.
  func other(_ arm: Arm) -> Arm? {
    guard let label = arm.expectation?.like ?? arm.expectation?.betterThan else { return nil }
    return plan.arms.first {
      $0.index != arm.index && $0.scenario == arm.scenario && $0.strategy.label == label
    }
  }

  /// Compares an arm with the row that it must be like; nil if there is none.
  func comparison(
    _ arm: Arm, _ tally: ArmTally, _ row: (arm: Arm, tally: ArmTally)?
  ) -> RowComparison? {
    guard let (other, that) = row, let expectation = arm.expectation, expectation.like != nil
    else { return nil }
    // Launches that share a trial are not independent.
    let isSingle = arm.launchesPerTrial == 1 && other.launchesPerTrial == 1
    let own = Observations(tally, byLaunch: isSingle)
    let theirs = Observations(that, byLaunch: isSingle)
    let hasData = own.counted > 0 && theirs.counted > 0
    let p = hasData ? Observations.leastFavourablePValue(own, theirs) : nil
    let (confidence, level) = (
      expectation.confidence, expectation.likeLevel ?? Expectation.defaultLikeLevel
    )
    let difference =
      hasData
      ? RateDifference.interval(
        own.rate(confidence: confidence), theirs.rate(confidence: confidence)) : nil
    return RowComparison(
      like: other.strategy.label, other: isSingle ? that.launchRate : that.trialRate, pValue: p,
      level: level, isConsistent: p.map { $0 >= level },
      within: expectation.likeWithin ?? Expectation.defaultLikeWithin,
      differenceLow: difference?.lowerBound, differenceHigh: difference?.upperBound)
  }

  /// The arm with the window that its trials had, if ports churn in it: the plan sets the least window, and what is drawn
  /// after its end still meets the binds.
  func asMeasured(_ arm: Arm, _ tally: ArmTally) -> Arm {
    let churns = arm.thieves.contains { vocabulary.thief(named: $0.name)?.model == .churns }
    guard churns, arm.window.milliseconds > 0, let window = tally.window else { return arm }
    var arm = arm
    arm.window.milliseconds = max(arm.window.milliseconds, Double(window.p50) / 1e6)
    return arm
  }

  /// The model has no prediction for a program, but it may have one for the row to which the program is compared.
  private func predict(_ arm: Arm) -> PredictedFailure? {
    if let own = Prediction.predict(arm, vocabulary: vocabulary) { return own }
    guard arm.expectation?.like != nil else { return nil }
    return other(arm).flatMap { Prediction.predict($0, vocabulary: vocabulary) }
  }

  /// What is predicted of an arm, and the level at which it is tested.
  private struct PredictionTest {
    var prediction: PredictedFailure?
    var level: Double

    func compare(
      _ predicted: Double, _ seen: (counted: Int, failed: Int)
    ) -> PredictionComparison {
      let rate = min(max(predicted, 0), 1)
      guard seen.counted > 0 else { return untested(rate) }
      let p = BinomialTest.pValue(seen.failed, outOf: seen.counted, rate: rate)
      return PredictionComparison(predicted: rate, pValue: p, level: level, agrees: p >= level)
    }

    func untested(_ predicted: Double) -> PredictionComparison {
      PredictionComparison(predicted: predicted, pValue: nil, level: level, agrees: nil)
    }
  }

  private func judge(
    _ arm: Arm, _ tallies: [ArmTally], _ comparison: RowComparison?, _ better: BetterComparison?,
    _ test: PredictionTest, isIsolated: Bool
  ) -> ArmVerdict {
    let tally = tallies[arm.index]
    let prediction = test.prediction
    let rule = rule(arm)
    // The tests are for a number of trials that does not depend on their results.
    let isFixed = rule.kind == .fixed || rule.kind != .sequential && !rule.hasEndedEarly(tally)
    let perTrial = prediction.map {
      isFixed ? test.compare($0.perTrial, tally.trials) : test.untested($0.perTrial)
    }
    let row = RowJudge(
      arm: arm, tally: tally, comparison: comparison, better: better, rule: rule)
    let (answer, reason) = row.decide()
    let strategy = StrategyJudge(
      arm: arm, tally: tally, limit: limit(of: arm, tallies), rule: rule, unusable: row.problem
    ).decide()
    return ArmVerdict(
      arm: arm.index, planAnswer: answer,
      reason: reason + remarks(arm, tally, perTrial, isIsolated: isIsolated),
      launches: rule.launchRate(tally, failedOnly: true),
      trials: rule.trialRate(tally, failedOnly: true), outcomes: tally.outcomeCounts,
      topCause: tally.topCause,
      predictionPerLaunch: prediction.map { prediction in
        // Launches that share a trial are not independent: only the trial's rate is tested.
        arm.launchesPerTrial == 1 && isFixed
          ? test.compare(prediction.perLaunch, tally.launches) : test.untested(prediction.perLaunch)
      },
      predictionPerTrial: perTrial,
      published: arm.published.map { compare($0, arm, tally, isFixed: isFixed) },
      plannedTrials: arm.trials,
      releaseSkew: tally.releaseSkew, window: tally.window, timeToBound: tally.timeToBound,
      allocation: tally.allocation, portsTaken: tally.portsTaken,
      socketsInWindow: tally.socketsInWindow, timeToServed: tally.timeToServed,
      detection: tally.detection, requestsPerSecond: tally.throughput, like: comparison,
      better: better,
      noPrediction: prediction == nil
        ? Prediction.reasonForNone(arm, vocabulary: vocabulary) : nil,
      stoppedBy: rule.hasEndedEarly(tally) ? rule.kind : nil,
      strategyAnswer: strategy.answer, strategyReason: strategy.reason,
      recovered: tally.recovered(rule), sample: CellSample(tally, of: arm))
  }

  /// What must be added for every verdict; empty, or begins with a semicolon. Why a rate is off its model is known without
  /// isolation, and `SharedHostRule` says it.
  private func remarks(
    _ arm: Arm, _ tally: ArmTally, _ prediction: PredictionComparison?, isIsolated: Bool
  ) -> String {
    var text = ""
    if let prediction, isIsolated, prediction.agrees == false {
      text +=
        prediction.predicted > 0 && prediction.predicted < 1
        ? "; the measured rate is off the model, as by chance alone some cell is in at most one run of this plan in 1,000: chance, harness, host or theory"
        : "; the measured rate is off the model, which leaves nothing to chance here: harness, host or theory is wrong"
    }
    let seen = Observations(tally, byLaunch: true)
    if seen.counted > 0,
      Double(seen.uncounted) > Self.selectedShare * Double(seen.counted)
    {
      text +=
        "; \(seen.uncounted) of \(Counted.text(seen.counted + seen.uncounted, "launch", "launches")) do not count, so the rate shown is selected: whoever fails early is in it, whoever would have been ready may not be"
    }
    let stopped = rule(arm).remark(tally)
    text += stopped
    if stopped.isEmpty && tally.trialsSeen > 0 && tally.trialsSeen < arm.trials {
      text += "; only \(tally.trialsSeen) of \(Counted.text(arm.trials, "trial")) ran"
      if let budget = plan.budgetSeconds { text += " in the budget of \(budget) s" }
    }
    return text
  }

  private func compare(
    _ figure: PublishedFigure, _ arm: Arm, _ tally: ArmTally, isFixed: Bool
  ) -> PublishedComparison {
    let seen = figure.per == .launch ? tally.launches : tally.trials
    // Launches that share a trial or a host are not independent, as Fisher's test requires.
    let isIndependent = figure.per == .trial || arm.launchesPerTrial == 1 && !figure.sharesHost
    let rate = RateEstimate(figure.failures, outOf: figure.outOf)
    guard seen.counted > 0, isIndependent, isFixed else {
      return PublishedComparison(
        figure: figure, rate: rate, pValue: nil, level: Self.publishedLevel, isConsistent: nil)
    }
    func p(_ failed: Int) -> Double {
      FisherExact.pValue(figure.failures, outOf: figure.outOf, failed, outOf: seen.counted)
    }
    let range = consistent(seen.counted, nearest: figure, p)
    return PublishedComparison(
      figure: figure, rate: rate, pValue: p(seen.failed), level: Self.publishedLevel,
      isConsistent: p(seen.failed) >= Self.publishedLevel, consistentLow: range?.lowerBound,
      consistentHigh: range?.upperBound)
  }

  /// The measured rates that would be called consistent with a figure: what its few observations cannot exclude.
  private func consistent(
    _ counted: Int, nearest figure: PublishedFigure, _ p: (Int) -> Double
  ) -> ClosedRange<Double>? {
    let center = Int((Double(counted) * Double(figure.failures) / Double(figure.outOf)).rounded())
    func isConsistent(_ failed: Int) -> Bool { p(failed) >= Self.publishedLevel }
    guard isConsistent(center) else { return nil }
    let low = GreenRange.end(from: center, towards: 0, isConsistent)
    let high = GreenRange.end(from: center, towards: counted, isConsistent)
    return Double(low) / Double(counted)...Double(high) / Double(counted)
  }
}
