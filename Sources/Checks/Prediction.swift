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
    for thief in arm.thieves {
      guard let known = vocabulary.thief(named: thief.name) else { return nil }
      switch known.model {
      case .holdsThroughWindow:
        conditions.foreignDraws += thief["ports"]
      case .churns:
        // The window is measured, not set, unless the plan sets it: then there is no prediction.
        if arm.window.milliseconds == 0 && strategy.collisionModel == .probeThenBind { return nil }
        conditions.churnRatePerSecond += Double(thief["rate_per_second"])
        conditions.churnHoldSeconds = Double(thief["hold_ms"]) / 1_000
      }
    }
    return FailureRate.predict(conditions)
  }
}
