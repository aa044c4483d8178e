internal import ArgumentParser
internal import FoundationEssentials
@preconcurrency internal import Glibc
internal import PlanModel
internal import PlanReading
internal import TerminalText

/// A run, or a cell or trial of it, as the command line names it.
struct RunPlace {
  let run: StoredRun
  /// Nil for the whole run.
  let cell: CellReading?

  /// The arm of the cell; nil for the whole run.
  var arm: Arm? { cell.map { run.plan.arms[$0.arm] } }

  /// What a command says of its argument.
  static let help =
    "RUN is a run's folder, the name of a plan (its newest run) or latest (the newest run of all)."
}

/// Finds runs: by folder, by the name of their plan, and as `latest`.
struct RunFinder {
  /// The folder of all results.
  let root: String

  /// The results folder that `run` writes to unless told otherwise.
  static var standardRoot: String {
    let variable = getenv("BINDSTORM_RESULTS").map { String(cString: $0) } ?? ""
    return variable.isEmpty ? "Results" : variable
  }

  init(root: String = standardRoot) { self.root = root }

  /// The link to the newest run of a plan, and the word for the newest run of all.
  static let latest = "latest"

  // MARK: What a text names

  /// Reads RUN, RUN/SCENARIO/STRATEGY, RUN/SCENARIO/STRATEGY/TRIAL, RUN/ARM or RUN/ARM/TRIAL.
  ///
  /// The longest beginning that names a run counts, if the rest names a cell or trial of that run; a folder comes
  /// before a name.
  /// - Throws: exit code 64, after saying on standard error what is there.
  func place(_ text: String) throws -> RunPlace {
    let parts = Self.withoutTrailingSlashes(text).split(
      separator: "/", omittingEmptySubsequences: false)
    var miss: (run: StoredRun, rest: String)?
    for count in stride(from: parts.count, to: 0, by: -1) {
      guard let folder = folder(named: parts[..<count].joined(separator: "/")) else { continue }
      let run = try StoredRun(folder: folder)
      guard count < parts.count else { return RunPlace(run: run, cell: nil) }
      let rest = parts[count...].joined(separator: "/")
      let readings = run.plan.readings(of: rest)
      if readings.count > 1 { try refuse(ambiguous: rest, readings, run) }
      if let reading = readings.first { return RunPlace(run: run, cell: reading) }
      miss = miss ?? (run, rest)
    }
    if let miss { try refuse(cell: miss.rest, miss.run) }
    try refuse(run: text)
  }

  /// A whole run.
  /// - Throws: exit code 64, after saying on standard error what is there.
  func run(_ text: String, for command: String) throws -> StoredRun {
    let place = try place(text)
    if let arm = place.arm {
      printError(
        "bindstorm: \(command) takes a whole run, and \(text) names \(place.cell?.trial == nil ? "the cell" : "a trial of the cell") \(arm.cellName); leave that away"
      )
      throw ExitStatus.badPlan
    }
    return place.run
  }

  private static func withoutTrailingSlashes(_ text: String) -> String {
    var text = text[...]
    while text.count > 1, text.hasSuffix("/") { text = text.dropLast() }
    return String(text)
  }

  // MARK: Folders

  /// The folder of the run that a name means, by a permanent name: what `latest` leads to changes with the next run.
  func folder(named name: String) -> String? {
    if name.isEmpty { return nil }
    if let own = folder(at: name) { return own }
    if name == Self.latest { return newest(below: root) }
    if name.hasSuffix("/\(Self.latest)"),
      let newest = newest(below: String(name.dropLast(Self.latest.count + 1)))
    {
      return newest
    }
    return name.hasPrefix("/") ? nil : folder(at: "\(root)/\(name)")
  }

  /// The run that is at a path, or the newest one of the plan's folder that is there.
  private func folder(at path: String) -> String? {
    Self.isRun(path) ? Self.lasting(path) : newestRun(of: path)
  }

  static func isRun(_ path: String) -> Bool { access("\(path)/resolved.json", F_OK) == 0 }

  private static func lasting(_ path: String) -> String {
    guard
      let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
    else { return path }
    if target.hasPrefix("/") { return target }
    return (path.lastIndex(of: "/").map { String(path[...$0]) } ?? "") + target
  }

  /// Names in a folder, sorted; none if it cannot be read.
  static func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  /// The newest run of a plan's folder: where `latest` leads, otherwise the one with the latest time in its name.
  private func newestRun(of folder: String) -> String? {
    let link = "\(folder)/\(Self.latest)"
    if Self.isRun(link) { return Self.lasting(link) }
    return Self.newest(runs(of: folder))
  }

  /// The runs in a plan's folder.
  private func runs(of folder: String) -> [String] {
    Self.names(in: folder).filter { $0 != Self.latest }.map { "\(folder)/\($0)" }
      .filter(Self.isRun)
  }

  /// The newest run of all plans in a results folder.
  private func newest(below folder: String) -> String? {
    Self.newest(Self.names(in: folder).compactMap { newestRun(of: "\(folder)/\($0)") })
  }

  /// Folders are named by the second in which the run began. In one second, the later file counts.
  private static func newest(_ runs: [String]) -> String? {
    func key(_ run: String) -> (String, Int, Int) {
      var status = stat()
      let name = run.split(separator: "/").last.map(String.init) ?? run
      let isThere = stat("\(run)/resolved.json", &status) == 0
      return (
        String(name.prefix { $0 != "-" }), isThere ? status.st_mtim.tv_sec : 0,
        isThere ? status.st_mtim.tv_nsec : 0
      )
    }
    return runs.map { (key($0), $0) }.max { $0.0 < $1.0 }?.1
  }

  /// Plans that have a run in the results folder.
  var plans: [String] {
    Self.names(in: root).filter { newestRun(of: "\(root)/\($0)") != nil }
  }

  /// Runs of a plan in the results folder, by the names of their folders.
  func runNames(of plan: String) -> [String] {
    runs(of: "\(root)/\(plan)").map { String($0.dropFirst("\(root)/\(plan)/".count)) }
  }
}

// MARK: What is not there

extension RunFinder {
  private static let mostShown = 12

  private static func list(_ names: [String], _ more: String = "") -> String {
    names.prefix(mostShown).joined(separator: ", ")
      + (names.count > mostShown ? " and \(names.count - mostShown) more\(more)" : "")
  }

  private func refuse(ambiguous rest: String, _ readings: [CellReading], _ run: StoredRun) throws
    -> Never
  {
    let names = readings.map { reading in
      let arm = run.plan.arms[reading.arm]
      return shellQuoted(reading.trial.map(arm.trialName) ?? arm.cellName)
    }
    printError(
      "bindstorm: \"\(rest)\" is ambiguous in \(run.folder); it may be \(Self.list(names))")
    throw ExitStatus.badPlan
  }

  private func refuse(cell rest: String, _ run: StoredRun) throws -> Never {
    let cells = run.plan.arms.map(\.cellName)
    // A number at the end is a trial's.
    let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
    let name = parts.count > 2 && Int(parts.last!) != nil ? parts.dropLast() : parts[...]
    let scenario = cells.filter { $0.hasPrefix("\(rest)/") }
    let near =
      scenario.isEmpty
      ? Suggestion.nearest(to: name.joined(separator: "/"), among: cells) : scenario
    let advice =
      near.isEmpty ? "" : "; did you mean \(Self.list(near.map(shellQuoted), ""))?"
    printError(
      "bindstorm: \(run.folder) has no cell or trial \"\(rest)\"\(advice)\n  it has the cells "
        + Self.list(cells.map(shellQuoted), " (bindstorm plan \(run.folder)/plan.json)"))
    throw ExitStatus.badPlan
  }

  private func refuse(run text: String) throws -> Never {
    let plans = plans
    let parts = text.split(separator: "/")
    // Of Results/vllm-4044/latest the part that is wrong.
    let near = parts.lazy.map { Suggestion.nearest(to: String($0), among: plans) }
      .first { !$0.isEmpty }
    let advice = near.map { "; did you mean \(Self.list($0))?" } ?? ""
    let there =
      plans.isEmpty
      ? "The results folder \(root) has no runs (BINDSTORM_RESULTS names another one)"
      : "The results folder \(root) has runs of \(Self.list(plans))"
    printError("bindstorm: there is no run \"\(text)\"\(advice)\n  \(RunPlace.help) \(there)")
    throw ExitStatus.badPlan
  }
}
