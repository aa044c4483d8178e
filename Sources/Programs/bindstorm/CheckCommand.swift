internal import ArgumentParser
@preconcurrency internal import Glibc
internal import Interception
internal import PlanModel
internal import RaceLedger
internal import RaceReporting
internal import Syscalls

/// `bindstorm check -- COMMAND...`
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Find probe-then-bind races of an unmodified command, and force them.",
    usage: "bindstorm check [options] -- COMMAND [ARGUMENT...]",
    discussion: """
      Runs the command with the port calls of its whole process tree caught, and reports every port that was \
      probed, let go and bound again, even if nothing collided. The report goes to standard error; the \
      command's own streams, signals, terminal and exit code pass through.

      EXIT CODES: 66 races were found; else the command's own. 64 wrong usage, 69 this host cannot catch port \
      calls (see doctor), 70 bindstorm itself failed, 73 a report cannot be written, 126/127 the command cannot \
      be run.
      """)

  @Option(
    help:
      "Make re-binds fail: lazy (while the re-bind waits) or eager (at the release). Default: off.")
  var steal: StealChoice = .off

  @Option(help: "How many re-binds to steal; 0 for all.")
  var stealMax = 1

  @Option(help: "Steal only the n-th re-bind of a port.")
  var stealRebind: Int?

  @Option(help: "Steal only windows of at least so long, for example 5ms.")
  var minWindow: Nanoseconds?

  @Option(help: "Steal only at this place: its short name from a report, or a part of its summary.")
  var only: String?

  @Flag(help: "Hand a released probe's port out again, where the kernel allows it.")
  var forceDuplicate = false

  @Flag(help: "Steal at every window, one a run, and tell what the command does about each.")
  var enumerate = false

  @Option(help: "At most so many windows with --enumerate.")
  var enumerateMax = 32

  @Option(
    help: "When a run counts as hung, for example 30s. Default: 5 times the first, at least 10s.")
  var hangAfter: Nanoseconds?

  @Flag(
    help: "Catch nothing; run in a private network namespace with few ports and count failures.")
  var shrink = false

  @Option(help: "Ephemeral ports with --shrink; bind(0) uses every second.")
  var shrinkPorts = 16

  @Option(help: "Runs with --shrink.")
  var shrinkRuns = 20

  @Option(
    help:
      "CALL:KEY=VALUE,... with errno, delay, nth, port, process: make a call fail or wait. Repeatable."
  )
  var inject: [String] = []

  @Flag(help: "Report connections between processes with different values of BINDSTORM_GROUP.")
  var groups = false

  @Option(help: "File of known places, lines KIND:PATTERN.", completion: .file())
  var suppressions: String?

  @Option(help: "Exit code when races were found; 0 keeps the command's own.")
  var exitCode: UInt8 = 66

  @Option(
    help: "Write the text report to this file instead of standard error.", completion: .file())
  var report: String?

  @Option(help: "Write JSON to this file, - for standard output.", completion: .file())
  var json: String?

  @Option(help: "Write JUnit XML to this file.", completion: .file())
  var junit: String?

  @Option(help: "Write SARIF 2.1.0 to this file, a result a place.", completion: .file())
  var sarif: String?

  @Option(help: "Write a self-contained page to this file.", completion: .file())
  var html: String?

  @Option(help: "How many stacks to take; 0 for none.")
  var stacks = 64

  @Flag(help: "Do not ask py-spy for Python frames.")
  var noPySpy = false

  @Flag(help: "Leave io_uring to the command; its binds pass unseen.")
  var allowIoUring = false

  @Option(help: "full or fallback (without pidfd_getfd). Default: what the host can do.")
  var mode: ModeChoice?

  @Option(
    help:
      "How long to wait for processes that outlive the command, for example 2s. Default: for ever.")
  var linger: Nanoseconds?

  @Flag(name: .shortAndLong, help: "Tell notes and what was watched.")
  var verbose = false

  @Flag(name: .shortAndLong, help: "Say nothing when there is no race.")
  var quiet = false

  @Argument(parsing: .postTerminator, help: "The command and its arguments, after --.")
  var command: [String]

  func validate() throws {
    if command.isEmpty { throw ValidationError("there is no command after --") }
    if stealMax < 0 { throw ValidationError("--steal-max must not be negative") }
    if let stealRebind, stealRebind < 1 {
      throw ValidationError("--steal-rebind counts from 1")
    }
    if enumerate && (shrink || steal != .off) {
      throw ValidationError("--enumerate steals by itself; leave --steal and --shrink away")
    }
    if shrink && (steal != .off || forceDuplicate || !inject.isEmpty) {
      throw ValidationError(
        "--shrink catches nothing; leave --steal, --force-duplicate and --inject away")
    }
    if enumerateMax < 1 || shrinkRuns < 1 || !(2...28_000).contains(shrinkPorts) {
      throw ValidationError(
        "--enumerate-max and --shrink-runs count from 1, --shrink-ports from 2 to 28000")
    }
    if stacks < 0 { throw ValidationError("--stacks must not be negative") }
  }

  func run() throws {
    try makeReportFiles()
    if shrink { return try runShrunk() }
    var supervision = try settings()
    if enumerate { return try enumerateWindows(supervision) }
    supervision.steal = StealPolicy(
      mode: steal == .off && (only != nil || stealRebind != nil) ? .lazy : steal.mode,
      limit: stealMax, rebind: stealRebind, minimumWindow: minWindow?.count ?? 0, only: only)
    let known = try readSuppressions()
    let observation = try observe(supervision)
    let facts = RunFacts(observation, supervision)
    let book = Book(observation.findings, suppressions: known)
    let text = RaceTextReport.text(book, facts, isVerbose: verbose)
    if report != nil || !quiet || !book.races.isEmpty { try deliver(text) }
    try writeFiles(book, facts)
    if !book.races.isEmpty && exitCode != 0 { throw ExitCode(Int32(exitCode)) }
    try passOn(observation.status)
  }

  /// Ends as the command did.
  func passOn(_ status: Observation.Status) throws {
    switch status {
    case .exited(let code): if code != 0 { throw ExitCode(code) }
    case .signalled(let signal):
      endBySignal(signal)
      throw ExitCode(128 + signal)
    case .hung: throw ExitStatus.internalError
    }
  }

  /// Puts the text report where it belongs.
  func deliver(_ text: String) throws {
    // Nobody could be told that standard error cannot be written.
    if let report { try writeReport(text, to: report) } else { _ = writeAll(text, to: 2) }
  }

  /// Before a long run, not after it: whether its reports can be written.
  private func makeReportFiles() throws {
    for path in [report, json, junit, sarif, html] {
      guard let path, path != "-" else { continue }
      try writeReport("", to: path)
    }
  }

  private func writeFiles(_ book: Book, _ facts: RunFacts) throws {
    if let json { try writeReport(RaceDocument(book, facts).text(), to: json) }
    if let junit { try writeReport(RaceJUnitReport.text(book, facts), to: junit) }
    if let sarif { try writeReport(SARIFReport.text(book, facts), to: sarif) }
    if let html { try writeReport(RaceHTMLReport.text(book, facts), to: html) }
  }

  private func settings() throws -> Supervision {
    var supervision = Supervision(command: command)
    supervision.forcesDuplicates = forceDuplicate
    supervision.injections = try inject.map { text in
      do throws(InjectRule.Mistake) {
        return try InjectRule(parsing: text, errorNumber: InjectableError.number)
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
    supervision.inheritsPipeIgnored = BindstormCommand.inheritedPipeIgnored
    return supervision
  }

  private func readSuppressions() throws -> Suppressions {
    guard let suppressions else { return Suppressions() }
    do {
      let bytes = try readFile(suppressions)
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

/// Maps what went wrong to a message and an exit code.
func catching<R>(_ body: () throws(CheckError) -> R) throws -> R {
  do throws(CheckError) {
    return try body()
  } catch {
    printError("bindstorm check: \(error)")
    switch error {
    case .unavailable, .nested: throw ExitStatus.unavailable
    case .cannotExecute(_, let code): throw ExitCode(code == ENOENT ? 127 : 126)
    case .system: throw ExitStatus.internalError
    }
  }
}

/// Writes a report to a file, `-` for standard output.
/// - Throws: exit code 73, after saying why on standard error.
func writeReport(_ text: String, to path: String) throws {
  func check(_ code: Int32) throws {
    guard code != 0 else { return }
    printError("bindstorm: cannot write \(path): \(String(cString: strerror(code)))")
    throw ExitStatus.cannotCreate
  }
  if path == "-" { return try check(writeAll(text, to: 1)) }
  let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
  try check(descriptor < 0 ? errno : 0)
  let code = writeAll(text, to: descriptor)
  // A delayed error (NFS, quota) surfaces in close(2).
  let closing = close(descriptor) == 0 || errno == EINTR ? 0 : errno
  try check(code != 0 ? code : closing)
}

/// Writes all of a text, however long; the errno of what could not be written, 0 where all was.
func writeAll(_ text: String, to descriptor: Int32) -> Int32 {
  do throws(SystemError) { try FileBytes.write(text.utf8, to: descriptor) } catch {
    return error.code
  }
  return 0
}

/// A duration on the command line.
struct Nanoseconds: ExpressibleByArgument {
  let count: UInt64

  init?(argument: String) {
    guard let count = parseDuration(argument) else { return nil }
    self.count = count
  }
}

/// When the thief comes, on the command line.
enum StealChoice: String, ExpressibleByArgument, CaseIterable {
  case off, lazy, eager
  var mode: StealPolicy.Mode { StealPolicy.Mode(rawValue: rawValue)! }
}

/// How calls are caught, on the command line.
enum ModeChoice: String, ExpressibleByArgument, CaseIterable {
  case full, fallback
  var mode: HostAbilities.Mode { HostAbilities.Mode(rawValue: rawValue)! }
}

extension RunFacts {
  init(_ observation: Observation, _ supervision: Supervision) {
    let (ending, isSuccess) =
      switch observation.status {
      case .exited(let code): ("exited with \(code)", code == 0)
      case .signalled(let signal): ("was ended by signal \(signal)", false)
      case .hung: ("hung and was ended", false)
      }
    self.init(
      command: supervision.command, ending: ending, isSuccess: isSuccess,
      startedAt: observation.startedAt,
      seconds: Double(observation.endedAt - observation.startedAt) / 1e9,
      mode: observation.mode.rawValue, steal: supervision.steal.mode.rawValue,
      version: BindstormCommand.version)
    calls = observation.calls
    probes = observation.probes
    unobserved = observation.unobserved
    lostEvents = observation.lostEvents
    stolen = observation.stolen
    duplicatesForced = observation.duplicatesForced
    injections = zip(supervision.injections, observation.injected).map {
      "\($0.call.rawValue) struck \($1) times"
    }
    isTreeRunning = observation.isTreeRunning
  }
}
