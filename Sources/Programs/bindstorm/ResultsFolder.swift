internal import ArgumentParser
internal import Engine
@preconcurrency internal import Glibc
internal import Judging
internal import PlanModel
internal import ReportKit
internal import Reports

/// `Results/<plan>/<UTC>-<seed>/`: written in phases, the plan before anything runs, the verdict last.
struct ResultsFolder {
  /// Path of the run's folder.
  let path: String
  private let parent: String
  /// The folder of all results, if it was not there before.
  private let newRoot: String?
  private let name: String

  /// Makes the folder.
  /// - Throws: exit code 73, after saying why on standard error.
  init(root: String, plan: ResolvedPlan) throws {
    parent = "\(root)/\(plan.name)"
    newRoot = access(root, F_OK) == 0 ? nil : root
    var now = time(nil)
    var parts = tm()
    gmtime_r(&now, &parts)
    var stamp = [CChar](repeating: 0, count: 32)
    strftime(&stamp, stamp.count, "%Y%m%dT%H%M%SZ", &parts)
    let base = stamp.withUnsafeBufferPointer { String(cString: $0.baseAddress!) } + "-\(plan.seed)"
    guard Self.makeFolders(parent) else {
      printError(
        "bindstorm: cannot make the results folder \(parent): \(String(cString: strerror(errno)))")
      throw ExitStatus.cannotCreate
    }
    // Two runs in one second get names of their own.
    for attempt in 1...1_000 {
      let name = attempt == 1 ? base : "\(base)-\(attempt)"
      if mkdir("\(parent)/\(name)", 0o777) == 0 {
        self.name = name
        path = "\(parent)/\(name)"
        return
      }
      if errno != EEXIST { break }
    }
    printError(
      "bindstorm: cannot make a results folder in \(parent): \(String(cString: strerror(errno)))")
    throw ExitStatus.cannotCreate
  }

  /// What workers write for people, beside the history.
  private var workerLog: String { "\(path)/workers.log" }

  /// Makes the file for the workers' messages, such as libzmq's before it aborts a process. Returns its descriptor.
  /// - Throws: exit code 73, after saying why on standard error.
  func openWorkerLog() throws -> Int32 {
    let log = open(workerLog, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard log >= 0 else {
      printError("bindstorm: cannot create \(workerLog): \(String(cString: strerror(errno)))")
      throw ExitStatus.cannotCreate
    }
    return log
  }

  /// Removes the workers' file if it is empty, else names it.
  func closeWorkerLog(_ log: Int32) {
    let size = lseek(log, 0, SEEK_END)
    close(log)
    if size == 0 {
      unlink(workerLog)
    } else {
      printError("bindstorm: note: the workers wrote messages; see \(workerLog)")
    }
  }

  /// Removes the folder of a run that could not start, after printing its workers' messages.
  func discard(_ log: Int32) {
    close(log)
    if let text = try? readFile(workerLog, .workerLog), !text.isEmpty {
      _ = text.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
    }
    unlink(workerLog)
    rmdir(path)
    // Fails, as it should, if earlier runs are in it.
    rmdir(parent)
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
  func writeVerdict(_ matrix: Matrix, timings: [ArmTimingRecord]) throws {
    let document = RunDocument(matrix: matrix, seconds: timings.map(\.seconds))
    for (file, format) in MatrixFormats.all {
      try write(encoded(file) { try format.bytes(document) }, to: file)
    }
    try write(json(["arms": timings], "timing.json"), to: "timing.json")
  }

  private func json(_ value: some Encodable, _ file: String) throws -> [UInt8] {
    try encoded(file) { try JSONReport.bytes(value) }
  }

  private func encoded(_ file: String, _ bytes: () throws -> [UInt8]) throws -> [UInt8] {
    do { return try bytes() } catch {
      printError("bindstorm: cannot encode \(file): \(error)")
      throw ExitStatus.internalError
    }
  }

  /// Makes a folder and those above it. Returns false, with errno set, if it does not exist afterwards.
  private static func makeFolders(_ path: String) -> Bool {
    if mkdir(path, 0o777) == 0 { return true }
    if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex,
      makeFolders(String(path[..<slash])), mkdir(path, 0o777) == 0
    {
      return true
    }
    guard errno == EEXIST else { return false }
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    errno = ENOTDIR
    return status.st_mode & S_IFMT == S_IFDIR
  }

  private func write(_ bytes: [UInt8], to file: String) throws {
    let stream = fopen("\(path)/\(file)", "we")
    let isWritten = stream != nil && fwrite(bytes, 1, bytes.count, stream) == bytes.count
    let code = errno
    // Buffered bytes are written only here, and that may fail, too.
    guard stream == nil || fclose(stream) == 0, isWritten else {
      let text = String(cString: strerror(isWritten ? errno : code))
      printError("bindstorm: cannot write \(path)/\(file): \(text)")
      throw ExitStatus.cannotWrite
    }
  }

  /// `latest` points to the newest run; replaced in one step, so that it always points somewhere. That it
  /// cannot be made (on a file system without links) costs a convenience, not a result.
  private func link() {
    let temporary = "\(parent)/.latest-\(getpid())"
    unlink(temporary)
    if symlink(name, temporary) != 0 || rename(temporary, "\(parent)/latest") != 0 {
      printError(
        "bindstorm: note: cannot link \(parent)/latest: \(String(cString: strerror(errno)))")
    }
  }
}

/// The job summary of GitHub Actions: the matrix as Markdown is appended to the file that GITHUB_STEP_SUMMARY
/// names.
enum StepSummary {
  /// What one step may write (GitHub's documentation of workflow commands); more is dropped there whole.
  private static let limit = 1_024 * 1_024

  /// Appends the matrix where the variable is set. That it cannot be written costs a convenience, not a result.
  static func append(_ matrix: Matrix) {
    guard let path = getenv("GITHUB_STEP_SUMMARY").map({ String(cString: $0) }), !path.isEmpty
    else { return }
    let whole = MarkdownReport.text(matrix) + "\n"
    let text =
      whole.utf8.count <= limit
      ? whole : "# \(matrix.plan.name)\n\nThe matrix is too large for a summary.\n"
    // Without waiting: a FIFO that nobody reads would keep the run from its end.
    let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0o666)
    let opening = file < 0 ? errno : 0
    let writing = opening == 0 ? writeAll(text, to: file) : opening
    let closing = opening == 0 && close(file) != 0 ? errno : 0
    let code = writing != 0 ? writing : closing
    if code != 0 {
      printError(
        "bindstorm: note: cannot write GITHUB_STEP_SUMMARY: \(String(cString: strerror(code)))")
    }
  }
}

/// Where a run took place.
struct EnvironmentRecord: Encodable {
  var bindstormVersion = BindstormCommand.version
  var kernel: String
  var machine: String
  var processors: Int
  var libzmq: String
  var isolation: String
  var isolationProblem: String
  var hostPortRange: String

  init(isolation: String, problem: String, libzmq: String) {
    var names = utsname()
    uname(&names)
    func text<T>(_ field: T) -> String {
      withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    kernel = "\(text(names.sysname)) \(text(names.release))"
    machine = text(names.machine)
    processors = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    self.libzmq = libzmq
    self.isolation = isolation
    isolationProblem = problem
    let range = (try? readFile("/proc/sys/net/ipv4/ip_local_port_range", .kernelSetting)) ?? []
    hostPortRange = String(decoding: range, as: UTF8.self).split(whereSeparator: \.isWhitespace)
      .joined(separator: " ")
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
