/// The verdict on an arm. `table` below is the only place that defines what each word means and does; the exit code,
/// the reports, `bindstorm list outcomes` and Documentation/glossary.md use it.
public enum Verdict: String, Sendable, Codable, CaseIterable {
  case pass = "PASS"
  case fail = "FAIL"
  case inconclusive = "INCONCLUSIVE"
  case expectedFailure = "XFAIL"
  case unexpectedPass = "XPASS"
  case measured = "MEASURED"
  case skipped = "SKIP"

  /// The result for a CI system.
  public enum TestResult: String, Sendable, CaseIterable {
    case passed, failed, skipped
  }

  /// The description of a verdict, in sentences for people.
  public struct Facts: Sendable {
    /// What was found.
    public let meaning: String
    /// What a reader can do about it.
    public let advice: String
    /// What it is in JUnit XML.
    public let testResult: TestResult
    /// The exit code that it causes; 1 outweighs 2, 2 outweighs 0.
    public let exitCode: Int32

    fileprivate init(
      _ testResult: TestResult, exit exitCode: Int32, _ meaning: String, do advice: String
    ) {
      self.meaning = meaning
      self.advice = advice
      self.testResult = testResult
      self.exitCode = exitCode
    }
  }

  /// The description of this verdict.
  public var facts: Facts {
    guard let facts = Self.table[self] else {
      preconditionFailure("Verdict.table has no row for \(rawValue)")
    }
    return facts
  }

  /// Whether the arm does not meet the plan's demand, or did not run: reports then give the reason.
  public var needsAttention: Bool { facts.testResult != .passed }

  private static let table: [Verdict: Facts] = [
    .pass: Facts(
      .passed, exit: 0, "Every demand on the arm is met, at the confidence that the plan asks for.",
      do: "Nothing."),
    .fail: Facts(
      .failed, exit: 1,
      "A demand on the arm is violated, at the confidence that the plan asks for.",
      do: "Read its causes in the report; `bindstorm explain RUN` lists the lost ports."),
    .inconclusive: Facts(
      .skipped, exit: 2,
      "The trials do not decide the demand, there are none, the scenario's control did not behave, or the run used its host's own ports and the rate is off its model.",
      do: "Read the reason; more `trials` narrow the interval."),
    .expectedFailure: Facts(
      .passed, exit: 0, "The must-fail control failed, as it must.", do: "Nothing."),
    .unexpectedPass: Facts(
      .failed, exit: 1,
      "The must-fail control is shown not to fail as the plan demands, at its confidence.",
      do:
        "Provoke the race harder (more ports taken, a longer window): until then the scenario's passes prove nothing."
    ),
    .measured: Facts(
      .passed, exit: 0, "The plan demands nothing of the arm: its rate is only reported.",
      do: "Add the strategy to the scenario's `expect` if its rate is to be judged."),
    .skipped: Facts(
      .skipped, exit: 0, "The arm did not run, for the reason given.",
      do: "Remove the reason; `bindstorm doctor` says what this host lacks."),
  ]
}
