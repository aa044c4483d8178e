package import Judging
internal import PlanModel
internal import TerminalText

/// What a reader must see of a run, after everything else: the rows that are not as expected, those that are undecided,
/// those of which the strategy's answer is open, those that no thief reached, those that did not run for a missing part, and what amplified scenarios do not show.
package struct RunFindings {
  /// Rows of one kind, with a sentence each.
  package struct Group {
    package var title: String
    package var items: [String]
  }

  package let groups: [Group]
  /// Sentences about the whole.
  package let remarks: [String]

  /// - Parameter run: the run's folder, for commands; `RUN` where it is not known.
  package init(_ matrix: Matrix, run: String) {
    let rows = matrix.plan.arms.map { ($0, matrix.arms[$0.index]) }
    func group(_ title: String, _ text: (Arm, ArmVerdict) -> String?) -> Group? {
      let items = rows.compactMap { arm, verdict in
        text(arm, verdict).map { "\(Self.name(arm)): \($0)" }
      }
      return items.isEmpty ? nil : Group(title: title, items: items)
    }
    groups = [
      Self.missing(matrix),
      group("Off the model") { _, verdict in
        verdict.predictionPerTrial?.agrees == false
          && verdict.planAnswer.facts.testResult == .passed ? verdict.reason : nil
      },
      group("Out of reach, so that nothing is shown about thieves") { arm, verdict in
        verdict.outOfReach.map { Self.outOfReach($0, arm, matrix, run: run) }
      },
      group("Neither shown to survive nor to fail, and not demanded") { _, verdict in
        verdict.strategyAnswer == .undecided && verdict.outOfReach == nil
          && verdict.planAnswer.facts.exitCode == 0 ? verdict.strategyReason : nil
      },
      group("Undecided") { _, verdict in
        verdict.planAnswer == .undecided ? verdict.reason : nil
      },
      group("NOT as expected") { arm, verdict in
        guard verdict.planAnswer == .notAsExpected else { return nil }
        let why = arm.expectation?.why ?? ""
        return "\(CellText(arm, of: matrix).strategy): \(verdict.reason)"
          + (why.isEmpty ? "" : " (the plan: \(why))")
      },
    ].compactMap { $0 }
    remarks = Self.amplified(matrix).map { [$0] } ?? []
  }

  private static func name(_ arm: Arm) -> String { "\(arm.scenario), \(arm.strategy.label)" }

  /// Rows that this host cannot run, by what it lacks.
  private static func missing(_ matrix: Matrix) -> Group? {
    var rows: [(reason: String, names: [String])] = []
    for arm in matrix.rowsWithMissingParts {
      let reason = matrix.arms[arm.index].reason
      if let place = rows.firstIndex(where: { $0.reason == reason }) {
        rows[place].names.append(name(arm))
      } else {
        rows.append((reason, [name(arm)]))
      }
    }
    guard !rows.isEmpty else { return nil }
    let count = rows.map(\.names.count).reduce(0, +)
    return Group(
      title:
        "\(Counted.text(count, "row")) did not run, because a part is missing here (--strict-skips: exit code 2)",
      items: rows.map { "\($0.names.joined(separator: "; ")): \($0.reason)" })
  }

  private static func outOfReach(
    _ found: OutOfReach, _ arm: Arm, _ matrix: Matrix, run: String
  ) -> String {
    func text(_ span: OutOfReach.Span) -> String {
      span.low == span.high ? "\(span.low)" : "\(span.low) to \(span.high)"
    }
    let draws = found.thievesDraw.map(text).joined(separator: " and ")
    let start =
      "its ports (\(text(found.ports))) lie outside what the thieves draw from (\(draws)). "
    let forced = ForcedRow.label(of: arm.strategy.label)
    if matrix.arm(forced, arm.scenario) != nil { return start + "See the row \(forced)." }
    guard let lost = found.lostTrial else {
      return start + "Force a loss: \"forced\": true in the scenario."
    }
    let command =
      "bindstorm replay \(shellQuoted("\(run)/\(lost.arm)/\(lost.trial)")) --force --strategy \(shellQuoted(arm.strategy.label))"
    return start + "Force a loss: \(command)"
  }

  /// Nil unless a strategy survives a scenario that has thieves and no published figure.
  private static func amplified(_ matrix: Matrix) -> String? {
    let names = matrix.scenarios.filter { scenario in
      let arms = matrix.plan.arms.filter { $0.scenario == scenario }
      return arms.contains { !$0.thieves.isEmpty }
        && arms.allSatisfy(\.published.isEmpty)
        && arms.contains {
          !$0.thieves.isEmpty && matrix.arms[$0.index].strategyAnswer == .survives
        }
    }
    guard !names.isEmpty else { return nil }
    let shown =
      names.prefix(3).joined(separator: ", ")
      + (names.count > 3 ? " and \(names.count - 3) more" : "")
    return
      "Amplified (\(shown)): a strategy that survives thieves fails there at most as often as its interval says; on a host without them that is a bound only for losses of the same kind, and says nothing about others (Documentation/statistics.md)."
  }
}
