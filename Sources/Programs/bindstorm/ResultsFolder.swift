internal import ArgumentParser
internal import Engine
@preconcurrency internal import Glibc
internal import Judging
internal import Pages
internal import PlanModel
internal import ReportKit
internal import Reports
internal import Syscalls
internal import TerminalText

/// `Results/<plan>/<UTC>-<seed>/`: written in phases, the plan before anything runs, the verdict last. It is held open,
/// so that replacing its name meanwhile does not redirect the output.
struct ResultsFolder {
  private let folder: Folder
  private let parent: Folder
  /// The folder of all results, if this run created it.
  private let newRoot: String?
  private let name: String

  /// Path of the run's folder.
  var path: String { folder.path }

  /// UTC, as `2026-11-28T02:00:00Z`.
  let startedAt: String

  /// Makes the folder.
  /// - Throws: exit code 73, after saying why on standard error.
  init(root: String, plan: ResolvedPlan) throws {
    newRoot = access(root, F_OK) == 0 ? nil : root
    startedAt = Clock.now()
    let base = startedAt.filter { !"-:".contains($0) } + "-\(plan.seed)"
    let all: Folder
    do throws(FileProblem) {
      all = try Folder(making: root)
      parent = try Folder(making: "\(root)/\(plan.name)")
    } catch {
      printError("bindstorm: cannot make the results folder \(root)/\(plan.name): \(error)")
      throw ExitStatus.cannotCreate
    }
    do throws(FileProblem) {
      (folder, name) = try Self.makeNew(base, in: parent)
    } catch {
      printError("bindstorm: cannot make a results folder in \(parent.path): \(error)")
      throw ExitStatus.cannotCreate
    }
    for place in [all, parent, folder] {
      guard let exposure = place.exposure else { continue }
      printError(
        "bindstorm: warning: others can remove or replace results in \(place.path): \(exposure)")
    }
  }

  /// Two runs in one second get different names.
  private static func makeNew(
    _ base: String, in parent: Folder
  ) throws(FileProblem) -> (Folder, String) {
    var attempt = 1
    while true {
      let name = attempt == 1 ? base : "\(base)-\(attempt)"
      do throws(FileProblem) { return (try parent.makeFolder(name), name) } catch {
        guard error == .system(EEXIST), attempt < mostRunsInASecond else { throw error }
      }
      attempt += 1
    }
  }

  private static let mostRunsInASecond = 1_000

  /// Messages of workers for people, separate from the history.
  private static let workerLog = "workers.log"

  /// Creates the file for the workers' messages, such as libzmq's before it aborts a process. Returns its descriptor.
  /// - Throws: exit code 73, after saying why on standard error.
  func openWorkerLog() throws -> Int32 { try create(Self.workerLog, O_RDWR | O_APPEND) }

  /// Creates the file of the run's events. Returns its descriptor.
  /// - Throws: exit code 73, after saying why on standard error.
  func openHistory() throws -> Int32 {
    let record = try create(RunRecord.plain, O_WRONLY | O_APPEND)
    // Held until the run's end: `prune` leaves the record alone. A file system without locks has no such protection.
    _ = flock(record, LOCK_SH)
    return record
  }

  /// Brings the record into the form that is kept. A failure is not an error of the run: the record stays as it is.
  func settleRecord(_ kept: KeptEvents, unusual: [Set<Int>]) {
    do { try RunRecord.settle(kept, in: folder, unusual: unusual) } catch {
      printError("bindstorm: note: \(path)/\(RunRecord.plain) stays as it is: \(error)")
    }
  }

  private func create(_ file: String, _ flags: Int32) throws -> Int32 {
    do throws(FileProblem) { return try folder.create(file, flags).release() } catch {
      printError("bindstorm: cannot create \(path)/\(file): \(error)")
      throw ExitStatus.cannotCreate
    }
  }

  /// Removes the workers' file if it is empty, otherwise prints its name.
  func closeWorkerLog(_ log: Int32) {
    let size = lseek(log, 0, SEEK_END)
    close(log)
    if size == 0 {
      folder.remove(Self.workerLog)
    } else {
      printError("bindstorm: note: the workers wrote messages; see \(path)/\(Self.workerLog)")
    }
  }

  /// Removes the folder of a run that could not start, after printing its workers' messages.
  func discard(_ log: Int32) {
    lseek(log, 0, SEEK_SET)
    let file = Descriptor(owning: log)
    if let bytes = try? FileBytes.read(file.number, atMost: InputLimit.workerLog.bytes),
      !bytes.isEmpty
    {
      _ = writeAll(TerminalText.safe(String(decoding: bytes, as: UTF8.self)).utf8, to: 2)
    }
    folder.remove(Self.workerLog)
    parent.removeFolder(name)
    // Fails, as it should, if earlier runs are in it.
    rmdir(parent.path)
    if let newRoot { rmdir(newRoot) }
  }

  /// Writes what is known before anything runs.
  func writePlan(_ file: PlanFile, environment: EnvironmentRecord) throws {
    try write(file.bytes, to: "plan.json")
    try write(json(file.plan, "resolved.json"), to: "resolved.json")
    try write(json(environment, "environment.json"), to: "environment.json")
    link()
  }

  /// Writes what is known when everything is judged.
  func writeVerdict(_ document: RunDocument, timings: [ArmTimingRecord]) throws {
    for (file, format) in MatrixFormats.all {
      try write(VerdictFiles.bytes(document, file, format), to: file)
    }
    try write(json(["arms": timings], "timing.json"), to: "timing.json")
  }

  /// Writes the page, which comes after all else: nothing else depends on it.
  func writePage(
    _ matrix: Matrix, _ observer: RunObserver, _ environment: EnvironmentRecord
  ) throws {
    let content = RunPages.content(
      matrix, observer.tallies, observer.shownTrials, folder: path, environment: environment)
    try write(Array(RunPage(content).html.utf8), to: RunPages.file)
  }

  private func json(_ value: some Encodable, _ file: String) throws -> [UInt8] {
    do { return try JSONReport.bytes(value) } catch {
      printError("bindstorm: cannot encode \(file): \(error)")
      throw ExitStatus.internalError
    }
  }

  private func write(_ bytes: [UInt8], to file: String) throws {
    do throws(FileProblem) { try folder.write(bytes, to: file) } catch {
      printError("bindstorm: cannot write \(path)/\(file): \(error)")
      throw ExitStatus.cannotWrite
    }
  }

  /// `latest` points to the newest run. It is replaced atomically, so that it always points to a run. A failure (on a
  /// file system without links) is not an error of the run.
  private func link() {
    do throws(FileProblem) { try parent.replaceLink("latest", to: name) } catch {
      printError("bindstorm: note: cannot link \(parent.path)/latest: \(error)")
    }
  }
}

/// The time of day.
enum Clock {
  /// UTC, as `2026-11-28T02:00:00Z`.
  static func now() -> String {
    var now = time(nil)
    var parts = tm()
    gmtime_r(&now, &parts)
    var stamp = [CChar](repeating: 0, count: 32)
    strftime(&stamp, stamp.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
    return stamp.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }
}

/// Trials per second of an arm, for benchmarks.
struct ArmTimingRecord: Encodable {
  var arm: Int
  var scenario: String
  var strategy: String
  var trials: Int
  var seconds: Double
  var trialsPerSecond: Double

  enum CodingKeys: String, CodingKey {
    case arm, scenario, strategy, trials, seconds
    case trialsPerSecond = "trials_per_second"
  }

  init(_ timing: Run.ArmTiming, _ arm: Arm) {
    self.arm = arm.index
    scenario = arm.scenario
    strategy = arm.strategy.label
    trials = timing.trials
    seconds = timing.seconds
    trialsPerSecond = timing.seconds > 0 ? Double(timing.trials) / timing.seconds : 0
  }
}
