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
    if let (rest, node) = result["*"] {
      for (key, other) in Self.others(rest) where labels.contains(other) && result[other] == nil {
        (node[key] ?? node).report(
          "\"*\" stands for \"\(other)\" as well, which would be compared with itself; give \"\(other)\" a demand of its own"
        )
      }
    }
    return result
  }

  /// The rows with which a row is compared, each with the key that names it.
  private static func others(_ expectation: Expectation) -> [(key: String, label: String)] {
    [("like", expectation.like), ("better_than", expectation.betterThan)].compactMap { key, label in
      label.map { (key, $0) }
    }
  }

  /// A row can be compared only with another row of its scenario.
  private func checkOther(_ expectation: Expectation, of row: String, _ node: PlanNode) {
    let others = labels.filter { $0 != row }
    for (key, label) in Self.others(expectation) where !others.contains(label) {
      (node[key] ?? node).report(
        "expected the label of another strategy in this scenario, found \"\(label)\"; there are "
          + others.joined(separator: ", "),
        suggestion: Suggestion.closest(to: label, among: others))
    }
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
    if expectation.isMustFailControl && !Self.others(expectation).isEmpty {
      node.report("a must-fail control is compared with no other row")
    }
    if Self.others(expectation).count > 1 {
      node.report("a row is compared with one other row: give \"like\" or \"better_than\"")
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
    if !Self.others(expectation).isEmpty {
      node.report("a row that is compared with another one runs all of its trials")
    }
    if expectation.confidence <= 0.5 { node.report("needs a confidence above 0.5") }
  }

  /// Checks that there is a demand, and that a rate can violate it.
  private func checkBounds(_ expectation: Expectation, _ object: PlanObject) {
    for (key, owner) in [
      ("like_within", "like"), ("like_level", "like"), ("better_by", "better_than"),
    ] where object[owner] == nil {
      object[key]?.report("\"\(key)\" needs \"\(owner)\"")
    }
    for (key, difference) in [
      ("like_within", expectation.likeWithin), ("better_by", expectation.betterBy),
    ] where difference == 0 || difference == 1 {
      object[key]?.report("expected a difference of rates between 0 and 1")
    }
    if let level = expectation.likeLevel, level == 0 || level == 0.5 {
      object["like_level"]?.report("expected a level between 0 and 0.5")
    }
    let trivial = "no rate can miss this: it demands nothing"
    if expectation.failureRateAtMost == 1 { object["failure_rate_at_most"]?.report(trivial) }
    if expectation.failureRateAtLeast == 0 { object["failure_rate_at_least"]?.report(trivial) }
    let demands = ["failure_rate_at_most", "failure_rate_at_least", "like", "better_than"]
    if demands.allSatisfy({ object[$0] == nil }) {
      object.node.report(
        "expected \"failure_rate_at_most\", \"failure_rate_at_least\", \"like\" or \"better_than\"")
    }
  }
}
