public import RaceLedger
internal import TerminalText

/// All windows of a program, each with the program's reaction.
public enum EnumerationReport {
  struct Row: Encodable {
    var place: String
    var rebind: Int
    var summary: String
    var firstSeenInRun: Int
    var outcome: String
    var isRed: Bool
    var lastWords: String
  }
  struct Document: Encodable {
    var format = "bindstorm-check-enumeration/1"
    var bindstormVersion: String
    var command: [String]
    var runs: Int
    var red: Int
    var untried: Int
    var windows: [Row]
  }

  /// As text, ending with a line break.
  public static func text(_ enumeration: Enumeration, _ facts: RunFacts) -> String {
    var lines = [
      "bindstorm check: \(count(enumeration.windows.count, "window")) in \(count(enumeration.runs, "run"))"
    ]
    for window in enumeration.windows.prefix(enumeration.limit) {
      let mark =
        window.outcome.map { $0 == .notReached ? "?    " : $0.isRed ? "RED  " : "green" } ?? "-    "
      lines.append("  \(mark) \(window.outcome?.text ?? "not tried")")
      lines.append("        \(window.summary)")
      if !window.lastWords.isEmpty { lines.append("        its last words: \(window.lastWords)") }
    }
    if enumeration.untried > 0 {
      lines.append(
        "bindstorm check: \(count(enumeration.untried, "window")) not tried (--enumerate-max)")
    }
    lines.append(
      enumeration.windows.isEmpty
        ? "bindstorm check: no window; the command \(facts.ending)"
        : "bindstorm check: \(enumeration.red) of \(count(enumeration.windows.count, "window")) red"
    )
    return lines.map { TerminalText.safeLine($0) + "\n" }.joined()
  }

  /// As JSON.
  /// - Throws: `EncodingError`, never for these values.
  public static func json(_ enumeration: Enumeration, _ facts: RunFacts) throws -> String {
    try encoded(
      Document(
        bindstormVersion: facts.version, command: facts.command, runs: enumeration.runs,
        red: enumeration.red, untried: enumeration.untried,
        windows: enumeration.windows.map { window in
          Row(
            place: window.place, rebind: window.rebind, summary: window.summary,
            firstSeenInRun: window.firstSeenInRun,
            outcome: window.outcome?.text ?? "not tried", isRed: window.outcome?.isRed ?? false,
            lastWords: window.lastWords)
        }))
  }
}
