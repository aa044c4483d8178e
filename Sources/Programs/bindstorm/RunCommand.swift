internal import ArgumentParser
internal import Engine
@preconcurrency internal import Glibc
internal import History
internal import Judging
internal import PlanModel
internal import Reports
internal import RunContract
internal import Strategies
internal import Syscalls
internal import TerminalText

/// When to use colours.
enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, always, never
}

/// `bindstorm run PLAN`
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a plan and print which strategy survives, and whether that was expected.",
    discussion: """
      EXAMPLES:
        bindstorm run vllm-40443
        bindstorm run Scenarios/strategies.json --only 'thieves-80/*' --trials 50
        bindstorm run nightly.json --seed random --junit-file junit.xml
        bindstorm run smoke --json --quiet
      """)

  @Argument(help: PlanFile.help, completion: .custom(Completions.plans))
  var plan: String

  @OptionGroup
  var selection: PlanSelection

  @OptionGroup
  var stopping: StoppingOptions

  @OptionGroup
  var history: HistoryOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Run so many cells side by side, each with workers and a network namespace of its own. Only times depend on it. Default: half of the processors; 1 where windows are times, and for start-ups, faults and programs.",
      valueName: "n"))
  var jobs: Int?

  @Option(help: "Folder for results. Default: BINDSTORM_RESULTS, else Results.")
  var results: String?

  @Option(
    help:
      "Seed instead of the plan's: a number, or random. Default: BINDSTORM_SEED, else the plan's.")
  var seed: SeedArgument?

  @Flag(help: "End with exit code 69 if no network namespace is available.")
  var requireIsolation = false

  @Flag(help: "Use the host's own ports, without a network namespace.")
  var noIsolation = false

  @Flag(
    help:
      "Print the matrix as JSON, as matrix.json has it, and nothing else on standard output.")
  var json = false

  @OptionGroup
  var files: MatrixFileOptions

  @Flag(name: .shortAndLong, help: "Show no progress.")
  var quiet = false

  @OptionGroup
  var report: MatrixOptions

  func validate() throws {
    if requireIsolation && noIsolation {
      throw ValidationError("--require-isolation and --no-isolation exclude each other")
    }
    if let jobs, !(1...Self.mostJobs).contains(jobs) {
      throw ValidationError("--jobs must lie from 1 to \(Self.mostJobs)")
    }
    if let jobs, jobs > 1 && noIsolation {
      throw ValidationError(
        "--jobs needs a network namespace for each job; with --no-isolation they would take one another's ports"
      )
    }
    if results == "" { throw ValidationError("--results needs the name of a folder") }
  }

  private static let mostJobs = 256

  func run() throws {
    let file = try PlanFile(
      path: plan, seed: seed?.seed, selection: selection, stopping: stopping)
    let jobs = min(
      jobs ?? (noIsolation ? 1 : StandardJobs.count(for: file.plan)), max(1, file.plan.arms.count))
    try HostBudget(file.plan, jobs: jobs).check(file.plan)
    let reports = try files.open()
    let interruption = Interruption()
    let folder = try ResultsFolder(root: results ?? RunFinder.standardRoot, plan: file.plan)
    let log = try folder.openWorkerLog()
    let run: Run
    do {
      run = try start(file.plan, interruption, messages: log, jobs: jobs)
      try refuseSharedJobs(run)
    } catch {
      folder.discard(log)
      throw error
    }
    announceIsolation(run)
    let environment = EnvironmentRecord(
      isolation: "\(run.isolation)", problem: run.isolationProblem,
      libzmq: StrategyRegistry.messagingLibraryVersion, jobs: run.laneCount,
      startedAt: folder.startedAt, tags: history.tags)
    try folder.writePlan(file, environment: environment)
    if report.verbose { printError("results: \(folder.path)") }

    let writer = HistoryWriter(
      owning: try folder.openHistory(), path: "\(folder.path)/\(RunRecord.plain)")
    let progress = ProgressReporter(plan: file.plan, isQuiet: quiet)
    let observer = RunObserver(plan: file.plan, writer: writer, progress: progress)
    let failure = Self.failure(of: run, observer)
    progress.finish()
    folder.closeWorkerLog(log)

    let matrix = MatrixJudge(plan: file.plan, vocabulary: vocabulary).judge(
      observer.tallies, isPartial: interruption.isRequested || failure != nil,
      isIsolated: run.isolation != .none)
    if let failure { printError("bindstorm: \(failure)") }
    let timings = zip(run.timings, file.plan.arms).map { ArmTimingRecord($0, $1) }
    let document = RunDocument(matrix, timings.map(\.seconds), of: folder.path, environment)
    // Results are first shown, then written, and neither depends on the other: measurements are not lost because a disk
    // is full or a pipe is closed.
    let isShown = Result { try show(matrix, folder.path) }
    let isWritten = Result { try folder.writeVerdict(document, timings: timings) }
    // Without a verdict the whole record is needed.
    if failure == nil, (try? isWritten.get()) != nil {
      folder.settleRecord(history.events, unusual: observer.unusualTrials)
    }
    let isFiled = Result { try files.write(document, reports) }
    StepSummary.append(matrix)
    Annotations.print(matrix, plan: file, path: plan)
    let isHeld = Result { try remember(matrix, folder.path, environment) }
    // With the history, in which the run is by now.
    let isDrawn = Result { try folder.writePage(matrix, observer, environment) }
    try isWritten.get()
    try isFiled.get()
    try isDrawn.get()
    try isShown.get()
    try end(matrix, failure, interruption, gate: try isHeld.get())
  }

  /// Runs everything; the error that ended it, if one did.
  private static func failure(of run: Run, _ observer: RunObserver) -> RunError? {
    var failure: RunError?
    do throws(RunError) { try run.perform(observer) } catch { failure = error }
    do throws(HistoryError) { try observer.close() } catch {
      failure = failure ?? .history(error.description)
    }
    return failure
  }

  /// - Throws: exit code 69 if cells that are to run side by side would share the host's ports, after saying so.
  private func refuseSharedJobs(_ run: Run) throws {
    guard run.laneCount < jobs ?? 1, run.isolation == .none else { return }
    printError(
      "bindstorm: --jobs needs a network namespace for each job, and this host allows none (\(run.isolationProblem)); leave --jobs out, or see bindstorm doctor"
    )
    throw ExitStatus.unavailable
  }

  /// Adds the run to the archive and holds it against its baseline, if one is given.
  private func remember(
    _ matrix: Matrix, _ folder: String, _ environment: EnvironmentRecord
  ) throws -> Gate? {
    let (archive, name) = RunArchive.containing(folder)
    let entry = try RunArchive.entry(matrix, folder: name, environment)
    archive.add(entry)
    guard let baseline = history.gate else { return nil }
    let gate = try GateQuestion(baseline: baseline, level: history.level.level)
      .judge(entry, archive)
    let text = GateReport.text(gate, width: Terminal.width(of: 1))
    if json { _ = writeAll(text.utf8, to: 2) } else { try StandardStreams.printResult(text) }
    return gate
  }

  /// Prints the verdict, and where to go from there.
  private func show(_ matrix: Matrix, _ folder: String) throws {
    let advice = "results: \(folder)\n" + Self.hint(matrix, folder)
    if json {
      try StandardStreams.printResult(try StandardStreams.json(matrix))
      _ = writeAll(TerminalText.safe(advice).utf8, to: 2)
    } else {
      try StandardStreams.printResult(
        report.text(matrix, run: folder) + TerminalText.safe(advice))
    }
  }

  /// The exit code of a run whose results are shown and written.
  private func end(
    _ matrix: Matrix, _ failure: RunError?, _ interruption: Interruption, gate: Gate?
  ) throws {
    if case .history = failure { throw ExitStatus.cannotWrite }
    if interruption.isRequested { throw ExitStatus.interrupted(by: interruption.signal) }
    if failure != nil { throw ExitStatus.internalError }
    // Worse, by the plan or by the gate, before undecided.
    if gate?.exitCode == 1 { throw ExitCode(1) }
    try report.end(matrix)
    if let gate, gate.exitCode != 0 { throw ExitCode(gate.exitCode) }
  }

  /// How to see a lost trial in detail.
  private static func hint(_ matrix: Matrix, _ folder: String) -> String {
    let failed = matrix.plan.arms.filter { matrix.arms[$0.index].topCause != nil }
    // Prefer a trial that can be forced: at depth `allocate` nothing is bound.
    guard let first = failed.first(where: { $0.depth.binds }) ?? failed.first,
      let cause = matrix.arms[first.index].topCause
    else { return "" }
    let trial = "\(folder)/\(first.trialName(cause.firstTrial))"
    return "one trial in words: bindstorm explain \(shellQuoted(trial))\n"
  }

  private func start(
    _ plan: ResolvedPlan, _ interruption: Interruption, messages: Int32, jobs: Int
  ) throws -> Run {
    do throws(RunError) {
      return try Run(
        plan: plan, schedule: Schedule(plan: plan), worker: try WorkerLocation.find(),
        messages: messages,
        isolation: requireIsolation ? .required : noIsolation ? .off : .preferred,
        lanes: jobs, budgetSeconds: plan.budgetSeconds,
        interruption: interruption)
    } catch {
      printError("bindstorm: \(error)")
      if case .isolationUnavailable = error { throw ExitStatus.unavailable }
      throw ExitStatus.internalError
    }
  }

  private func announceIsolation(_ run: Run) {
    switch run.isolation {
    case .namespace:
      if report.verbose { printError("isolation: a network namespace of its own") }
    case .userNamespace:
      if report.verbose { printError("isolation: a network namespace inside a user namespace") }
    case .none:
      printError(
        """
        bindstorm: warning: no network namespace (\(run.isolationProblem)). Trials use this host's own \
        ports: other programs may interfere, pools are narrowed for each socket and only inside the host's range, \
        libzmq's own wildcard binds are not narrowed, sockets that are left behind are not searched for, and \
        rates off their model are undecided.\(noIsolation ? "" : " To grant one: \(Namespace.howToGrant)")
        """)
    }
  }
}

/// The path of the worker executable: `BINDSTORM_WORKER`, otherwise in the same folder as this executable.
enum WorkerLocation {
  static func find() throws(RunError) -> String {
    if let path = getenv("BINDSTORM_WORKER") { return String(cString: path) }
    let path: String
    do throws(SystemError) { path = try CurrentProcess.neighbour("bindstorm-worker") } catch {
      throw .workers("cannot find bindstorm-worker: \(error)")
    }
    guard access(path, X_OK) == 0 else {
      throw .workers("\(path) does not exist; install it there, or set BINDSTORM_WORKER")
    }
    return path
  }
}
