internal import PlanModel
internal import Statistics
internal import Theory

/// Checks of what a scenario demands.
extension ScenarioChecks {
  /// A bound that a demand sets on a rate per launch, or on the difference of two.
  ///
  /// Launches of one trial are not independent. With L launches per trial, a rate of at most p per launch is shown by
  /// trials in which no launch fails. A rate of at least p is shown by trials in which any launch fails, at a rate of
  /// L·p. To show that two rows differ by at most p, each row needs as many trials as a rate of at most p: two rows
  /// that never fail differ by less than the upper bound of each.
  private enum Bound {
    case atMost(Double)
    case atLeast(Double)
    case within(Double)

    /// The bounds of a demand.
    static func all(of demand: Expectation) -> [Bound] {
      [
        demand.likeWithin.flatMap { $0 > 0 ? .within($0) : nil },
        demand.failureRateAtMost.map(Bound.atMost), demand.failureRateAtLeast.map(Bound.atLeast),
      ].compactMap { $0 }
    }

    /// The key as the plan names it.
    var name: String {
      switch self {
      case .atMost: "failure_rate_at_most"
      case .atLeast: "failure_rate_at_least"
      case .within(let difference): "like_within \(difference)"
      }
    }

    /// The key with its value.
    var nameAndValue: String {
      switch self {
      case .atMost(let rate), .atLeast(let rate): "\(name) \(DecimalText.shortest(rate))"
      case .within: name
      }
    }

    /// The rate of unfavourable trials that the trials must rule out. No number of trials can rule out 0 or less; 1 or
    /// more needs no trials.
    func toRuleOut(launches: Int) -> Double {
      switch self {
      case .atMost(let rate), .within(let rate): rate
      case .atLeast(let rate): 1 - Double(launches) * rate
      }
    }
  }

  /// Rejects a comparison that the trials cannot show even if none of this row's fails and all of the other's do.
  private func checkComparison(
    _ demand: Expectation, _ node: PlanNode, trials planned: Int, _ unit: String
  ) {
    guard !isStored, let other = demand.betterThan else { return }
    let margin = demand.betterBy ?? 0
    func isShown(by trials: Int) -> Bool {
      LowerRateTest.pValue(0, outOf: trials, trials, outOf: trials, by: margin)
        <= demand.joinedLevel(comparisons: 1)
    }
    guard margin < 1, !isShown(by: planned) else { return }
    let most = PlanLimits.trials.upperBound
    var (low, high) = (planned, planned)
    while !isShown(by: high) {
      if high >= most { break }
      (low, high) = (high, min(most, high * 2))
    }
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if isShown(by: middle) { high = middle } else { low = middle }
    }
    (node["better_than"] ?? node).report(
      "better_than \"\(other)\" cannot be shown at level \(DecimalText.shortest(demand.level)) by \(planned) \(unit) of each, whatever they do; it needs \(high)"
    )
  }

  /// Rejects a demand that the trials cannot show even if every one of them goes well. A stored run may have fewer, by
  /// `run --trials`: it is judged as undecided.
  func checkExpectations() {
    let row = settings.depth == .startup ? startup.serialLaunches : 1
    let launches = settings.topology.launches * row
    let unit = launches > 1 ? "trials" : "launches"
    let forced = Set(scenario.strategies.map { ForcedRow.label(of: $0.label) })
    for (label, (demand, node)) in scenario.expectations {
      let trials = scenario.isForced && forced.contains(label) ? ForcedRow.trials : scenario.trials
      checkComparison(demand, node, trials: trials, unit)
      if let test = SequentialTest(demand, longest: trials) {
        if launches > 1 && demand.failureRateAtLeast != nil {
          node.report(
            "\"sequential_rate\" with \"failure_rate_at_least\" needs one launch in a trial: launches of one trial are not independent"
          )
        } else if !isStored && test.fewest(toMeet: demand) == nil {
          node.report(
            "\(trials) \(unit) are too few for the sequential test to meet the demand, whatever they do"
          )
        }
        continue
      }
      for bound in Bound.all(of: demand) {
        let rate = bound.toRuleOut(launches: launches)
        guard rate < 1 else { continue }
        guard rate > 0 else {
          node.report("\(bound.nameAndValue) cannot be shown by any number of \(unit)")
          continue
        }
        let needed = SampleSize.cleanRuns(toClaimAtMost: rate, confidence: demand.confidence)
        guard !isStored && Double(trials) < needed else { continue }
        node.report(
          "\(bound.name) cannot be shown at confidence \(demand.confidence) by \(trials) \(unit), whatever they do; it needs \(DecimalText.shortest(needed))"
        )
      }
    }
  }
}
