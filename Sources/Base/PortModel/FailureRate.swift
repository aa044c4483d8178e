internal import Glibc

/// The parameters of an arm that theory needs.
public struct LaunchConditions: Sendable, Equatable {
  /// How the strategy gets its ports.
  public var model: CollisionModel
  /// The pool.
  public var range: EphemeralRange
  /// Parallel launches, at least 1.
  public var launches: Int
  /// Addresses of each launch, at least 1.
  public var addressesPerLaunch: Int
  /// Ports that others draw between allocation and bind, and hold through the bind.
  public var foreignDraws: Int
  /// Ports that others probe after the allocation, release at once, and bind before the launches do.
  public var foreignProbes: Int
  /// Ports among those tried first that others held before the allocation and still hold.
  public var residents: Int
  /// Whether ports are probed with SO_REUSEADDR.
  public var probesReuseAddress: Bool
  /// Ports that others draw per second throughout the trial (Poisson).
  public var churnRatePerSecond: Double
  /// How long each of these is held, in seconds.
  public var churnHoldSeconds: Double
  /// From allocation to bind, in seconds; matters only if ports churn.
  public var windowSeconds: Double
  /// False at depth `allocate`: there only equal ports count.
  public var bindsForReal: Bool
  /// Processes that take the ports that the launches chose, by number.
  public var squatters: [Squatter]
  /// For `outside-the-pool`: how many of the ports that `bind(0)` tries first are among a launch's numbers after all.
  /// They are adjacent ones, as the numbers are.
  public var numbersInPool: Int

  /// A thief that takes at least one of a launch's own ports, with these socket options, and listens.
  public struct Squatter: Sendable, Equatable {
    /// Sets SO_REUSEADDR.
    public var reusesAddress: Bool
    /// Sets SO_REUSEPORT.
    public var reusesPort: Bool

    public init(reusesAddress: Bool, reusesPort: Bool) {
      self.reusesAddress = reusesAddress
      self.reusesPort = reusesPort
    }
  }

  public init(
    model: CollisionModel, range: EphemeralRange, launches: Int = 1, addressesPerLaunch: Int,
    foreignDraws: Int = 0, residents: Int = 0, probesReuseAddress: Bool = false,
    churnRatePerSecond: Double = 0, churnHoldSeconds: Double = 0, windowSeconds: Double = 0,
    bindsForReal: Bool = true, squatters: [Squatter] = [], foreignProbes: Int = 0,
    numbersInPool: Int = 0
  ) {
    self.model = model
    self.range = range
    self.launches = launches
    self.addressesPerLaunch = addressesPerLaunch
    self.foreignDraws = foreignDraws
    self.residents = residents
    self.probesReuseAddress = probesReuseAddress
    self.churnRatePerSecond = churnRatePerSecond
    self.churnHoldSeconds = churnHoldSeconds
    self.windowSeconds = windowSeconds
    self.bindsForReal = bindsForReal
    self.squatters = squatters
    self.foreignProbes = foreignProbes
    self.numbersInPool = numbersInPool
  }
}

/// Failure rates in 0...1.
public struct PredictedFailure: Sendable, Equatable {
  /// The probability that a given launch fails.
  public var perLaunch: Double
  /// The probability that any launch of a trial fails.
  public var perTrial: Double

  public init(perLaunch: Double, perTrial: Double) {
    // Adding zero turns -0 into 0: -expm1(0) is -0.
    self.perLaunch = perLaunch + 0
    self.perTrial = perTrial + 0
  }
}

/// Closed formulas for the rate at which launches lose a port. All are exact for the allocator of `EphemeralRange`,
/// except for the rate per launch of several launches (`perLaunch`), and for numbers that are drawn and held together
/// (`hold-all-then-release`), which are taken for a uniform choice: the simulated allocator differs by less than 0.0005.
public enum FailureRate {
  /// The rates under the conditions; nil if theory has none.
  public static func predict(_ conditions: LaunchConditions) -> PredictedFailure? {
    if conditions.bindsForReal, let certain = squatted(conditions) { return certain }
    switch conditions.model {
    case .heldFromTheStart, .heldWithReuseAddress, .heldWithReusePort:
      return heldFromTheStart(conditions)
    case .probedElsewhere: return probed(conditions, differ: false)
    case .probeThenBind:
      return conditions.residents > 0
        ? probedBesideResidents(conditions) : probed(conditions, differ: false)
    case .distinctProbes:
      // There is no closed formula here for several launches whose ports are each held for a while. Beside residents
      // it matters whether a launch draws again or holds what it has, and the rates differ by a few per mille.
      return conditions.launches == 1 && conditions.residents == 0
        ? probed(conditions, differ: true) : nil
    case .outsideThePool, .reserved: return counted(conditions)
    case .noPort: return PredictedFailure(perLaunch: 0, perTrial: 0)
    case .unmodelled: return nil
    }
  }

  /// A squatter takes ports that are not held, or are held in a way that allows sharing; nil if it takes none.
  private static func squatted(_ conditions: LaunchConditions) -> PredictedFailure? {
    let takes = conditions.squatters.contains { squatter in
      switch conditions.model {
      case .probeThenBind, .probedElsewhere, .distinctProbes, .outsideThePool, .reserved: true
      case .heldWithReuseAddress: squatter.reusesAddress
      case .heldWithReusePort: squatter.reusesPort
      case .heldFromTheStart, .noPort, .unmodelled: false
      }
    }
    // With several launches, the launch that collides with the squatter depends on the squatter's order.
    guard takes, conditions.launches == 1 else { return nil }
    return PredictedFailure(perLaunch: 1, perTrial: 1)
  }

  /// Without a race only an exhausted pool causes failures.
  private static func heldFromTheStart(_ conditions: LaunchConditions) -> PredictedFailure {
    let demand =
      conditions.launches * conditions.addressesPerLaunch + conditions.foreignDraws
      + conditions.foreignProbes + conditions.residents
    let rate: Double = demand > conditions.range.capacity ? 1 : 0
    return PredictedFailure(perLaunch: rate, perTrial: rate)
  }

  /// Numbers that are counted meet only what takes ports of the pool, and only if they reach it.
  private static func counted(_ conditions: LaunchConditions) -> PredictedFailure? {
    guard conditions.launches == 1 else { return nil }
    guard conditions.numbersInPool > 0, conditions.bindsForReal else {
      return PredictedFailure(perLaunch: 0, perTrial: 0)
    }
    if conditions.foreignProbes > 0 || conditions.churnRatePerSecond > 0 { return nil }
    // A launch that counts does not look: what is held before is in its way like what is taken later.
    let rate = -expm1(
      LinearProbing.logMissed(
        slots: conditions.range.slots(), row: conditions.numbersInPool,
        draws: conditions.foreignDraws + conditions.residents))
    return PredictedFailure(perLaunch: rate, perTrial: rate)
  }

  /// The rates beside residents that a probe sees: it is given the next free port after them, so its numbers are not
  /// uniform over what is free.
  private static func probedBesideResidents(_ conditions: LaunchConditions) -> PredictedFailure? {
    let isQuiet =
      !conditions.bindsForReal
      || conditions.foreignProbes == 0 && conditions.churnRatePerSecond == 0
    // Reserved ports are a row of their own in the way of every draw.
    guard isQuiet, !conditions.probesReuseAddress, conditions.range.reserved.isEmpty else {
      return nil
    }
    // Where the residents fill what is tried first, everything goes on in what is tried then.
    var residents = conditions.residents
    var groups = conditions.range.groups()[...]
    while let slots = groups.first, residents >= slots {
      residents -= slots
      groups = groups.dropFirst()
    }
    guard let slots = groups.first else { return PredictedFailure(perLaunch: 1, perTrial: 1) }
    let foreign = conditions.bindsForReal ? conditions.foreignDraws : 0
    func logKept(_ probes: Int, _ draws: Int) -> Double {
      LinearProbing.logKept(slots: slots, residents: residents, probes: probes, draws: draws)
    }
    let own = conditions.addressesPerLaunch
    let trial = -expm1(logKept(conditions.launches * own, foreign))
    guard conditions.launches > 1 else {
      return PredictedFailure(perLaunch: trial, perTrial: trial)
    }
    // As in `perLaunch`, with the probability that two probes meet among residents.
    let pairs = Double(own * own * (conditions.launches - 1))
    let launch = -expm1(logKept(own, foreign) + pairs * log1p(0.5 * expm1(logKept(2, 0))))
    return PredictedFailure(perLaunch: launch, perTrial: trial)
  }

  private static func probed(
    _ conditions: LaunchConditions, differ: Bool
  ) -> PredictedFailure {
    let all = conditions.launches * conditions.addressesPerLaunch
    let slots = conditions.range.slots(reuseAddress: conditions.probesReuseAddress)
    // Others draw without SO_REUSEADDR, and so from more ports than a probe that sets it.
    let theirs = conditions.range.slots()
    // Residents that a probe does not see count as drawn by others later.
    let foreign = conditions.bindsForReal ? conditions.foreignDraws + conditions.residents : 0
    let churned = conditions.bindsForReal ? meanChurned(conditions) : 0
    let probes = conditions.bindsForReal ? conditions.foreignProbes : 0
    /// The probability that none of n different ports is taken.
    func logKept(_ n: Int) -> Double {
      logNotStolen(n, theirs, foreign, churned: churned)
        + logNotProbed(n, Double(theirs), probes)
    }
    if differ {
      let rate = -expm1(logKept(all))
      return PredictedFailure(perLaunch: rate, perTrial: rate)
    }
    let trial = all > slots ? 1 : -expm1(logNoDuplicate(all, Double(slots)) + logKept(all))
    guard conditions.launches > 1 else {
      return PredictedFailure(perLaunch: trial, perTrial: trial)
    }
    return PredictedFailure(
      perLaunch: perLaunch(
        conditions, slots: slots, logKept: logKept(conditions.addressesPerLaunch)),
      perTrial: trial)
  }

  /// The probability that n draws from N ports, each released at once, contain a port twice: the birthday problem, 1 -
  /// ∏(1 - i/N), i < n. Exact.
  public static func duplicates(draws n: Int, slots: Int) -> Double {
    n > slots ? 1 : -expm1(logNoDuplicate(n, Double(slots)))
  }

  /// The probability that at least one of n different ports is among others that are drawn from N and held: D of them
  /// for certain, plus a Poisson number K. 1 - E[C(N-n, D+K) / C(N, D+K)]; exact.
  /// - Parameter churned: the mean of K.
  public static func stolen(
    addresses n: Int, slots: Int, foreignDraws: Int, churned: Double = 0
  ) -> Double {
    -expm1(logNotStolen(n, slots, foreignDraws, churned: churned))
  }

  /// The mean number of ports that churn holds at the bind and drew after the allocation. The number itself is Poisson
  /// distributed (arrivals of a Poisson process, each kept or not independently). Churn begins with the trial, so it
  /// holds almost nothing at the allocation.
  private static func meanChurned(_ conditions: LaunchConditions) -> Double {
    conditions.churnRatePerSecond * min(conditions.windowSeconds, conditions.churnHoldSeconds)
  }

  /// A launch fails by a port that it drew twice, by a stranger's draw, and by half of the ports that it shares with
  /// another launch: one of the two binds first, each with equal probability. The last term treats the m = n·n·(L-1)
  /// pairs as independent, each shared with probability 1/N and lost with 1/2. It is accurate to about 1 % of the rate
  /// for n·L below N/10, which `FailureRateTests` checks against the simulated allocator.
  private static func perLaunch(
    _ conditions: LaunchConditions, slots: Int, logKept: Double
  ) -> Double {
    let n = conditions.addressesPerLaunch
    if n > slots { return 1 }
    let pairs = Double(n * n * (conditions.launches - 1))
    return -expm1(
      logNoDuplicate(n, Double(slots)) + logKept
        + pairs * log1p(-0.5 / Double(slots)))
  }

  private static func logNoDuplicate(_ n: Int, _ slots: Double) -> Double {
    (0..<n).reduce(0) { $0 + log1p(-Double($1) / slots) }
  }

  /// The probability that m draws, each released at once and so equally likely to recur, miss n different ports: (1 -
  /// n/N)^m.
  private static func logNotProbed(_ n: Int, _ slots: Double, _ draws: Int) -> Double {
    draws == 0 ? 0 : Double(n) >= slots ? -.infinity : Double(draws) * log1p(-Double(n) / slots)
  }

  /// The probability that D ports drawn from N, and a Poisson number of ports besides, are none of n different ones.
  ///
  /// Ports that are held differ, so K of them miss n others with probability C(N-n, K)/C(N, K). The mean over K is not
  /// the value at the mean number (the probability of survival is convex in K). It is also not exp(-λn/N), which holds
  /// for draws that may hit one port twice.
  private static func logNotStolen(
    _ n: Int, _ slots: Int, _ draws: Int, churned: Double
  ) -> Double {
    if draws == 0 && churned <= 0 { return 0 }
    if draws > slots - n { return -.infinity }
    // C(N-n, D)/C(N, D) = ∏ (1 - D/(N-i)), i < n.
    let certain = (0..<n).reduce(0) { $0 + log1p(-Double(draws) / Double(slots - $1)) }
    guard churned > 0 else { return certain }
    // The log of P(K)·C(N-n, D+K)/C(N, D+K), updated from K to K+1, and of the sum of these terms up to K.
    var term = certain - churned
    var sum = term
    for held in draws..<(slots - n) {
      let drawn = Double(held - draws + 1)
      term += log(churned / drawn) + log1p(-Double(n) / Double(slots - held))
      sum = max(sum, term) + log1p(exp(-abs(sum - term)))
      // From here on the terms fall, each faster than the last.
      if drawn > churned && term < sum - 50 { break }
    }
    return min(0, sum)
  }
}
