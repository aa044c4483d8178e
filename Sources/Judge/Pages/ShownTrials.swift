public import History
public import Judging

/// The trials of a run that its page shows: of each arm, for each outcome other than `ready`, the one with the lowest
/// number. So the page of a run and that of its stored record are the same, in whatever order the trials ended.
public struct ShownTrials: Sendable {
  /// A trial with what it came to.
  public struct Trial: Sendable {
    public var events: [Event]
    public var outcome: TrialOutcome
  }

  /// Kept in memory; beyond this number the first ones stay.
  private static let mostKept = 2_000

  private var found: [Int: [Outcome: Trial]] = [:]
  private var count = 0

  public init() {}

  /// Takes a judged trial.
  public mutating func add(_ outcome: TrialOutcome, _ events: [Event]) {
    for launch in outcome.launches where launch.outcome != .ready {
      let known = found[outcome.arm]?[launch.outcome]
      if let known, known.outcome.trial <= outcome.trial { continue }
      if known == nil {
        guard count < Self.mostKept else { continue }
        count += 1
      }
      found[outcome.arm, default: [:]][launch.outcome] = Trial(events: events, outcome: outcome)
    }
  }

  /// Of an arm the first trial that was lost, and the first one of its rarest other outcome.
  func trials(of verdict: ArmVerdict) -> [Trial] {
    guard let all = found[verdict.arm], !all.isEmpty else { return [] }
    let sorted = all.sorted {
      ($0.value.outcome.trial, $0.key.rawValue) < ($1.value.outcome.trial, $1.key.rawValue)
    }
    let lost = sorted.first { $0.key.isFailure }
    let counts = Dictionary(
      verdict.outcomes.map { ($0.outcome, $0.launches) }, uniquingKeysWith: max)
    let unusual = sorted.filter {
      $0.key != lost?.key && $0.value.outcome.trial != lost?.value.outcome.trial
    }
    .min { (counts[$0.key] ?? 0, $0.key.rawValue) < (counts[$1.key] ?? 0, $1.key.rawValue) }
    return [lost, unusual].compactMap { $0?.value }
  }
}
