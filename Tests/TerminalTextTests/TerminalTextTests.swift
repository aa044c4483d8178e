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

  @Test func `of all scalars only control and format characters are replaced`() {
    for value in UInt32(0)...0x10_FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let isUnsafe =
        [.control, .format, .lineSeparator, .paragraphSeparator].contains(
          scalar.properties.generalCategory)
      let isKept = TerminalText.safe(String(scalar)).unicodeScalars.first == scalar
      guard isKept == (!isUnsafe || value == 0x0A || value == 0x09) else {
        Issue.record("U+\(String(value, radix: 16))")
        return
      }
    }
  }

  @Test(arguments: [
    ("a\u{202E}b\u{2066}", "a�b�"), ("\u{200B}::x", "�::x"), ("a\u{2028}::x", "a�::x"),
    ("\u{FEFF}\u{AD}\u{61C}\u{E0041}", "����"),
  ])
  func `what reorders or hides text is shown`(_ text: String, _ shown: String) {
    #expect(TerminalText.safe(text) == shown)
  }

  @Test(arguments: [
    ("::error::x", "∶:error::x"), (" \t\u{A0}::x", " \t\u{A0}∶:x"),
    ("a\n\n  ::x\nb::c", "a\n\n  ∶:x\nb::c"),
    (":x", ":x"), ("a ::x", "a ::x"), (":::", "∶::"), ("a ##[error]x", "a ♯#[error]x"),
    ("##[[", "♯#[["), ("###[", "#♯#["), ("##", "##"), ("fe80::1", "fe80::1"),
  ])
  func `no line is a command to a runner`(_ text: String, _ shown: String) {
    #expect(TerminalText.withoutCommands(text) == shown)
    #expect(TerminalText.safe(text) == shown)
    #expect(TerminalText.withoutCommands(shown) == shown)
  }

  @Test(arguments: [
    ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("", 1, ""), ("ab", 1, "…"), ("a\nbc", 3, "a␊…"),
    ("ééééé", 4, "ééé…"),
  ])
  func `what is too long is cut with a mark`(_ text: String, _ limit: Int, _ shown: String) {
    #expect(TerminalText.safeLine(text, atMost: limit) == shown)
  }
}
