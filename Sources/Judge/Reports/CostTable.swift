package import Judging
internal import PlanModel

/// The costs of each strategy: measured if a trial can measure them, otherwise declared by the strategy. One row for
/// each strategy, from the first scenario in which it ran.
package struct CostTable {
  /// Column titles.
  package static let head = [
    "strategy", "measured in", "allocation p50 / p99", "time to all bound p50 / p99", "ports taken",
    "sockets in window", "root", "cooperation", "number known beforehand", "across hosts", "fails",
    "weakness",
  ]
  /// Cells, as many in each row as there are titles.
  package let rows: [[String]]

  package init(_ matrix: Matrix) {
    rows = matrix.strategies.compactMap { label -> [String]? in
      let arms = matrix.plan.arms.filter { $0.strategy.label == label }
      guard
        let arm = arms.first(where: {
          $0.depth != .allocate && matrix.arms[$0.index].allocation != nil
        }), let traits = matrix.traits[arm.strategy.name]
      else { return nil }
      let verdict = matrix.arms[arm.index]
      let measured = [
        label, arm.scenario, Self.durations(verdict.allocation),
        Self.durations(verdict.timeToBound),
        verdict.portsTaken.map { "\($0)" } ?? "-", verdict.socketsInWindow.map { "\($0)" } ?? "-",
      ]
      // A program that the plan names declares nothing about itself.
      guard arm.strategy.command == nil else {
        return measured + Array(repeating: "-", count: Self.head.count - measured.count)
      }
      return measured + [
        traits.needsRoot ? "yes" : "no", traits.cooperation.rawValue,
        traits.isKnownBeforehand ? "yes" : "no", traits.worksAcrossHosts ? "yes" : "no",
        traits.failure.rawValue, traits.weakness,
      ]
    }
  }

  private static func durations(_ summary: DurationSummary?) -> String {
    guard let summary else { return "-" }
    return "\(Wording.duration(summary.p50)) / \(Wording.duration(summary.p99))"
  }
}
