/// What is known of one port from several sides, as one row of states: spans that do not overlap.
public enum PortStates {
  /// A claim that is known for certain hides a weaker one: whoever took the port, then a holder, then what was merely
  /// chosen, then nobody.
  private static func rank(_ meaning: Lifeline.Span.Meaning) -> Int {
    switch meaning {
    case .taken: 3
    case .held: 2
    case .chosen: 1
    case .open, .work, .step: 0
    }
  }

  /// The states in the order of time. Where claims of one rank overlap, the state has the names of all.
  public static func merged(_ claims: [Lifeline.Span]) -> [Lifeline.Span] {
    let times = Set(claims.flatMap { [$0.from, $0.to] }).sorted()
    var waiting = claims.enumerated().sorted {
      ($0.element.from, $0.offset) < ($1.element.from, $1.offset)
    }[...]
    // In the order of the claims, so that equal ones are named in it.
    var active: [(place: Int, claim: Lifeline.Span)] = []
    var states: [Lifeline.Span] = []
    for (from, to) in zip(times, times.dropFirst()) {
      active.removeAll { $0.claim.to <= from }
      while let next = waiting.first, next.element.from <= from {
        waiting = waiting.dropFirst()
        if next.element.to > from { active.append((next.offset, next.element)) }
      }
      let here = active.sorted { $0.place < $1.place }.map(\.claim)
      guard let highest = here.map({ rank($0.meaning) }).max() else { continue }
      let shown = here.filter { rank($0.meaning) == highest }
      var state = shown[0]
      var names: [String] = []
      for claim in shown where !names.contains(claim.name) { names.append(claim.name) }
      state.name = names.joined(separator: " and ")
      (state.from, state.to) = (from, to)
      for detail in shown.dropFirst().flatMap(\.details) where !state.details.contains(detail) {
        state.details.append(detail)
      }
      if let last = states.last, last.to == from, last.name == state.name,
        last.meaning == state.meaning, last.details == state.details
      {
        states[states.count - 1].to = to
      } else {
        states.append(state)
      }
    }
    return states
  }
}
