public import History
internal import Judging
public import PlanModel
internal import TerminalText

/// What `explain` says of a whole run or one of its cells, as data.
public struct RunExplanation: Sendable, Equatable, Encodable {
  /// A finding with its count.
  public struct Counted: Sendable, Equatable, Encodable {
    /// How often it was seen.
    public var count: Int
    /// The first of them.
    public var first: Finding
  }

  public private(set) var format = "bindstorm-explain-run/1"
  /// The run's folder.
  public var run: String
  /// Of the cell; absent for a whole run.
  public var scenario: String?
  /// Label of the cell's strategy; absent for a whole run.
  public var strategy: String?
  /// Whether the run had a network namespace of its own.
  public var isIsolated: Bool
  /// Whole trials in the record.
  public var trials: Int
  public var lostPorts: Int
  public var lostAllocations: Int
  /// Findings in programs under `check`.
  public var windows: Int
  public var stolenWindows: Int
  /// Trials of the cell in which a launch failed; absent for a whole run.
  public var failedTrials: [Int]?
  /// Each different finding, in the order in which they were seen first.
  public var findings: [Counted]
  /// Arms whose programs are under `check`.
  public var programs: [ProgramTally]
}

/// One trial: its outcome, its findings and its timeline, as text and as data.
public struct TrialExplanation: Sendable, Encodable {
  /// What one launch came to.
  public struct Launch: Sendable, Equatable, Encodable {
    public var launch: Int
    /// As `bindstorm list outcomes` has it.
    public var outcome: String
    /// Empty if there is none.
    public var evidence: String
  }

  public private(set) var format = "bindstorm-explain-trial/1"
  /// The run's folder.
  public let run: String
  public let scenario: String
  /// The strategy's label.
  public let strategy: String
  /// Position of the cell in the plan.
  public let arm: Int
  public let trial: Int
  /// Whether the run had a network namespace of its own.
  public let isIsolated: Bool
  public let launches: [Launch]
  public let findings: [Finding]
  public let timeline: [Timeline.Item]
  /// The reports of the findings and the timeline, ready to be shown.
  private let details: String

  private enum CodingKeys: String, CodingKey {
    case format, run, scenario, strategy, arm, trial, isIsolated, launches, findings, timeline
  }

  /// - Parameters:
  ///   - events: the events of the whole trial.
  ///   - trial: its number in its arm.
  ///   - run: the run's folder, for the commands that run it again.
  ///   - isIsolated: whether the run had a network namespace of its own.
  public init(
    _ events: [Event], arm: Arm, trial: Int, run: String, isIsolated: Bool = true
  ) {
    self.run = run
    self.isIsolated = isIsolated
    self.trial = trial
    (scenario, strategy, self.arm) = (arm.scenario, arm.strategy.label, arm.index)
    launches = TrialJudge(arm: arm).judge(events).launches.map {
      Launch(launch: $0.launch, outcome: $0.outcome.rawValue, evidence: $0.evidence)
    }
    let ports = RaceReport.all(events, arm: arm, run: run)
    let windows = ForcedReport.all(events, arm: arm, run: run)
    let allocations = AllocationReport.all(events, arm: arm)
    findings =
      ports.map { .lostPort($0.finding) } + windows.map { .window($0.finding) }
      + allocations.map { .allocation($0.finding) }
    timeline = Timeline.items(events)
    details =
      (ports.map(\.text) + windows.map(\.text) + allocations.map(\.text)).joined()
      + Timeline.text(events)
  }

  /// As text, ending with a line break.
  public var text: String {
    var lines = ["\(scenario), \(strategy), trial \(trial) (arm \(arm))"]
    for launch in launches {
      let evidence = launch.evidence.isEmpty ? "" : ": \(launch.evidence)"
      lines.append("launch \(launch.launch): \(launch.outcome)\(evidence)")
    }
    // Reports and timeline are already escaped.
    return IsolationNotice.head(isIsolated: isIsolated)
      + lines.map { TerminalText.safeLine($0, atMost: TerminalText.longestWords) + "\n" }
      .joined() + details
  }
}
