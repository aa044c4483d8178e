/// The strategy's answer of a row: what it did under the scenario, whatever the plan demands. `PlanAnswer` says whether
/// that was demanded.
///
/// It rests on exact one-sided Clopper-Pearson bounds at the row's confidence, with everything uncounted taken as what
/// speaks against the answer, and on a *limit*:
///
/// 1. if a demand has `failure_rate_at_least`, a tenth of it: the row is about failing;
/// 2. otherwise `failure_rate_at_most`;
/// 3. without either (no demand, or `like` alone) a tenth of the rate of the scenario's must-fail control: of its lower
///    bound, where the control failed as it must;
/// 4. where the plan has no control there, a tenth of the rate that theory predicts for the racy start (probe, close,
///    bind) under the same conditions.
///
/// With F the rate of launches that failed and L the rate of those that failed or recovered:
///
/// | answer | condition |
/// |---|---|
/// | `survives` | the upper bound of L is at or below the limit |
/// | `recovers` | the upper bound of F is, and the lower bound of L is above it |
/// | `fails` | the lower bound of F is above it |
/// | `undecided` | none of these; or nothing shows that a loss was possible |
/// | `measured` | there is no limit, because nothing says what would be lost |
///
/// No number of launches without a failure is enough by itself: without a limit there is nothing to survive.
///
/// `table` below is the only place that says what each word means; the reports, `bindstorm list verdicts` and
/// Documentation/glossary.md use it.
public enum StrategyAnswer: String, Sendable, Codable, CaseIterable {
  case survives, recovers, fails, undecided, measured, skipped

  /// The description of an answer, in sentences for people.
  public struct Facts: Sendable {
    /// What was found.
    public let meaning: String
    /// What a reader can do about it.
    public let advice: String

    fileprivate init(_ meaning: String, do advice: String) {
      self.meaning = meaning
      self.advice = advice
    }
  }

  /// The description of this answer.
  public var facts: Facts {
    guard let facts = Self.table[self] else {
      preconditionFailure("StrategyAnswer.table has no row for \(rawValue)")
    }
    return facts
  }

  /// As reports print it.
  public var word: String { rawValue.uppercased() }

  private static let table: [StrategyAnswer: Facts] = [
    .survives: Facts(
      "The launches keep their ports: the rate of those that fail or recover is shown to be at most the plan's `failure_rate_at_most` or, without one, a tenth of the control's or the racy start's rate.",
      do: "Nothing. Outside these conditions it says nothing; `\"forced\": true` shows more."),
    .recovers: Facts(
      "The launches come up, but only by a retry: the rate of those that fail is shown to be within the limit, that of lost ports is not.",
      do:
        "Decide whether a lost port may be retried; peers must learn the new number."),
    .fails: Facts(
      "The launches fail more often than the limit allows.",
      do: "Read the causes; compare with a strategy that leaves no TOCTOU window."),
    .undecided: Facts(
      "The trials show neither, or nothing shows that a loss was possible: the control did not fail, or no thief could take the row's ports.",
      do:
        "Run more `trials`; where the thieves do not reach the ports, force the loss: `bindstorm replay RUN/SCENARIO/STRATEGY --force --strategy LABEL`, or `\"forced\": true` in the scenario."
    ),
    .measured: Facts(
      "The rate is only reported: the scenario has no demand, no control and no predicted rate of the racy start to hold it against.",
      do: "Give the scenario a must-fail control, or the row a demand."),
    .skipped: Facts("The row did not run.", do: "Read the reason."),
  ]
}
