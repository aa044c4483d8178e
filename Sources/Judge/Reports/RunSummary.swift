public import History
internal import Judging
public import PlanModel
internal import TerminalText

/// A run's findings, each once with its count, and what its forced programs came to.
public struct RunSummary {
  private struct Found {
    var text: String
    var trial: String
    var count = 0
  }

  /// What the launches of an arm with forced programs came to.
  private struct Tally {
    var outcomes: [String: Int] = [:]
    var windows = 0
    var stolen = 0
    var ports = 0
  }

  private let plan: ResolvedPlan
  private let folder: String
  private var order: [RaceReport.Signature] = []
  private var found: [RaceReport.Signature: Found] = [:]
  private var tallies: [Int: Tally] = [:]
  private var trials = 0
  private var lostPorts = 0
  private var lostLaunches = 0
  private var windows = 0
  private var stolen = 0

  /// - Parameter folder: the run's folder, for the commands that run a trial again.
  public init(_ plan: ResolvedPlan, folder: String) {
    self.plan = plan
    self.folder = folder
  }

  /// Takes a whole trial.
  public mutating func add(_ started: TrialStarted, _ events: [Event]) {
    trials += 1
    let arm = plan.arms[started.arm]
    for report in RaceReport.all(events, arm: arm, run: folder) {
      note(report.signature, report.text, report.trial)
      lostPorts += 1
    }
    for report in ForcedReport.all(events, arm: arm, run: folder) {
      note(report.signature, report.text, report.trial)
      windows += 1
      if report.isStolen { stolen += 1 }
    }
    for report in AllocationReport.all(events, arm: arm) {
      note(report.signature, report.text, report.trial)
      lostLaunches += 1
    }
    if arm.strategy.command?.forcing != nil { tally(arm, events) }
  }

  private mutating func note(
    _ signature: RaceReport.Signature, _ text: String, _ trial: String
  ) {
    if found[signature] == nil {
      order.append(signature)
      found[signature] = Found(text: text, trial: trial)
    }
    found[signature]!.count += 1
  }

  private mutating func tally(_ arm: Arm, _ events: [Event]) {
    var tally = tallies[arm.index] ?? Tally()
    for launch in TrialJudge(arm: arm).judge(events).launches {
      tally.outcomes[launch.outcome.rawValue, default: 0] += 1
    }
    for case .launch(let record) in events {
      tally.windows += record.forced?.windows ?? 0
      tally.stolen += record.forced?.stolen ?? 0
      tally.ports += record.forced?.probes ?? 0
    }
    tallies[arm.index] = tally
  }

  /// The whole text, ending with a line of totals.
  public var text: String {
    var text = ""
    for signature in order {
      let first = found[signature]!
      text +=
        first.text + (first.count == 1 ? "seen once" : "seen \(first.count) times, first")
        + " in trial \(first.trial)\n\n"
    }
    for (index, tally) in tallies.sorted(by: { $0.key < $1.key }) {
      text += line(plan.arms[index], tally) + "\n"
    }
    if !tallies.isEmpty { text += "\n" }
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

  private func line(_ arm: Arm, _ tally: Tally) -> String {
    let outcomes = tally.outcomes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.key) x\($0.value)" }.joined(separator: ", ")
    return TerminalText.safeLine(
      "\(arm.strategy.label) in \(arm.scenario): \(outcomes); "
        + "\(Counted.text(tally.ports, "port")) followed, \(Counted.text(tally.windows, "window")), "
        + "\(tally.stolen) stolen", atMost: TerminalText.longestWords)
  }
}
