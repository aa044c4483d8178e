internal import Archive
internal import ArgumentParser
internal import Judging
internal import Reports

/// `bindstorm gate RUN`
struct GateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gate", abstract: "Tell whether a run is worse than earlier ones.",
    discussion: """
      Every cell of the run is compared with the same cell of the baseline by an exact test, all together at one \
      level (Holm): a run that is no worse is called worse at most that often. Cells that the plan means to fail, and \
      cells whose definition differs, are not compared. A mark of the history starts the count anew.

      EXAMPLES:
        bindstorm gate vllm-40443 --baseline pooled:30
        bindstorm gate latest --baseline vllm-40443/20261120T020000Z-1 --json

      \(RunPlace.help)

      EXIT CODES: 0 no cell is worse; 1 a cell is worse; 2 nothing, or not every cell, could be compared; 64 wrong \
      usage; 74 the archive cannot be used.
      """)

  @Argument(
    help: ArgumentHelp("The run.", valueName: "run"), completion: .custom(Completions.runs))
  var place: String

  @Option(
    help: ArgumentHelp(
      "An earlier run, or the newest N earlier runs of the plan together.",
      valueName: "run|pooled:n"),
    completion: .custom(Completions.runs))
  var baseline: GateBaseline = .pooled(30)

  @OptionGroup
  var level: GateLevel

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let stored = try RunFinder().run(place, for: "gate")
    let (archive, folder) = RunArchive.containing(stored.folder)
    let gate = try GateQuestion(baseline: baseline, level: level.level)
      .judge(try archive.readOrExit(folder), archive)
    try StandardStreams.printResult(
      json
        ? String(decoding: try GateReport.json(gate), as: UTF8.self)
        : GateReport.text(gate, width: Terminal.width(of: 1)))
    if gate.exitCode != 0 { throw ExitCode(gate.exitCode) }
  }
}
