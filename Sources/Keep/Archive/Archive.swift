internal import FoundationEssentials
internal import GRDB
public import Judging

/// What is left of all runs: counts and durations of every cell in one SQLite file.
///
/// A copy of what the runs' folders hold, for questions about many runs: it can be made anew from them. Several processes
/// may use it at once.
public struct Archive: Sendable {
  private let queue: DatabaseQueue
  public let path: String

  /// How long a process waits for another one that writes, in seconds.
  private static let patience = 30.0

  /// Opens the file, and makes it or brings it to this version's form if need be.
  public init(path: String) throws(ArchiveError) {
    self.path = path
    do {
      if !FileManager.default.fileExists(atPath: path) { try Self.make(path) }
      queue = try Self.open(path)
      let migrator = ArchiveSchema.migrator
      if try queue.read(migrator.hasBeenSuperseded) { throw ArchiveError.newer(path) }
      try Self.migrate(queue, migrator)
    } catch { throw ArchiveError(error, path: path) }
  }

  private static func open(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.busyMode = .timeout(patience)
    configuration.journalMode = .wal
    return try DatabaseQueue(path: path, configuration: configuration)
  }

  /// Makes a new archive under another name, and gives it its own at once: who sees the file sees all of it. SQLite's
  /// change to WAL and GRDB's first step fail in a process that comes upon a file in between.
  private static func make(_ path: String) throws {
    let files = FileManager.default
    let draft = "\(path).\(UUID().uuidString)"
    defer { for end in ["", "-wal", "-shm"] { try? files.removeItem(atPath: draft + end) } }
    let queue = try open(draft)
    try ArchiveSchema.migrator.migrate(queue)
    try queue.close()
    do { try files.linkItem(atPath: draft, toPath: path) } catch {
      // Another process was first, or the file system has no links: then the file is made in place.
    }
  }

  /// GRDB looks which steps are missing before it locks the file, so that another process may take one first. The step
  /// then fails here, and is there.
  private static func migrate(_ queue: DatabaseQueue, _ migrator: DatabaseMigrator) throws {
    var applied = try queue.read(migrator.appliedIdentifiers).count
    while try !queue.read(migrator.hasCompletedMigrations) {
      do { try migrator.migrate(queue) } catch {
        let others = try queue.read(migrator.appliedIdentifiers).count
        guard others > applied else { throw error }
        applied = others
      }
    }
  }

  /// Ends the use of the file. The last process that does so leaves one file without companions.
  public func close() throws(ArchiveError) {
    do { try queue.close() } catch { throw ArchiveError(error, path: path) }
  }

  // MARK: Writing

  /// Adds a run, or replaces what is there of its folder: whole, or not at all.
  public func add(_ run: ArchivedRun) throws(ArchiveError) {
    do {
      try queue.write { database in
        try database.execute(sql: "DELETE FROM run WHERE folder = ?", arguments: [run.folder])
        try Self.insert(run, into: database)
      }
    } catch { throw ArchiveError(error, path: path) }
  }

  /// Removes a run whose folder is gone.
  public func remove(folder: String) throws(ArchiveError) {
    do {
      try queue.write {
        try $0.execute(sql: "DELETE FROM run WHERE folder = ?", arguments: [folder])
      }
    } catch { throw ArchiveError(error, path: path) }
  }

  private static func insert(_ run: ArchivedRun, into database: Database) throws {
    let place = run.environment
    try database.execute(
      sql: """
        INSERT INTO run (folder, plan, seed, started_at, is_partial, is_isolated, kernel, machine,
          processors, libzmq, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        run.folder, run.plan, "\(run.seed)", run.startedAt, run.isPartial, run.isIsolated,
        place.kernel, place.machine, place.processors, place.libzmq, place.version,
      ])
    let id = database.lastInsertedRowID
    for (key, value) in place.tags {
      try database.execute(
        sql: "INSERT INTO tag (run_id, key, value) VALUES (?, ?, ?)", arguments: [id, key, value])
    }
    for (position, cell) in run.cells.enumerated() {
      try insert(cell, at: position, of: id, into: database)
    }
  }

  private static func insert(
    _ cell: ArchivedRun.Cell, at position: Int, of run: Int64, into database: Database
  ) throws {
    try database.execute(
      sql: "INSERT OR IGNORE INTO definition (text) VALUES (?)", arguments: [cell.definition])
    let (launches, trials) = (cell.sample.launches, cell.sample.trials)
    try database.execute(
      sql: """
        INSERT INTO cell (run_id, position, scenario, strategy, definition_id, strategy_answer,
          plan_answer, is_meant_to_fail, stopped_by, is_by_launch, launches_failed,
          launches_recovered, launches_counted, launches_uncounted, trials_failed,
          trials_recovered, trials_counted, trials_uncounted)
        VALUES (?, ?, ?, ?, (SELECT id FROM definition WHERE text = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?,
          ?, ?, ?, ?)
        """,
      arguments: [
        run, position, cell.scenario, cell.strategy, cell.definition,
        cell.strategyAnswer.rawValue, cell.planAnswer.rawValue, cell.isMeantToFail,
        cell.stoppedBy, cell.sample.isByLaunch, launches.failed, launches.recovered,
        launches.counted, launches.uncounted, trials.failed, trials.recovered, trials.counted,
        trials.uncounted,
      ])
    let id = database.lastInsertedRowID
    for count in cell.outcomes {
      try database.execute(
        sql: "INSERT INTO outcome (cell_id, outcome, launches) VALUES (?, ?, ?)",
        arguments: [id, count.outcome.rawValue, count.launches])
    }
    for quantiles in cell.quantiles {
      let summary = quantiles.summary
      try database.execute(
        sql: """
          INSERT INTO quantiles (cell_id, measure, p50_ns, p99_ns, max_ns, samples)
          VALUES (?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          id, quantiles.measure, Int64(clamping: summary.p50), Int64(clamping: summary.p99),
          Int64(clamping: summary.max), summary.samples,
        ])
    }
  }

  // MARK: Reading

  /// The plans of all runs, with how many runs there are, when the newest began, and the newest folder.
  public func plans() throws(ArchiveError) -> [(
    plan: String, runs: Int, oldest: String, newest: String
  )] {
    do {
      return try queue.read { database in
        try Row.fetchAll(
          database,
          sql: """
            SELECT plan, count(*) AS runs, min(started_at) AS oldest, max(started_at) AS newest
            FROM run GROUP BY plan ORDER BY plan
            """
        ).map { ($0["plan"], $0["runs"], $0["oldest"], $0["newest"]) }
      }
    } catch { throw ArchiveError(error, path: path) }
  }

  /// Folders of all runs.
  public func folders() throws(ArchiveError) -> Set<String> {
    do {
      return try queue.read { try Set(String.fetchAll($0, sql: "SELECT folder FROM run")) }
    } catch { throw ArchiveError(error, path: path) }
  }

  /// Every cell of every run of a plan, run by run from the oldest to the newest, and in a run in the plan's order.
  public func nights(of plan: String) throws(ArchiveError) -> [CellNight] {
    do {
      return try queue.read { database in
        var tags: [Int64: [String: String]] = [:]
        let tagRows = try Row.fetchCursor(
          database,
          sql: "SELECT tag.* FROM tag JOIN run ON run.id = run_id WHERE plan = ?",
          arguments: [plan])
        while let row = try tagRows.next() {
          tags[row["run_id"], default: [:]][row["key"]] = row["value"]
        }
        var nights: [CellNight] = []
        let rows = try Row.fetchCursor(
          database,
          sql: """
            SELECT cell.*, run.folder, run.started_at, run.is_partial, run.is_isolated, run.version,
              quantiles.p50_ns
            FROM run JOIN cell ON cell.run_id = run.id
            LEFT JOIN quantiles ON quantiles.cell_id = cell.id AND quantiles.measure =
              (SELECT max(measure) FROM quantiles WHERE cell_id = cell.id
               AND measure IN ('timeToBound', 'timeToServed'))
            WHERE plan = ? ORDER BY run.started_at, run.folder, cell.position
            """, arguments: [plan])
        while let row = try rows.next() {
          guard let night = CellNight(row, tags: tags[row["run_id"]] ?? [:]) else {
            throw ArchiveError.newer(path)
          }
          nights.append(night)
        }
        return nights
      }
    } catch { throw ArchiveError(error, path: path) }
  }
}

extension CellNight {
  /// Nil for a word that this version does not know.
  fileprivate init?(_ row: Row, tags: [String: String]) {
    guard let answer = StrategyAnswer(rawValue: row["strategy_answer"]) else { return nil }
    func count(_ unit: String) -> CellSample.Count {
      CellSample.Count(
        failed: row["\(unit)_failed"], recovered: row["\(unit)_recovered"],
        counted: row["\(unit)_counted"], uncounted: row["\(unit)_uncounted"])
    }
    let median: Int64? = row["p50_ns"]
    self.init(
      folder: row["folder"], startedAt: row["started_at"], version: row["version"], tags: tags,
      scenario: row["scenario"], strategy: row["strategy"],
      definition: Int(row["definition_id"] as Int64), strategyAnswer: answer,
      isMeantToFail: row["is_meant_to_fail"], isPartial: row["is_partial"],
      isIsolated: row["is_isolated"], isStopped: row["stopped_by"] != nil,
      sample: CellSample(
        launches: count("launches"), trials: count("trials"), isByLaunch: row["is_by_launch"]),
      medianTimeToReady: median.map { UInt64(clamping: $0) })
  }
}
