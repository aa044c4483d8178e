internal import ArgumentParser
internal import Judging
internal import Reports

/// How `run` and `analyze` print a matrix and end.
struct MatrixOptions: ParsableArguments {
  @Option(help: "Colour the matrix: auto, always or never.")
  var color: ColorChoice = .auto

  @Flag(
    name: .shortAndLong,
    help: "Print every cell and every list in full; for a run also where results go.")
  var verbose = false

  @Flag(help: "Also print durations and what each strategy costs.")
  var costs = false

  @Flag(help: "End with exit code 2 if a row did not run because this host lacks a part of it.")
  var strictSkips = false

  /// The report, fitted to the terminal.
  /// - Parameter run: the run's folder.
  func text(_ matrix: Matrix, run: String) -> String {
    TerminalReport(
      matrix, width: Terminal.width(of: 1), usesColor: Terminal.usesColor(color),
      isVerbose: verbose, showsCosts: costs, run: run
    ).text
  }

  /// Ends with the exit code of the matrix.
  /// - Throws: the exit code, unless it is 0.
  func end(_ matrix: Matrix) throws {
    if matrix.exitCode != 0 { throw ExitCode(matrix.exitCode) }
    if strictSkips && !matrix.rowsWithMissingParts.isEmpty { throw ExitCode(2) }
  }
}
