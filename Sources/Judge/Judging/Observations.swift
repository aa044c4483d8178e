internal import PlanModel
internal import Statistics

/// The sample from which a rate is estimated: launches, or trials if several launches share one.
///
/// Launches of one trial share its ports and are not independent; trials are.
struct Observations {
  /// Those that failed or recovered.
  let failed: Int
  let counted: Int
  /// Observations that count neither as ready nor as the kind of failure in question: invalid, without a usable record,
  /// or a failure of another kind of a must-fail control.
  let uncounted: Int

  init(_ tally: ArmTally, byLaunch: Bool) {
    if byLaunch {
      (failed, counted) = (tally.launches.failed, tally.launches.counted)
      uncounted = Outcome.allCases.filter { !$0.isCounted }.map(tally.count).reduce(0, +)
    } else {
      (failed, counted) = (tally.trials.failed, tally.trials.counted)
      uncounted = tally.trialsSeen - tally.trials.counted
    }
  }

  /// The observations that decide a demand on the arm's rate. If a must-fail control failed in another way than it
  /// must, this shows neither the race nor its absence: the observation does not count.
  init(_ tally: ArmTally, of arm: Arm) {
    let isByLaunch = arm.launchesPerTrial == 1
    let all = Observations(tally, byLaunch: isByLaunch)
    let isControl = arm.expectation?.isMustFailControl == true
    let provoked = isByLaunch ? tally.provokedLaunches : tally.provokedTrials
    let others = isControl ? all.failed - provoked : 0
    self.init(
      failed: all.failed - others, counted: all.counted - others,
      uncounted: all.uncounted + others)
  }

  /// The same without the launches that recovered: they count as not failed.
  /// - Parameter byLaunch: false where launches share a trial, and trials are counted.
  init(failedOnly tally: ArmTally, byLaunch: Bool) {
    let all = Observations(tally, byLaunch: byLaunch)
    self.init(
      failed: byLaunch ? all.failed - tally.count(.recovered) : tally.trialsWithFailed,
      counted: all.counted, uncounted: all.uncounted)
  }

  /// What was counted of a cell.
  init(_ count: CellSample.Count) {
    self.init(failed: count.failed, counted: count.counted, uncounted: count.uncounted)
  }

  /// With so many more that may have ended in either way.
  func adding(uncounted more: Int) -> Observations {
    Observations(failed: failed, counted: counted, uncounted: uncounted + more)
  }

  private init(failed: Int, counted: Int, uncounted: Int) {
    (self.failed, self.counted, self.uncounted) = (failed, counted, uncounted)
  }

  /// Exact one-sided bounds of the rate of these observations.
  ///
  /// An uncounted observation might have failed or succeeded, and need not be missing at random. The upper bound
  /// therefore counts them all as failures, the lower bound none: a demand is decided only if every possible outcome
  /// of the uncounted observations leads to the same decision (the worst case of Manski, Partial Identification of
  /// Probability Distributions, 2003).
  func bounds(confidence: Double) -> (lower: Double, upper: Double) {
    let all = counted + uncounted
    return (
      ClopperPearson.lowerBound(failed, outOf: all, confidence: confidence),
      ClopperPearson.upperBound(failed + uncounted, outOf: all, confidence: confidence)
    )
  }

  /// The p-value of two samples, completed in the way that is least favourable to a difference; by default of Fisher's
  /// test.
  ///
  /// Uncounted observations might have failed or not. If the two ranges of possible rates overlap, nothing suggests a
  /// difference. Otherwise their nearest ends are compared. A difference that the test shows then exists whatever the
  /// outcomes of the uncounted launches.
  static func leastFavourablePValue(
    _ one: Observations, _ other: Observations,
    test: (Int, Int, Int, Int) -> Double = { FisherExact.pValue($0, outOf: $1, $2, outOf: $3) }
  ) -> Double {
    let (first, second) = (one.counted + one.uncounted, other.counted + other.uncounted)
    let (mostOne, mostOther) = (one.failed + one.uncounted, other.failed + other.uncounted)
    // Rates are compared as fractions: k1/n1 > k2/n2.
    if one.failed * second > mostOther * first {
      return test(one.failed, first, mostOther, second)
    }
    if other.failed * first > mostOne * second {
      return test(mostOne, first, other.failed, second)
    }
    return 1
  }

  /// The rate between its bounds.
  func rate(confidence: Double) -> RateDifference.Bounded {
    let (low, high) = bounds(confidence: confidence)
    return RateDifference.Bounded(rate: Double(failed) / Double(counted), low: low, high: high)
  }
}
