internal import ArgumentParser
internal import History
internal import Judging
internal import Pages
internal import PlanModel
internal import PlanReading
internal import Reports

/// `bindstorm compare RUN [RUN]`
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Tell which strategies of a run, or which of two runs, fail more or less often.",
    usage: "bindstorm compare RUN [NEWER-RUN] [options]",
    discussion: """
      One run: in each scenario every strategy beside a reference. Two runs: every row that both have, the newer one \
      beside the older one. Each pair is better, worse, equal within a margin, or shows no difference; the words hold \
      together at one level, however many pairs there are.

      EXAMPLES:
        bindstorm compare strategies --reference probe-then-bind
        bindstorm compare vllm-40443/20261120T020000Z-1 vllm-40443 --fail-on-worse

      \(RunPlace.help)

      EXIT CODES: 0, with --fail-on-worse 1 if a row is worse and 2 if a row is undecided; 64 wrong usage.
      """)

  @Argument(
    help: "A run; for a comparison of two runs first the older one.",
    completion: .custom(Completions.runs))
  var runs: [String]

  @Option(
    help:
      "The strategy, by its label, beside which the others are set. Default: the first one of each scenario.",
    completion: .custom(Completions.labels))
  var reference: String?

  @Flag(help: "Set every strategy beside every other one.")
  var allPairs = false

  @Option(help: "Only this scenario.", completion: .custom(Completions.scenarios))
  var scenario: String?

  @Option(help: "Joint level of all comparisons.")
  var level = 0.05

  @Option(
    help:
      "Rates count as equal if the interval of their difference lies within plus and minus this.")
  var within = 0.05

  @Option(
    name: [.customLong("html"), .customLong("html-file")],
    help: ArgumentHelp("Write a self-contained HTML page to this file, too.", valueName: "file"),
    completion: .file())
  var html: String?

  @Flag(help: "Print Markdown.")
  var markdown = false

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "End with 1 if a row is worse than its reference, 2 if one is undecided.")
  var failOnWorse = false

  func validate() throws {
    if !(1...2).contains(runs.count) { throw ValidationError("one or two runs are compared") }
    if runs.count == 2 && (reference != nil || allPairs) {
      throw ValidationError("the older run is the reference; remove --reference and --all-pairs")
    }
    if !(level > 0 && level < 1) { throw ValidationError("--level must lie between 0 and 1") }
    if !(0...1).contains(within) { throw ValidationError("--within must lie from 0 to 1") }
    if html == "-" || html == "" { throw ValidationError("--html needs the name of a file") }
    if markdown && json { throw ValidationError("--markdown and --json exclude each other") }
    if allPairs && reference != nil {
      throw ValidationError("--all-pairs and --reference exclude each other")
    }
  }

  func run() throws {
    let files = try ReportFiles([html].compactMap { $0 })
    let stored = try runs.map { try RunFinder().run($0, for: "compare") }
    let matrices = try stored.map { try $0.document().matrix }
    let sides = runs.indices.map { (path: runs[$0], rows: rows(of: matrices[$0])) }
    let asked = sides.count == 1 ? try pairs(within: sides[0].rows) : pairs(sides[0], sides[1])
    if asked.isEmpty { try refuseNothing(isOneRun: sides.count == 1) }
    let table = ComparisonTable(
      asked, level: level, margin: within, areInterleaved: sides.count == 1,
      isIsolated: matrices.allSatisfy(\.isIsolated))
    try StandardStreams.printResult(
      json
        ? String(decoding: ComparisonReport.json(table), as: UTF8.self)
        : markdown ? ComparisonReport.markdown(table) : ComparisonReport.text(table))
    try write(table, of: stored, files)
    guard failOnWorse else { return }
    if table.pairs.contains(where: { $0.word == .worse }) { throw ExitCode(1) }
    if table.pairs.contains(where: { $0.word == .undecided }) { throw ExitCode(2) }
  }

  private func refuseNothing(isOneRun: Bool) throws -> Never {
    let reason =
      isOneRun
      ? "no scenario\(scenario.map { " \"\($0)\"" } ?? "") has two strategies"
      : "the runs have no scenario and strategy in common"
    printError("bindstorm: nothing to compare: \(reason)")
    throw ExitStatus.badPlan
  }

  /// Writes the page that was asked for.
  private func write(_ table: ComparisonTable, of runs: [StoredRun], _ files: ReportFiles) throws {
    guard let html else { return }
    let page = ComparisonPage(table, runs: runs.map(\.folder), version: BindstormCommand.version)
    try files.write(page.html, to: html)
  }

  /// The rows of a run that ran, in the plan's order.
  private func rows(of matrix: Matrix) -> [PairComparison.Row] {
    zip(matrix.plan.arms, matrix.arms).compactMap { arm, verdict in
      scenario == nil || scenario == arm.scenario ? PairComparison.Row(arm, verdict) : nil
    }
  }

  private typealias Asked = ComparisonTable.Asked

  private func pairs(within rows: [PairComparison.Row]) throws -> [Asked] {
    if let reference, !rows.contains(where: { $0.name == reference }) {
      let known = Set(rows.map(\.name)).sorted().joined(separator: ", ")
      let near = Suggestion.nearest(to: reference, among: rows.map(\.name), atMost: 1).first
      printError(
        "bindstorm: the run has no strategy \"\(reference)\"; it has \(known)"
          + (near.map { "; did you mean \($0)?" } ?? ""))
      throw ExitStatus.badPlan
    }
    if reference == nil && !allPairs { return ComparisonTable.besideFirst(rows) }
    var asked: [Asked] = []
    for (place, first) in rows.enumerated() {
      let others = rows.filter { $0.scenario == first.scenario && $0.name != first.name }
      if allPairs {
        asked += rows[(place + 1)...].filter { $0.scenario == first.scenario }
          .map { ($0, first) }
      } else if first.name == reference {
        asked += others.map { ($0, first) }
      }
    }
    return asked
  }

  private func pairs(
    _ older: (path: String, rows: [PairComparison.Row]),
    _ newer: (path: String, rows: [PairComparison.Row])
  ) -> [Asked] {
    newer.rows.compactMap { new in
      guard
        let old = older.rows.first(where: {
          $0.scenario == new.scenario && $0.name == new.name
        })
      else { return nil }
      return (
        new,
        PairComparison.Row(
          name: "\(old.name) of the older run", scenario: old.scenario, sample: old.sample,
          medianTimeToReady: old.medianTimeToReady)
      )
    }
  }
}
