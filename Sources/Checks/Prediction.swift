public import Planning
public import PortModel

/// What theory says of an arm.
public enum Prediction {
  /// The failure rates that the pool's arithmetic predicts; nil when the arm's strategy is unknown.
  public static func predict(_ arm: Arm, vocabulary: Vocabulary) -> PredictedFailure? {
    guard let strategy = vocabulary.strategy(named: arm.strategy.name) else { return nil }
    // Theory knows ports, not what is done to processes.
    if arm.faults.contains(where: { $0.probability > 0 }) { return nil }
    if let startup = arm.startup {
      let limit = arm.strategy.options.first { $0.name == "report_timeout_ms" }?.value
      let isTight = limit.map { Double($0) <= startup.importMilliseconds } ?? false
      if startup.breaksModel || isTight { return nil }
    }
    if strategy.collisionModel == .outsideThePool, overlapsPool(arm) { return nil }
    let isBroken = zip(strategy.options, arm.strategy.options).contains {
      $0.breaksModel && $1.value != $0.defaultValue
    }
    if isBroken { return nil }
    var conditions = LaunchConditions(
      model: strategy.collisionModel,
      range: EphemeralRange(arm.pool.low...arm.pool.high), launches: arm.topology.launches,
      addressesPerLaunch: arm.topology.addressesPerLaunch,
      windowSeconds: arm.window.milliseconds / 1_000, bindsForReal: arm.depth.binds)
    // Where there are several nodes the coordinator draws its two ports after the allocation and keeps them.
    if let startup = arm.startup, startup.nodes > 1, startup.hasCoordinator {
      conditions.foreignDraws += 2 * arm.topology.launches
    }
    // Ports that each churning thief has drawn since the allocation and still holds, on average.
    var churned = 0.0
    conditions.probesReuseAddress = arm.strategy.options.contains {
      $0.name == "reuse_address" && $0.value != 0
    }
    for thief in arm.thieves {
      guard let known = vocabulary.thief(named: thief.name) else { return nil }
      switch known.model {
      case .holdsThroughWindow:
        conditions.foreignDraws += thief["ports"]
      case .churns:
        // The window is measured, not set, unless the plan sets it: then there is no prediction.
        let isProbed = [.probeThenBind, .distinctProbes].contains(strategy.collisionModel)
        if arm.window.milliseconds == 0 && isProbed { return nil }
        let (rate, hold) = (Double(thief["rate_per_second"]), Double(thief["hold_ms"]) / 1_000)
        conditions.churnRatePerSecond += rate
        churned += rate * min(conditions.windowSeconds, hold)
      case .holdsThroughout: conditions.residents += thief["ports"]
      case .connects: continue
      case .squats:
        // One that sets an option and does not listen can be bound over: by whom depends on the binder.
        let isHarmless =
          thief["listens"] == 0 && thief["reuse_address"] + thief["reuse_port"] > 0
        if isHarmless { return nil }
        conditions.squatters.append(
          LaunchConditions.Squatter(
            reusesAddress: thief["reuse_address"] != 0, reusesPort: thief["reuse_port"] != 0))
      }
    }
    if conditions.churnRatePerSecond > 0 {
      conditions.churnHoldSeconds = churned / conditions.churnRatePerSecond
    }
    return FailureRate.predict(conditions)
  }
  /// Whether numbers counted from the option `base` lie where `bind(0)` serves: then draws hit them, too.
  private static func overlapsPool(_ arm: Arm) -> Bool {
    guard let base = arm.strategy.options.first(where: { $0.name == "base" })?.value else {
      return true
    }
    return base + 8_192 >= arm.pool.low && base <= arm.pool.high
  }
}
