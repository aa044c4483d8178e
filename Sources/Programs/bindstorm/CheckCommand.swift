internal import ArgumentParser
internal import ForcedCalls
@preconcurrency internal import Glibc
internal import Interception
internal import PlanModel
internal import RaceLedger
internal import RaceReporting
internal import ReportKit
internal import Syscalls

/// `bindstorm check -- COMMAND...`
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Find probe-then-bind races in an unmodified command, and force them.",
    usage: "bindstorm check [options] -- COMMAND [ARGUMENT...]",
    discussion: """
      Runs the command, catches the port calls of its whole process tree, and reports every port that was probed, \
      released and bound again, even if nothing collided. The report goes to standard error; the command's own \
      streams, signals, terminal and exit code pass through.

      EXAMPLES:
        bindstorm check -- pytest -q
        bindstorm check --enumerate -- python3 launch.py
        bindstorm check --steal lazy --only 1a2b3c4d -- python3 launch.py

      EXIT CODES: 66 races were found, or a port was stolen and the command fails; 2 a theft was asked for and nothing \
      is decided (the report says why and what to do); otherwise the command's own. 64 wrong usage, 69 this host cannot \
      catch port calls (see doctor), 70 bindstorm itself failed, 73 a report cannot be written, 126/127 the command \
      cannot be run.
      """)

  @Option(
    help:
      "Make re-binds fail: lazy (while the re-bind waits) or eager (at the release). Default: off.")
  var steal: StealMode = .off

  @Option(help: "How many re-binds to steal; 0 for all.")
  var stealMax = 1

  @Option(help: "Steal only the n-th re-bind of a port.")
  var stealRebind: Int?

  @Option(help: "Steal only in windows that last at least this long, for example 5ms.")
  var minWindow: Nanoseconds?

  @Option(
    help:
      "Steal only at this place: its name from a report, one half of that, or a part of its summary."
  )
  var only: String?

  @Option(
    help: "Steal only in the k-th window that the other options select, in the order of the run.")
  var occurrence: Int?

  @OptionGroup
  var shapes: ShapeOptions

  @Flag(
    help:
      "Give the port of a released probe to the next bind to port 0, where the kernel allows it.")
  var forceDuplicate = false

  @Flag(
    help:
      "Run the command once per race window, steal the port in that window, and report the result of each run."
  )
  var enumerate = false

  @Option(help: "Maximum number of windows with --enumerate: one run for each.")
  var enumerateMax = 128

  @Option(
    help:
      "Time after which a run counts as hung, for example 30s. Default: 5 times as long as the first run took, at least 10s."
  )
  var hangAfter: Nanoseconds?

  @Flag(
    help: "Catch no calls; run in a private network namespace with few ports and count failures.")
  var shrink = false

  @Option(help: "Number of ephemeral ports with --shrink; bind(0) uses every second one.")
  var shrinkPorts = 16

  @Option(help: "Number of runs with --shrink.")
  var shrinkRuns = 20

  @Option(
    help:
      "CALL:KEY=VALUE,... with errno, delay, nth, port, process: make a call fail or wait. Repeatable."
  )
  var inject: [String] = []

  @Flag(help: "Report connections between processes with different values of BINDSTORM_GROUP.")
  var groups = false

  @Option(
    help: "File of known places to leave out, one KIND:PATTERN on each line.", completion: .file())
  var suppressions: String?

  @Option(help: "Exit code when races were found; 0 keeps the command's own, whatever was found.")
  var exitCode: UInt8 = 66

  @Option(
    help: "Write the text report to this file instead of standard error.", completion: .file())
  var report: String?

  @OptionGroup
  var reports: RaceReportOptions

  static let defaultStacks = 512

  @Option(help: "Maximum number of call sites whose stacks are taken; 0 for none.")
  var stacks = Self.defaultStacks

  @Flag(help: "Do not ask py-spy for frames of Python versions that cannot be read without it.")
  var noPySpy = false

  @Flag(help: "Let the command use io_uring; binds made through it are not seen.")
  var allowIoUring = false

  @Option(help: "full or fallback (without pidfd_getfd). Default: what the host can do.")
  var mode: ModeChoice?

  @Option(
    help:
      "How long to wait for processes that outlive the command, for example 2s. Default: until they end."
  )
  var linger: Nanoseconds?

  @Option(help: "Colour the verdicts of the text report: auto, always or never.")
  var color: ColorChoice = .auto

  @Flag(
    name: .shortAndLong,
    help: "Also print notes, every frame in full length, and a summary of what was observed.")
  var verbose = false

  @Flag(name: .shortAndLong, help: "Print nothing when there is no race.")
  var quiet = false

  @Argument(parsing: .postTerminator, help: "The command and its arguments, after --.")
  var command: [String]

  func validate() throws {
    if command.isEmpty { throw ValidationError("there is no command after --") }
    if stealMax < 0 { throw ValidationError("--steal-max must not be negative") }
    if let stealRebind, stealRebind < 1 {
      throw ValidationError("--steal-rebind counts from 1")
    }
    if let occurrence, occurrence < 1 { throw ValidationError("--occurrence counts from 1") }
    // The one way that leaves each window to the series.
    let isStranger = enumerate && shapes.stealBy == .stranger
    if enumerate && (shrink || choosesWindow(besides: isStranger ? .stranger : .hold)) {
      throw ValidationError(
        "--enumerate steals by itself, in each window; remove --steal, --only, --occurrence, --steal-rebind, --min-window, --shrink and other ways of --steal-by than stranger"
      )
    }
    if shrink && !reports.requested.isEmpty {
      throw ValidationError(
        "--shrink catches no calls, so there are no places to report; remove --json, --junit, --sarif, --html and --trace (--report works)"
      )
    }
    if shrink && (choosesWindow() || forceDuplicate || !inject.isEmpty) {
      throw ValidationError(
        "--shrink catches no calls; remove --steal and what chooses windows, --force-duplicate and --inject"
      )
    }
    if enumerateMax < 1 || shrinkRuns < 1 || !(2...28_000).contains(shrinkPorts) {
      throw ValidationError(
        "--enumerate-max and --shrink-runs must be at least 1, --shrink-ports from 2 to 28000")
    }
    if enumerate && reports.trace != nil {
      throw ValidationError(
        "--trace shows one run, and --enumerate makes many; trace the run that the report names to force a place"
      )
    }
    try shapes.validate(steal: steal, isShrinking: shrink)
    if stacks < 0 { throw ValidationError("--stacks must not be negative") }
  }

  func run() throws {
    let files = try ReportFiles([report].compactMap { $0 } + reports.requested.map(\.path))
    if shrink { return try runShrunk(files) }
    try shapes.narrowPorts()
    var supervision = try settings()
    if !quiet { tellFallback() }
    if enumerate { return try enumerateWindows(supervision, files) }
    supervision.steal = stealPolicy
    let known = try readSuppressions()
    let observation = try observe(supervision)
    let book = Book(observation.findings, suppressions: known)
    var facts = RunFacts(observation, supervision)
    facts.options = optionsForForcing
    if supervision.steal.mode != .off {
      facts.outcome = TheftRun(observation).outcome(of: supervision.steal)
    }
    let isToldAnyway = facts.outcome.map { $0 != .survived } ?? false
    if report != nil || !quiet || !book.races.isEmpty || isToldAnyway {
      let text = RaceTextReport.page(
        book, facts, isVerbose: verbose,
        usesColor: report == nil ? Terminal.usesColor(color, of: 2) : color == .always)
      try deliver(text, files)
    }
    try write(RunFindings(book, facts), files)
    // What was not a thief's doing was found whatever came of the theft.
    let isFound = book.races.contains { facts.outcome == nil || !$0.first.canBeStolen }
    try end(isFound ? .fails : facts.outcome?.word ?? .survived, observation.status)
  }

  /// Whether an option asks for a theft or chooses its window.
  private func choosesWindow(besides way: TheftWay = .hold) -> Bool {
    steal != .off || shapes.stealBy != way || only != nil || occurrence != nil
      || stealRebind != nil || minWindow != nil
  }

  private var stealPolicy: StealPolicy {
    let isAsked =
      shapes.stealBy != .hold || only != nil || stealRebind != nil || occurrence != nil
    return StealPolicy(
      mode: steal == .off && isAsked ? .lazy : steal, limit: stealMax, rebind: stealRebind,
      minimumWindow: minWindow?.count ?? 0, only: only, occurrence: occurrence)
  }

  /// Writes every report file that was asked for.
  func write(_ findings: RunFindings, _ files: ReportFiles) throws {
    for (format, path) in reports.requested {
      try files.write(format.bytes(findings), to: path)
    }
  }

  /// Ends in the same way as the command did.
  func passOn(_ status: Observation.Status) throws {
    switch status {
    case .exited(let code): if code != 0 { throw ExitCode(code) }
    case .signalled(let signal):
      endBySignal(signal)
      throw ExitCode(128 + signal)
    case .hung: throw ExitStatus.internalError
    }
  }

  /// Writes the text report to its file, or to standard error.
  func deliver(_ text: String, _ files: ReportFiles) throws {
    // An error in writing to standard error cannot be reported anywhere.
    if let report { try files.write(text, to: report) } else { _ = writeAll(text.utf8, to: 2) }
  }

  private func settings() throws -> Supervision {
    var supervision = Supervision(command: command)
    supervision.forcesDuplicates = forceDuplicate
    supervision.theft = shapes.stealBy
    supervision.watchesConnects = shapes.watchConnects || shapes.stealBy == .answer
    supervision.injections = try inject.map { text in
      do throws(CallInjection.Mistake) {
        return InjectRule(try CallInjection(parsing: text))
      } catch {
        printError("bindstorm: --inject \(error)")
        throw ExitStatus.badPlan
      }
    }
    supervision.groupVariable = groups ? "BINDSTORM_GROUP" : nil
    supervision.allowsIOUring = allowIoUring
    supervision.mode = mode?.mode
    supervision.stackLimit = stacks
    supervision.asksPySpy = !noPySpy
    supervision.linger = linger?.count
    supervision.whenWaiting = tellWaiting
    supervision.inheritsPipeIgnored = BindstormCommand.inheritedPipeIgnored
    return supervision
  }

  func readSuppressions() throws -> Suppressions {
    guard let suppressions else { return Suppressions() }
    do {
      let bytes = try readFile(suppressions, .suppressions)
      return try Suppressions(parsing: String(decoding: bytes, as: UTF8.self))
    } catch let error as ReadError {
      printError("bindstorm: cannot read \(suppressions): \(error.text)")
    } catch let mistake as Suppressions.Mistake {
      printError("bindstorm: \(suppressions):\(mistake.line): \(mistake.description)")
    }
    throw ExitStatus.badPlan
  }
}

/// Runs a supervision and maps its errors to exit codes.
func observe(_ supervision: Supervision) throws -> Observation {
  try catching { () throws(CheckError) in try Supervisor.run(supervision) }
}

/// Maps an error to a message and an exit code.
func catching<R>(_ body: () throws(CheckError) -> R) throws -> R {
  do throws(CheckError) {
    return try body()
  } catch {
    printError("bindstorm check: \(error)")
    switch error {
    case .unavailable, .lacks, .nested: throw ExitStatus.unavailable
    case .cannotExecute(_, let code): throw ExitCode(code == ENOENT ? 127 : 126)
    case .system: throw ExitStatus.internalError
    }
  }
}

/// A duration on the command line.
struct Nanoseconds: ExpressibleByArgument {
  let count: UInt64

  init?(argument: String) {
    guard let count = parseDuration(argument) else { return nil }
    self.count = count
  }
}

/// How calls are caught, on the command line.
enum ModeChoice: String, ExpressibleByArgument, CaseIterable {
  case full, fallback
  var mode: HostAbilities.Mode { HostAbilities.Mode(rawValue: rawValue)! }
}

extension RunFacts {
  init(_ observation: Observation, _ supervision: Supervision) {
    self.init(
      command: supervision.command, ending: observation.status.ending,
      isSuccess: observation.status == .exited(0),
      startedAt: observation.startedAt,
      seconds: Double(observation.endedAt - observation.startedAt) / 1e9,
      mode: observation.mode.rawValue, steal: supervision.steal.mode.rawValue,
      version: BindstormCommand.version)
    calls = observation.calls
    probes = observation.probes
    boundByNumber = observation.boundByNumber
    unobserved = observation.unobserved
    lostEvents = observation.lostEvents
    stolen = observation.stolen
    duplicatesForced = observation.duplicatesForced
    answered = observation.answered
    encounters = observation.meetings.encounters
    unserved = observation.unserved.map(\.description)
    injections = zip(supervision.injections, observation.injected).map {
      "\($0.injection.call.rawValue): \($1) call\($1 == 1 ? "" : "s") injected"
    }
    isTreeRunning = observation.isTreeRunning
    stillRunning = observation.left
  }
}
