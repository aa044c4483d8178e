internal import FoundationEssentials
package import Judging
package import PlanModel
internal import TerminalText

/// The words and number formats that all reports share.
package enum Wording {
  /// A rate as a percentage with at most three significant digits: `0 %`, `0.85 %`, `80.3 %`. Only exact rates are
  /// printed as `0` and `100`; rates close to them are `<0.01` or `>99.9`.
  package static func percent(_ rate: Double) -> String { "\(percentNumber(rate)) %" }

  package static func percentNumber(_ rate: Double) -> String {
    let value = rate * 100
    if value == 0 || value == 100 { return fixed(value, 0) }
    if value < 0.005 { return "<0.01" }
    if value >= 99.95 { return ">99.9" }
    return fixed(value, value >= 9.995 ? 1 : 2)
  }

  package static func fixed(_ value: Double, _ digits: Int) -> String {
    fixedPoint(value, digits: digits)
  }

  /// `12/300 4.00 % [2.08, 6.88]`, with the 95 % interval.
  package static func estimate(_ rate: RateEstimate) -> String {
    guard let value = rate.rate else { return "0/0" }
    return
      "\(rate.failures)/\(rate.outOf) \(percent(value)) [\(percentNumber(rate.low)), \(percentNumber(rate.high))]"
  }

  /// `model 79.8 % agrees`.
  package static func prediction(_ comparison: PredictionComparison) -> String {
    let word = comparison.agrees.map { $0 ? " agrees" : " DISAGREES" } ?? ""
    return "model \(percent(comparison.predicted))\(word)"
  }

  /// A duration in a suitable unit.
  package static func duration(_ nanoseconds: UInt64) -> String {
    let value = Double(nanoseconds)
    switch value {
    case ..<1e3: return "\(nanoseconds) ns"
    // Values below the point at which they would be rounded up to a thousand.
    case ..<999_950: return "\(fixed(value / 1e3, 1)) us"
    case ..<999_950_000: return "\(fixed(value / 1e6, 1)) ms"
    default: return "\(fixed(value / 1e9, 2)) s"
    }
  }

  package static func durations(_ summary: DurationSummary?) -> String {
    guard let summary else { return "-" }
    return
      "\(duration(summary.p50)) / \(duration(summary.p99)) / \(duration(summary.max))"
  }

  /// `published 8/1000 0.80 % [0.35, 1.57], measured 17/2000 launches: consistent, p = 0.850, as any rate from 0.10 to
  /// 2.15 % would be (source)`.
  package static func published(_ comparison: PublishedComparison, _ verdict: ArmVerdict) -> String
  {
    let figure = comparison.figure
    let seen =
      figure.per == .launch
      ? verdict.recovered?.launchesWithFailed ?? verdict.launches
      : verdict.recovered?.trialsWithFailed ?? verdict.trials
    let unit = figure.per == .launch ? "launches" : "trials"
    let head =
      "published \(estimate(comparison.rate)), measured \(seen.failures)/\(seen.outOf) \(unit)\(verdict.recovered == nil ? "" : " failed or recovered"): "
    guard let consistent = comparison.isConsistent, let p = comparison.pValue else {
      return head
        + (seen.outOf == 0
          ? "nothing to compare"
          : "not tested, as launches that share a \(figure.sharesHost ? "host" : "trial") are not independent")
        + " (\(figure.source))"
    }
    let others =
      if let low = comparison.consistentLow, let high = comparison.consistentHigh {
        (consistent ? ", as any rate" : "; rates are consistent")
          + " from \(percentNumber(low)) to \(percent(high))" + (consistent ? " would be" : "")
      } else { "" }
    return head + (consistent ? "consistent" : "NOT consistent")
      + ", p \(pValue(p))\(others) (\(figure.source))"
  }

  /// `= 0.532`, `= 0.0096`, `< 0.0001`.
  package static func pValue(_ p: Double) -> String {
    p < 0.000_05 ? "< 0.0001" : "= \(fixed(p, p < 0.1 ? 4 : 3))"
  }

  /// What a plan demands of a row: `at most 5 %`, `control: at least 60 %`, `like probe-then-bind`.
  package static func demand(_ demand: Expectation) -> String {
    var words: [String] = []
    if let least = demand.failureRateAtLeast { words.append("at least \(plainPercent(least))") }
    if let most = demand.failureRateAtMost { words.append("at most \(plainPercent(most))") }
    if let like = demand.like { words.append("like \(like)") }
    return (demand.isMustFailControl ? "control: " : "") + words.joined(separator: ", ")
  }

  /// A rate of the plan, rounded to four digits: `5 %`, `0.4 %`.
  private static func plainPercent(_ rate: Double) -> String {
    var text = fixed(rate * 100, 2)
    while text.last == "0" { text.removeLast() }
    if text.last == "." { text.removeLast() }
    return text + " %"
  }

  /// A cell of the overview: `FAILS 79.4 %`, with `!` where it is not as expected and `?` where that is undecided.
  package static func brief(_ verdict: ArmVerdict) -> String {
    let mark =
      switch verdict.planAnswer {
      case .notAsExpected: " !"
      case .undecided: " ?"
      case .asExpected, .notDemanded, .skipped: ""
      }
    let rate = verdict.strategyAnswer == .skipped ? nil : verdict.launches.rate
    return verdict.strategyAnswer.word + (rate.map { " \(percent($0))" } ?? "") + mark
  }

  package static let briefLegend =
    "What each strategy did, and the launches that failed. !: not as the plan expects, ?: undecided whether."

  /// What the lines of a cell mean.
  package static func legend(_ matrix: Matrix) -> [String] {
    let parallel = matrix.plan.arms.contains { $0.launchesPerTrial > 1 }
    var lines = [
      "First what the strategy did: failed / counted launches, rate, exact 95 % Clopper-Pearson interval in percent"
        + (parallel
          ? ", as if the launches of one trial were independent (demands are decided by whole trials)"
          : "")
        + ". Then whether the plan expected it, and its demand. Words: bindstorm list verdicts."
    ]
    if matrix.arms.contains(where: { $0.recovered != nil }) {
      lines.append(
        "Recovered: the port was lost and the launch came up after a retry. It has not failed; demands and models are about launches that failed or recovered."
      )
    }
    if matrix.arms.contains(where: { $0.predictionPerTrial != nil }) {
      lines.append(
        "A model disagrees where p < \(MatrixJudge.predictionLevel) divided by the number of cells with a model between 0 and 100 % (exact binomial test): by chance alone in at most one run in 1,000; where it agrees, these trials do not contradict it, which does not prove it."
      )
    }
    return lines
  }

  /// What the rate does not include: `2 launches not counted`, and for an interrupted run `7 of 100 trials counted`;
  /// empty if it includes everything.
  package static func leftOut(_ verdict: ArmVerdict, of matrix: Matrix) -> [String] {
    let count = verdict.outcomes.filter { !$0.outcome.isCounted }.map(\.launches).reduce(0, +)
    let uncounted = count == 0 ? [] : ["\(Counted.text(count, "launch", "launches")) not counted"]
    guard matrix.isPartial, verdict.planAnswer != .skipped,
      verdict.trials.outOf < verdict.plannedTrials
    else { return uncounted }
    return uncounted + [
      "\(verdict.trials.outOf) of \(Counted.text(verdict.plannedTrials, "trial")) counted"
    ]
  }

  /// `name: title`; the name alone of a plan without a title.
  package static func heading(_ plan: ResolvedPlan) -> String {
    plan.title == plan.name ? plan.name : "\(plan.name): \(plan.title)"
  }

  /// `lost-to-self x10`, and `others x3` where other outcomes make up the rest of the failures; nil without a failure.
  package static func causes(_ verdict: ArmVerdict) -> String? {
    guard let cause = verdict.topCause else { return nil }
    let all = (verdict.recovered?.launchesWithFailed ?? verdict.launches).failures
    let others = all - cause.launches
    return "\(cause.outcome.rawValue) x\(cause.launches)"
      + (others > 0 ? ", others x\(others)" : "")
  }

  /// One sentence for the whole matrix.
  package static func conclusion(_ matrix: Matrix) -> String {
    let words = PlanAnswer.allCases.compactMap { answer -> String? in
      let count = matrix.arms.filter { $0.planAnswer == answer }.count
      if count == 0 { return nil }
      return answer == .notDemanded ? "\(count) without a demand" : "\(count) \(answer.word)"
    }
    if words.isEmpty { return "nothing ran" }
    let isDemanding = matrix.arms.contains { $0.planAnswer == .asExpected }
    let whole =
      switch matrix.exitCode {
      case 0: isDemanding ? "every demand is met" : "nothing was demanded"
      case 1: "a demand is violated"
      default: "not everything could be decided"
      }
    return
      "\(matrix.isPartial ? "PARTIAL (interrupted): " : "")\(whole): \(words.joined(separator: ", "))"
  }
}

extension Matrix {
  /// Scenarios in the plan's order.
  package var scenarios: [String] {
    plan.arms.reduce(into: []) { if !$0.contains($1.scenario) { $0.append($1.scenario) } }
  }

  /// Strategies' labels in the plan's order.
  package var strategies: [String] {
    plan.arms.reduce(into: []) {
      if !$0.contains($1.strategy.label) { $0.append($1.strategy.label) }
    }
  }

  /// The arm in a cell; nil if the scenario leaves the strategy out.
  package func arm(_ strategy: String, _ scenario: String) -> Arm? {
    plan.arms.first { $0.strategy.label == strategy && $0.scenario == scenario }
  }
}
