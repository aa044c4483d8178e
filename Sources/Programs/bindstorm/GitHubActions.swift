@preconcurrency internal import Glibc
internal import Judging
internal import PlanModel
internal import PlanReading
internal import Reports
internal import Syscalls
internal import TerminalText

/// The job summary of GitHub Actions: the matrix as Markdown is appended to the file that GITHUB_STEP_SUMMARY
/// names.
enum StepSummary {
  /// The limit for one step (GitHub's documentation of workflow commands); a larger summary is dropped as a whole.
  private static let limit = 1_024 * 1_024

  /// Appends the matrix if the variable is set. A failure is not an error of the run.
  static func append(_ matrix: Matrix) {
    guard let path = getenv("GITHUB_STEP_SUMMARY").map({ String(cString: $0) }), !path.isEmpty
    else { return }
    let whole = MarkdownReport.text(matrix) + "\n"
    let text =
      whole.utf8.count <= limit
      ? whole : "# \(matrix.plan.name)\n\nThe matrix is too large for a summary.\n"
    do throws(FileProblem) {
      // A pipe without a reader must not keep the run from ending.
      try FileBytes.write(
        text.utf8, closing: try FileBytes.openForWriting(path, O_APPEND | O_NONBLOCK))
    } catch {
      printError("bindstorm: note: cannot write GITHUB_STEP_SUMMARY: \(error)")
    }
  }
}

/// Annotations of GitHub Actions (its documentation of workflow commands): an error for each cell that is not as the
/// plan demands, a warning for each one that is not decided, at the scenario's line of the plan.
enum Annotations {
  /// GitHub shows ten of each kind for a step.
  private static let most = 10

  /// Prints them on standard error if the run is a step of GitHub Actions.
  /// - Parameter path: of the plan, as the user gave it.
  static func print(_ matrix: Matrix, plan: PlanFile, path: String) {
    guard let value = getenv("GITHUB_ACTIONS"), String(cString: value) == "true" else { return }
    let text = lines(matrix, ScenarioLines.all(in: plan.bytes), path: path)
      .map { $0 + "\n" }.joined()
    _ = writeAll(text.utf8, to: 2)
  }

  static func lines(_ matrix: Matrix, _ places: [String: Int], path: String) -> [String] {
    let kinds: [(PlanAnswer, String)] = [(.notAsExpected, "error"), (.undecided, "warning")]
    return kinds.flatMap { answer, kind in
      matrix.plan.arms.filter { matrix.arms[$0.index].planAnswer == answer }.prefix(most).map {
        arm in
        let place =
          path == "-"
          ? "" : "file=\(property(path))" + (places[arm.scenario].map { ",line=\($0)" } ?? "") + ","
        return "::\(kind) \(place)title=\(property(arm.cellName))::"
          + data(TerminalText.safeLine(matrix.arms[arm.index].reason))
      }
    }
  }

  private static func data(_ text: String) -> String {
    text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
  }

  private static func property(_ text: String) -> String {
    data(text).replacing(":", with: "%3A").replacing(",", with: "%2C")
  }
}
