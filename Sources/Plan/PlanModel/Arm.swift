/// One strategy under one scenario: one cell of the matrix.
///
/// In JSON its settings are members beside the others.
public struct Arm: Sendable, Equatable {
  /// Position in `ResolvedPlan.arms`.
  public var index: Int
  /// Name of the scenario: the matrix column.
  public var scenario: String
  /// What the scenario is for.
  public var why: String
  /// The strategy: the matrix row.
  public var strategy: Choice
  /// What happens in each trial.
  public var settings: TrialSettings
  /// The rest of the start-up; nil unless the depth is `startup`.
  public var startup: Startup?
  /// The thieves, in the plan's order.
  public var thieves: [Choice]
  /// Faults, in the plan's order.
  public var faults: [PlannedFault]
  /// Number of trials, at least 1.
  public var trials: Int
  /// What the plan demands of this arm, if anything.
  public var expectation: Expectation?
  /// Published figures for this arm.
  public var published: [PublishedFigure]
  /// Why the plan leaves this arm out; nil if it runs.
  public var skipReason: String?

  /// The largest number of launches in one trial: parallel launches times launches in a row.
  public var launchesPerTrial: Int { topology.launches * (startup?.serialLaunches ?? 1) }

  public init(
    index: Int, scenario: String, why: String = "", strategy: Choice, settings: TrialSettings,
    startup: Startup? = nil, thieves: [Choice] = [], faults: [PlannedFault] = [], trials: Int,
    expectation: Expectation? = nil, published: [PublishedFigure] = [], skipReason: String? = nil
  ) {
    self.index = index
    self.scenario = scenario
    self.why = why
    self.strategy = strategy
    self.settings = settings
    self.startup = startup
    self.thieves = thieves
    self.faults = faults
    self.trials = trials
    self.expectation = expectation
    self.published = published
    self.skipReason = skipReason
  }
}

extension Arm {
  /// Whether one process of the row's program serves all trials. A program whose port calls are forced serves one trial
  /// only, because stolen ports stay stolen.
  public var keepsProgram: Bool { strategy.command.map { $0.forcing == nil } ?? false }

  /// How long the row's program may take to start, in milliseconds. It is not part of a trial's time.
  public var startMilliseconds: Int {
    strategy.options.first { $0.name == OptionName.helloTimeoutMilliseconds }?.value ?? 0
  }
}

extension Arm: Codable {
  private enum Key: String, CodingKey {
    case index, scenario, why, strategy, startup, thieves, faults, trials, expectation, published
    case skipReason
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    self.init(
      index: try container.decode(Int.self, forKey: .index),
      scenario: try container.decode(String.self, forKey: .scenario),
      why: try container.decode(String.self, forKey: .why),
      strategy: try container.decode(Choice.self, forKey: .strategy),
      settings: try TrialSettings(from: decoder),
      startup: try container.decodeIfPresent(Startup.self, forKey: .startup),
      thieves: try container.decode([Choice].self, forKey: .thieves),
      faults: try container.decode([PlannedFault].self, forKey: .faults),
      trials: try container.decode(Int.self, forKey: .trials),
      expectation: try container.decodeIfPresent(Expectation.self, forKey: .expectation),
      published: try container.decode([PublishedFigure].self, forKey: .published),
      skipReason: try container.decodeIfPresent(String.self, forKey: .skipReason))
  }

  public func encode(to encoder: any Encoder) throws {
    try settings.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(index, forKey: .index)
    try container.encode(scenario, forKey: .scenario)
    try container.encode(why, forKey: .why)
    try container.encode(strategy, forKey: .strategy)
    try container.encodeIfPresent(startup, forKey: .startup)
    try container.encode(thieves, forKey: .thieves)
    try container.encode(faults, forKey: .faults)
    try container.encode(trials, forKey: .trials)
    try container.encodeIfPresent(expectation, forKey: .expectation)
    try container.encode(published, forKey: .published)
    try container.encodeIfPresent(skipReason, forKey: .skipReason)
  }
}
