internal import RaceLedger

/// What a report says about places without call sites.
enum CallSiteRemarks {
  /// A line for each reason.
  static func lines(_ book: Book) -> [String] {
    var gaps: [String: Int] = [:]
    var alike: Set<String> = []
    for place in book.races {
      let gap = place.first.callSiteGap
      if !gap.isEmpty {
        gaps[gap, default: 0] += place.count
        continue
      }
      for party in [place.first.probe.party, place.first.rebinder] where place.count > 1 {
        if let interpreter = party.interpreterWithoutLines { alike.insert(interpreter) }
      }
    }
    return gaps.sorted { $0.key < $1.key }.map { gap, number in
      "bindstorm check: \(count(number, "finding")) without a call site, counted under the "
        + "programs' place: \(gap)"
    }
      + alike.sorted().map { interpreter in
        "bindstorm check: calls of \(interpreter) look alike here: its lines are not known. They are "
          + "counted; \(hint[interpreter] ?? "a trace that the script itself prints tells them apart")"
      }
  }

  /// How to get the lines of languages whose tools show them from outside.
  private static let hint = [
    "java": "jstack PID tells them apart while --inject bind:delay=20s holds the call"
  ]
}
