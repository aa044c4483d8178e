internal import Archive
internal import ArgumentParser
internal import FoundationEssentials
@preconcurrency internal import Glibc
internal import Judging
internal import PlanModel
internal import Reports
internal import Syscalls

/// The archive of a folder of results, and what it is made from.
struct RunArchive {
  /// The folder of all results.
  let root: String

  var path: String { "\(root)/archive.sqlite" }

  init(root: String) { self.root = root }

  /// The archive beside a run's folder, and the folder as the archive calls it.
  static func containing(_ folder: String) -> (archive: RunArchive, folder: String) {
    let parts = folder.split(separator: "/", omittingEmptySubsequences: false)
    let root = parts.dropLast(2).joined(separator: "/")
    return (
      RunArchive(root: parts.count > 2 ? (root.isEmpty ? "/" : root) : "."),
      parts.suffix(2).joined(separator: "/")
    )
  }

  /// Adds a run. A failure is not an error of the run, which has its own folder: it is said, and nothing else.
  func add(_ run: ArchivedRun) {
    do {
      let archive = try Archive(path: path)
      try archive.add(run)
      try archive.close()
    } catch {
      printError(
        "bindstorm: the run is not in the archive, and is whole in its own folder: \(error)")
    }
  }

  /// The archive, to be read.
  /// - Throws: exit code 64 if there is none, 74 if it cannot be used, after saying so on standard error.
  func open() throws -> Archive {
    guard access(path, F_OK) == 0 else {
      printError(
        "bindstorm: there is no archive at \(path): runs are added as they end; bindstorm archive rebuild makes it from the folders of earlier ones"
      )
      throw ExitStatus.badPlan
    }
    return try Self.orExit { try Archive(path: path) }
  }

  /// - Throws: exit code 74, after saying why on standard error.
  static func orExit<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as ArchiveError {
      printError("bindstorm: \(error)")
      throw ExitStatus.cannotWrite
    }
  }

  static func entry(
    _ matrix: Matrix, folder: String, _ environment: EnvironmentRecord
  ) throws -> ArchivedRun {
    try ArchivedRun(
      matrix, folder: folder, startedAt: environment.startedAt ?? startTime(of: folder),
      environment: ArchivedRun.Environment(
        kernel: environment.kernel, machine: environment.machine,
        processors: environment.processors, libzmq: environment.libzmq,
        version: environment.bindstormVersion, tags: environment.tags ?? [:]))
  }

  /// `2026-11-28T02:00:00Z` of `PLAN/20261128T020000Z-1`: the environments of older versions have no time. Empty for
  /// another name.
  static func startTime(of folder: String) -> String {
    let name = Array(folder.split(separator: "/").last ?? "")
    guard name.count >= 16, name[8] == "T", name[15] == "Z" else { return "" }
    let parts = [name[0..<4], name[4..<6], name[6..<8], name[9..<11], name[11..<13], name[13..<15]]
      .map { String($0) }
    return parts[..<3].joined(separator: "-") + "T" + parts[3...].joined(separator: ":") + "Z"
  }

  // MARK: Run folders

  /// Folders of runs below the folder of results, sorted.
  func folders() -> [String] {
    RunFinder.names(in: root).flatMap { plan in
      RunFinder.names(in: "\(root)/\(plan)")
        .filter { $0 != RunFinder.latest && RunFinder.isRun("\(root)/\(plan)/\($0)") }
        .map { "\(plan)/\($0)" }
    }
  }

  /// - Throws: exit code 64, after saying why on standard error.
  func readOrExit(_ folder: String) throws -> ArchivedRun {
    do { return try read(folder) } catch let code as ExitCode { throw code } catch {
      printError("bindstorm: cannot read \(root)/\(folder): \(error)")
      throw ExitStatus.badPlan
    }
  }

  /// A run as its folder has it: its matrix, or where it has none, what its record comes to.
  /// - Throws: an error that says why it cannot be read.
  func read(_ folder: String) throws -> ArchivedRun {
    let place = "\(root)/\(folder)"
    let environment = try JSONDecoder().decode(
      EnvironmentRecord.self,
      from: Data(try readFile("\(place)/environment.json", .storedPlan)))
    let run = try StoredRun(folder: place)
    // What the run wrote is quicker to read than its events, and there even where they were not kept.
    if let matrix = try? run.storedMatrix(),
      let entry = try? Self.entry(matrix, folder: folder, environment)
    {
      return entry
    }
    return try Self.entry(run.document().matrix, folder: folder, environment)
  }
}

/// Marks of a plan: one file beside its runs, so that the archive can be made anew.
struct MarkFile {
  let path: String

  init(root: String, plan: String) { path = "\(root)/\(plan)/marks.json" }

  /// - Throws: exit code 64, after saying why on standard error.
  func read() throws -> [HistoryMark] {
    guard access(path, F_OK) == 0 else { return [] }
    do {
      return try JSONDecoder().decode(
        [HistoryMark].self, from: Data(try readFile(path, .storedPlan)))
    } catch {
      printError("bindstorm: cannot read the marks in \(path): \(error)")
      throw ExitStatus.badPlan
    }
  }

  /// - Throws: exit code 73, after saying why on standard error.
  func add(_ mark: HistoryMark) throws {
    let marks = try read() + [mark]
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let bytes = Array(try StandardStreams.json(marks).utf8)
    do throws(FileProblem) {
      let folder = try Folder(making: parts.dropLast().joined(separator: "/"))
      try folder.replace(String(parts.last ?? ""), with: bytes)
    } catch {
      printError("bindstorm: cannot write \(path): \(error)")
      throw ExitStatus.cannotCreate
    }
  }
}
