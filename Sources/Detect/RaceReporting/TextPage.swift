public import RaceLedger
internal import TerminalText

/// The text report as people read it: the summary first and last, lines of 100 columns, colours.
extension RaceTextReport {
  /// - Parameters:
  ///   - isVerbose: nothing is folded, cut or wrapped.
  ///   - usesColor: whether verdicts are coloured; they are words in any case.
  public static func page(
    _ book: Book, _ facts: RunFacts, isVerbose: Bool = false, usesColor: Bool = false
  ) -> String {
    let summary = TerminalText.safeLine(last(book, facts))
    var lines = text(book, facts, isVerbose: isVerbose).split(separator: "\n").map(String.init)
    if lines.count > 1 {
      lines.removeAll { $0 == summary }
      lines = [summary] + lines + [summary]
    }
    if !isVerbose { lines = lines.flatMap(wrapped) }
    return lines.map { (usesColor ? colored($0) : $0) + "\n" }.joined()
  }

  /// The line in pieces of at most 100 columns, broken at blanks. A command to paste stays whole.
  static func wrapped(_ line: String) -> [String] {
    guard line.count > StackLines.width, !line.hasPrefix("  Force it:") else { return [line] }
    if let pieces = summaryPieces(line) { return pieces.flatMap(wrapped) }
    let indent = String(line.prefix { $0 == " " })
    let further = indent + (line.hasPrefix(" ") ? "       " : "    ")
    var pieces: [String] = []
    var piece = indent
    for word in line.dropFirst(indent.count).split(separator: " ", omittingEmptySubsequences: false)
    {
      let isEmpty = piece.allSatisfy { $0 == " " }
      let shown =
        word.count > StackLines.width - further.count
        ? StackLines.shortPath(String(word), atMost: StackLines.width - further.count)
        : String(word)
      if !isEmpty && piece.count + 1 + shown.count > StackLines.width {
        pieces.append(piece)
        piece = further + shown
      } else {
        piece += (isEmpty ? "" : " ") + shown
      }
    }
    return pieces + [piece]
  }

  /// A place's summary with the place in its first line, where it can be found, and each party in one of its own.
  private static func summaryPieces(_ line: String) -> [String]? {
    guard line.hasPrefix("SUMMARY: "),
      let parts = line.wholeMatch(
        of: /(SUMMARY: .*? (?:tcp|udp)) (.*) -> (.*) (\[[0-9a-f\/]+\] \(.*\))/)
    else { return nil }
    return ["\(parts.1) \(parts.4)", "    \(parts.2)", "    -> \(parts.3)"]
  }

  private enum Color: String {
    case red = "31"
    case green = "32"
    case bold = "1"
  }

  private static func colored(_ line: String) -> String {
    let color: Color? =
      if line.hasPrefix("WARNING:") || line.hasPrefix("bindstorm check: races found") {
        .red
      } else if line.hasPrefix("bindstorm check: no race") {
        .green
      } else if line.hasPrefix("SUMMARY:") {
        .bold
      } else {
        nil
      }
    return color.map { "\u{1B}[\($0.rawValue)m\(line)\u{1B}[0m" } ?? line
  }
}
