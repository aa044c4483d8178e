internal import Archive
internal import ArgumentParser
@preconcurrency internal import Glibc
internal import Judging
internal import PlanReading
internal import Reports
internal import TerminalText

/// `bindstorm history [PLAN]`
struct HistoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Show what many runs of a plan say together, and when a rate changed.",
    discussion: """
      Only runs with the same definition of a cell count together: another pool, thief or number of API servers is \
      another cell. A change is said with its probability.

      EXAMPLES:
        bindstorm history
        bindstorm history vllm-40443
        bindstorm history vllm-40443 --strategy probe-then-bind --last 30
        bindstorm history vllm-40443 --strategy probe-then-bind --mark 'fixed'

      EXIT CODES: 0; 64 there is no such plan or cell; 73 the mark cannot be written; 74 the archive cannot be used.
      """)

  @Argument(help: "A plan, by its name. Default: a list of all plans that have run.")
  var plan: String?

  @Option(help: "Only this scenario; with --strategy run by run.")
  var scenario: String?

  @Option(help: "Only this strategy, by its label; with --scenario run by run.")
  var strategy: String?

  @Option(help: ArgumentHelp("Only the newest so many runs that count.", valueName: "n"))
  var last: Int?

  @Option(
    help: ArgumentHelp(
      "Count from now on only: what follows is not what was before, for example because it was fixed. Of the given scenario and strategy, otherwise of all.",
      valueName: "note"))
  var mark: String?

  @Option(help: "Folder of all results. Default: BINDSTORM_RESULTS, else Results.")
  var results: String?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if let last, last < 1 { throw ValidationError("--last must be at least 1") }
    guard plan == nil else { return }
    if scenario != nil || strategy != nil || last != nil || mark != nil {
      throw ValidationError("--scenario, --strategy, --last and --mark need a plan")
    }
  }

  func run() throws {
    let place = RunArchive(root: results ?? RunFinder.standardRoot)
    let archive = try place.open()
    let plans = try RunArchive.orExit { try archive.plans() }
    guard let plan else { return try list(plans) }
    guard plans.contains(where: { $0.plan == plan }) else {
      let near = Suggestion.nearest(to: plan, among: plans.map(\.plan))
      printError(
        "bindstorm: the archive has no run of a plan \"\(plan)\""
          + (near.isEmpty
            ? "; bindstorm history lists all" : "; did you mean \(near.joined(separator: ", "))?"))
      throw ExitStatus.badPlan
    }
    let nights = try RunArchive.orExit { try archive.nights(of: plan) }
    let chosen = nights.filter {
      (scenario ?? $0.scenario) == $0.scenario && (strategy ?? $0.strategy) == $0.strategy
    }
    guard !chosen.isEmpty else {
      let cells = CellHistory.all(of: nights, marks: []).map { "\($0.scenario)/\($0.strategy)" }
      printError(
        "bindstorm: no run of \(plan) has that cell; it has \(cells.joined(separator: ", "))")
      throw ExitStatus.badPlan
    }
    let marks = MarkFile(root: place.root, plan: plan)
    if let mark {
      let new = HistoryMark(at: Clock.now(), note: mark, scenario: scenario, strategy: strategy)
      try marks.add(new)
      return try StandardStreams.printResult(
        TerminalText.safe("runs of \(plan) that began before \(new.at) no longer count\n"))
    }
    let report = HistoryReport(
      plan: plan, CellHistory.all(of: chosen, marks: try marks.read(), last: last),
      width: Terminal.width(of: 1))
    let isOneCell = scenario != nil && strategy != nil
    try StandardStreams.printResult(
      json
        ? String(decoding: try report.json, as: UTF8.self) : isOneCell ? report.nights : report.text
    )
  }

  private func list(_ plans: [(plan: String, runs: Int, oldest: String, newest: String)]) throws {
    if json {
      struct Plan: Encodable {
        var plan: String
        var runs: Int
        var oldest: String
        var newest: String
      }
      let list = plans.map {
        Plan(plan: $0.plan, runs: $0.runs, oldest: $0.oldest, newest: $0.newest)
      }
      return try StandardStreams.printResult(
        String(
          decoding: try JSONReport.bytes(["plans": list], format: "bindstorm-history-plans/1"),
          as: UTF8.self))
    }
    let rows = plans.map { [$0.plan, "\($0.runs)", $0.oldest, $0.newest] }
    let table = TextLayout.table(
      [["plan", "runs", "oldest (UTC)", "newest (UTC)"]] + rows, width: Terminal.width(of: 1))
    try StandardStreams.printResult(table.map { TerminalText.safeLine($0) + "\n" }.joined())
  }
}
