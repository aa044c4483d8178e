public import History
public import PlanModel

/// What a run has shown so far, arm by arm. The same for a run in progress and for a stored one.
public struct RunTally: Sendable {
  /// In the order of the plan's arms.
  public private(set) var arms: [ArmTally]
  private let rules: [StoppingRule]

  /// A run of the plan without a trial.
  public init(_ plan: ResolvedPlan) {
    arms = plan.arms.map { _ in ArmTally() }
    rules = plan.arms.map { StoppingRule($0, in: plan) }
  }

  /// Takes note that an arm does not run.
  public mutating func skip(_ skipped: ArmSkipped) { arms[skipped.arm].skip(skipped.reason) }

  /// Adds a judged trial.
  public mutating func add(_ outcome: TrialOutcome) { arms[outcome.arm].add(outcome) }

  /// Whether the arm needs more trials: not all have run, and its stopping rule has not ended it.
  public func needsMore(arm: Int) -> Bool { rules[arm].isOpen(arms[arm]) }
}
