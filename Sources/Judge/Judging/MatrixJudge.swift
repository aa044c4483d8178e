public import PlanModel
internal import PortModel
internal import Statistics
internal import Theory

/// Turns the tallies of a run into the matrix.
///
/// A demand is met when the exact one-sided bound at its confidence is on the right side of it, and violated
/// when the opposite bound is on the wrong side; otherwise the data does not decide. Rates are per launch. What does
/// not count is taken for failed in the upper bound and for ready in the lower one.
///
/// A row is like another one where Fisher's exact test does not tell their rates apart at `likeLevel` and, so that few
/// trials are no proof, a difference of more than the plan's `like_within` is ruled out: the interval of the difference
/// (`RateDifference`) whose ends are each exceeded with 1 - confidence lies within it. These are two one-sided tests of
/// equivalence (Schuirmann, J. Pharmacokinetics and Biopharmaceutics 15, 1987).
///
/// A must-fail control that did not fail as it must, or that could not run, makes the passes of its scenario
/// inconclusive; one that the plan's own `skip` leaves out does not, but the passes say so.
public struct MatrixJudge {
  /// Level at which a prediction is said to disagree.
  public static let predictionLevel = 0.001
  /// Level at which a published figure is said to be inconsistent.
  public static let publishedLevel = 0.01
  /// Level at which two rows that are to have the same rate are said to differ.
  public static let likeLevel = 0.001

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
      let arms = plan.arms.filter { $0.scenario == scenario }.map(\.index)
      let controls = arms.filter { plan.arms[$0].expectation?.isMustFailControl == true }
      let spoilt = controls.first {
        verdicts[$0].verdict != .expectedFailure && plan.arms[$0].skipReason == nil
      }
      for arm in arms where verdicts[arm].verdict == .pass {
        if let spoilt {
          verdicts[arm].verdict = .inconclusive
          verdicts[arm].reason =
            misbehaviour(plan.arms[spoilt], verdicts[spoilt]) + ", so this proves nothing"
            + remarks(plan.arms[arm], tallies[arm], verdicts[arm].predictionPerTrial)
        }
        for control in controls.map({ plan.arms[$0] }) {
          guard let reason = control.skipReason else { continue }
          verdicts[arm].reason +=
            "; the plan leaves the control \(control.strategy.label) out: \(reason)"
        }
      }
    }
    let named = Set(plan.arms.map(\.strategy.name))
    let traits = vocabulary.strategies.filter { named.contains($0.name) }
    return Matrix(
      plan: plan, arms: verdicts, isPartial: isPartial,
      traits: Dictionary(uniqueKeysWithValues: traits.map { ($0.name, $0.traits) }))
  }

  /// What is wrong with a control.
  private func misbehaviour(_ control: Arm, _ verdict: ArmVerdict) -> String {
    let name = "the control \(control.strategy.label)"
    return verdict.verdict == .skipped
      ? "\(name) did not run (\(verdict.reason))" : "\(name) did not fail as it must"
  }

  /// The row whose rate the arm's is to be consistent with.
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
    let own = observations(tally, byLaunch: isSingle)
    let theirs = observations(that, byLaunch: isSingle)
    let hasData = own.counted > 0 && theirs.counted > 0
    let p =
      hasData
      ? FisherExact.pValue(own.failed, outOf: own.counted, theirs.failed, outOf: theirs.counted)
      : nil
    let difference =
      hasData
      ? RateDifference.interval(
        bounded(own, expectation.confidence), bounded(theirs, expectation.confidence)) : nil
    return RowComparison(
      like: other.strategy.label, other: isSingle ? that.launchRate : that.trialRate, pValue: p,
      level: Self.likeLevel, isConsistent: p.map { $0 >= Self.likeLevel },
      within: expectation.likeWithin ?? Expectation.defaultLikeWithin,
      differenceLow: difference?.lowerBound, differenceHigh: difference?.upperBound)
  }

  private func bounded(_ seen: Observations, _ confidence: Double) -> RateDifference.Bounded {
    let (low, high) = bounds(seen, confidence)
    return RateDifference.Bounded(
      rate: Double(seen.failed) / Double(seen.counted), low: low, high: high)
  }

  /// Theory knows nothing of a program; but of the row that it is to be like.
  private func predict(_ arm: Arm) -> PredictedFailure? {
    if let own = Prediction.predict(arm, vocabulary: vocabulary) { return own }
    return other(arm).flatMap { Prediction.predict($0, vocabulary: vocabulary) }
  }

  private func judge(
    _ arm: Arm, _ tally: ArmTally, _ comparison: RowComparison?
  ) -> ArmVerdict {
    let prediction = predict(arm)
    let perTrial = prediction.map { compare($0.perTrial, tally.trials) }
    let (verdict, reason) = decide(arm, tally, comparison)
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

  /// What must be said whatever the verdict is; begins with a semicolon unless it is empty.
  private func remarks(
    _ arm: Arm, _ tally: ArmTally, _ prediction: PredictionComparison?
  ) -> String {
    var text = ""
    if prediction?.agrees == false {
      text += "; the measured rate is off the model: harness, host or theory is wrong"
    }
    if tally.trialsSeen > 0 && tally.trialsSeen < arm.trials {
      text += "; only \(tally.trialsSeen) of \(arm.trials) trials ran"
    }
    return text
  }

  private func decide(
    _ arm: Arm, _ tally: ArmTally, _ comparison: RowComparison?
  ) -> (Verdict, String) {
    let counted = tally.launches.counted
    if let reason = tally.skipReason { return (.skipped, reason) }
    guard counted > 0 else {
      return (.inconclusive, tally.trialsSeen == 0 ? "no trial ran" : "no trial counts")
    }
    let unusable = unusable(tally)
    guard let expectation = arm.expectation else {
      return unusable.map { (.inconclusive, $0) } ?? (.measured, "no demand was made")
    }
    let confidence = expectation.confidence
    let (lower, upper) = bounds(arm, tally, confidence)
    var isMet = true
    var violation: String?
    // A bound that equals the demand but for rounding meets it: the plan was told that so many launches do.
    let rounding = 1e-12
    if let most = expectation.failureRateAtMost {
      if lower > most + rounding { violation = "the rate is above \(percent(most))" }
      if upper > most + rounding { isMet = false }
    }
    if let least = expectation.failureRateAtLeast {
      if upper < least - rounding { violation = "the rate is below \(percent(least))" }
      if lower < least - rounding { isMet = false }
    }
    var sure = "at confidence \(confidence)"
    let isControl = expectation.isMustFailControl
    if let violation {
      return isControl
        ? (.unexpectedPass, "the control does not fail as it must, \(sure)")
        : (.fail, "\(violation), \(sure)")
    }
    if let like = expectation.like {
      guard let comparison, let p = comparison.pValue, let isConsistent = comparison.isConsistent,
        let within = comparison.within, let low = comparison.differenceLow,
        let high = comparison.differenceHigh
      else { return (.inconclusive, "there is nothing of \(like) to compare with") }
      let text = "the rate of \(like) (p = \(rounded(p)), level \(comparison.level))"
      guard isConsistent else { return (.fail, "the rate is not consistent with \(text)") }
      let difference = "the difference is \(rounded(low))...\(rounded(high))"
      // A difference that was not seen is none only where one that matters would have been.
      guard low >= -within - rounding && high <= within + rounding else {
        return (
          .inconclusive,
          "the rate is consistent with \(text), but \(counted) launches do not show that it differs by no more than \(within): \(difference), \(sure)"
        )
      }
      sure +=
        "; the rate is consistent with \(text) and within \(within) of it: \(difference)"
    }
    if let unusable { return (.inconclusive, unusable) }
    if isControl {
      return isMet
        ? (.expectedFailure, "the control fails as it must, \(sure)")
        : (
          .inconclusive,
          "the data does not show that the control fails as it must, \(sure)" + open(arm, tally)
        )
    }
    if isMet { return (.pass, "the demand is met, \(sure)") }
    return (
      .inconclusive,
      "\(counted) launches do not decide the demand, \(sure)" + open(arm, tally)
    )
  }

  /// Why what was counted proves nothing; nil if it does.
  private func unusable(_ tally: ArmTally) -> String? {
    let broken = tally.count(.harnessError)
    let invalid = tally.count(.invalid)
    let misspoken = tally.count(.adapterError)
    if misspoken > 0 { return "the adapter broke its protocol in \(misspoken) launches" }
    // Of what is invalid, 1 % is put up with; the bounds allow for it.
    if broken > 0 || invalid * 100 > tally.launches.counted + invalid {
      return "\(broken) launches without a usable record, \(invalid) invalid"
    }
    return nil
  }

  /// What the bounds allow for; empty if everything counts.
  private func open(_ arm: Arm, _ tally: ArmTally) -> String {
    let uncounted = observations(arm, tally).uncounted
    let unit = arm.launchesPerTrial > 1 ? "trials" : "launches"
    return uncounted == 0
      ? "" : "; \(uncounted) \(unit) that do not count may have gone either way"
  }

  /// Failed, counted and uncounted observations.
  private typealias Observations = (failed: Int, counted: Int, uncounted: Int)

  /// What a demand is decided by: launches, or trials where several launches share one.
  private func observations(_ arm: Arm, _ tally: ArmTally) -> Observations {
    observations(tally, byLaunch: arm.launchesPerTrial == 1)
  }

  private func observations(_ tally: ArmTally, byLaunch: Bool) -> Observations {
    guard byLaunch else {
      let trials = tally.trials
      return (trials.failed, trials.counted, tally.trialsSeen - trials.counted)
    }
    let uncounted = Outcome.allCases.filter { !$0.isCounted }.map(tally.count).reduce(0, +)
    return (tally.launches.failed, tally.launches.counted, uncounted)
  }

  /// Exact one-sided bounds of the rate per launch. Launches of one trial share its ports and are not
  /// independent, trials are: where there are several, with T the rate of trials in which any of L launches
  /// fails, the rate per launch lies between T/L and T, whatever the dependence.
  ///
  /// What does not count may be what the strategy would have lost, or would not: nobody knows that it was left out
  /// by chance. For the upper bound it has all failed, for the lower one none of it (the worst case of Manski,
  /// Partial Identification of Probability Distributions, 2003), so that a demand is decided only if it would be
  /// whatever had come of it.
  private func bounds(
    _ arm: Arm, _ tally: ArmTally, _ confidence: Double
  ) -> (lower: Double, upper: Double) {
    let (lower, upper) = bounds(observations(arm, tally), confidence)
    return (lower / Double(arm.launchesPerTrial), upper)
  }

  private func bounds(
    _ seen: Observations, _ confidence: Double
  ) -> (lower: Double, upper: Double) {
    let all = seen.counted + seen.uncounted
    return (
      ClopperPearson.lowerBound(seen.failed, outOf: all, confidence: confidence),
      ClopperPearson.upperBound(seen.failed + seen.uncounted, outOf: all, confidence: confidence)
    )
  }

  private func rounded(_ p: Double) -> String { "\((p * 1_000).rounded() / 1_000)" }

  /// As the plan wrote it, but in percent.
  private func percent(_ rate: Double) -> String {
    // Away with the last bits, which stem from the multiplication.
    let percentage = (rate * 1e14).rounded() / 1e12
    return percentage == percentage.rounded() ? "\(Int(percentage)) %" : "\(percentage) %"
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
    // Launches that share a trial are not independent, as Fisher's test wants them.
    let isIndependent = figure.per == .trial || arm.launchesPerTrial == 1
    guard seen.counted > 0, isIndependent else {
      return PublishedComparison(
        figure: figure, pValue: nil, level: Self.publishedLevel, isConsistent: nil)
    }
    let p = FisherExact.pValue(
      figure.failures, outOf: figure.outOf, seen.failed, outOf: seen.counted)
    return PublishedComparison(
      figure: figure, pValue: p, level: Self.publishedLevel,
      isConsistent: p >= Self.publishedLevel)
  }
}
