public import History
internal import Judging
public import PlanModel
internal import TerminalText

/// A launch that was lost at depth `allocate`, where nothing binds and so no port is lost by a bind: two launches were
/// given one number, or one launch was given it twice.
public struct AllocationReport: Sendable, Equatable {
  /// Equal for reports of the same finding.
  public let signature: RaceReport.Signature
  /// The same as data.
  public let finding: LostAllocation
  /// The report, many lines.
  public let text: String

  /// Every launch of the trial that failed; empty at other depths.
  /// - Parameter events: the events of one whole trial.
  public static func all(_ events: [Event], arm: Arm) -> [AllocationReport] {
    guard arm.depth == .allocate, case .trialStarted(let started)? = events.first else { return [] }
    return TrialJudge(arm: arm).judge(events).launches.filter(\.outcome.isFailure).map {
      AllocationReport($0, started: started, arm: arm)
    }
  }

  private init(_ launch: LaunchOutcome, started: TrialStarted, arm: Arm) {
    signature = RaceReport.Signature(
      scenario: arm.scenario, strategy: arm.strategy.label, endpoint: "allocation",
      holder: launch.outcome.rawValue)
    finding = LostAllocation(
      trial: arm.trialName(started.trial), launch: launch.launch,
      outcome: launch.outcome.rawValue, evidence: launch.evidence)
    let strategy = TerminalText.safeLine(arm.strategy.label, atMost: TerminalText.longestName)
    let scenario = TerminalText.safeLine(arm.scenario, atMost: TerminalText.longestName)
    let lines = [
      "==================",
      "LOST AT ALLOCATION: \(strategy) in \(scenario), trial \(started.trial), depth allocate",
      "  launch \(launch.launch): \(launch.outcome.rawValue): \(launch.evidence)",
      "SUMMARY: launch of \(strategy) \(launch.outcome.rawValue) at allocation in \(scenario)",
      "==================",
    ]
    text = lines.map { TerminalText.safeLine($0, atMost: TerminalText.longestWords) + "\n" }
      .joined()
  }
}
