import TerminalText
import Testing

@Suite struct TerminalTextTests {
  @Test(arguments: [
    ("", ""), ("plain, ä and 日本", "plain, ä and 日本"), ("a\nb\tc", "a\nb\tc"),
    ("\u{1B}[31mRED", "␛[31mRED"), ("\u{1B}]0;owned\u{7}", "␛]0;owned␇"), ("a\rb", "a␍b"),
    ("a\r\nb", "a␍\nb"), ("\u{0}\u{8}\u{1F}\u{7F}", "␀␈␟␡"), ("\u{9B}2Jx\u{80}\u{9F}", "�2Jx��"),
    ("\u{A0}", "\u{A0}"),
  ])
  func `control characters are shown, not obeyed`(_ text: String, _ shown: String) {
    #expect(TerminalText.safe(text) == shown)
    #expect(TerminalText.safe(shown) == shown)
    #expect(TerminalText.safe(text).unicodeScalars.count == text.unicodeScalars.count)
  }

  @Test func `in one line there are no breaks`() {
    #expect(TerminalText.safeLine("a\nb\tc\u{1B}") == "a␊b␉c␛")
  }

  @Test func `of all scalars only control characters are replaced`() {
    for value in UInt32(0)...0x10_FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let isControl = scalar.properties.generalCategory == .control
      let isKept = TerminalText.safe(String(scalar)).unicodeScalars.first == scalar
      guard isKept == (!isControl || value == 0x0A || value == 0x09) else {
        Issue.record("U+\(String(value, radix: 16))")
        return
      }
    }
  }
}
