/// What one run says of one cell, as its history keeps it.
public struct CellNight: Sendable, Equatable {
  /// The run's folder below the folder of all results.
  public var folder: String
  /// UTC, as `2026-11-28T02:00:00Z`.
  public var startedAt: String
  /// Of bindstorm.
  public var version: String
  /// What the user said of the code under test.
  public var tags: [String: String]
  public var scenario: String
  public var strategy: String
  /// Cells with the same number have the same kind of trial.
  public var definition: Int
  public var strategyAnswer: StrategyAnswer
  /// Whether the plan demands that it fails.
  public var isMeantToFail: Bool
  /// Whether the run was cut short.
  public var isPartial: Bool
  /// Whether the run had a network namespace of its own.
  public var isIsolated: Bool
  /// Whether a rule ended the cell before its planned trials.
  public var isStopped: Bool
  public var sample: CellSample
  /// In nanoseconds; nil if nothing was ready.
  public var medianTimeToReady: UInt64?

  public init(
    folder: String, startedAt: String, version: String = "", tags: [String: String] = [:],
    scenario: String, strategy: String, definition: Int, strategyAnswer: StrategyAnswer,
    isMeantToFail: Bool = false, isPartial: Bool = false, isIsolated: Bool = true,
    isStopped: Bool = false, sample: CellSample, medianTimeToReady: UInt64? = nil
  ) {
    self.folder = folder
    self.startedAt = startedAt
    self.version = version
    self.tags = tags
    self.scenario = scenario
    self.strategy = strategy
    self.definition = definition
    self.strategyAnswer = strategyAnswer
    self.isMeantToFail = isMeantToFail
    self.isPartial = isPartial
    self.isIsolated = isIsolated
    self.isStopped = isStopped
    self.sample = sample
    self.medianTimeToReady = medianTimeToReady
  }
}

/// "Fixed here": runs before it are not counted.
public struct HistoryMark: Sendable, Equatable, Codable {
  /// UTC, as `2026-11-28T02:00:00Z`. Runs that began before are left out.
  public var at: String
  /// What happened.
  public var note: String
  /// Nil: in all scenarios.
  public var scenario: String?
  /// Nil: for all strategies.
  public var strategy: String?

  public init(at: String, note: String, scenario: String? = nil, strategy: String? = nil) {
    self.at = at
    self.note = note
    self.scenario = scenario
    self.strategy = strategy
  }

  func covers(scenario: String, strategy: String) -> Bool {
    (self.scenario ?? scenario) == scenario && (self.strategy ?? strategy) == strategy
  }
}
