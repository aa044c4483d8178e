internal import PlanModel
internal import Statistics

/// Checks of what a scenario demands.
extension ScenarioChecks {
  /// A bound that a demand sets to a rate per launch, or to the difference of two.
  ///
  /// Launches of one trial are not independent. With L of them a rate of at most p per launch is shown by trials in
  /// which none fails, and one of at least p by trials in which any does, at a rate of L·p. That two rows differ by no
  /// more than p needs as many trials in each as a rate of at most p: two rows that never fail differ by less than the
  /// upper bound of each.
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

    /// As the plan names it.
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

    /// The rate of unfavourable trials that trials must rule out: 0 or less cannot be ruled out by any number of
    /// trials, 1 or more needs none.
    func toRuleOut(launches: Int) -> Double {
      switch self {
      case .atMost(let rate), .within(let rate): rate
      case .atLeast(let rate): 1 - Double(launches) * rate
      }
    }
  }

  /// Refuses a demand that the trials cannot show even if every one of them goes well.
  func checkExpectations() {
    let row = settings.depth == .startup ? startup.serialLaunches : 1
    let launches = settings.topology.launches * row
    let unit = launches > 1 ? "trials" : "launches"
    for (demand, node) in scenario.expectations.values {
      for bound in Bound.all(of: demand) {
        let rate = bound.toRuleOut(launches: launches)
        guard rate < 1 else { continue }
        guard rate > 0 else {
          node.report("\(bound.nameAndValue) cannot be shown by any number of \(unit)")
          continue
        }
        let needed = SampleSize.cleanRuns(toClaimAtMost: rate, confidence: demand.confidence)
        guard Double(scenario.trials) < needed else { continue }
        node.report(
          "\(bound.name) cannot be shown at confidence \(demand.confidence) by \(scenario.trials) \(unit), whatever they do; it needs \(DecimalText.shortest(needed))"
        )
      }
    }
  }
}
