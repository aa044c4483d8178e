public import PlanModel

/// The whole matrix.
public struct Matrix: Sendable, Equatable, Codable {
  /// What the document is, and its version.
  public private(set) var format: String
  /// Version of this document's format (1), as `format` has it.
  public var schemaVersion: Int
  /// The plan it judges.
  public var plan: ResolvedPlan
  /// One for each arm, in the plan's order.
  public var arms: [ArmVerdict]
  /// Whether the run was cut short.
  public var isPartial: Bool
  /// What the strategies of the plan declare about themselves, by name.
  public var traits: [String: StrategyTraits]

  public init(
    schemaVersion: Int = 1, plan: ResolvedPlan, arms: [ArmVerdict], isPartial: Bool,
    traits: [String: StrategyTraits] = [:]
  ) {
    format = "bindstorm-matrix/\(schemaVersion)"
    self.schemaVersion = schemaVersion
    self.plan = plan
    self.arms = arms
    self.isPartial = isPartial
    self.traits = traits
  }

  /// The exit code that follows from the verdicts (`Verdict.Facts.exitCode`); at least 2 if the run was cut short or
  /// nothing ran.
  public var exitCode: Int32 {
    let codes = Set(arms.map(\.verdict.facts.exitCode))
    if codes.contains(1) { return 1 }
    let hasRun = arms.contains { $0.verdict != .skipped }
    return isPartial || !hasRun || codes.contains(2) ? 2 : 0
  }
}
