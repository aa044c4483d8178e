public import PortModel

/// An option that a strategy or thief takes; always an integer, its unit is part of its name.
public struct OptionDescriptor: Sendable, Equatable {
  /// Name as in the plan, with the unit, for example `hold_ms`.
  public let name: String
  /// Value when the plan gives none; nil when the plan must give one.
  public let defaultValue: Int?
  /// Valid values.
  public let range: ClosedRange<Int>
  /// One line for people.
  public let summary: String
  /// Whether theory makes no prediction if the plan gives another value than the default, because the option breaks
  /// something on purpose.
  public let breaksModel: Bool
  /// Words that a plan may write instead of the numbers from `range.lowerBound` on; empty if there are none.
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

/// What a strategy requires of the host and of other processes, and how it fails. Readers weigh this beside the rates.
/// The strategy's file declares it, because no trial can measure it.
public struct StrategyTraits: Sendable, Equatable, Codable {
  /// Whose cooperation it needs.
  public enum Cooperation: String, Sendable, Codable, CaseIterable {
    /// No cooperation.
    case nobody
    /// The process that binds must do its part.
    case binder
    /// Every process on the host that takes ports must take part. The strategy gives no protection from those that do
    /// not.
    case everybody
  }
  /// How a failure shows.
  public enum FailureMode: String, Sendable, Codable, CaseIterable {
    /// An error, before anything is served.
    case closed
    /// Not at once: a hang, a wrong peer, shared traffic.
    case silent
    /// An error, or not at once, depending on circumstances.
    case either
  }
  /// Needs CAP_NET_ADMIN or a sysctl.
  public var needsRoot: Bool
  /// Whose cooperation it needs.
  public var cooperation: Cooperation
  /// Whether the port is known before the binder starts, as some consumers need.
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

/// What a strategy needs from the host or the plan.
public enum StrategyRequirement: String, Sendable, Codable, CaseIterable {
  /// A network namespace of the run. The strategy changes sysctls or leaves TIME_WAIT behind.
  case namespace
  /// The run's private folder, which is removed when the run ends.
  case scratchFolder = "scratch-folder"
  /// Endpoints that the kernel's list of TCP listeners does not contain: only nonces prove who owns them.
  case fullOwnershipCheck = "full-ownership-check"
}

/// What the rest of the program knows about a strategy without running it.
public struct StrategyDescriptor: Sendable {
  /// The ports that one launch may choose in any of its trials, from the options and the number of its addresses (two
  /// for each API server).
  public typealias Numbers = @Sendable (_ options: OptionValues, _ addresses: Int) -> Range<Int>

  /// Name in plans and in the matrix.
  public let name: String
  /// One line for people.
  public let summary: String
  /// Where it is used or was proposed.
  public let origin: String
  /// Options it takes, in the order in which they travel to the workers.
  public let options: [OptionDescriptor]
  /// How theory models it.
  public let collisionModel: CollisionModel
  /// The ports that it computes by itself; they may go beyond the last port. Nil for a strategy that asks the kernel.
  /// Without them theory makes no prediction for `outside-the-pool` and `reserved`.
  public let numbers: Numbers?
  /// Depths it can run at.
  public let depths: Set<Depth>
  /// Socket kinds it can bind.
  public let sockets: Set<SocketKind>
  /// Number of API servers that it starts whatever the scenario says; nil for the scenario's number.
  public let apiServers: Int?
  /// What it needs from the host or the plan.
  public let requirements: Set<StrategyRequirement>
  /// Whether it drives a program that the plan names.
  public let takesCommand: Bool
  /// Whether that program's port calls are forced even if the plan has no `check`.
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

  /// - Parameter values: in the order of the descriptors; further values are ignored.
  public init(_ descriptors: [OptionDescriptor], _ values: [Int]) {
    names = descriptors.map(\.name)
    self.values = values
  }

  /// The value of an option. Traps if there is none of that name, which is a programming error.
  public subscript(name: String) -> Int {
    guard let index = names.firstIndex(of: name) else { preconditionFailure("no option \(name)") }
    return values[index]
  }

  /// The same as a port number, 0...65535.
  public func port(_ name: String) -> UInt16 { UInt16(self[name]) }
}

/// What the rest of the program knows about a thief without running it.
public struct ThiefDescriptor: Sendable, Equatable {
  /// How theory models it.
  public enum Model: Sendable, Equatable {
    /// Draws option `ports` ports inside the window and holds them to the end of the trial.
    case holdsThroughWindow
    /// Draws `rate_per_second` ports a second all through the trial, each held `hold_ms` on average.
    case churns
    /// Holds option `ports` ports of 127.0.0.1 from before the allocation to the end of the trial.
    case holdsThroughout
    /// Takes ports as source ports of TCP connections: the kernel gives it ports at an even distance from the low end of
    /// the range, and `bind(0)` those at an odd one.
    case connects
    /// Takes the ports that launches decided on, `ports` of them, with the options `reuse_address`, `reuse_port` and
    /// `listens`. A port that is not known yet is taken as soon as it is known.
    case squats
    /// Takes `ports` ports of each launch that were probed for the process groups of its engine cores (`rendezvous`),
    /// but for the first `skip` of them, and listens.
    case squatsOnEngines
    /// Probes `deployments` times `addresses` ports inside the window, releases all of them, and binds them `window_ms`
    /// later.
    case runsTheSameStart
    /// Takes `ports` numbers upwards from `base` inside the window.
    case scansFromBase
    /// Holds nothing that keeps an IPv4 TCP socket from its port.
    case holdsNoTCPPort
    /// Leaves TIME_WAIT on ports. Processes that set SO_REUSEADDR are not affected, and all API servers set it.
    case leavesTimeWait
    /// Holds `ports` ports on [::] inside the window: drawn by `bind(0)`, or the launches' own ports with `targeted`.
    /// With `v6only` it holds nothing that an IPv4 socket can lose.
    case holdsOverIPv6
    /// Holds `ports` ports of 127.0.0.2: before the allocation with `early`, otherwise the launches' own ports.
    case holdsOtherAddress
    /// Takes all ports of the pool before the allocation, except `leaves` of them.
    case exhausts
    /// Theory makes no prediction for it, for this reason.
    case unmodelled(String)

    /// One line for people: how theory models it.
    public var summary: String {
      switch self {
      case .holdsThroughWindow: "foreign draws that are held through the bind"
      case .churns: "a Poisson number of foreign draws; needs window.milliseconds"
      case .holdsThroughout: "ports that a probe on their host does not draw"
      case .connects: "no effect: connect() is given ports at an even distance from the low end"
      case .squats:
        "certain, where the number is not held; none if it does not listen and sets an option"
      case .squatsOnEngines:
        "certain for a list whose first or second number it takes; none where a later number may be bound first"
      case .runsTheSameStart: "foreign probes, each as likely to hit as the last"
      case .scansFromBase:
        "no effect outside the pool; inside it as foreign draws; none for who counts from a base"
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
  /// The option that sets how much it takes, for which a target failure rate can be solved; nil if there is none.
  public let intensity: String?
  /// What it needs from the host or the plan.
  public let requirements: Set<StrategyRequirement>
  /// How theory models it.
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

/// The names that a plan may use. They are passed in, so that planning needs no registry and no kernel.
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
