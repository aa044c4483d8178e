public import PlanModel
public import PortModel

/// A question about failure rates that needs no plan: a launch of API servers, and what others draw.
public struct RateQuestion: Sendable {
  /// What can be turned to change the rate.
  public enum Knob: String, Sendable, CaseIterable {
    case apiServers = "api-servers"
    case foreignDraws = "foreign-draws"
    case launches
    case residents
    /// The number of ports in the ephemeral range, from its lower end.
    case poolPorts = "pool-ports"

    /// The values that it can have.
    public var range: ClosedRange<Int> {
      switch self {
      case .apiServers: 1...4_096
      case .foreignDraws, .residents: 0...60_000
      case .launches: 1...64
      case .poolPorts: 2...64_512
      }
    }
  }

  public var strategy: StrategyDescriptor
  /// API servers of each launch; each has two addresses.
  public var apiServers: Int
  /// Parallel launches.
  public var launches: Int
  /// Ports that others draw between allocation and bind, and hold.
  public var foreignDraws: Int
  /// Ports that others hold before the launches begin.
  public var residents: Int
  /// The ephemeral range.
  public var pool: PortPool

  public init(
    strategy: StrategyDescriptor, apiServers: Int, launches: Int = 1, foreignDraws: Int = 0,
    residents: Int = 0, pool: PortPool = PortPool()
  ) {
    self.strategy = strategy
    self.apiServers = apiServers
    self.launches = launches
    self.foreignDraws = foreignDraws
    self.residents = residents
    self.pool = pool
  }

  /// The value of a knob.
  public subscript(knob: Knob) -> Int {
    get {
      switch knob {
      case .apiServers: apiServers
      case .foreignDraws: foreignDraws
      case .launches: launches
      case .residents: residents
      case .poolPorts: pool.high - pool.low + 1
      }
    }
    set {
      switch knob {
      case .apiServers: apiServers = newValue
      case .foreignDraws: foreignDraws = newValue
      case .launches: launches = newValue
      case .residents: residents = newValue
      case .poolPorts:
        pool = PortPool(
          low: min(pool.low, 65_536 - newValue),
          high: min(pool.low, 65_536 - newValue) + newValue - 1)
      }
    }
  }

  /// The arm of a plan that asks the same.
  /// - Parameter vocabulary: has a thief that holds ports through the window, and one that holds them throughout.
  func arm(_ vocabulary: Vocabulary) -> Arm {
    func thief(_ model: ThiefDescriptor.Model, ports: Int) -> [Choice] {
      if ports == 0 { return [] }
      guard let known = vocabulary.thieves.first(where: { $0.model == model }) else {
        preconditionFailure("the vocabulary has no thief for \(ports) ports")
      }
      let options = known.options.map { option in
        OptionValue(
          name: option.name,
          value: option.name == known.intensity ? ports : option.defaultValue ?? 0)
      }
      return [Choice(name: known.name, label: known.name, options: options)]
    }
    return Arm(
      index: 0, scenario: "question",
      strategy: Choice(
        name: strategy.name, label: strategy.name,
        options: strategy.options.map {
          OptionValue(name: $0.name, value: $0.defaultValue ?? $0.range.lowerBound)
        }),
      settings: TrialSettings(
        topology: Topology(launches: launches, apiServers: apiServers), pool: pool),
      thieves: thief(.holdsThroughWindow, ports: foreignDraws)
        + thief(.holdsThroughout, ports: residents), trials: 1)
  }
}

/// The answer: rates in 0...1.
public struct RateAnswer: Sendable, Equatable, Encodable {
  /// Of a launch.
  public var perLaunch: Double
  /// Of a trial: any of the parallel launches.
  public var perTrial: Double
  /// Launches lost to what a cause adds to those before it: the launch's own numbers, then other launches, then
  /// everybody else. Their sum is `perLaunch`.
  public var ownNumbers: Double
  public var otherLaunches: Double
  public var others: Double
  /// Trials of the simulated allocator; nil for a closed formula.
  public var simulatedTrials: Int?
}

extension RateQuestion {
  /// The answer by the closed formulas.
  /// - Throws: why there is none.
  public func answer(_ vocabulary: Vocabulary) throws(NoPrediction) -> RateAnswer {
    try answer { question throws(NoPrediction) in
      try Prediction.rates(question.arm(vocabulary), vocabulary: vocabulary)
    }
  }

  /// The rates, and what each cause adds to those before it.
  private func answer<E>(
    _ rates: (RateQuestion) throws(E) -> PredictedFailure
  ) throws(E) -> RateAnswer {
    var others = self
    others.foreignDraws = 0
    var alone = others
    alone.launches = 1
    let first = try rates(alone)
    let own = first.perLaunch
    let second = try launches == 1 ? first : rates(others)
    let all = try foreignDraws == 0 ? second : rates(self)
    let launches = second.perLaunch
    return RateAnswer(
      perLaunch: all.perLaunch, perTrial: all.perTrial, ownNumbers: own,
      otherLaunches: max(0, launches - own), others: max(0, all.perLaunch - launches))
  }

  /// How the simulated allocator is asked; nil if it does not know the strategy's way.
  public var simulation: LaunchSimulation? {
    let method: LaunchSimulation.Method? =
      switch strategy.collisionModel {
      case .probeThenBind: .probes
      // A launch that holds them together instead meets the same rates within some per mille.
      case .distinctProbes: .distinctProbes
      case .heldFromTheStart: .kept
      case .probedElsewhere, .heldWithReuseAddress, .heldWithReusePort, .outsideThePool, .reserved,
        .noPort, .unmodelled:
        nil
      }
    return method.map {
      LaunchSimulation(
        method: $0, launches: launches, addresses: 2 * apiServers, residents: residents,
        foreignDraws: foreignDraws)
    }
  }

  /// The answer by the simulated allocator; nil if it does not know the strategy's way.
  /// - Parameter trials: of each simulation, up to three, that tell the causes apart.
  public func simulated(trials: Int, seed: UInt64) -> RateAnswer? {
    guard simulation != nil else { return nil }
    var answer = answer { question in
      let counts = question.simulation!.simulate(
        range: EphemeralRange(pool.low...pool.high), trials: trials, seed: seed)
      return PredictedFailure(
        perLaunch: Double(counts.failedLaunches) / Double(counts.launches),
        perTrial: Double(counts.failedTrials) / Double(counts.trials))
    }
    answer.simulatedTrials = trials
    return answer
  }
}
