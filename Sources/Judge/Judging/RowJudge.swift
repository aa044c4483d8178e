internal import PlanModel
internal import Statistics

/// Decides the plan's answer of a row by itself: without the controls of its scenario.
///
/// The rules are asked in the order of `decide`, and the first that applies decides. That order is the specification.
struct RowJudge {
  typealias Decision = (answer: PlanAnswer, reason: String)

  let arm: Arm
  let tally: ArmTally
  let comparison: RowComparison?
  let better: BetterComparison?
  let rule: StoppingRule

  func decide() -> Decision { skipped() ?? empty() ?? demanded() ?? unusable() ?? measured() }

  /// Why the row's trials show nothing, whatever is demanded of it; nil if they may.
  var problem: String? { (empty() ?? unusable())?.reason }

  /// A row that did not run is skipped.
  private func skipped() -> Decision? { tally.skipReason.map { (.skipped, $0) } }

  /// A row in which no launch counts shows nothing.
  private func empty() -> Decision? {
    guard tally.launches.counted == 0 else { return nil }
    return (.undecided, tally.trialsSeen == 0 ? "no trial ran" : "no trial counts")
  }

  /// A row with a demand is judged by it.
  private func demanded() -> Decision? {
    arm.expectation.map {
      DemandJudge(
        demand: $0, arm: arm, tally: tally, comparison: comparison, better: better, rule: rule,
        unusable: unusable()
      ).decide()
    }
  }

  /// If too many launches have no usable record, the others prove nothing.
  private func unusable() -> Decision? {
    let misspoken = tally.count(.adapterError)
    if misspoken > 0 {
      return (
        .undecided,
        "the adapter broke its protocol in \(Counted.text(misspoken, "launch", "launches"))"
      )
    }
    let broken = tally.count(.harnessError)
    let invalid = tally.count(.invalid)
    // Up to 1 % of invalid launches is accepted; the bounds allow for it.
    guard broken > 0 || invalid * 100 > tally.launches.counted + invalid else { return nil }
    return (
      .undecided,
      "\(Counted.text(broken, "launch", "launches")) without a usable record, \(invalid) invalid"
    )
  }

  /// A row without a demand is only measured.
  private func measured() -> Decision { (.notDemanded, "no demand was made") }
}

/// Decides whether a row meets its demand.
///
/// The failure rate of a demand counts launches that recovered: their port was lost. Reports show them apart.
///
/// A demand is met if the exact one-sided bound at its confidence is on the right side of it, and violated if the
/// opposite bound is on the wrong side; otherwise the data does not decide. Rates are per launch.
///
/// A row is like another one if two conditions hold. Fisher's exact test at the plan's `like_level`, with the least
/// favourable outcome of uncounted launches, finds no difference. And, so that few trials are no proof, a difference of
/// more than the plan's `like_within` is ruled out: the interval of the difference (`RateDifference`), whose ends are
/// each exceeded with probability 1 - confidence, lies within it. These are two one-sided tests of equivalence
/// (Schuirmann, J. Pharmacokinetics and Biopharmaceutics 15, 1987).
///
/// A row is better than another one if the exact one-sided test shows it at level 1 - confidence, adjusted for all such
/// comparisons of the plan (`BetterComparison`).
private struct DemandJudge {
  typealias Decision = RowJudge.Decision

  let demand: Expectation
  let arm: Arm
  let tally: ArmTally
  let comparison: RowComparison?
  let better: BetterComparison?
  let rule: StoppingRule
  /// The decision if too much of the data is unusable; nil if enough is usable.
  let unusable: Decision?

  func decide() -> Decision {
    if rule.kind == .sequential { return unusable ?? sequential() }
    return violated() ?? incomparable() ?? unusable ?? unlike() ?? indistinct() ?? notBetter()
      ?? met()
      ?? undecided()
  }

  /// A bound on the wrong side violates the demand; a control that violates its demand has passed although it must
  /// fail.
  private func violated() -> Decision? {
    guard let violation else { return nil }
    return demand.isMustFailControl
      ? (.notAsExpected, "the control does not fail as it must, \(atConfidence)")
      : (.notAsExpected, "\(violation), \(atConfidence)")
  }

  /// What the sequential test says. The bounds for a fixed number of trials are not valid then.
  private func sequential() -> Decision {
    let isHighDemanded = demand.failureRateAtLeast != nil
    let demanded = Percent.exact(demand.failureRateAtLeast ?? demand.failureRateAtMost!)
    let clear = Percent.exact(demand.sequentialRate!)
    let test = "by a sequential test between \(demanded) and \(clear)"
    let alarm = "which at \(clear) it says with a probability of \(demand.falseAlarm!)"
    switch (rule.decision(Observations(tally, of: arm)), isHighDemanded) {
    case (.open, _):
      return (
        .undecided,
        "\(Counted.text(counted, "launch does", "launches do")) not decide the demand, \(test)"
          + allowance
      )
    case (.good, false), (.bad, true):
      return demand.isMustFailControl
        ? (.asExpected, "the control fails as it must, \(test), \(atConfidence)")
        : (.asExpected, "the demand is met, \(test), \(atConfidence)")
    case (.good, true):
      return demand.isMustFailControl
        ? (.notAsExpected, "the control does not fail as it must, \(test), \(alarm)")
        : (.notAsExpected, "the rate is not above \(demanded), \(test), \(alarm)")
    case (.bad, false):
      return (.notAsExpected, "the rate is not below \(demanded), \(test), \(alarm)")
    }
  }

  /// A row cannot be compared with one that has no data.
  private func incomparable() -> Decision? {
    let isMissing =
      demand.like != nil && similarity == nil
      || demand.betterThan != nil && better?.pValue == nil
    guard isMissing, let other = demand.like ?? demand.betterThan else { return nil }
    return (.undecided, "there is nothing of \(other) to compare with")
  }

  /// Rates that Fisher's test tells apart differ.
  private func unlike() -> Decision? {
    guard let similarity, !similarity.isConsistent else { return nil }
    return (.notAsExpected, "the rate is told apart from \(similarity.text)")
  }

  /// A missing difference is evidence only if a relevant difference would have been detected.
  private func indistinct() -> Decision? {
    guard let similarity, !similarity.isWithin else { return nil }
    return (
      .undecided,
      "the rate is not told apart from \(similarity.text), but \(Counted.text(counted, "launch does", "launches do")) not show that it differs by no more than \(similarity.within): \(similarity.difference), \(atConfidence)"
    )
  }

  /// A row that must be better is not if it is shown to be worse or equal; otherwise the data must show it.
  private func notBetter() -> Decision? {
    guard let better, better.word != .better else { return nil }
    let words = BetterWords(better)
    let (answer, what): (PlanAnswer, String) =
      switch better.word {
      case .worse:
        (
          .notAsExpected,
          better.by > 0
            ? "the rate is not lower by \(better.by) than that of \(better.than)"
            : "worse than \(better.than)"
        )
      case .equal: (.notAsExpected, "equal within \(better.by) to \(better.than)")
      case .noDifferenceShown:
        (
          .undecided,
          better.by > 0
            ? "\(Counted.text(counted, "launch does", "launches do")) not show that the rate is lower by \(better.by) than that of \(better.than)"
            : "no difference from \(better.than) is shown"
        )
      case .better, .undecided: (.undecided, "nothing is shown beside \(better.than)")
      }
    return (answer, "\(what): \(words.text)")
  }

  /// Bounds on the right side meet the demand; a control that meets its demand fails as it must.
  private func met() -> Decision? {
    guard isMet else { return nil }
    return demand.isMustFailControl
      ? (.asExpected, "the control fails as it must, \(grounds)")
      : (.asExpected, "the demand is met, \(grounds)")
  }

  /// The demand lies between the bounds.
  private func undecided() -> Decision {
    let what =
      demand.isMustFailControl
      ? "the data does not show that the control fails as it must"
      : "\(Counted.text(counted, "launch does", "launches do")) not decide the demand"
    return (.undecided, "\(what), \(grounds)" + allowance)
  }

  // MARK: The bounds

  private var counted: Int { tally.launches.counted }

  /// Exact one-sided bounds of the rate per launch. Trials are independent, launches of one trial are not. With T the
  /// rate of trials in which any of L launches fails, the rate per launch lies between T/L and T, for every kind of
  /// dependence.
  private var bounds: (lower: Double, upper: Double) {
    // Trials that were left out because of the results may have ended in either way, like those that do not count.
    let left = rule.hasEndedEarly(tally) ? arm.trials - tally.trialsSeen : 0
    let (lower, upper) = Observations(tally, of: arm).adding(uncounted: left)
      .bounds(confidence: demand.confidence)
    return (lower / Double(arm.launchesPerTrial), upper)
  }

  /// Which demand is violated, in words; nil if none is.
  private var violation: String? {
    let (lower, upper) = bounds
    if let least = demand.failureRateAtLeast, upper.isBelow(least) {
      return "the rate is below \(Percent.exact(least))"
    }
    if let most = demand.failureRateAtMost, lower.isAbove(most) {
      return "the rate is above \(Percent.exact(most))"
    }
    return nil
  }

  private var isMet: Bool {
    let (lower, upper) = bounds
    return !upper.isAbove(demand.failureRateAtMost) && !lower.isBelow(demand.failureRateAtLeast)
  }

  // MARK: The comparison with another row

  /// What the comparison with another row shows.
  private struct Similarity {
    var isConsistent: Bool
    /// Whether the interval of the difference lies within the plan's limit.
    var isWithin: Bool
    /// The plan's limit of the difference.
    var within: Double
    /// The other row's rate and the test, in words.
    var text: String
    /// The interval, in words.
    var difference: String
  }

  /// Nil if the demand names no other row, or there is no data to compare.
  private var similarity: Similarity? {
    guard let like = demand.like, let comparison, let p = comparison.pValue,
      let isConsistent = comparison.isConsistent, let within = comparison.within,
      let low = comparison.differenceLow, let high = comparison.differenceHigh
    else { return nil }
    return Similarity(
      isConsistent: isConsistent,
      isWithin: low >= -within - DemandRounding.slack && high <= within + DemandRounding.slack,
      within: within,
      text: "that of \(like) at level \(comparison.level) (p = \(BetterWords.digits(p)))",
      difference: "the difference is \(rounded(low))...\(rounded(high))")
  }

  // MARK: Words

  private var atConfidence: String { "at confidence \(demand.confidence)" }

  /// The basis of a decision for or against the demand.
  private var grounds: String {
    if let better, better.word == .better {
      return atConfidence + "; better than \(better.than): \(BetterWords(better).text)"
    }
    guard let similarity else { return atConfidence }
    return atConfidence
      + "; the rate is not told apart from \(similarity.text) and is within \(similarity.within) of it: \(similarity.difference)"
  }

  /// The uncounted observations that the bounds allow for; empty if all count.
  private var allowance: String {
    let uncounted = Observations(tally, of: arm).uncounted
    let unit =
      arm.launchesPerTrial > 1
      ? Counted.text(uncounted, "trial that does", "trials that do")
      : Counted.text(uncounted, "launch that does", "launches that do")
    if uncounted == 0 { return "" }
    let others = Outcome.allCases.filter {
      $0.isFailure && !$0.fulfilsControl && tally.count($0) > 0
    }
    let why =
      demand.isMustFailControl && !others.isEmpty
      ? " (\(others.map { "\($0.rawValue) x\(tally.count($0))" }.joined(separator: ", ")) is not what it must fail by)"
      : ""
    return "; \(unit) not count may have gone either way" + why
  }

  private func rounded(_ p: Double) -> String { "\((p * 1_000).rounded() / 1_000)" }
}

/// A comparison that must be better, in words.
struct BetterWords {
  let text: String

  init(_ better: BetterComparison) {
    func rounded(_ value: Double?) -> String {
      value.map { "\(($0 * 1_000).rounded() / 1_000 + 0)" } ?? "-"
    }
    let isRefuted = better.word == .worse
    let p = isRefuted ? better.oppositePValue : better.adjustedPValue
    let joint =
      better.comparisons > 1 ? ", adjusted for \(better.comparisons) comparisons (Holm)" : ""
    text =
      "the difference is \(rounded(better.difference)) [\(rounded(better.differenceLow)), \(rounded(better.differenceHigh))], "
      + "p = \(p.map(Self.digits) ?? "-") (\(better.test == "fisher" ? "Fisher" : "unconditional"), one-sided\(joint)), level \(better.level)"
  }

  /// A p-value with two significant digits.
  static func digits(_ p: Double) -> String {
    guard p > 0, p < 1 else { return p >= 1 ? "1" : "0" }
    var scale = 1.0
    while p * scale < 10 && scale < 1e300 { scale *= 10 }
    return "\((p * scale).rounded() / scale)"
  }
}
