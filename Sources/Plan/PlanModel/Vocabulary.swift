public import PortModel

/// An option that a strategy or thief takes; always an integer, its unit is part of its name.
public struct OptionDescriptor: Sendable, Equatable {
  /// Name as in the plan, with the unit, for example `hold_ms`.
  public let name: String
  /// Value when the plan gives none; nil when the plan must give one.
  public let defaultValue: Int?
  /// Values that make sense.
  public let range: ClosedRange<Int>
  /// One line for people.
  public let summary: String
  /// Whether theory has nothing to say any more when the plan gives another value than the default: the option
  /// lets something go wrong on purpose.
  public let breaksModel: Bool
  /// Words that a plan may write instead of the numbers from `range.lowerBound` on; empty for none.
  public let words: [String]

  public init(
    name: String, defaultValue: Int?, range: ClosedRange<Int>, summary: String,
    breaksModel: Bool = false, words: [String] = []
  ) {
    self.words = words
    self.name = name
    self.defaultValue = defaultValue
    self.range = range
    self.summary = summary
    self.breaksModel = breaksModel
  }

  /// The same option with that default value.
  public func defaulting(_ value: Int) -> OptionDescriptor {
    OptionDescriptor(
      name: name, defaultValue: value, range: range, summary: summary, breaksModel: breaksModel)
  }
}

/// What a strategy asks of the host and of others, and how it fails: what a person weighs beside the rates.
/// Declared in the strategy's file, because no trial can measure it.
public struct StrategyTraits: Sendable, Equatable, Codable {
  /// Whose help it needs.
  public enum Cooperation: String, Sendable, Codable, CaseIterable {
    /// Nobody's.
    case nobody
    /// The process that binds must do its part.
    case binder
    /// Every process that takes ports on the host must take part, or it protects from those alone that do.
    case everybody
  }
  /// What one sees when it fails.
  public enum FailureMode: String, Sendable, Codable, CaseIterable {
    /// An error, before anything is served.
    case closed
    /// Nothing at first: a hang, a wrong peer, shared traffic.
    case silent
    /// An error or nothing, by circumstances.
    case either
  }
  /// Needs CAP_NET_ADMIN or a sysctl.
  public var needsRoot: Bool
  /// Whose help it needs.
  public var cooperation: Cooperation
  /// Serves a consumer that must know the number before the binder starts.
  public var isKnownBeforehand: Bool
  /// Works where launcher and binder are on different hosts.
  public var worksAcrossHosts: Bool
  /// How it fails.
  public var failure: FailureMode
  /// Its known weakness, in a few words.
  public var weakness: String

  public init(
    needsRoot: Bool = false, cooperation: Cooperation, isKnownBeforehand: Bool,
    worksAcrossHosts: Bool, failure: FailureMode, weakness: String
  ) {
    self.needsRoot = needsRoot
    self.cooperation = cooperation
    self.isKnownBeforehand = isKnownBeforehand
    self.worksAcrossHosts = worksAcrossHosts
    self.failure = failure
    self.weakness = weakness
  }
}

/// What a strategy must find on the host or in the plan.
public enum StrategyRequirement: String, Sendable, Codable, CaseIterable {
  /// A network namespace of the run's own: it changes sysctls or leaves TIME_WAIT behind.
  case namespace
  /// The run's private folder, which vanishes with the run.
  case scratchFolder = "scratch-folder"
  /// Endpoints that the kernel's record of TCP listeners does not show: only nonces prove who owns them.
  case fullOwnershipCheck = "full-ownership-check"
}

/// What the rest of the program knows about a strategy without running it.
public struct StrategyDescriptor: Sendable {
  /// The numbers that one launch may decide on in any of its trials, from the options and the number of its addresses
  /// (two for each API server).
  public typealias Numbers = @Sendable (_ options: OptionValues, _ addresses: Int) -> Range<Int>

  /// Name in plans and in the matrix.
  public let name: String
  /// One line for people.
  public let summary: String
  /// Where it is used or was proposed.
  public let origin: String
  /// Options it takes, in the order in which they travel to the workers.
  public let options: [OptionDescriptor]
  /// How theory sees it.
  public let collisionModel: CollisionModel
  /// The numbers that it counts by itself; they may go beyond the last port. Nil for a strategy that asks the kernel.
  /// Theory has nothing to say of `outside-the-pool` and `reserved` without them.
  public let numbers: Numbers?
  /// Depths it can run at.
  public let depths: Set<Depth>
  /// Socket kinds it can bind.
  public let sockets: Set<SocketKind>
  /// API servers it starts whatever the scenario says; nil for as many as the scenario says.
  public let apiServers: Int?
  /// What it must find.
  public let requirements: Set<StrategyRequirement>
  /// Whether it drives a program that the plan names.
  public let takesCommand: Bool
  /// Whether that program's port calls are forced even where the plan has no `check`.
  public let alwaysForces: Bool
  /// What it costs and how it fails.
  public let traits: StrategyTraits

  public init(
    name: String, summary: String, origin: String, options: [OptionDescriptor] = [],
    collisionModel: CollisionModel, numbers: Numbers? = nil, depths: Set<Depth>,
    sockets: Set<SocketKind> = Set(SocketKind.allCases), apiServers: Int? = nil,
    requirements: Set<StrategyRequirement> = [], takesCommand: Bool = false,
    alwaysForces: Bool = false, traits: StrategyTraits
  ) {
    self.name = name
    self.summary = summary
    self.origin = origin
    self.options = options
    self.collisionModel = collisionModel
    self.numbers = numbers
    self.depths = depths
    self.sockets = sockets
    self.apiServers = apiServers
    self.requirements = requirements
    self.takesCommand = takesCommand
    self.alwaysForces = alwaysForces
    self.traits = traits
  }
}

/// A strategy's or thief's options, by name.
public struct OptionValues: Sendable {
  private let names: [String]
  private let values: [Int]

  /// - Parameter values: in the order of the descriptors; further ones are passed over.
  public init(_ descriptors: [OptionDescriptor], _ values: [Int]) {
    names = descriptors.map(\.name)
    self.values = values
  }

  /// The value of an option; traps when there is none of that name, which is a programming error.
  public subscript(name: String) -> Int {
    guard let index = names.firstIndex(of: name) else { preconditionFailure("no option \(name)") }
    return values[index]
  }

  /// The same as a port number, 0...65535.
  public func port(_ name: String) -> UInt16 { UInt16(self[name]) }
}

/// What the rest of the program knows about a thief without running it.
public struct ThiefDescriptor: Sendable, Equatable {
  /// How theory sees it.
  public enum Model: Sendable, Equatable {
    /// Draws option `ports` ports inside the window and holds them to the end of the trial.
    case holdsThroughWindow
    /// Draws `rate_per_second` ports a second all through the trial, each held `hold_ms` on average.
    case churns
    /// Holds option `ports` ports of 127.0.0.1 from before the allocation to the end of the trial.
    case holdsThroughout
    /// Takes ports as the source of connections: the kernel gives it even ones, and `bind(0)` odd ones.
    case connects
    /// Takes the very numbers that launches decided on, `ports` of them, with the options `reuse_address`,
    /// `reuse_port` and `listens`; what has no number yet, as soon as it has one.
    case squats
    /// Probes `deployments` times `addresses` numbers inside the window, lets go of all, and binds them `window_ms`
    /// later.
    case runsTheSameStart
    /// Takes `ports` numbers upwards from `base` inside the window.
    case scansFromBase
    /// Holds nothing that a TCP socket of IPv4 can lose.
    case holdsNoTCPPort
    /// Leaves TIME_WAIT on numbers: nothing to whoever sets SO_REUSEADDR, as all API servers do.
    case leavesTimeWait
    /// Holds `ports` ports on [::] inside the window: drawn by `bind(0)`, or the launches' own with `targeted`; with
    /// `v6only` nothing that a socket of IPv4 can lose.
    case holdsOverIPv6
    /// Holds `ports` ports of 127.0.0.2: before the allocation with `early`, else the launches' own.
    case holdsOtherAddress
    /// Takes all ports of the pool before the allocation, but for `leaves`.
    case exhausts
    /// Theory has nothing to say of it, for this reason.
    case unmodelled(String)

    /// One line for people: what theory takes it for.
    public var summary: String {
      switch self {
      case .holdsThroughWindow: "foreign draws that are held through the bind"
      case .churns: "a Poisson number of foreign draws; needs window.milliseconds"
      case .holdsThroughout: "ports that a probe on their host does not draw"
      case .connects: "no effect: connect() is given the other parity than bind(0)"
      case .squats:
        "certain, where the number is not held; none if it does not listen and sets an option"
      case .runsTheSameStart: "foreign probes, each as likely to hit as the last"
      case .scansFromBase:
        "no effect outside the pool; none inside it, nor for who counts from a base"
      case .holdsNoTCPPort: "no effect"
      case .leavesTimeWait:
        "no effect on who sets SO_REUSEADDR, if the server that went did; else certain"
      case .holdsOverIPv6: "as foreign draws or, targeted, certain; v6only: no effect"
      case .holdsOtherAddress: "no effect on who binds 127.0.0.1; early: fewer ports to probe"
      case .exhausts: "certain, unless ports are left; then none for who probes"
      case .unmodelled(let reason): "none: \(reason)"
      }
    }
  }
  /// Name in plans.
  public let name: String
  /// One line for people.
  public let summary: String
  /// Options it takes, in the order in which they travel to the workers.
  public let options: [OptionDescriptor]
  /// The option that says how much it takes, for which a target failure rate can be solved; nil if there is none.
  public let intensity: String?
  /// What it must find.
  public let requirements: Set<StrategyRequirement>
  /// How theory sees it.
  public let model: Model

  public init(
    name: String, summary: String, options: [OptionDescriptor], intensity: String? = nil,
    requirements: Set<StrategyRequirement> = [], model: Model
  ) {
    self.name = name
    self.summary = summary
    self.options = options
    self.intensity = intensity
    self.requirements = requirements
    self.model = model
  }
}

/// The names a plan may use. Passed in, so that planning needs no registry and no kernel.
public struct Vocabulary: Sendable {
  /// Every strategy, in the order of the registry.
  public let strategies: [StrategyDescriptor]
  /// Every thief, in the order of the registry.
  public let thieves: [ThiefDescriptor]
  /// Every fault, in the order of the registry.
  public let faults: [FaultDescriptor]

  public init(
    strategies: [StrategyDescriptor], thieves: [ThiefDescriptor], faults: [FaultDescriptor] = []
  ) {
    self.strategies = strategies
    self.thieves = thieves
    self.faults = faults
  }

  /// The fault of that name, if there is one.
  public func fault(named name: String) -> FaultDescriptor? {
    faults.first { $0.name == name }
  }

  /// The strategy of that name, if there is one.
  public func strategy(named name: String) -> StrategyDescriptor? {
    strategies.first { $0.name == name }
  }

  /// The thief of that name, if there is one.
  public func thief(named name: String) -> ThiefDescriptor? {
    thieves.first { $0.name == name }
  }
}
