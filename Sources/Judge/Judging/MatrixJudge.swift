public import PlanModel
internal import PortModel
internal import Statistics
internal import Theory

/// Turns the tallies of a run into the matrix.
///
/// `RowJudge` decides each row. If a must-fail control did not fail as it must, or could not run, the passes of its
/// scenario become inconclusive. If the plan's own `skip` leaves the control out, they remain passes, but say so.
public struct MatrixJudge {
  /// Level below which a prediction is reported to disagree.
  public static let predictionLevel = 0.001
  /// Level below which a published figure is reported as inconsistent.
  public static let publishedLevel = 0.01
  /// Level below which two rows that should have the same rate are reported to differ.
  public static let likeLevel = 0.001

  /// Ratio of uncounted to counted launches above which a rate is reported to be biased by selection.
  public static let selectedShare = 0.1

  private let plan: ResolvedPlan
  private let vocabulary: Vocabulary

  /// A judge of the plan's runs.
  public init(plan: ResolvedPlan, vocabulary: Vocabulary) {
    self.plan = plan
    self.vocabulary = vocabulary
  }

  /// Judges; `tallies` in the order of `plan.arms`.
  public func judge(_ tallies: [ArmTally], isPartial: Bool) -> Matrix {
    var verdicts = zip(plan.arms, tallies).map { arm, tally in
      judge(arm, tally, comparison(arm, tally, tallies))
    }
    for scenario in Set(plan.arms.map(\.scenario)) {
      applyControls(of: scenario, to: &verdicts, tallies)
    }
    let named = Set(plan.arms.map(\.strategy.name))
    let traits = vocabulary.strategies.filter { named.contains($0.name) }
    return Matrix(
      plan: plan, arms: verdicts, isPartial: isPartial,
      traits: Dictionary(uniqueKeysWithValues: traits.map { ($0.name, $0.traits) }))
  }

  /// If a must-fail control of its scenario did not fail, a pass means nothing. If the control was left out, the pass
  /// says so.
  private func applyControls(
    of scenario: String, to verdicts: inout [ArmVerdict], _ tallies: [ArmTally]
  ) {
    let arms = plan.arms.filter { $0.scenario == scenario }
    let controls = arms.filter { $0.expectation?.isMustFailControl == true }
    let spoilt = controls.first {
      verdicts[$0.index].verdict != .expectedFailure && $0.skipReason == nil
    }
    for arm in arms where verdicts[arm.index].verdict == .pass {
      let row = arm.index
      if let spoilt {
        verdicts[row].verdict = .inconclusive
        verdicts[row].reason =
          misbehaviour(spoilt, verdicts[spoilt.index]) + ", so this proves nothing"
          + remarks(arm, tallies[row], verdicts[row].predictionPerTrial)
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
    return verdict.verdict == .skipped
      ? "\(name) did not run (\(verdict.reason))" : "\(name) did not fail as it must"
  }

  /// The row whose rate must be consistent with the arm's.
  private func other(_ arm: Arm) -> Arm? {
    guard let like = arm.expectation?.like else { return nil }
    return plan.arms.first {
      $0.index != arm.index && $0.scenario == arm.scenario && $0.strategy.label == like
    }
  }

  private func comparison(
    _ arm: Arm, _ tally: ArmTally, _ tallies: [ArmTally]
  ) -> RowComparison? {
    guard let other = other(arm), let expectation = arm.expectation else { return nil }
    let that = tallies[other.index]
    // Launches that share a trial are not independent.
    let isSingle = arm.launchesPerTrial == 1 && other.launchesPerTrial == 1
    let own = Observations(tally, byLaunch: isSingle)
    let theirs = Observations(that, byLaunch: isSingle)
    let hasData = own.counted > 0 && theirs.counted > 0
    let p = hasData ? Observations.leastFavourablePValue(own, theirs) : nil
    let confidence = expectation.confidence
    let difference =
      hasData
      ? RateDifference.interval(
        own.rate(confidence: confidence), theirs.rate(confidence: confidence)) : nil
    return RowComparison(
      like: other.strategy.label, other: isSingle ? that.launchRate : that.trialRate, pValue: p,
      level: Self.likeLevel, isConsistent: p.map { $0 >= Self.likeLevel },
      within: expectation.likeWithin ?? Expectation.defaultLikeWithin,
      differenceLow: difference?.lowerBound, differenceHigh: difference?.upperBound)
  }

  /// The model has no prediction for a program, but it may have one for the row to which the program is compared.
  private func predict(_ arm: Arm) -> PredictedFailure? {
    if let own = Prediction.predict(arm, vocabulary: vocabulary) { return own }
    return other(arm).flatMap { Prediction.predict($0, vocabulary: vocabulary) }
  }

  private func judge(
    _ arm: Arm, _ tally: ArmTally, _ comparison: RowComparison?
  ) -> ArmVerdict {
    let prediction = predict(arm)
    let perTrial = prediction.map { compare($0.perTrial, tally.trials) }
    let (verdict, reason) = RowJudge(arm: arm, tally: tally, comparison: comparison).decide()
    return ArmVerdict(
      arm: arm.index, verdict: verdict, reason: reason + remarks(arm, tally, perTrial),
      launches: tally.launchRate,
      trials: tally.trialRate, outcomes: tally.outcomeCounts, topCause: tally.topCause,
      predictionPerLaunch: prediction.map { prediction in
        // Launches that share a trial are not independent: only the trial's rate is tested.
        arm.launchesPerTrial == 1
          ? compare(prediction.perLaunch, tally.launches)
          : PredictionComparison(
            predicted: prediction.perLaunch, pValue: nil, level: Self.predictionLevel, agrees: nil)
      },
      predictionPerTrial: perTrial,
      published: arm.published.map { compare($0, arm, tally) }, plannedTrials: arm.trials,
      releaseSkew: tally.releaseSkew, window: tally.window, timeToBound: tally.timeToBound,
      allocation: tally.allocation, portsTaken: tally.portsTaken,
      socketsInWindow: tally.socketsInWindow, timeToServed: tally.timeToServed,
      detection: tally.detection, requestsPerSecond: tally.throughput, like: comparison,
      noPrediction: prediction == nil
        ? Prediction.reasonForNone(arm, vocabulary: vocabulary) : nil)
  }

  /// What must be added for every verdict; empty, or begins with a semicolon.
  private func remarks(
    _ arm: Arm, _ tally: ArmTally, _ prediction: PredictionComparison?
  ) -> String {
    var text = ""
    if prediction?.agrees == false {
      text += "; the measured rate is off the model: harness, host or theory is wrong"
    }
    let seen = Observations(tally, byLaunch: true)
    if seen.counted > 0,
      Double(seen.uncounted) > Self.selectedShare * Double(seen.counted)
    {
      text +=
        "; \(seen.uncounted) of \(seen.counted + seen.uncounted) launches do not count, so the rate shown is selected: whoever fails early is in it, whoever would have been ready may not be"
    }
    if tally.trialsSeen > 0 && tally.trialsSeen < arm.trials {
      text += "; only \(tally.trialsSeen) of \(arm.trials) trials ran"
    }
    return text
  }

  private func compare(
    _ predicted: Double, _ seen: (counted: Int, failed: Int)
  ) -> PredictionComparison {
    guard seen.counted > 0 else {
      return PredictionComparison(
        predicted: predicted, pValue: nil, level: Self.predictionLevel, agrees: nil)
    }
    let rate = min(max(predicted, 0), 1)
    let p = BinomialTest.pValue(seen.failed, outOf: seen.counted, rate: rate)
    return PredictionComparison(
      predicted: rate, pValue: p, level: Self.predictionLevel, agrees: p >= Self.predictionLevel)
  }

  private func compare(
    _ figure: PublishedFigure, _ arm: Arm, _ tally: ArmTally
  ) -> PublishedComparison {
    let seen = figure.per == .launch ? tally.launches : tally.trials
    // Launches that share a trial or a host are not independent, as Fisher's test requires.
    let isIndependent = figure.per == .trial || arm.launchesPerTrial == 1 && !figure.sharesHost
    let rate = RateEstimate(figure.failures, outOf: figure.outOf)
    guard seen.counted > 0, isIndependent else {
      return PublishedComparison(
        figure: figure, rate: rate, pValue: nil, level: Self.publishedLevel, isConsistent: nil)
    }
    let p = FisherExact.pValue(
      figure.failures, outOf: figure.outOf, seen.failed, outOf: seen.counted)
    return PublishedComparison(
      figure: figure, rate: rate, pValue: p, level: Self.publishedLevel,
      isConsistent: p >= Self.publishedLevel)
  }
}
