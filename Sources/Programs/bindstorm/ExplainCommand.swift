internal import ArgumentParser
internal import Glibc
internal import History
internal import Judging
internal import PlanModel
internal import Reports
internal import TerminalText

/// `bindstorm explain RUN[/ARM/TRIAL]`
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract:
      "Explain what happened in one trial, or list which processes took ports in a whole run.",
    discussion: """
      For a trial: its outcome, a report for each lost port and for each finding in a program whose calls were caught \
      (key check), and a timeline. For a run: each finding once, with its count and the trial in which it was first \
      seen; launches lost at depth allocate; and what the rows with the key check came to.
      """)

  @Argument(
    help: "A run's folder, or RUN/ARM/TRIAL, for example Results/vllm-40443/latest/0/3.",
    completion: .directory)
  var place: String

  func run() throws {
    // A folder's name may also end in numbers: if it is a run, it is not a trial.
    if let trial = TrialPlace(argument: place), access("\(place)/resolved.json", F_OK) != 0 {
      return try explain(trial)
    }
    try summarise(place.hasSuffix("/") ? String(place.dropLast()) : place)
  }

  private func explain(_ place: TrialPlace) throws {
    let run = try StoredRun(folder: place.folder)
    let events = try run.trial(place)
    let arm = run.plan.arms[place.arm]
    let outcome = TrialJudge(arm: arm).judge(events)
    var lines = ["\(arm.scenario), \(arm.strategy.label), trial \(place.arm)/\(place.trial)"]
    for launch in outcome.launches {
      let evidence = launch.evidence.isEmpty ? "" : ": \(launch.evidence)"
      lines.append("launch \(launch.launch): \(launch.outcome.rawValue)\(evidence)")
    }
    // Reports and timeline are already escaped.
    var text = IsolationNotice.head(isIsolated: try run.isIsolated())
    text += lines.map {
      TerminalText.safeLine($0, atMost: TerminalText.longestWords) + "\n"
    }.joined()
    for report in RaceReport.all(events, arm: arm, run: run.lastingFolder) { text += report.text }
    for report in ForcedReport.all(events, arm: arm, run: run.lastingFolder) { text += report.text }
    for report in AllocationReport.all(events, arm: arm) { text += report.text }
    try StandardStreams.printResult(text + Timeline.text(events))
  }

  private func summarise(_ folder: String) throws {
    let run = try StoredRun(folder: folder)
    var summary = RunSummary(run.plan, folder: run.lastingFolder)
    try run.forEachTrial { started, events in
      summary.add(started, events)
      return true
    }
    try StandardStreams.printResult(
      IsolationNotice.head(isIsolated: try run.isIsolated()) + summary.text)
  }
}
