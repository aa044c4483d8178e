internal import ArgumentParser
@preconcurrency internal import Glibc
internal import Judging
internal import Syscalls
internal import TerminalText

/// What `prune` leaves: an age or a size.
enum PruneLimit: ExpressibleByArgument {
  case seconds(Int)
  case bytes(Int)

  private static let units: [Character: PruneLimit] = [
    "h": .seconds(3_600), "d": .seconds(86_400), "w": .seconds(604_800),
    "M": .bytes(1 << 20), "G": .bytes(1 << 30), "T": .bytes(1 << 40),
  ]

  init?(argument: String) {
    guard let letter = argument.last, let unit = Self.units[letter],
      let count = Int(argument.dropLast()), count >= 0
    else { return nil }
    switch unit {
    case .seconds(let size):
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      if overflow { return nil }
      self = .seconds(product)
    case .bytes(let size):
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      if overflow { return nil }
      self = .bytes(product)
    }
  }
}

/// `bindstorm prune --keep 30d`
struct PruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune", abstract: "Remove the events of old runs, and keep their verdicts.",
    discussion: """
      Events take nearly all of the space. The verdict's files stay, a few kilobytes a run, so that history, gate, \
      compare and archive rebuild still have the run; explain and replay do not. A run that is still going on is left \
      alone. A run that was killed gets its verdict first.

      EXAMPLES:
        bindstorm prune --keep 30d --dry-run
        bindstorm prune --keep 20G

      EXIT CODES: 0; 2 if the events of a run were left because it has no verdict and gets none; 73 a verdict cannot \
      be written.
      """)

  @Option(
    help: ArgumentHelp(
      "Keep the events of the newest runs: of the last so many hours, days or weeks (30d), or so many bytes in all (20G; M, G, T).",
      valueName: "age|size"))
  var keep: PruneLimit

  @Option(help: "Folder of all results. Default: BINDSTORM_RESULTS, else Results.")
  var results: String?

  @Flag(help: "Only say what would be removed.")
  var dryRun = false

  func run() throws {
    let place = RunArchive(root: results ?? RunFinder.standardRoot)
    let records = place.folders().compactMap { Record($0, in: place.root) }
    var (freed, count, left) = (0, 0, 0)
    for record in chosen(records) where !record.isInUse {
      guard try dryRun || record.hasVerdict() else {
        left += 1
        printError("bindstorm: \(record.path) stays: its run has no verdict")
        continue
      }
      if !dryRun, unlink(record.path) != 0 {
        left += 1
        printError(
          "bindstorm: cannot remove \(record.path): \(String(cString: strerror(errno)))")
        continue
      }
      freed += record.bytes
      count += 1
    }
    let size = String(Double(freed * 10 >> 20) / 10)
    try StandardStreams.printResult(
      "\(dryRun ? "would remove" : "removed") the events of \(Counted.text(count, "run")), \(size) MiB\n"
    )
    if left > 0 { throw ExitCode(2) }
  }

  /// The records that are beyond the limit.
  private func chosen(_ records: [Record]) -> [Record] {
    let newest = records.sorted { ($0.changedAt, $0.path) > ($1.changedAt, $1.path) }
    switch keep {
    case .seconds(let seconds):
      let oldest = time(nil) - seconds
      return newest.filter { $0.changedAt < oldest }
    case .bytes(let bytes):
      var total = 0
      return newest.filter { record in
        total += record.bytes
        return total > bytes
      }
    }
  }

  /// The events of a run.
  private struct Record {
    let run: String
    let path: String
    let bytes: Int
    /// In seconds since 1970.
    let changedAt: Int

    init?(_ folder: String, in root: String) {
      run = "\(root)/\(folder)"
      guard let record = RunRecord.find(in: run) else { return nil }
      path = "\(run)/\(record.file)"
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      (bytes, changedAt) = (Int(status.st_size), status.st_mtim.tv_sec)
    }

    /// Whether a run still writes it: that run has a lock on it.
    var isInUse: Bool {
      let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
      guard descriptor >= 0 else { return false }
      defer { close(descriptor) }
      return flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    /// Whether the verdict is there; it is made if need be.
    func hasVerdict() throws -> Bool {
      guard let stored = try? StoredRun(folder: run) else { return false }
      if (try? stored.storedMatrix()) != nil { return true }
      guard let document = try? stored.document() else { return false }
      try StoredVerdict.write(document, of: stored)
      return true
    }
  }
}
