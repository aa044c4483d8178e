internal import ArgumentParser
internal import History
internal import Judging
internal import PlanModel
internal import Reports

/// `bindstorm explain RUN[/SCENARIO/STRATEGY[/TRIAL]]`
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract:
      "Explain what happened in one trial, or list which processes took ports in a whole run.",
    discussion: """
      For a trial: its outcome, a report for each lost port and for each finding in a program whose calls were caught \
      (key check), and a timeline. For a run or one of its cells: each finding once, with its count and the trial in \
      which it was first seen; launches lost at depth allocate; what the rows with the key check came to; for a cell \
      also which trials failed.

      \(RunPlace.help) A cell is SCENARIO/STRATEGY, or its number in the plan. Quote names with spaces for the shell; \
      write / in a name as %2F if it is ambiguous.

      EXAMPLES:
        bindstorm explain latest
        bindstorm explain vllm-40443/eighty-percent/probe-then-bind
        bindstorm explain Results/vllm-40443/latest/eighty-percent/probe-then-bind/0
      """)

  @Argument(
    help: "RUN, RUN/SCENARIO/STRATEGY or RUN/SCENARIO/STRATEGY/TRIAL.",
    completion: .custom(Completions.places))
  var place: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let place = try RunFinder().place(place)
    let run = place.run
    guard let arm = place.arm, let trial = place.cell?.trial else {
      return try summarise(run, cell: place.cell?.arm)
    }
    let explanation = TrialExplanation(
      try run.trial(trial, of: arm), arm: arm, trial: trial, run: run.folder,
      isIsolated: try run.isIsolated())
    try StandardStreams.printResult(
      json ? try StandardStreams.json(explanation) : explanation.text)
  }

  private func summarise(_ run: StoredRun, cell: Int?) throws {
    if !run.hasWholeRecord {
      printError(
        "bindstorm: note: the run kept only events of trials in which not every launch was ready")
    }
    var summary = RunSummary(
      run.plan, folder: run.folder, cell: cell, isIsolated: try run.isIsolated())
    try run.forEachTrial { started, events in
      summary.add(started, events)
      return true
    }
    try StandardStreams.printResult(
      json ? try StandardStreams.json(summary.document) : summary.text)
  }
}
