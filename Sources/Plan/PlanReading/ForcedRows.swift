internal import PlanModel
internal import Statistics

extension ScenarioReader {
  /// The forced rows of a scenario, in the order of its strategies; none unless it asks for them.
  /// - Parameter rows: the scenario's own rows.
  func forcedArms(of scenario: Scenario, beside rows: [Arm], first: Int) -> [Arm] {
    guard scenario.isForced else { return [] }
    let forced = rows.filter { ForcedRow.exists(for: $0.strategy) }
    return forced.enumerated().map { offset, row in
      var arm = row
      let label = ForcedRow.label(of: row.strategy.label)
      arm.index = first + offset
      arm.strategy.label = label
      arm.trials = ForcedRow.trials
      arm.force(at: .beforeInputBind, launch: nil, index: nil, vocabulary: vocabulary)
      arm.expectation =
        scenario.expectations[label]?.0 ?? row.expectation.flatMap { demand($0, on: arm) }
      arm.published = []
      arm.skipReason = scenario.skipped[label] ?? row.skipReason
      return arm
    }
  }

  /// What is demanded of a forced row without a demand of its own. Where the strategy's row must fail, every trial must;
  /// where that row must not, none may. A demand `like` says neither.
  private func demand(_ own: Expectation, on arm: Arm) -> Expectation? {
    // What as many trials as there are show if every one goes well, and not if one does not.
    let bound = ClopperPearson.upperBound(0, outOf: arm.trials, confidence: own.confidence)
    let shown = (bound * 10_000).rounded(.up) / 10_000
    if own.failureRateAtLeast != nil {
      return Expectation(
        failureRateAtLeast: (1 - shown) / Double(arm.launchesPerTrial), confidence: own.confidence,
        why: "a strategy that must fail fails whenever its port is taken")
    }
    guard own.failureRateAtMost != nil else { return nil }
    return Expectation(
      failureRateAtMost: shown, confidence: own.confidence,
      why: "a strategy that must not fail does not if its port is taken")
  }
}
