import TerminalText
import Testing

@Suite struct TextLayoutTests {
  @Test func `a text is broken at blanks, and a long word anywhere`() {
    #expect(TextLayout.wrapped("", width: 9) == [""])
    #expect(TextLayout.wrapped("one two three", width: 7) == ["one two", "three"])
    #expect(TextLayout.wrapped("one two three", width: 6) == ["one", "two", "three"])
    #expect(
      TextLayout.wrapped("one two three", width: 9, indent: "- ", rest: "  ")
        == ["- one two", "  three"])
    #expect(TextLayout.wrapped("abcdefghij", width: 4) == ["abcd", "efgh", "ij"])
    #expect(
      TextLayout.wrapped("a /a/path/of/length b", width: 8, rest: "  ")
        == ["a", "  /a/pat", "  h/of/l", "  ength", "  b"])
  }

  @Test func `no line is wider than the width, and no word is lost`() {
    let text = "The quick brown fox jumps over thelazydogsthatsleepunderthefence today"
    for width in 5...90 {
      for rest in ["", "   "] {
        let lines = TextLayout.wrapped(text, width: width, indent: " ", rest: rest)
        #expect(lines.allSatisfy { $0.count <= width }, "\(width): \(lines)")
        let letters = { (text: String) in text.filter { $0 != " " } }
        #expect(letters(lines.joined()) == letters(text))
      }
    }
  }

  static let rows = [
    ["name", "p50 / p99 / max", "weakness"],
    ["quiet, probe-then-bind", "40.0 us / 90.0 us / 1.5 ms", "anybody may take the number"],
    ["x", "-", ""],
  ]

  @Test func `a table that fits is one`() {
    let lines = TextLayout.table(Self.rows, width: 81)
    #expect(lines.count == 3 && lines.map(\.count).max() == 81)
    #expect(lines[1] == "  \(Self.rows[1].joined(separator: "  "))")
  }

  @Test func `one that does not is in parts, each with its first column`() {
    let lines = TextLayout.table(Self.rows, width: 60)
    #expect(lines.count { $0.hasPrefix("  name") } == 2)
    for width in 30...120 {
      let lines = TextLayout.table(Self.rows, width: width)
      #expect(lines.allSatisfy { $0.count <= width && !$0.hasSuffix(" ") }, "\(width)")
      let words = lines.joined(separator: " ").split(separator: " ")
      #expect(words.contains("90.0") && words.contains("anybody"))
    }
  }

  @Test func `a table without a width has one line for each row`() {
    #expect(
      TextLayout.aligned([["a", "b"], ["long", ""], ["", "c"]], indent: 1) == [
        " a     b", " long", "       c",
      ])
    #expect(TextLayout.aligned([]) == [])
  }
}
