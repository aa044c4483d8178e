internal import Archive
internal import ArgumentParser
internal import FoundationEssentials
@preconcurrency internal import Glibc
internal import History
internal import Judging
internal import PageKit
internal import Pages
internal import PlanModel
internal import Reports
internal import Syscalls
internal import TerminalText

/// What the page of a run is made of.
enum RunPages {
  /// The page's file in a run's folder.
  static let file = "report.html"

  /// Of a stored run, judged anew; where the events of all trials are no longer there, as the run wrote it, with the
  /// trials that are.
  /// - Throws: exit code 64, after saying why on standard error.
  static func content(of run: StoredRun) throws -> RunContent {
    let environment = EnvironmentRecord.stored(in: run.folder)
    guard run.hasWholeRecord else {
      return content(
        try run.document().matrix, run.plan.arms.map { _ in ArmTally() },
        RunRecord.find(in: run.folder) == nil ? ShownTrials() : try run.judged().trials,
        folder: run.folder, environment: environment)
    }
    let seen = try run.judged()
    let matrix = MatrixJudge(plan: run.plan, vocabulary: vocabulary).judge(
      seen.tallies, isPartial: seen.isPartial, isIsolated: seen.isIsolated)
    return content(
      matrix, seen.tallies, seen.trials, folder: run.folder, environment: environment)
  }

  /// Of a run that has just ended, or of a stored one.
  static func content(
    _ matrix: Matrix, _ tallies: [ArmTally], _ trials: ShownTrials, folder: String,
    environment: EnvironmentRecord?
  ) -> RunContent {
    var rows: [(name: String, value: String)] = []
    let started = environment?.startedAt ?? RunArchive.startTime(of: folder)
    if !started.isEmpty { rows.append(("started", started)) }
    rows.append(("folder", folder))
    if let environment {
      rows +=
        environment.hostFacts + [
          ("isolation", environment.isolation + explained(environment.isolationProblem)),
          ("host's ports", environment.hostPortRange.replacing(" ", with: " to ")),
          ("cells side by side", "\(environment.jobs ?? 1)"),
          ("bindstorm", environment.bindstormVersion),
        ]
    }
    for (key, value) in (environment?.tags ?? [:]).sorted(by: { $0.key < $1.key }) {
      rows.append(("tag \(key)", value))
    }
    var content = RunContent(
      matrix: matrix, tallies: tallies, trials: trials, folder: folder, environment: rows,
      command: environment.map { command($0.arguments) } ?? [], version: BindstormCommand.version)
    content.notes = notes(matrix, folder)
    return content
  }

  /// What each cell came to in this run and the earlier ones together; nothing for a first run, or without an archive.
  private static func notes(_ matrix: Matrix, _ folder: String) -> [Int: Markup] {
    let (place, run) = RunArchive.containing(folder)
    guard access(place.path, F_OK) == 0 else { return [:] }
    do {
      let archive = try Archive(path: place.path)
      let nights = try archive.nights(of: matrix.plan.name)
      try archive.close()
      guard let last = nights.lastIndex(where: { $0.folder == run }) else { return [:] }
      let histories = CellHistory.all(
        of: Array(nights[...last]),
        marks: try MarkFile(root: place.root, plan: matrix.plan.name).read())
      let lines = histories.filter { $0.nights.count > 1 }.map {
        ([$0.scenario, $0.strategy], HistoryReport.line($0))
      }
      let byCell = Dictionary(lines) { first, _ in first }
      return matrix.plan.arms.reduce(into: [:]) { notes, arm in
        notes[arm.index] = byCell[[arm.scenario, arm.strategy.label]].map { line in
          Markup(literal: "<p><span class=\"muted\">With earlier runs:</span> ")
            + Markup(TerminalText.safeLine(line)) + Markup(literal: "</p>")
        }
      }
    } catch {
      printError("bindstorm: note: the page has no history: \(error)")
      return [:]
    }
  }

  private static func explained(_ problem: String) -> String {
    problem.isEmpty ? "" : ": \(problem)"
  }

  /// By the name that a reader has for the program, not by its path on the host of the run.
  private static func command(_ arguments: [String]) -> [String] {
    arguments.isEmpty ? [] : ["bindstorm"] + arguments.dropFirst()
  }
}
