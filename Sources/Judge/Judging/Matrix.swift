public import PlanModel

/// The whole matrix.
public struct Matrix: Sendable, Equatable, Codable {
  /// Version of this document's format (1).
  public var schemaVersion: Int
  /// The plan it judges.
  public var plan: ResolvedPlan
  /// One for each arm, in the plan's order.
  public var arms: [ArmVerdict]
  /// Whether the run was cut short.
  public var isPartial: Bool
  /// Whether the run had a network namespace of its own. Without one its trials used the host's own ports.
  public var isIsolated: Bool
  /// What the strategies of the plan declare about themselves, by name.
  public var traits: [String: StrategyTraits]

  public init(
    schemaVersion: Int = 1, plan: ResolvedPlan, arms: [ArmVerdict], isPartial: Bool,
    isIsolated: Bool = true, traits: [String: StrategyTraits] = [:]
  ) {
    self.schemaVersion = schemaVersion
    self.plan = plan
    self.arms = arms
    self.isPartial = isPartial
    self.isIsolated = isIsolated
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
