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

  public init(name: String, defaultValue: Int?, range: ClosedRange<Int>, summary: String) {
    self.name = name
    self.defaultValue = defaultValue
    self.range = range
    self.summary = summary
  }
}

/// What the rest of the program knows about a strategy without running it.
public struct StrategyDescriptor: Sendable, Equatable {
  /// Name in plans and in the matrix.
  public let name: String
  /// One line for people.
  public let summary: String
  /// Options it takes, in the order in which they travel to the workers.
  public let options: [OptionDescriptor]
  /// How theory sees it.
  public let collisionModel: CollisionModel
  /// Depths it can run at.
  public let depths: Set<Depth>

  public init(
    name: String, summary: String, options: [OptionDescriptor] = [],
    collisionModel: CollisionModel, depths: Set<Depth>
  ) {
    self.name = name
    self.summary = summary
    self.options = options
    self.collisionModel = collisionModel
    self.depths = depths
  }
}

/// What the rest of the program knows about a thief without running it.
public struct ThiefDescriptor: Sendable, Equatable {
  /// How theory sees it.
  public enum Model: String, Sendable, Codable {
    /// Draws option `ports` ports inside the window and holds them to the end of the trial.
    case holdsThroughWindow = "holds-through-window"
    /// Draws `rate_per_second` ports a second all through the trial, each held `hold_ms` on average.
    case churns
  }
  /// Name in plans.
  public let name: String
  /// One line for people.
  public let summary: String
  /// Options it takes, in the order in which they travel to the workers.
  public let options: [OptionDescriptor]
  /// How theory sees it.
  public let model: Model

  public init(name: String, summary: String, options: [OptionDescriptor], model: Model) {
    self.name = name
    self.summary = summary
    self.options = options
    self.model = model
  }
}

/// The names a plan may use. Passed in, so that planning needs no registry and no kernel.
public struct Vocabulary: Sendable {
  /// Every strategy, in the order of the registry.
  public let strategies: [StrategyDescriptor]
  /// Every thief, in the order of the registry.
  public let thieves: [ThiefDescriptor]

  public init(strategies: [StrategyDescriptor], thieves: [ThiefDescriptor]) {
    self.strategies = strategies
    self.thieves = thieves
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
