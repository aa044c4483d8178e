internal import ArgumentParser
internal import FoundationEssentials
internal import History
internal import Judging
internal import Pages
internal import PlanModel
internal import Syscalls

/// What the page of a run is made of.
enum RunPages {
  /// The page's file in a run's folder.
  static let file = "report.html"

  /// Of a stored run, judged anew.
  /// - Throws: exit code 64, after saying why on standard error.
  static func content(of run: StoredRun) throws -> RunContent {
    let seen = try run.judged()
    let matrix = MatrixJudge(plan: run.plan, vocabulary: vocabulary).judge(
      seen.tallies, isPartial: seen.isPartial, isIsolated: seen.isIsolated)
    return content(of: run, matrix, seen)
  }

  /// The same where it is judged already.
  static func content(
    of run: StoredRun, _ matrix: Matrix, _ seen: StoredRun.Judged
  ) -> RunContent {
    content(
      matrix, seen.tallies, seen.trials, folder: run.folder, environment: environment(run.folder))
  }

  /// Of a run that has just ended, or of a stored one.
  static func content(
    _ matrix: Matrix, _ tallies: [ArmTally], _ trials: ShownTrials, folder: String,
    environment: EnvironmentRecord?
  ) -> RunContent {
    var rows: [(name: String, value: String)] = []
    if let started = started(folder) { rows.append(("started", started)) }
    rows.append(("folder", folder))
    if let environment {
      rows += [
        ("kernel", environment.kernel), ("machine", environment.machine),
        ("processors", "\(environment.processors)"), ("libzmq", environment.libzmq),
        ("isolation", environment.isolation + explained(environment.isolationProblem)),
        ("host's ports", environment.hostPortRange.replacing(" ", with: " to ")),
        ("cells side by side", "\(environment.jobs ?? 1)"),
        ("bindstorm", environment.bindstormVersion),
      ]
    }
    return RunContent(
      matrix: matrix, tallies: tallies, trials: trials, folder: folder, environment: rows,
      command: environment.map { command($0.arguments) } ?? [], version: BindstormCommand.version)
  }

  private static func explained(_ problem: String) -> String {
    problem.isEmpty ? "" : ": \(problem)"
  }

  /// By the name that a reader has for the program, not by its path on the host of the run.
  private static func command(_ arguments: [String]) -> [String] {
    arguments.isEmpty ? [] : ["bindstorm"] + arguments.dropFirst()
  }

  /// When a run began, from its folder's name: `20261120T020000Z-7`; nil if it has another name.
  private static func started(_ folder: String) -> String? {
    let name = folder.split(separator: "/").last ?? ""
    guard let match = name.wholeMatch(of: /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-.*/) else {
      return nil
    }
    return
      "\(match.1)-\(match.2)-\(match.3) \(match.4):\(match.5):\(match.6) UTC"
  }

  /// What the run wrote of its host; nil if that is missing or damaged: the page is made without it.
  private static func environment(_ folder: String) -> EnvironmentRecord? {
    guard let bytes = try? readFile("\(folder)/environment.json", .storedPlan) else { return nil }
    return try? JSONDecoder().decode(EnvironmentRecord.self, from: Data(bytes))
  }
}
