internal import ArgumentParser
@preconcurrency internal import Glibc
internal import Syscalls
internal import TerminalText

/// The command. Parses the arguments, connects the parts and maps the outcome to an exit code.
@main
struct BindstormCommand: ParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "bindstorm",
    abstract: "Reproduce, explain and settle port-allocation races.",
    discussion: """
      Starts real processes on the real kernel with the real libzmq, releases them together, and lets thieves take \
      ports meanwhile. Reports, with a stated confidence, which strategies keep their ports, and which process took \
      a port that was lost.

      EXAMPLES:
        bindstorm run smoke               run a shipped plan
        bindstorm explain latest          who took the ports of the newest run
        bindstorm init my-start.json      write a plan of your own
        bindstorm check -- pytest -q      find port races in any program

      EXIT CODES:
        0    every expectation is met
        1    an expectation is violated
        2    inconclusive, or nothing ran
        64   wrong usage, or a plan that is not valid
        66   check found races (otherwise it ends with its command's exit code)
        69   this host cannot run it (isolation is required but not available, its limits are too low, or calls cannot be
             caught)
        70   bindstorm itself failed
        73   results cannot be created
        74   results cannot be written
        129  the terminal hung up; what was measured so far is written
        130  interrupted (143: terminated); what was measured so far is written

      ENVIRONMENT:
        BINDSTORM_RESULTS    folder of results instead of Results
        BINDSTORM_SEED       seed instead of the plan's
        BINDSTORM_WORKER     path of bindstorm-worker
        GITHUB_STEP_SUMMARY  file to which run appends the matrix
        NO_COLOR             no colours
        CLICOLOR_FORCE       colours also where the output is no terminal
      """,
    version: version,
    subcommands: [
      RunCommand.self, InitCommand.self, ValidateCommand.self, PlanCommand.self,
      AnalyzeCommand.self, ReportCommand.self,
      CompareCommand.self, HistoryCommand.self, GateCommand.self, ArchiveCommand.self,
      PruneCommand.self,
      PredictCommand.self, PowerCommand.self, CalibrateCommand.self,
      ExplainCommand.self, TraceCommand.self,
      ReplayCommand.self,
      ListCommand.self, CheckCommand.self, AdapterCheckCommand.self, DoctorCommand.self,
    ])

  /// Whether this process was started with SIGPIPE ignored (SIG_IGN is 1); `check` passes that on. Written once, before
  /// anything else runs.
  nonisolated(unsafe) private(set) static var inheritedPipeIgnored = false

  static func main() {
    // A closed pipe must be a write error. It must not end the process in the middle of a trial.
    inheritedPipeIgnored = unsafeBitCast(signal(SIGPIPE, SIG_IGN), to: Int.self) == 1
    StandardStreams.ensureOpen()
    let arguments = CurrentProcess.arguments
    guard !arguments.isEmpty else {
      printError("bindstorm: the C library does not hand on the arguments; it must be glibc")
      Glibc.exit(ExitStatus.internalError.rawValue)
    }
    do {
      let words = Array(arguments.dropFirst())
      var command = try CheckCommand.direct(words) ?? parseAsRoot(words)
      // The command under `check` keeps the caller's setting.
      if !(command is CheckCommand) { CurrentProcess.reportFileSizeLimit() }
      try command.run()
    } catch {
      end(error)
    }
  }

  /// How the argument parser's messages begin.
  private static let parserPrefix = "Error: "

  /// Ends with the message of an error, like `exit(withError:)`, but also handles help and version text that cannot be
  /// written.
  private static func end(_ error: any Error) -> Never {
    let (text, code) = (fullMessage(for: error), exitCode(for: error))
    if code == .success {
      do { try StandardStreams.printResult(text + "\n") } catch {
        Glibc.exit(ExitStatus.cannotWrite.rawValue)
      }
    } else if !text.isEmpty {
      // As all other messages begin.
      let isError = text.hasPrefix(Self.parserPrefix)
      let line =
        (isError ? "bindstorm: " + text.dropFirst(Self.parserPrefix.count) : text) + "\n"
      _ = write(2, line, line.utf8.count)
    }
    Glibc.exit(code.rawValue)
  }
}

/// Exit codes, as documented in the help.
enum ExitStatus {
  /// Of `check`: no theft showed whether the command survives.
  static let undecided = ExitCode(2)
  static let badPlan = ExitCode(64)
  static let unavailable = ExitCode(69)
  static let internalError = ExitCode(70)
  static let cannotCreate = ExitCode(73)
  static let cannotWrite = ExitCode(74)

  /// The code for the signal that asked the run to stop.
  static func interrupted(by signal: Int32) -> ExitCode { ExitCode(128 + signal) }
}

/// Writes to standard error, which gets everything that is not a result.
func printError(_ text: String) {
  let line = TerminalText.safe(text) + "\n"
  _ = write(2, line, line.utf8.count)
}
