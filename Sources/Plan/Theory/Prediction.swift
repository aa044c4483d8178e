internal import Glibc
public import PlanModel
public import PortModel

/// Theory has no rate for an arm.
public struct NoPrediction: Error, Equatable {
  /// Why.
  public var reason: String
  /// Whether a thief is the reason. Without it there would be a rate, or might be.
  public var isForThief: Bool
}

/// The prediction of theory for an arm.
public enum Prediction {
  /// The failure rates that the pool's arithmetic predicts; nil when there is no such prediction.
  public static func predict(_ arm: Arm, vocabulary: Vocabulary) -> PredictedFailure? {
    try? rates(arm, vocabulary: vocabulary)
  }

  /// Why a thief prevents a prediction; nil if there is one, or if the reason is another one.
  public static func reasonForNone(_ arm: Arm, vocabulary: Vocabulary) -> String? {
    do throws(NoPrediction) {
      _ = try rates(arm, vocabulary: vocabulary)
      return nil
    } catch {
      return error.isForThief ? error.reason : nil
    }
  }

  /// The failure rates that the pool's arithmetic predicts.
  /// - Throws: why there are none.
  public static func rates(
    _ arm: Arm, vocabulary: Vocabulary
  ) throws(NoPrediction) -> PredictedFailure {
    guard let strategy = vocabulary.strategy(named: arm.strategy.name) else {
      throw none("there is no strategy \"\(arm.strategy.name)\"")
    }
    if arm.faults.contains(where: { $0.probability > 0 }) {
      throw none("the model covers port collisions only, and this arm injects process faults")
    }
    if let startup = arm.startup {
      let limit = arm.strategy.options.first { $0.name == OptionName.reportTimeoutMilliseconds }?
        .value
      let isTight = limit.map { Double($0) <= startup.importMilliseconds } ?? false
      if startup.breaksModel || isTight {
        throw none(
          "the plan makes the start-up fail, for example by a limit shorter than the work it bounds"
        )
      }
    }
    let inPool = try numbersInPool(arm, strategy)
    let broken = zip(strategy.options, arm.strategy.options).first {
      $0.breaksModel && $1.value != $0.defaultValue
    }
    if let broken { throw none("the option \(broken.0.name) makes something fail deliberately") }
    var reader = ThiefReader(arm, strategy, numbersInPool: inPool)
    for thief in arm.thieves {
      guard let known = vocabulary.thief(named: thief.name) else {
        throw none("there is no thief \"\(thief.name)\"", isForThief: true)
      }
      if let certain = try reader.add(thief, known.model) { return certain }
    }
    let conditions = try EngineNumbers.added(to: reader.finished(), arm.startup)
    guard let rates = FailureRate.predict(conditions) else {
      let isForResidents =
        conditions.residents > 0 && [.probeThenBind, .distinctProbes].contains(conditions.model)
      throw none(
        "no closed form for \(strategy.name)"
          + (arm.topology.launches > 1 ? " in \(arm.topology.launches) parallel launches" : "")
          + (isForResidents
            ? " beside residents: bind(0) gives the next free port, so the one behind a row of held ones is drawn more often"
            : ""),
        isForThief: isForResidents)
    }
    return rates
  }

  fileprivate static func none(_ reason: String, isForThief: Bool = false) -> NoPrediction {
    NoPrediction(reason: reason, isForThief: isForThief)
  }

  /// How many of the numbers that a strategy counts `bind(0)` gives away: none of a list that the kernel reserves.
  ///
  /// If some lie in the pool, a launch must use all of its numbers: which of them a scan takes depends on the trial.
  private static func numbersInPool(
    _ arm: Arm, _ strategy: StrategyDescriptor
  ) throws(NoPrediction) -> Int {
    let mayBeInPool: Bool
    switch strategy.collisionModel {
    case .outsideThePool: mayBeInPool = false
    case .reserved: mayBeInPool = true
    case .probeThenBind, .probedElsewhere, .distinctProbes, .heldFromTheStart,
      .heldWithReuseAddress, .heldWithReusePort, .noPort, .unmodelled:
      return 0
    }
    let options = OptionValues(strategy.options, arm.strategy.options.map(\.value))
    guard let numbers = strategy.numbers?(options, arm.topology.addressesPerLaunch) else {
      throw none("\(strategy.name) does not say which numbers it counts")
    }
    if numbers.upperBound > 65_536 { throw none("\(strategy.name) counts beyond port 65535") }
    if mayBeInPool || !numbers.overlaps(arm.pool.low..<arm.pool.high + 1) { return 0 }
    guard numbers.count == arm.topology.addressesPerLaunch, arm.startup == nil else {
      throw none(
        "the numbers of \(strategy.name) lie in the pool, and which it takes depends on the trial")
    }
    return EphemeralRange(arm.pool.low...arm.pool.high).firstChoice()
      .count(where: numbers.contains)
  }
}

/// Sums up what an arm's thieves do.
private struct ThiefReader {
  let arm: Arm
  let strategy: StrategyDescriptor
  var conditions: LaunchConditions
  /// Ports that each churning thief has drawn since the allocation and still holds, on average.
  var churned = 0.0
  /// Seconds between probe and bind of a strategy that does both in its launcher; nil for the others.
  let ownWindow: Double?

  init(_ arm: Arm, _ strategy: StrategyDescriptor, numbersInPool: Int) {
    self.arm = arm
    self.strategy = strategy
    conditions = LaunchConditions(
      model: strategy.collisionModel,
      range: EphemeralRange(arm.pool.low...arm.pool.high), launches: arm.topology.launches,
      addressesPerLaunch: arm.topology.addressesPerLaunch,
      windowSeconds: arm.window.milliseconds / 1_000, bindsForReal: arm.depth.binds,
      numbersInPool: numbersInPool)
    ownWindow = arm.strategy.options.first { $0.name == OptionName.ownWindowMicroseconds }
      .map { Double($0.value) / 1e6 }
    if let ownWindow { conditions.windowSeconds = ownWindow }
    // With several nodes the coordinator draws its two ports after the allocation and keeps them.
    if let startup = arm.startup, startup.nodes > 1, startup.hasCoordinator {
      conditions.foreignDraws += 2 * arm.topology.launches
    }
    conditions.probesReuseAddress = arm.strategy.options.contains {
      $0.name == OptionName.reuseAddress && $0.value != 0
    }
    if arm.startup?.usesIPv6 == true && conditions.model == .probeThenBind && !isProbedAtOwnAddress
    {
      conditions.model = .probedElsewhere
    }
  }

  private var isProbedAtOwnAddress: Bool {
    arm.strategy.options.contains { $0.name == OptionName.ownAddress && $0.value != 0 }
  }

  /// The conditions with all thieves.
  /// - Throws: for parallel launches of a strategy with a window of its own, because whether their windows overlap is
  ///   not known.
  func finished() throws(NoPrediction) -> LaunchConditions {
    var conditions = conditions
    if ownWindow != nil {
      if arm.topology.launches > 1 {
        throw Prediction.none("whether the launches probe within each other's window is not known")
      }
      // They come when both ports are bound.
      (conditions.foreignDraws, conditions.foreignProbes) = (0, 0)
      conditions.squatters = []
    }
    if conditions.churnRatePerSecond > 0 {
      conditions.churnHoldSeconds = churned / conditions.churnRatePerSecond
    }
    return conditions
  }

  /// Adds a thief. Returns the rates if this thief alone determines them.
  mutating func add(
    _ thief: Choice, _ model: ThiefDescriptor.Model
  ) throws(NoPrediction) -> PredictedFailure? {
    if arm.startup?.usesIPv6 == true, model != .holdsThroughout {
      throw none("\(thief.label): whether its ports are in the way over IPv6, theory does not know")
    }
    switch model {
    case .holdsThroughWindow: conditions.foreignDraws += thief[OptionName.ports]
    case .churns: try addChurn(thief)
    case .holdsThroughout: try addResidents(thief)
    case .connects: try checkConnections(thief)
    case .holdsNoTCPPort: break
    case .leavesTimeWait: addResidue(thief)
    case .squats: try addSquatter(thief)
    case .squatsOnEngines: return try EngineNumbers.squatted(by: thief, arm.startup)
    case .runsTheSameStart: try addSiblings(thief)
    case .scansFromBase: try addScanner(thief)
    case .holdsOverIPv6:
      if thief["v6only"] != 0 { return nil }
      if thief["targeted"] == 0 {
        conditions.foreignDraws += thief[OptionName.ports]
      } else {
        conditions.squatters.append(.init(reusesAddress: false, reusesPort: false))
      }
    case .holdsOtherAddress: try addOtherAddress(thief)
    case .exhausts: return try exhausted(leaves: thief["leaves"])
    case .unmodelled(let reason): throw none("\(thief.label): \(reason)")
    }
    return nil
  }

  private func none(_ reason: String) -> NoPrediction {
    Prediction.none(reason, isForThief: true)
  }

  private mutating func addChurn(_ thief: Choice) throws(NoPrediction) {
    // The window is measured, not set, unless the plan sets it. Without a set window there is no prediction.
    let isProbed = [.probeThenBind, .distinctProbes].contains(strategy.collisionModel)
    if arm.window.milliseconds == 0 && isProbed && ownWindow == nil {
      throw none("\(thief.label): the plan gives no window.milliseconds, in which ports churn")
    }
    let (rate, hold) = (
      Double(thief[OptionName.ratePerSecond]), Double(thief[OptionName.holdMilliseconds]) / 1_000
    )
    conditions.churnRatePerSecond += rate
    let isExponential = thief.options.contains { $0.name == "exponential" && $0.value != 0 }
    churned += rate * Self.meanHeld(conditions.windowSeconds, hold, isExponential: isExponential)
  }

  /// The mean number of ports that arrivals of a window still hold at its end, divided by the arrival rate: the smaller
  /// of window and hold, or hold·(1 - exp(-window/hold)) for exponential hold times (M/G/∞).
  private static func meanHeld(_ window: Double, _ hold: Double, isExponential: Bool) -> Double {
    guard isExponential, hold > 0 else { return min(window, hold) }
    return -hold * expm1(-window / hold)
  }

  private mutating func addSquatter(_ thief: Choice) throws(NoPrediction) {
    // A squatter that sets an option and does not listen can be bound over. Who can do so depends on the binder.
    if thief["listens"] == 0 && thief[OptionName.reuseAddress] + thief["reuse_port"] > 0 {
      throw none(
        "\(thief.label): it does not listen, and who may bind over it depends on the binder")
    }
    conditions.squatters.append(
      LaunchConditions.Squatter(
        reusesAddress: thief[OptionName.reuseAddress] != 0, reusesPort: thief["reuse_port"] != 0))
  }

  /// TIME_WAIT of a server without SO_REUSEADDR blocks every process, like a squatter that sets no option.
  private mutating func addResidue(_ thief: Choice) {
    guard thief[OptionName.base] == 0, thief[OptionName.reuseAddress] == 0 else { return }
    conditions.squatters.append(.init(reusesAddress: false, reusesPort: false))
  }

  private mutating func addSiblings(_ thief: Choice) throws(NoPrediction) {
    let draws = thief[OptionName.deployments] * thief[OptionName.addresses]
    // They must certainly have bound before the barrier opens.
    if thief[OptionName.windowMilliseconds] > 0 && arm.window.foreignDraws < draws {
      throw none("\(thief.label): the window does not wait for its \(draws) binds (foreign_draws)")
    }
    conditions.foreignProbes += draws
  }

  /// `connect()` takes ports at an even distance, which no probe has. Numbers that are counted may have them.
  private func checkConnections(_ thief: Choice) throws(NoPrediction) {
    if conditions.numbersInPool > 0 {
      throw none("\(thief.label): connect() takes the other half of the numbers in the pool")
    }
  }

  /// A scan inside the pool takes ports in a row. A launch's own probes are uniform, so it meets any ports that others
  /// take equally often; it must only be known how many these are.
  private mutating func addScanner(_ thief: Choice) throws(NoPrediction) {
    let base = thief[OptionName.base]
    // It passes over what is taken, so the number after the last one counts, too.
    let taken = base...(base + thief[OptionName.ports])
    if strategy.collisionModel == .outsideThePool {
      throw none("\(thief.label): it may find the numbers that \(strategy.name) counts")
    }
    guard arm.pool.low <= taken.upperBound && taken.lowerBound <= arm.pool.high else { return }
    let isAlone = arm.thieves.count == 1 && arm.startup == nil && !conditions.probesReuseAddress
    guard isAlone, strategy.collisionModel != .reserved else {
      throw none(
        "\(thief.label): it scans inside the pool, and what it passes over depends on the others")
    }
    let ports = taken.dropLast()
    switch strategy.collisionModel {
    case .probeThenBind, .distinctProbes, .probedElsewhere:
      conditions.foreignDraws += conditions.range.firstChoice().count(where: ports.contains)
    case .heldFromTheStart, .heldWithReuseAddress, .heldWithReusePort, .noPort, .outsideThePool,
      .reserved, .unmodelled:
      conditions.foreignDraws += ports.count(where: conditions.range.ports.contains)
    }
  }

  /// On an IPv6 head node a probe over IPv4 sees what is held over IPv4 and not what is in the bind's way.
  private mutating func addResidents(_ thief: Choice) throws(NoPrediction) {
    let isSix = arm.startup?.usesIPv6 ?? false
    if isSix && thief[OptionName.ownAddress] == 0 {
      throw none("\(thief.label): it holds IPv4 ports, and the launches bind over IPv6")
    }
    conditions.residents += thief[OptionName.ports]
  }

  private mutating func addOtherAddress(_ thief: Choice) throws(NoPrediction) {
    guard thief["early"] != 0 else { return }
    if arm.thieves.count > 1 {
      throw none("\(thief.label): what it holds, probes see and the other thieves do not")
    }
    if isProbedAtOwnAddress {
      throw none("\(thief.label): a probe at another address does not see what it holds")
    }
    switch strategy.collisionModel {
    // Probed on the wildcard address: not drawn, although it could be bound.
    case .probeThenBind, .distinctProbes: conditions.residents += thief[OptionName.ports]
    case .noPort, .outsideThePool: break
    case .heldFromTheStart, .heldWithReuseAddress, .heldWithReusePort, .probedElsewhere, .reserved,
      .unmodelled:
      throw none("\(thief.label): on which address \(strategy.name) draws, theory does not know")
    }
  }

  private mutating func exhausted(leaves: Int) throws(NoPrediction) -> PredictedFailure? {
    switch strategy.collisionModel {
    case .outsideThePool:
      if conditions.numbersInPool == 0 { return nil }
      if leaves > 0 { throw none("which numbers an exhausted pool has left, theory does not know") }
    case .noPort, .reserved, .unmodelled: return nil
    case .heldFromTheStart, .heldWithReuseAddress, .heldWithReusePort: break
    case .probeThenBind, .distinctProbes:
      if leaves > 0 {
        throw none("draws from the few ports that an exhausted pool has left are not uniform")
      }
    case .probedElsewhere:
      throw none("whether the probe sees the exhausted pool, theory does not know")
    }
    if leaves == 0 { return PredictedFailure(perLaunch: 1, perTrial: 1) }
    conditions.residents += max(0, conditions.range.capacity - leaves)
    return nil
  }
}
