public import PlanModel

/// The whole matrix.
public struct Matrix: Sendable, Equatable, Codable {
  /// What the document is, and its version.
  public private(set) var format: String
  /// Version of this document's format (2), as `format` has it.
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

  /// The version that this program writes and reads.
  public static let currentVersion = 2
  /// `format` of that version.
  public static let currentFormat = "bindstorm-matrix/\(currentVersion)"

  public init(
    schemaVersion: Int = Matrix.currentVersion, plan: ResolvedPlan, arms: [ArmVerdict],
    isPartial: Bool,
    isIsolated: Bool = true, traits: [String: StrategyTraits] = [:]
  ) {
    format = "bindstorm-matrix/\(schemaVersion)"
    self.schemaVersion = schemaVersion
    self.plan = plan
    self.arms = arms
    self.isPartial = isPartial
    self.isIsolated = isIsolated
    self.traits = traits
  }

  /// The exit code that follows from the plan's answers (`PlanAnswer.Facts.exitCode`); at least 2 if the run was cut short or
  /// nothing ran.
  public var exitCode: Int32 {
    let codes = Set(arms.map(\.planAnswer.facts.exitCode))
    if codes.contains(1) { return 1 }
    let hasRun = arms.contains { $0.planAnswer != .skipped }
    return isPartial || !hasRun || codes.contains(2) ? 2 : 0
  }

  /// The rows that did not run because this host lacks a part of them; the plan itself would have run them.
  public var rowsWithMissingParts: [Arm] {
    plan.arms.filter { $0.skipReason == nil && arms[$0.index].planAnswer == .skipped }
  }
}
