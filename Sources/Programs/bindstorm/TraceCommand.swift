internal import ArgumentParser
@preconcurrency internal import Glibc
internal import PlanModel
internal import Reports
internal import TerminalText
internal import TraceKit

/// `bindstorm trace RUN/SCENARIO/STRATEGY/TRIAL -o FILE`
struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Write one trial as a trace for ui.perfetto.dev: its processes and ports along time.",
    discussion: """
      A track for each process and each port of the trial: who held the port, when it was free, who took it. Arrows \
      lead from a probe to the bind of its number, and from the bind of whoever took a port to the bind that failed \
      for it. Times are the events' own, nanoseconds of CLOCK_MONOTONIC. Equal events give equal bytes. \
      bindstorm check --trace FILE does the same for any program.

      \(RunPlace.help) Quote names with spaces for the shell; write / in a name as %2F if it is ambiguous. \
      bindstorm explain RUN names trials that lost a port.

      EXAMPLES:
        bindstorm trace latest/eighty-percent/probe-then-bind/0 -o t.pftrace
        bindstorm trace vllm-40443/0/0 -o - | gzip > t.pftrace.gz
      """)

  @Argument(
    help: "RUN/SCENARIO/STRATEGY/TRIAL.", completion: .custom(Completions.places))
  var place: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Write the trace to this file, - for standard output.", valueName: "file"),
    completion: .file())
  var output: String

  func validate() throws {
    if output.isEmpty { throw ValidationError("a file's name is empty") }
    if output == "-" && isatty(1) != 0 {
      throw ValidationError(
        "standard output is a terminal, and a trace is no text; give -o FILE, or a pipe")
    }
  }

  func run() throws {
    let place = try RunFinder().place(self.place)
    guard let arm = place.arm, let trial = place.cell?.trial else {
      let cell = place.arm?.cellName ?? "SCENARIO/STRATEGY"
      printError(
        "bindstorm: trace takes one trial; add its number, as in \(shellQuoted("\(place.run.folder)/\(cell)/0")) (bindstorm explain \(shellQuoted(self.place)) names trials)"
      )
      throw ExitStatus.badPlan
    }
    let lifelines = TrialLifelines(try place.run.trial(trial, of: arm))
    let files = try ReportFiles([output])
    try files.write(
      PerfettoTrace(start: lifelines.start, lifelines.all(arm, vocabulary)).bytes, to: output)
  }
}
