public import RaceLedger
internal import TerminalText

/// All windows of a program, each with the program's reaction.
public enum EnumerationReport {
  struct Row: Encodable {
    var place: String
    var occurrence: Int
    var rebind: Int
    var summary: String
    var firstSeenInRun: Int
    var verdict: String
    var outcome: String
    var isRed: Bool
    var lastWords: String
    var reachedThief: [Encounter]
    var advice: String?
    var force: String?
  }
  struct Shown: Encodable {
    var verdict: String
    var place: String
    var summary: String
    var count: Int
    var force: String?
  }
  struct Document: Encodable {
    var format = "bindstorm-check-enumeration/1"
    var bindstormVersion: String
    var command: [String]
    var verdict: String
    var obstacle: String?
    var runs: Int
    var red: Int
    var survived: Int
    var undecided: Int
    var untried: Int
    var reactions: Int
    var suppressed: Int
    var portsChosenByKernel: Int
    var portsBoundByNumber: Int
    var windows: [Row]
    /// Races that the run without a thief showed by itself.
    var withoutThief: [Shown]
  }

  /// As text, ending with a line break.
  public static func text(_ series: Enumeration, _ facts: RunFacts) -> String {
    let places =
      series.placeCount == series.windows.count ? "" : " at \(count(series.placeCount, "place"))"
    var lines = [
      "bindstorm check: \(count(series.windows.count, "window"))\(places) in \(count(series.runs, "run"))"
    ]
    lines += series.groups.flatMap { block($0, facts, series.obstacle) }
    lines += series.shownPlaces.flatMap { place in
      ["  RED   fails: without a thief", "        \(place.first.summary)"]
        + (facts.way(place).map { ["        Force it: \($0)"] } ?? [])
    }
    if series.reactions > 0 {
      lines.append(
        "bindstorm check: \(count(series.reactions, "more window")) opened only after a theft: second attempts of the command, one theft a run"
      )
    }
    if series.suppressed > 0 {
      lines.append(
        "bindstorm check: \(count(series.suppressed, "known window")) suppressed and not tried")
    }
    let beyond = series.windows.count { $0.outcome == .undecided(.limit(series.limit)) }
    if beyond > 0 {
      lines.append("bindstorm check: \(count(beyond, "window")) not tried (--enumerate-max)")
    }
    if let obstacle = series.obstacle {
      lines.append("bindstorm check: \(obstacle.reason)")
      lines.append("bindstorm check: what to do: \(obstacle.advice)")
    }
    lines.append("bindstorm check: \(last(series, facts))")
    return lines.map { TerminalText.safeLine($0) + "\n" }.joined()
  }

  /// The series in one line.
  static func last(_ series: Enumeration, _ facts: RunFacts) -> String {
    let word = series.word.rawValue
    let shown = series.shownPlaces.count
    let besides = shown == 0 ? "" : "; \(count(shown, "race")) without a thief"
    guard !series.windows.isEmpty else {
      if series.word != .survived {
        return "\(word): no window was seen\(besides); the command \(facts.ending)"
      }
      return
        "no window in \(facts.portsFollowed), so there was nothing to steal; the command \(facts.ending)"
    }
    return
      "\(word): \(series.red) of \(count(series.windows.count, "window")) red, \(series.survived) survived, \(series.undecided) not decided\(besides)"
  }

  private static func block(
    _ group: Enumeration.Group, _ facts: RunFacts, _ obstacle: Undecided?
  ) -> [String] {
    let window = group.windows[0]
    let mark =
      switch window.outcome?.word {
      case .survived?: "green"
      case .fails?: "RED  "
      case .undecided?, nil: "?    "
      }
    let which = group.occurrences.isEmpty ? "" : " (\(group.occurrences))"
    return ["  \(mark) \(window.outcome?.sentence ?? "not tried")\(which)"]
      + (obstacle == nil ? details(window, facts) : [window.summary]).map { "        " + $0 }
  }

  /// A window without its verdict.
  static func details(_ window: Enumeration.Window, _ facts: RunFacts) -> [String] {
    var lines = [window.summary]
    if !window.lastWords.isEmpty { lines.append("its last words: \(window.lastWords)") }
    lines += RaceTextReport.encounters(window.encounters)
    if let advice = window.outcome?.undecided?.advice { lines.append("what to do: \(advice)") }
    if let force = force(window, facts) { lines.append("Force it: \(force)") }
    return lines
  }

  private static func force(_ window: Enumeration.Window, _ facts: RunFacts) -> String? {
    window.finding.canBeStolen ? facts.forcing(window.finding, occurrence: window.occurrence) : nil
  }

  /// As JSON.
  /// - Throws: `EncodingError`, never for these values.
  public static func json(_ series: Enumeration, _ facts: RunFacts) throws -> String {
    try encoded(
      Document(
        bindstormVersion: facts.version, command: facts.command, verdict: series.word.rawValue,
        obstacle: series.obstacle?.reason, runs: series.runs, red: series.red,
        survived: series.survived, undecided: series.undecided, untried: series.untried,
        reactions: series.reactions, suppressed: series.suppressed,
        portsChosenByKernel: facts.probes, portsBoundByNumber: facts.boundByNumber,
        windows: series.windows.map { window in
          Row(
            place: window.place, occurrence: window.occurrence, rebind: window.rebind,
            summary: window.summary, firstSeenInRun: window.firstSeenInRun,
            verdict: window.outcome?.word.rawValue ?? "not decided",
            outcome: window.outcome?.text ?? "not tried", isRed: window.outcome?.isRed ?? false,
            lastWords: window.lastWords, reachedThief: window.encounters,
            advice: window.outcome?.undecided?.advice,
            force: force(window, facts))
        },
        withoutThief: series.shownPlaces.map { place in
          Shown(
            verdict: place.first.kind.rawValue, place: place.first.place,
            summary: place.first.summary, count: place.count, force: facts.way(place))
        }))
  }
}
