public import Judging

/// A run as the archive keeps it.
public struct ArchivedRun: Sendable, Equatable {
  /// Where and with what it ran.
  public struct Environment: Sendable, Equatable {
    public var kernel: String
    public var machine: String
    public var processors: Int
    public var libzmq: String
    /// Of bindstorm.
    public var version: String
    /// What the user says of the code under test, by key.
    public var tags: [String: String]

    public init(
      kernel: String, machine: String, processors: Int, libzmq: String, version: String,
      tags: [String: String]
    ) {
      self.kernel = kernel
      self.machine = machine
      self.processors = processors
      self.libzmq = libzmq
      self.version = version
      self.tags = tags
    }
  }

  /// A duration of a cell.
  public struct Quantiles: Sendable, Equatable {
    /// As `matrix.json` calls it.
    public var measure: String
    public var summary: DurationSummary

    public init(measure: String, summary: DurationSummary) {
      self.measure = measure
      self.summary = summary
    }
  }

  /// A cell of the run.
  public struct Cell: Sendable, Equatable {
    public var scenario: String
    public var strategy: String
    /// What each trial of the cell is, as text: cells of two runs are the same if this is.
    public var definition: String
    public var strategyAnswer: StrategyAnswer
    public var planAnswer: PlanAnswer
    /// Whether the plan demands that it fails.
    public var isMeantToFail: Bool
    /// The rule that ended it before its planned trials; nil if none did.
    public var stoppedBy: String?
    public var sample: CellSample
    /// Launches by outcome.
    public var outcomes: [OutcomeCount]
    public var quantiles: [Quantiles]

    public init(
      scenario: String, strategy: String, definition: String, strategyAnswer: StrategyAnswer,
      planAnswer: PlanAnswer, isMeantToFail: Bool, stoppedBy: String?, sample: CellSample,
      outcomes: [OutcomeCount], quantiles: [Quantiles]
    ) {
      self.scenario = scenario
      self.strategy = strategy
      self.definition = definition
      self.strategyAnswer = strategyAnswer
      self.planAnswer = planAnswer
      self.isMeantToFail = isMeantToFail
      self.stoppedBy = stoppedBy
      self.sample = sample
      self.outcomes = outcomes
      self.quantiles = quantiles
    }
  }

  /// The run's folder below the folder of all results, as `vllm-40443/20261128T020000Z-1`.
  public var folder: String
  public var plan: String
  public var seed: UInt64
  /// UTC, as `2026-11-28T02:00:00Z`.
  public var startedAt: String
  public var isPartial: Bool
  public var isIsolated: Bool
  public var environment: Environment
  /// Cells that ran, in the plan's order.
  public var cells: [Cell]

  public init(
    folder: String, plan: String, seed: UInt64, startedAt: String, isPartial: Bool,
    isIsolated: Bool, environment: Environment, cells: [Cell]
  ) {
    self.folder = folder
    self.plan = plan
    self.seed = seed
    self.startedAt = startedAt
    self.isPartial = isPartial
    self.isIsolated = isIsolated
    self.environment = environment
    self.cells = cells
  }
}
