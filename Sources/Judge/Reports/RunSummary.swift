public import History
internal import Judging
public import PlanModel
internal import TerminalText

/// A run's findings, or those of one of its cells: each once with its count, and what its forced programs came to.
public struct RunSummary {
  private struct Found {
    var text: String
    var finding: Finding
    var count = 0
  }

  private let plan: ResolvedPlan
  private let folder: String
  private let isIsolated: Bool
  /// `Arm.index` of the only arm that is looked at; nil for all.
  private let cell: Int?
  private var order: [RaceReport.Signature] = []
  private var found: [RaceReport.Signature: Found] = [:]
  private var programs: [Int: ProgramTally] = [:]
  private var trials = 0
  private var lostPorts = 0
  private var lostLaunches = 0
  private var windows = 0
  private var stolen = 0
  /// Trials of the cell with a failed launch.
  private var failedTrials: [Int] = []

  /// - Parameters:
  ///   - folder: the run's folder, for the commands that run a trial again.
  ///   - cell: `Arm.index` of the only arm to look at; nil for all.
  ///   - isIsolated: whether the run had a network namespace of its own.
  public init(
    _ plan: ResolvedPlan, folder: String, cell: Int? = nil, isIsolated: Bool = true
  ) {
    self.isIsolated = isIsolated
    self.plan = plan
    self.folder = folder
    self.cell = cell
  }

  /// Takes a whole trial; one of another cell is left out.
  public mutating func add(_ started: TrialStarted, _ events: [Event]) {
    if let cell, cell != started.arm { return }
    trials += 1
    let arm = plan.arms[started.arm]
    for report in RaceReport.all(events, arm: arm, run: folder) {
      note(report.signature, report.text, .lostPort(report.finding))
      lostPorts += 1
    }
    for report in ForcedReport.all(events, arm: arm, run: folder) {
      note(report.signature, report.text, .window(report.finding))
      windows += 1
      if report.isStolen { stolen += 1 }
    }
    for report in AllocationReport.all(events, arm: arm) {
      note(report.signature, report.text, .allocation(report.finding))
      lostLaunches += 1
    }
    let isForced = arm.strategy.command?.forcing != nil
    guard isForced || cell != nil else { return }
    let launches = TrialJudge(arm: arm).judge(events).launches
    if cell != nil && launches.contains(where: \.outcome.isFailure) {
      failedTrials.append(started.trial)
    }
    if isForced { programs[arm.index, default: ProgramTally(arm)].add(launches, events) }
  }

  private mutating func note(
    _ signature: RaceReport.Signature, _ text: String, _ finding: Finding
  ) {
    if found[signature] == nil {
      order.append(signature)
      found[signature] = Found(text: text, finding: finding)
    }
    found[signature]!.count += 1
  }

  private var sortedPrograms: [ProgramTally] {
    programs.sorted { $0.key < $1.key }.map(\.value)
  }

  /// The whole text, ending with a line of totals.
  public var text: String {
    var text = IsolationNotice.head(isIsolated: isIsolated)
    for signature in order {
      let first = found[signature]!
      text +=
        first.text + (first.count == 1 ? "seen once" : "seen \(first.count) times, first")
        + " in trial \(TerminalText.safeLine(first.finding.trial))\n\n"
    }
    for program in sortedPrograms { text += program.line + "\n" }
    if !programs.isEmpty { text += "\n" }
    if let line = failedLine { text += line + "\n" }
    var totals = [
      Counted.text(trials, "trial"), "\(Counted.text(lostPorts, "port")) lost",
    ]
    if lostLaunches > 0 {
      totals.append("\(Counted.text(lostLaunches, "launch", "launches")) lost at allocation")
    }
    if windows > 0 {
      totals.append(
        "\(Counted.text(windows, "finding")) in forced programs (\(stolen) stolen)")
    }
    totals.append(Counted.text(order.count, "different finding"))
    return text + totals.joined(separator: ", ") + "\n"
  }

  private static let mostFailedShown = 20

  /// Which trials of the cell failed.
  private var failedLine: String? {
    guard cell != nil, !failedTrials.isEmpty else { return nil }
    let shown = failedTrials.prefix(Self.mostFailedShown).map { "\($0)" }.joined(separator: ", ")
    let more = failedTrials.count - Self.mostFailedShown
    return "failed trials: \(shown)" + (more > 0 ? " and \(more) more" : "")
  }

  /// The same as data.
  public var document: RunExplanation {
    RunExplanation(
      run: folder, scenario: cell.map { plan.arms[$0].scenario },
      strategy: cell.map { plan.arms[$0].strategy.label }, isIsolated: isIsolated, trials: trials,
      lostPorts: lostPorts,
      lostAllocations: lostLaunches, windows: windows, stolenWindows: stolen,
      failedTrials: cell == nil ? nil : failedTrials,
      findings: order.map { .init(count: found[$0]!.count, first: found[$0]!.finding) },
      programs: sortedPrograms)
  }
}

/// What the launches of an arm with forced programs came to.
public struct ProgramTally: Sendable, Equatable, Encodable {
  public let scenario: String
  public let strategy: String
  /// Launches by outcome.
  public private(set) var outcomes: [String: Int] = [:]
  /// Ports that were followed.
  public private(set) var ports = 0
  public private(set) var windows = 0
  public private(set) var stolenWindows = 0

  init(_ arm: Arm) {
    scenario = arm.scenario
    strategy = arm.strategy.label
  }

  mutating func add(_ launches: [LaunchOutcome], _ events: [Event]) {
    for launch in launches { outcomes[launch.outcome.rawValue, default: 0] += 1 }
    for case .launch(let record) in events {
      windows += record.forced?.windows ?? 0
      stolenWindows += record.forced?.stolen ?? 0
      ports += record.forced?.probes ?? 0
    }
  }

  var line: String {
    let words = outcomes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.key) x\($0.value)" }.joined(separator: ", ")
    return TerminalText.safeLine(
      "\(strategy) in \(scenario): \(words); "
        + "\(Counted.text(ports, "port")) followed, \(Counted.text(windows, "window")), "
        + "\(stolenWindows) stolen", atMost: TerminalText.longestWords)
  }
}
