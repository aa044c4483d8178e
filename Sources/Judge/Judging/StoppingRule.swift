public import PlanModel
internal import Statistics
internal import Theory

/// When the trials of an arm may end before their planned number, and what can be said of its rate then.
///
/// The usual interval is valid for a number of observations that does not depend on what was observed. Each rule that ends
/// an arm because of its results therefore has an interval of its own. A time budget looks at no result: the usual
/// interval stays.
public struct StoppingRule: Sendable {
  /// Why trials end.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// The planned number has run.
    case fixed
    /// A sequential test has decided between two rates.
    case sequential
    /// The demand's verdict is certain, whatever the remaining trials do.
    case certain
    /// A trial has failed.
    case firstFailure = "first-failure"
  }

  /// Which rule holds for the arm.
  public let kind: Kind
  private let arm: Arm
  private let test: SequentialTest?
  private let certainty: Certainty?

  /// The rule of an arm of the plan.
  ///
  /// Rows that are compared with one another run all of their trials, because the tests of comparison need that.
  public init(_ arm: Arm, in plan: ResolvedPlan) {
    self.arm = arm
    test = arm.expectation.flatMap { SequentialTest($0, longest: arm.trials) }
    let isCompared = plan.isCompared(arm)
    let mayEnd = !isCompared && arm.expectation?.isMustFailControl != true
    if test != nil {
      (kind, certainty) = (.sequential, nil)
    } else if plan.untilFailure == true && mayEnd {
      (kind, certainty) = (.firstFailure, nil)
    } else if plan.budgetSeconds != nil, !isCompared, arm.expectation != nil {
      (kind, certainty) = (.certain, Certainty(arm))
    } else {
      (kind, certainty) = (.fixed, nil)
    }
  }

  /// Whether the arm needs more trials.
  public func isOpen(_ tally: ArmTally) -> Bool {
    tally.trialsSeen < arm.trials && !isDecided(tally)
  }

  /// Whether the rule has ended the arm before its planned number of trials.
  func hasEndedEarly(_ tally: ArmTally) -> Bool {
    kind != .fixed && tally.trialsSeen < arm.trials && isDecided(tally)
  }

  private func isDecided(_ tally: ArmTally) -> Bool {
    let seen = Observations(tally, of: arm)
    switch kind {
    case .fixed: return false
    case .firstFailure: return tally.trials.failed > 0
    case .sequential: return decision(seen) != .open
    case .certain: return certainty!.isDecided(seen, left: arm.trials - tally.trialsSeen)
    }
  }

  /// What the sequential test says, whatever the observations that do not count would have been.
  func decision(_ seen: Observations) -> SequentialTest.Decision {
    guard let test else { return .open }
    let all = seen.counted + seen.uncounted
    guard all > 0 else { return .open }
    let (least, most) = (
      test.decision(seen.failed, outOf: all),
      test.decision(seen.failed + seen.uncounted, outOf: all)
    )
    return least == most ? least : .open
  }

  /// The rate of trials in which a launch failed or recovered, with an interval that is valid after the arm's trials have
  /// ended.
  /// - Parameter failedOnly: without the trials in which launches recovered and none failed.
  func trialRate(_ tally: ArmTally, failedOnly: Bool = false) -> RateEstimate {
    var estimate = failedOnly ? tally.failedTrialRate : tally.trialRate
    guard let range = interval(tally, failedOnly: failedOnly) else { return estimate }
    (estimate.low, estimate.high) = (range.lowerBound, range.upperBound)
    return estimate
  }

  /// The rate of launches that failed or recovered. With L launches in a trial it lies between T/L and T, with T the rate
  /// of trials.
  /// - Parameter failedOnly: without the launches that recovered.
  func launchRate(_ tally: ArmTally, failedOnly: Bool = false) -> RateEstimate {
    var estimate = failedOnly ? tally.failedLaunchRate : tally.launchRate
    guard let range = interval(tally, failedOnly: failedOnly) else { return estimate }
    estimate.low = range.lowerBound / Double(arm.launchesPerTrial)
    estimate.high = range.upperBound
    return estimate
  }

  /// The interval of the rate of trials; nil if the usual one is valid.
  private func interval(_ tally: ArmTally, failedOnly: Bool) -> ClosedRange<Double>? {
    let (counted, lost) = tally.trials
    let failed = failedOnly ? tally.trialsWithFailed : lost
    guard counted > 0 else { return nil }
    // The rules count what was lost. For another count the trials that were left out may have ended in either way.
    if failed != lost { return hasEndedEarly(tally) ? worstCase(tally, counted, failed) : nil }
    switch kind {
    case .fixed: return nil
    case .sequential: return test.map { $0.interval(failed, outOf: counted) }
    case .certain: return hasEndedEarly(tally) ? worstCase(tally, counted, failed) : nil
    case .firstFailure:
      return failed > 0 ? ClopperPearson.interval(failures: failed, atRun: counted) : nil
    }
  }

  /// The interval that allows for every end of the trials that were left out.
  private func worstCase(_ tally: ArmTally, _ counted: Int, _ failed: Int) -> ClosedRange<Double> {
    let left = arm.trials - tally.trialsSeen
    let low = ClopperPearson.interval(failed, outOf: counted + left).lowerBound
    return low...ClopperPearson.interval(failed + left, outOf: counted + left).upperBound
  }

  /// What must be said of an arm that the rule has ended; empty for others.
  func remark(_ tally: ArmTally) -> String {
    guard hasEndedEarly(tally) else { return "" }
    let count = "ended after \(tally.trialsSeen) of \(Counted.text(arm.trials, "trial"))"
    switch kind {
    case .fixed: return ""
    case .sequential: return "; \(count) by the sequential test, for which the interval allows"
    case .certain:
      return
        "; \(count), because the others could not change the verdict; the interval allows for them"
    case .firstFailure: return "; \(count) by a failure, for which the interval allows"
    }
  }
}

/// The numbers of failures, of all planned observations, that decide a demand.
private struct Certainty {
  /// Each range has one verdict.
  private var ranges: [ClosedRange<Int>] = []
  private let planned: Int

  init(_ arm: Arm) {
    let perTrial = arm.launchesPerTrial
    planned = arm.trials
    guard let demand = arm.expectation else { return }
    func bounds(_ failed: Int) -> (lower: Double, upper: Double) {
      (
        ClopperPearson.lowerBound(failed, outOf: arm.trials, confidence: demand.confidence)
          / Double(perTrial),
        ClopperPearson.upperBound(failed, outOf: arm.trials, confidence: demand.confidence)
      )
    }
    // Both bounds grow with the number of failures, so each condition holds from some number on, or up to one.
    let tooMany = Self.first(in: 0...planned) { bounds($0).lower.isAbove(demand.failureRateAtMost) }
    let notTooFew = Self.first(in: 0...planned) {
      !bounds($0).upper.isBelow(demand.failureRateAtLeast)
    }
    let enough = Self.first(in: 0...planned) {
      !bounds($0).lower.isBelow(demand.failureRateAtLeast)
    }
    let notFew = Self.first(in: 0...planned) { bounds($0).upper.isAbove(demand.failureRateAtMost) }
    if let tooMany { ranges.append(tooMany...planned) }
    let tooFew = 0..<(notTooFew ?? planned + 1)
    if !tooFew.isEmpty { ranges.append(ClosedRange(tooFew)) }
    if let enough, case let end = notFew ?? planned + 1, enough < end {
      ranges.append(ClosedRange(enough..<end))
    }
  }

  /// Whether every end of the remaining observations leads to the same verdict.
  func isDecided(_ seen: Observations, left: Int) -> Bool {
    let (least, most) = (seen.failed, seen.failed + seen.uncounted + left)
    return ranges.contains { $0.contains(least) && $0.contains(most) }
  }

  private static func first(in range: ClosedRange<Int>, _ holds: (Int) -> Bool) -> Int? {
    var (low, high) = (range.lowerBound, range.upperBound + 1)
    while low < high {
      let middle = (low + high) / 2
      if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low <= range.upperBound ? low : nil
  }
}

/// A bound that equals the demand up to rounding meets it, because `validate` accepts exactly that many launches.
enum DemandRounding {
  static let slack = 1e-12
}

extension Double {
  /// Whether a bound is above a demanded rate; never if none is demanded.
  func isAbove(_ demanded: Double?) -> Bool {
    demanded.map { self > $0 + DemandRounding.slack } ?? false
  }

  /// Whether a bound is below a demanded rate; never if none is demanded.
  func isBelow(_ demanded: Double?) -> Bool {
    demanded.map { self < $0 - DemandRounding.slack } ?? false
  }
}
