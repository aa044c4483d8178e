internal import FoundationEssentials
@preconcurrency internal import Glibc
internal import PlanModel
internal import PlanReading

/// What a shell offers when TAB is pressed: the completion scripts ask the command itself.
///
/// Nothing here prints an error, because the user is still typing.
enum Completions {
  /// Plans: shipped ones by name, otherwise JSON files.
  @Sendable static func plans(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
    let typed = unquoted(prefix)
    let names =
      typed.contains("/")
      ? []
      : PlanFile.shippedFolders.flatMap(RunFinder.names).filter { $0.hasSuffix(".json") }
        .map { String($0.dropLast(5)) }
    let files = entries(typed) { $0.isFolder || $0.path.hasSuffix(".json") }
    return matching(typed, names + files)
  }

  /// Runs: `latest`, plans by name, and folders.
  @Sendable static func runs(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
    let typed = unquoted(prefix)
    return matching(typed, runNames(typed))
  }

  /// Runs, and cells of the run that the text begins with.
  @Sendable static func places(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
    let typed = unquoted(prefix)
    var names = runNames(typed)
    let parts = typed.split(separator: "/", omittingEmptySubsequences: false)
    for count in stride(from: parts.count - 1, to: 0, by: -1) {
      let head = parts[..<count].joined(separator: "/")
      guard let plan = storedPlan(head) else { continue }
      names += plan.arms.map { "\(head)/\($0.cellName)" }
      break
    }
    let found = matching(typed, names)
    // A place within it may follow, so the shell is to add no space.
    return found.count == 1 && !found[0].hasSuffix("/") ? found + [found[0] + "/"] : found
  }

  /// Labels of the strategies of the run that stands in the line.
  @Sendable static func labels(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
    let typed = unquoted(prefix)
    return matching(typed, plansInLine(words).flatMap { $0.arms.map(\.strategy.label) })
  }

  /// Scenarios of the run that stands in the line.
  @Sendable static func scenarios(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
    let typed = unquoted(prefix)
    return matching(typed, plansInLine(words).flatMap { $0.arms.map(\.scenario) })
  }

  /// Cells, scenarios and labels of the plan that stands in the line.
  @Sendable static func cells(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
    let typed = unquoted(prefix)
    let arms =
      operands(words).lazy.compactMap { PlanFile.planWithoutMessages($0)?.arms }.first ?? []
    return matching(
      typed,
      arms.flatMap { [$0.scenario, $0.strategy.label, "\($0.scenario)/\($0.strategy.label)"] })
  }

  /// Strategies that a plan may name.
  @Sendable static func strategies(
    _ words: [String], _ index: Int, _ prefix: String
  ) -> [String] {
    matching(unquoted(prefix), vocabulary.strategies.map(\.name))
  }

  // MARK: Parts

  /// What was typed, without the marks by which a shell quotes.
  static func unquoted(_ prefix: String) -> String {
    let text = prefix.drop { $0 == "'" || $0 == "\"" }
    return String(text).replacing("\\", with: "")
  }

  private static func matching(_ typed: String, _ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { $0.hasPrefix(typed) && seen.insert($0).inserted }
  }

  /// Words of the line that are no options; the first is the command's name or that of its subcommand.
  private static func operands(_ words: [String]) -> [String] {
    words.filter { !$0.hasPrefix("-") }.map(unquoted)
  }

  private static func plansInLine(_ words: [String]) -> [ResolvedPlan] {
    operands(words).compactMap { word in
      let parts = word.split(separator: "/", omittingEmptySubsequences: false)
      return stride(from: parts.count, to: 0, by: -1).lazy.compactMap {
        storedPlan(parts[..<$0].joined(separator: "/"))
      }.first
    }
  }

  private static func storedPlan(_ name: String) -> ResolvedPlan? {
    guard let folder = RunFinder().folder(named: name) else { return nil }
    return try? StoredRun.plan(in: folder)
  }

  /// Names of runs that may follow what was typed.
  private static func runNames(_ typed: String) -> [String] {
    let finder = RunFinder()
    guard let slash = typed.lastIndex(of: "/") else {
      return [RunFinder.latest] + finder.plans + entries(typed, where: \.isFolder)
    }
    let head = String(typed[..<slash])
    let named = finder.runNames(of: head)
    let names = named.isEmpty ? [] : ([RunFinder.latest] + named).map { "\(head)/\($0)" }
    return names + (RunFinder.isRun(head) ? [] : entries(typed, where: \.isFolder))
  }

  private struct Entry {
    var path: String
    var isFolder: Bool
  }

  /// Paths of the files in the folder that was typed; folders end with a slash.
  private static func entries(_ typed: String, where isWanted: (Entry) -> Bool) -> [String] {
    let head = typed.lastIndex(of: "/").map { String(typed[...$0]) } ?? ""
    return RunFinder.names(in: head.isEmpty ? "." : head)
      // Hidden ones only for those who ask.
      .filter { !$0.hasPrefix(".") || typed.dropFirst(head.count).hasPrefix(".") }
      .map { name in
        var status = stat()
        let path = head + name
        let isFolder = stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        return Entry(path: path, isFolder: isFolder)
      }
      .filter(isWanted).map { $0.isFolder ? $0.path + "/" : $0.path }
  }
}
