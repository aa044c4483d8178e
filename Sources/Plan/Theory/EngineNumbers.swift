internal import PlanModel
internal import PortModel

/// What theory says of the ports that engine cores bind for their process groups.
enum EngineNumbers {
  /// Ports of the list that a launch binds: the engine cores' group takes the first, the workers' the second.
  private static let boundPorts = 2

  /// The conditions with the numbers that engine cores probe. They are like the addresses of a launch that has only
  /// these, as long as no address of an API server is probed beside them.
  /// - Throws: why there is no rate.
  static func added(
    to conditions: LaunchConditions, _ startup: Startup?
  ) throws(NoPrediction) -> LaunchConditions {
    guard let startup, startup.group != .none || startup.workerRendezvous == .port else {
      return conditions
    }
    let isHeld = [.heldFromTheStart, .heldWithReuseAddress, .heldWithReusePort]
      .contains(conditions.model)
    guard conditions.model == .noPort || isHeld && conditions.squatters.isEmpty else {
      throw none("no closed form for numbers of engine cores beside other ports that may be lost")
    }
    if startup.isReinitialised {
      throw none(
        "how long the ports of a group that is formed anew are released, the plan does not say")
    }
    // Nothing is probed; what is bound is the kernel's choice, and an address that is held cannot be hit.
    if startup.effectiveGroup == .coordStore { return conditions }
    guard conditions.churnRatePerSecond == 0 else {
      throw none("how long the numbers of engine cores are released, the plan does not say")
    }
    var conditions = conditions
    conditions.squatters = []
    if startup.group == .none {
      // Probed after the window: what was drawn there is held and seen.
      guard !isHeld, conditions.foreignDraws == 0, conditions.foreignProbes == 0 else {
        throw none(
          "no closed form for the workers' numbers, which are probed beside what others hold")
      }
      conditions.model = .probeThenBind
      conditions.addressesPerLaunch = startup.engines
      return conditions
    }
    guard startup.groupPorts >= boundPorts else {
      throw none(
        "beyond the list the next number is the last one's successor, which nobody has probed")
    }
    // Drawn after the list and kept, addresses may take its numbers, and nothing takes theirs.
    if isHeld {
      conditions.foreignDraws += conditions.addressesPerLaunch * conditions.launches
    }
    conditions.model = .distinctProbes
    conditions.addressesPerLaunch = boundPorts
    return conditions
  }

  /// The rates if this thief alone determines them; nil if it has no effect.
  static func squatted(
    by thief: Choice, _ startup: Startup?
  ) throws(NoPrediction) -> PredictedFailure? {
    let kind = thief[OptionName.rendezvous]
    guard let startup else { return nil }
    guard kind == 0 else {
      throw none(
        "\(thief.label): whether it comes before the bind, theory does not know", isForThief: true)
    }
    guard startup.effectiveGroup == .list, thief[OptionName.skip] < boundPorts,
      startup.groupPorts >= boundPorts
    else { return nil }
    return PredictedFailure(perLaunch: 1, perTrial: 1)
  }

  private static func none(_ reason: String, isForThief: Bool = false) -> NoPrediction {
    NoPrediction(reason: reason, isForThief: isForThief)
  }
}
