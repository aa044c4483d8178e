internal import JSON
internal import PlanModel

/// Reads what a scenario demands of its rows.
struct ExpectationReader {
  /// The labels of the scenario's rows.
  let labels: [String]

  /// Reads the object `expect`: demands by label; `*` is for the rows that have no demand of their own.
  func read(_ node: PlanNode) -> [String: (Expectation, PlanNode)] {
    guard let object = node.freeObject() else { return [:] }
    var result: [String: (Expectation, PlanNode)] = [:]
    let known = Set(labels)
    for member in object.members {
      let inner = object.child(member)
      if member.key != "*" && !known.contains(member.key) {
        object.reportUnknownRow(member, among: labels, or: ", and * for the rest")
        continue
      }
      guard let expectation = expectation(inner) else { continue }
      checkOther(expectation, of: member.key, inner)
      result[member.key] = (expectation, inner)
    }
    // "*" means the rows without a demand of their own. The row that it is compared with must not be one of them.
    if let (rest, node) = result["*"], let like = rest.like, labels.contains(like),
      result[like] == nil
    {
      (node["like"] ?? node).report(
        "\"*\" stands for \"\(like)\" as well, which would be compared with itself; give \"\(like)\" a demand of its own"
      )
    }
    return result
  }

  /// A row can be compared only with another row of its scenario.
  private func checkOther(_ expectation: Expectation, of row: String, _ node: PlanNode) {
    guard let like = expectation.like, !labels.contains(like) || like == row else { return }
    let others = labels.filter { $0 != row }
    (node["like"] ?? node).report(
      "expected the label of another strategy in this scenario, found \"\(like)\"; there are "
        + others.joined(separator: ", "),
      suggestion: Suggestion.closest(to: like, among: others))
  }

  private func expectation(_ node: PlanNode) -> Expectation? {
    guard let object = node.object(keys: ExpectationKeys.names) else { return nil }
    let expectation = Expectation(object)
    checkKind(expectation, node)
    checkBounds(expectation, object)
    checkSequential(expectation, object)
    return expectation
  }

  private func checkKind(_ expectation: Expectation, _ node: PlanNode) {
    if let least = expectation.failureRateAtLeast, let most = expectation.failureRateAtMost,
      least > most
    {
      node.report("expected at least \(least) and at most \(most) cannot both hold")
    }
    if expectation.isMustFailControl && expectation.failureRateAtLeast == nil {
      node.report("a must-fail control needs \"failure_rate_at_least\"")
    }
    if expectation.isMustFailControl && expectation.like != nil {
      node.report("a must-fail control is compared with no other row")
    }
  }

  /// A sequential test is between one demanded rate and one at which the demand is clearly met.
  private func checkSequential(_ expectation: Expectation, _ object: PlanObject) {
    if let alarm = object["false_alarm"], object["sequential_rate"] == nil {
      alarm.report("\"false_alarm\" needs \"sequential_rate\"")
    }
    guard let node = object["sequential_rate"], let clear = expectation.sequentialRate else {
      return
    }
    switch (expectation.failureRateAtMost, expectation.failureRateAtLeast) {
    case (let most?, nil) where clear >= most:
      node.report(
        "expected a rate below {\"failure_rate_at_most\": \(most)}, at which that is clearly met")
    case (nil, let least?) where clear <= least:
      node.report(
        "expected a rate above {\"failure_rate_at_least\": \(least)}, at which that is clearly met")
    case (_?, nil), (nil, _?): break
    default:
      node.report("needs either \"failure_rate_at_most\" or \"failure_rate_at_least\"")
    }
    if expectation.like != nil {
      node.report("a row that is compared with another one runs all of its trials")
    }
    if expectation.confidence <= 0.5 { node.report("needs a confidence above 0.5") }
  }

  /// Checks that there is a demand, and that a rate can violate it.
  private func checkBounds(_ expectation: Expectation, _ object: PlanObject) {
    if let within = object["like_within"] {
      if object["like"] == nil { within.report("\"like_within\" needs \"like\"") }
      if expectation.likeWithin == 0 || expectation.likeWithin == 1 {
        within.report("expected a difference of rates between 0 and 1")
      }
    }
    let trivial = "no rate can miss this: it demands nothing"
    if expectation.failureRateAtMost == 1 { object["failure_rate_at_most"]?.report(trivial) }
    if expectation.failureRateAtLeast == 0 { object["failure_rate_at_least"]?.report(trivial) }
    if ["failure_rate_at_most", "failure_rate_at_least", "like"].allSatisfy({ object[$0] == nil }) {
      object.node.report(
        "expected \"failure_rate_at_most\", \"failure_rate_at_least\" or \"like\"")
    }
  }
}
