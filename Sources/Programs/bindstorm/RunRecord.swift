internal import ArgumentParser
@preconcurrency internal import Glibc
internal import History
internal import Syscalls

/// Which events a run keeps when it has ended.
enum KeptEvents: String, ExpressibleByArgument, CaseIterable {
  /// Of every trial.
  case all
  /// Of trials in which not every launch was ready.
  case lost
  /// None: the verdict is all that stays.
  case none
}

/// The file of a run's events, in the form that it has.
enum RunRecord {
  /// While the run goes on, and after it if it is small.
  static let plain = "events.jsonl"
  static let packed = "events.jsonl.gz"
  /// Events of unusual trials only: what a verdict is made from is not all there.
  static let lost = "events-lost.jsonl.gz"
  static let all = [plain, packed, lost]

  /// The file that a run's folder has, and whether it has every trial; nil if it has none.
  static func find(in folder: String) -> (file: String, isWhole: Bool)? {
    all.first { access("\(folder)/\($0)", F_OK) == 0 }.map { ($0, $0 != lost) }
  }

  /// Smaller records stay as they are: people can read them with any tool.
  private static let smallest = 1 << 20

  /// Brings the record of a run that has ended into the form that is kept. The plain file goes last.
  /// - Parameter unusual: trials in which not every launch was ready, by arm.
  /// - Throws: `FileProblem` or `HistoryError`; the plain file then stays.
  static func settle(_ kept: KeptEvents, in folder: Folder, unusual: [Set<Int>]) throws {
    let path = "\(folder.lastingPath)/\(plain)"
    var status = stat()
    guard stat(path, &status) == 0 else { throw FileProblem.system(errno) }
    if kept == .all && status.st_size < smallest { return }
    if kept != .none {
      let name = kept == .all ? packed : lost
      let temporary = ".\(name)-\(getpid())"
      // A killed process may have had this number.
      folder.remove(temporary)
      defer { folder.remove(temporary) }
      let output = try folder.create(temporary, O_WRONLY).release()
      try HistoryPacking.pack(path, to: output, named: "\(folder.path)/\(name)") { arm, trial in
        kept == .all || unusual[arm].contains(trial)
      }
      try folder.rename(temporary, to: name)
    }
    folder.remove(plain)
  }
}
