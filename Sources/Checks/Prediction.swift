public import Planning
public import PortModel

/// What theory says of an arm.
public enum Prediction {
  /// The failure rates that the pool's arithmetic predicts; nil when the arm's strategy is unknown.
  public static func predict(_ arm: Arm, vocabulary: Vocabulary) -> PredictedFailure? {
    guard let strategy = vocabulary.strategy(named: arm.strategy.name) else { return nil }
    var conditions = LaunchConditions(
      model: strategy.collisionModel,
      range: EphemeralRange(arm.pool.low...arm.pool.high), launches: arm.topology.launches,
      addressesPerLaunch: arm.topology.addressesPerLaunch,
      windowSeconds: arm.window.milliseconds / 1_000, bindsForReal: arm.depth == .bind)
    // Ports that each churning thief has drawn since the allocation and still holds, on average.
    var churned = 0.0
    for thief in arm.thieves {
      guard let known = vocabulary.thief(named: thief.name) else { return nil }
      switch known.model {
      case .holdsThroughWindow:
        conditions.foreignDraws += thief["ports"]
      case .churns:
        // The window is measured, not set, unless the plan sets it: then there is no prediction.
        if arm.window.milliseconds == 0 && strategy.collisionModel == .probeThenBind { return nil }
        let (rate, hold) = (Double(thief["rate_per_second"]), Double(thief["hold_ms"]) / 1_000)
        conditions.churnRatePerSecond += rate
        churned += rate * min(conditions.windowSeconds, hold)
      }
    }
    if conditions.churnRatePerSecond > 0 {
      conditions.churnHoldSeconds = churned / conditions.churnRatePerSecond
    }
    return FailureRate.predict(conditions)
  }
}
