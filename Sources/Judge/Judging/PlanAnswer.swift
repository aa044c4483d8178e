/// The plan's answer of a row: whether what the plan demands of it came about. `StrategyAnswer` says what the strategy
/// did; the two are kept apart, because a row that must fail and does is as expected and survives nothing.
///
/// `table` below is the only place that defines what each word means and does; the exit code, the reports,
/// `bindstorm list verdicts` and Documentation/glossary.md use it.
public enum PlanAnswer: String, Sendable, Codable, CaseIterable {
  case asExpected = "as-expected"
  case notAsExpected = "not-as-expected"
  case undecided
  case notDemanded = "not-demanded"
  case skipped

  /// The result for a CI system.
  public enum TestResult: String, Sendable, CaseIterable {
    case passed, failed, error, skipped
  }

  /// The description of an answer, in sentences for people.
  public struct Facts: Sendable {
    /// As reports print it.
    public let word: String
    /// What was found.
    public let meaning: String
    /// What a reader can do about it.
    public let advice: String
    /// What it is in JUnit XML.
    public let testResult: TestResult
    /// The exit code that it causes; 1 outweighs 2, 2 outweighs 0.
    public let exitCode: Int32

    fileprivate init(
      _ word: String, _ testResult: TestResult, exit exitCode: Int32, _ meaning: String,
      do advice: String
    ) {
      self.word = word
      self.meaning = meaning
      self.advice = advice
      self.testResult = testResult
      self.exitCode = exitCode
    }
  }

  /// The description of this answer.
  public var facts: Facts {
    guard let facts = Self.table[self] else {
      preconditionFailure("PlanAnswer.table has no row for \(rawValue)")
    }
    return facts
  }

  /// As reports print it.
  public var word: String { facts.word }

  private static let table: [PlanAnswer: Facts] = [
    .asExpected: Facts(
      "as expected", .passed, exit: 0,
      "Every demand on the row is met, at the confidence that the plan asks for. A demand may be that the row fails.",
      do: "Nothing."),
    .notAsExpected: Facts(
      "NOT as expected", .failed, exit: 1,
      "A demand on the row is violated, at the confidence that the plan asks for.",
      do:
        "Read its causes in the report; `bindstorm explain RUN` lists the lost ports. If it is the must-fail control, provoke the race harder: more ports taken, a longer window."
    ),
    .undecided: Facts(
      "undecided", .error, exit: 2,
      "The trials do not decide the demand, there are none, the scenario's control did not fail as it must, or the run used its host's own ports and its rate is off the model.",
      do: "Read the reason; more `trials` narrow the interval."),
    .notDemanded: Facts(
      "no demand", .passed, exit: 0,
      "The plan demands nothing of the row.",
      do: "Add the strategy to the scenario's `expect` if the run is to be judged by it."),
    .skipped: Facts(
      "skipped", .skipped, exit: 0, "The row did not run, for the reason given.",
      do:
        "Remove the reason; `bindstorm doctor` says what this host lacks. With `--strict-skips` a part that is missing ends the run with 2."
    ),
  ]
}
