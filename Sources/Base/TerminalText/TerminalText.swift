/// Text of others (a plan's labels, a program's last words, names of processes) as any text of ours may show it: on a
/// terminal, in a log, in a document.
///
/// A terminal takes control characters for commands: they colour, hide and overwrite what stands there, set the
/// window's title, or have the terminal answer as if somebody had typed. Format characters reorder what people read, or
/// hide in it. Runners of continuous integration take commands from the lines of a log. Here all of these are shown
/// instead of obeyed.
public enum TerminalText {
  /// Characters of a name in a table; longer ones are cut.
  public static let longestName = 80
  /// Characters of a sentence or of a program's last words; longer ones are cut.
  public static let longestWords = 4_000

  /// A text of several lines, with every control and format character but line breaks and tabs replaced, one scalar by
  /// one: those of ASCII (C0 and DEL) by their picture, as U+241B for escape, the others by U+FFFD: C1 (U+0080 to
  /// U+009F), of which U+009B begins a sequence as well, what changes the direction of text, what has no width, and
  /// U+2028 and U+2029, which some take for line breaks. No line of it is a command to a runner.
  public static func safe(_ text: String) -> String {
    withoutCommands(replacing(text) { isUnsafe($0) && $0 != "\n" && $0 != "\t" })
  }

  /// The same for what stands in one line: line breaks and tabs are replaced, too.
  public static func safeLine(_ text: String) -> String {
    withoutCommands(replacing(text, where: isUnsafe))
  }

  /// The same, cut after so many characters, with a mark (U+2026) in place of the last of them.
  public static func safeLine(_ text: String, atMost limit: Int) -> String {
    // What follows is never looked at: it may be long.
    guard let end = text.index(text.startIndex, offsetBy: limit, limitedBy: text.endIndex),
      end < text.endIndex
    else { return safeLine(text) }
    return safeLine(text[..<text.index(before: end)] + "…")
  }

  /// The text with no line that GitHub's runner takes for a command: it obeys `::` at the beginning of a line, also after
  /// blanks, and `##[` anywhere (src/Runner.Common/ActionCommand.cs of actions/runner). The first of their characters is
  /// replaced by one that looks like it (U+2236, U+266F).
  public static func withoutCommands(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: ":")) || text.utf8.contains(UInt8(ascii: "#")) else {
      return text
    }
    var scalars = Array(text.unicodeScalars)
    var isAtStart = true
    var hasChanged = false
    for place in scalars.indices {
      let scalar = scalars[place]
      let next = place + 1 < scalars.count ? scalars[place + 1] : nil
      if isAtStart && scalar == ":" && next == ":" {
        scalars[place] = "\u{2236}"
        hasChanged = true
      }
      if scalar == "#", next == "#", place + 2 < scalars.count, scalars[place + 2] == "[" {
        scalars[place] = "\u{266F}"
        hasChanged = true
      }
      let isBreak = scalar == "\n" || scalar == "\r"
      isAtStart = isBreak || isAtStart && scalar.properties.isWhitespace
    }
    guard hasChanged else { return text }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: scalars)
    return String(result)
  }

  /// Whether something may take a scalar for more than a character to be shown: of the general categories control,
  /// format, line separator and paragraph separator.
  public static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value < 0x7F { return scalar.value < 0x20 }
    return switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  private static func replacing(
    _ text: String, where isUnsafe: (Unicode.Scalar) -> Bool
  ) -> String {
    guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { result.append(isUnsafe(scalar) ? picture(scalar) : scalar) }
    return String(result)
  }

  /// Of the block Control Pictures (U+2400).
  private static func picture(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar.value {
    case ..<0x20: Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}"
    case 0x7F: "\u{2421}"
    default: "\u{FFFD}"
    }
  }
}
