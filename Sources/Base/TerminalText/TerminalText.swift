/// Text from other sources (a plan's labels, a program's last output, names of processes) in a form that is safe in any
/// text of ours: on a terminal, in a log, in a document.
///
/// A terminal interprets control characters as commands: they colour, hide and overwrite text, set the window's title,
/// or make the terminal send input. Format characters reorder or hide text. CI runners interpret lines of a log as
/// commands. Here all of these characters are shown instead of interpreted.
public enum TerminalText {
  /// The largest length of a name in a table in characters; longer names are cut.
  public static let longestName = 80
  /// The largest length of a sentence or of a program's last output in characters; longer texts are cut.
  public static let longestWords = 4_000

  /// A text of several lines. Every control and format character except line breaks and tabs is replaced, scalar by
  /// scalar. ASCII controls (C0 and DEL) become their picture, for example U+241B for escape. U+FFFD replaces the C1
  /// controls (U+0080 to U+009F; U+009B also begins an escape sequence), characters that change the direction of text
  /// or have no width, and U+2028 and U+2029, which some programs treat as line breaks. No line of the result is a
  /// command for a runner.
  public static func safe(_ text: String) -> String {
    withoutCommands(replacing(text) { isUnsafe($0) && $0 != "\n" && $0 != "\t" })
  }

  /// The same for a single line: line breaks and tabs are replaced, too.
  public static func safeLine(_ text: String) -> String {
    withoutCommands(replacing(text, where: isUnsafe))
  }

  /// The same, cut after this many characters, with U+2026 in place of the last one.
  public static func safeLine(_ text: String, atMost limit: Int) -> String {
    // The rest is never read, because it may be long.
    guard let end = text.index(text.startIndex, offsetBy: limit, limitedBy: text.endIndex),
      end < text.endIndex
    else { return safeLine(text) }
    return safeLine(text[..<text.index(before: end)] + "…")
  }

  /// The text without lines that GitHub's runner interprets as commands: `::` at the beginning of a line, also after
  /// blanks, and `##[` anywhere (src/Runner.Common/ActionCommand.cs of actions/runner). The first character is replaced
  /// by a similar one (U+2236, U+266F).
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

  /// Whether a program may interpret a scalar instead of displaying it: the general categories control, format, line
  /// separator and paragraph separator.
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
