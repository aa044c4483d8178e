/// Text of others (a plan's labels, a program's last words, names of processes) as a terminal may show it.
///
/// A terminal takes control characters for commands: they colour, hide and overwrite what stands there, set the
/// window's title, or have the terminal answer as if somebody had typed. Here they are shown instead of obeyed.
public enum TerminalText {
  /// The text with every control character but line breaks and tabs replaced, one scalar by one: those of ASCII (C0
  /// and DEL) by their picture, as U+241B for escape, and C1 (U+0080 to U+009F), of which U+009B begins a sequence as
  /// well, by U+FFFD.
  public static func safe(_ text: String) -> String {
    replacing(text) { isControl($0) && $0 != "\n" && $0 != "\t" }
  }

  /// The same for what stands in one line: line breaks and tabs are replaced, too.
  public static func safeLine(_ text: String) -> String { replacing(text, where: isControl) }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
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
