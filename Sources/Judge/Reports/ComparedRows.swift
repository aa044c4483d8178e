package import Judging
package import PlanModel

/// What the plan's comparisons of rows show, each with its level.
package enum ComparedRows {
  /// A line for each row that is compared with another one; empty without any.
  package static func lines(_ matrix: Matrix) -> [String] {
    matrix.plan.arms.flatMap { lines($0, matrix.arms[$0.index]) }
  }

  /// The same for one row.
  package static func lines(_ arm: Arm, _ verdict: ArmVerdict) -> [String] {
    [verdict.like.flatMap(like), verdict.better.flatMap(better)].compactMap { text in
      text.map { "\(arm.scenario), \(arm.strategy.label): \($0)" }
    }
  }

  package static let heading =
    "Compared rows (`like`: Fisher's exact test, two-sided; `better_than`: exact test, one-sided, Holm over all such comparisons; differences in percentage points)"

  private static func like(_ row: RowComparison) -> String? {
    guard let p = row.pValue, let isConsistent = row.isConsistent, let low = row.differenceLow,
      let high = row.differenceHigh
    else { return nil }
    let allowed = row.within.map { ", within \(points($0)) demanded" } ?? ""
    return
      "\(isConsistent ? "not told apart" : "told apart") from \(row.like) at level \(row.level) (p \(Wording.pValue(p))); difference [\(points(low)), \(points(high))]\(allowed)"
  }

  private static func better(_ row: BetterComparison) -> String? {
    guard let p = row.adjustedPValue, let difference = row.difference,
      let low = row.differenceLow, let high = row.differenceHigh
    else { return nil }
    let margin = row.by > 0 ? ", lower by \(points(row.by)) demanded" : ""
    let joint = row.comparisons > 1 ? " of \(row.comparisons)" : ""
    return
      "\(row.word.rawValue), beside \(row.than): difference \(points(difference)) [\(points(low)), \(points(high))]\(margin), p \(Wording.pValue(p))\(joint), level \(row.level)"
  }

  private static func points(_ difference: Double) -> String { Wording.fixed(difference * 100, 1) }
}
