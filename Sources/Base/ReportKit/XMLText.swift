internal import TerminalText

/// Any text as part of an XML or HTML document.
public enum XMLText {
  /// As character data, or inside an attribute of HTML with double quotes. Characters that are not safe to show
  /// (`TerminalText`), which include those that XML 1.0 does not allow (section 2.2), become U+FFFD. A carriage return
  /// becomes a reference, because parsers would turn it into a line break.
  public static func escaped(_ text: String) -> String {
    TerminalText.withoutCommands(text).unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\t", "\n": result.unicodeScalars.append(scalar)
      case "\r": result += "&#13;"
      case _
      where TerminalText.isUnsafe(scalar) || scalar.value == 0xFFFE || scalar.value == 0xFFFF:
        result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }

  /// As an attribute's value with its quotes. Line breaks become references, because parsers turn plain ones into
  /// spaces.
  public static func quoted(_ text: String) -> String {
    let lines = escaped(text).split(separator: "\n", omittingEmptySubsequences: false)
    return "\"" + lines.joined(separator: "&#10;") + "\""
  }
}
