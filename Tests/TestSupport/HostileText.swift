internal import PortModel

/// Words that a plan, a program or a process may hold against whoever reads a report: for a terminal, for a runner of
/// continuous integration, for a spreadsheet, for a browser. From a seed, so that a failure comes again.
public struct HostileText {
  private var generator: SeededGenerator

  public init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  private static let pieces = [
    "\u{1B}[31m", "\u{1B}]0;owned\u{7}", "\u{0}", "\r", "\n", "\r\n", "\t", "\u{9B}2J", "\u{85}",
    "\u{7F}",
    "\u{202E}", "\u{2066}", "\u{2069}", "\u{200B}", "\u{200E}", "\u{200F}", "\u{2028}", "\u{2029}",
    "\u{FEFF}",
    "\u{AD}", "\u{E0041}", "\u{2060}", "::error::x", "::set-output name=a::b",
    "\n::warning file=a,line=1::w",
    "  ::debug::", "\u{A0}::error::nbsp", "\u{3000}\n\u{3000}::stop-commands::t", ":", "::",
    "##[error]x",
    "##[group]", "#", "##", "[", "=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"x\")", "\t=1",
    "\u{FF1D}1",
    "<script>alert(1)</script>", "\"><b>", "]]>", "&amp;", "&", "'", "\"", "|", "\\|", "`",
    "*_~[x](y)", "<!--",
    ",", ";", "\u{301}", "é", "漢", "🦀", "a", "b c", " ", "$(id)", "%0A::error::", "PASS 0/9",
  ]

  /// The next one: some pieces, now and then none or very many.
  public mutating func next() -> String {
    let count = Int(generator.next() % 7)
    let text = (0..<count).map { _ in
      Self.pieces[Int(generator.next() % UInt64(Self.pieces.count))]
    }.joined()
    return generator.next() % 16 == 0 ? String(repeating: text + "x", count: 300) : text
  }

  /// What a text that people read must not have, in words: raw control characters but line breaks, characters that
  /// reorder or hide text, lines that GitHub's runner obeys. Not by the code that is tested.
  public static func faults(in text: String) -> [String] {
    var faults: [String] = []
    for scalar in text.unicodeScalars where isForbidden(scalar.value) {
      faults.append("U+" + String(scalar.value, radix: 16))
    }
    for line in text.unicodeScalars.split(whereSeparator: { [0x0A, 0x0D].contains($0.value) }) {
      let rest = line.drop { $0.properties.isWhitespace }
      if rest.starts(with: "::".unicodeScalars) {
        faults.append("command: \(String(rest.prefix(40)))")
      }
      if String(line).utf8.contains(UInt8(ascii: "#")), contains(line, "##[") {
        faults.append("old command: \(String(rest.prefix(40)))")
      }
    }
    return faults
  }

  private static func contains(_ line: Substring.UnicodeScalarView, _ words: String) -> Bool {
    let all = Array(line)
    let sought = Array(words.unicodeScalars)
    return all.indices.contains { all[$0...].starts(with: sought) }
  }

  private static func isForbidden(_ value: UInt32) -> Bool {
    switch value {
    case 0x0A: false
    case 0..<0x20, 0x7F...0x9F, 0xAD, 0x61C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F,
      0xFEFF,
      0xE0001...0xE007F:
      true
    default: false
    }
  }
}
