import Testing

@testable import JSON

/// The parser against RFC 8259, with the places of its errors.
@Suite struct JSONParserTests {
  /// The value in a compact notation of this test's own: what was read, without places.
  static func notation(_ value: JSONValue) -> String {
    switch value.content {
    case .null: "null"
    case .boolean(let flag): flag ? "yes" : "no"
    case .number(let text): "#\(text)"
    case .string(let text): "'\(text)'"
    case .array(let elements): "[\(elements.map(notation).joined(separator: " "))]"
    case .object(let members):
      "{\(members.map { "\($0.key)=\(notation($0.value))" }.joined(separator: " "))}"
    }
  }

  static func error(_ bytes: some Collection<UInt8>) -> JSONSyntaxError? {
    do throws(JSONSyntaxError) {
      _ = try JSONParser.parse(bytes)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [
    ("null", "null"), (" true ", "yes"), ("\t\r\nfalse\n", "no"), ("[]", "[]"), ("{ }", "{}"),
    ("[1, [2], {\"a\": []}]", "[#1 [#2] {a=[]}]"),
    ("{\"a\": 1, \"b\": {\"a\": 2}}", "{a=#1 b={a=#2}}"), ("\"\"", "''"),
    ("\"é漢🦀\u{7F}\u{2028}\"", "'é漢🦀\u{7F}\u{2028}'"), ("{\"\": 0}", "{=#0}"),
    (#""\"\\\/\b\f\n\r\t""#, "'\"\\/\u{8}\u{C}\n\r\t'"),
    (#""\u0041\u00e9\uFFFF\u0000""#, "'Aé\u{FFFF}\0'"),
    (#""\ud83e\udd80 \uD834\uDD1E""#, "'🦀 𝄞'"), (#""\\u0041""#, #"'\u0041'"#),
  ])
  func `what is JSON is read`(_ text: String, _ expected: String) throws {
    #expect(Self.notation(try JSONParser.parse(text.utf8)) == expected)
  }

  @Test(arguments: [
    "0", "-0", "7", "-12", "1234567890123456789012345678901234567890", "0.5", "-0.50", "1e9",
    "1E+9", "10.25e-3", "0e0",
  ])
  func `a number is kept as written`(_ text: String) throws {
    #expect(Self.notation(try JSONParser.parse(text.utf8)) == "#" + text)
  }

  struct Broken: Sendable, CustomTestStringConvertible {
    var text: String
    var line: Int
    var column: Int
    var message: String
    var testDescription: String { text.debugDescription }

    init(_ text: String, _ line: Int, _ column: Int, _ message: String) {
      self.text = text
      self.line = line
      self.column = column
      self.message = message
    }
  }

  static let controlCharacter =
    "a line break or control character inside a string must be escaped"

  @Test(arguments: [
    Broken("", 1, 1, "expected a value, found the end of the file"),
    Broken(" \n  ", 2, 3, "expected a value, found the end of the file"),
    Broken("\u{FEFF}{}", 1, 1, "the file begins with a byte-order mark"),
    Broken("{} {}", 1, 4, "expected the end of the file, found '{'"),
    Broken("[1,\n 2,\n]", 3, 1, "expected a value, found ']'"),
    Broken("[,1]", 1, 2, "expected a value, found ','"),
    Broken("[1 2]", 1, 4, "expected ',' or ']', found '2'"),
    Broken("[1", 1, 3, "expected ',' or ']', found the end of the file"),
    Broken("[1}", 1, 3, "expected ',' or ']', found '}'"),
    Broken("{\"a\": 1,}", 1, 9, "expected a key (no comma before '}'), found '}'"),
    Broken("{\"a\" 1}", 1, 6, "expected ':', found '1'"),
    Broken("{\"a\": }", 1, 7, "expected a value, found '}'"),
    Broken("{\"a\": 1 \"b\": 2}", 1, 9, "expected ',' or '}', found '\"'"),
    Broken("{a: 1}", 1, 2, "expected a key or '}', found 'a'"),
    Broken("{'a': 1}", 1, 2, "expected a key or '}', found '''"),
    Broken("{\n  \"a\": 1,\n  \"é\": 2, \"a\": 3\n}", 3, 11, "duplicate key \"a\""),
    Broken(#"{"a": 1, "\u0061": 2}"#, 1, 10, "duplicate key \"a\""),
    Broken("// c\n1", 1, 1, "expected a value, found '/': JSON has no comments"),
    Broken("tru", 1, 4, "expected 'true', found the end of the file"),
    Broken("nul1", 1, 4, "expected 'null', found '1'"),
    Broken("True", 1, 1, "expected a value, found 'T'"),
    Broken("NaN", 1, 1, "expected a value, found 'N'"),
    Broken("+1", 1, 1, "expected a value, found '+'"),
    Broken(".5", 1, 1, "expected a value, found '.'"),
    Broken("-", 1, 2, "expected a digit, found the end of the file"),
    Broken("-a", 1, 2, "expected a digit, found 'a'"),
    Broken("01", 1, 2, "a number does not begin with 0 unless it is 0"),
    Broken("-00", 1, 3, "a number does not begin with 0 unless it is 0"),
    Broken("1.", 1, 3, "expected a digit, found the end of the file"),
    Broken("1.e5", 1, 3, "expected a digit, found 'e'"),
    Broken("1e+", 1, 4, "expected a digit, found the end of the file"),
    Broken("0x10", 1, 2, "expected the end of the file, found 'x'"),
    Broken("\u{661}", 1, 1, "expected a value, found '\u{661}'"),
    Broken("\u{A0}1", 1, 1, "expected a value, found '\u{A0}'"),
    Broken("\"ab", 1, 4, "the string does not end"),
    Broken("\"ab\\", 1, 5, "the string does not end"),
    Broken("\"a\nb\"", 1, 3, Self.controlCharacter),
    Broken("\"\u{1F}\"", 1, 2, Self.controlCharacter),
    Broken(#""\x41""#, 1, 3, #"invalid JSON escape '\x'"#),
    Broken(#""\u12g4""#, 1, 6, "expected four hexadecimal digits, found 'g'"),
    Broken(#""\u12""#, 1, 6, "expected four hexadecimal digits, found '\"'"),
    Broken("\"\\u００41\"", 1, 4, "expected four hexadecimal digits, found '０'"),
    Broken(#""\ud83e""#, 1, 4, "half of a surrogate pair"),
    Broken(#""\ud83ex""#, 1, 4, "half of a surrogate pair"),
    Broken(#""\udd80""#, 1, 4, "half of a surrogate pair"),
    Broken(#""\udd80\ud83e""#, 1, 4, "half of a surrogate pair"),
    Broken(#""\ud83e\u0041""#, 1, 4, "half of a surrogate pair"),
    Broken(#""\ud83e\n""#, 1, 4, "half of a surrogate pair"),
  ])
  func `what is not JSON is refused at its place`(_ broken: Broken) {
    #expect(
      Self.error(broken.text.utf8)
        == JSONSyntaxError(
          position: TextPosition(line: broken.line, column: broken.column),
          message: broken.message))
  }

  @Test(
    arguments: [
      [0xFF], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xC0, 0xAF, 0x22],
      [0xFF, 0xFE, 0x31, 0x00],
    ] as [[UInt8]])
  func `what is not UTF-8 is refused`(_ bytes: [UInt8]) {
    #expect(Self.error(bytes)?.message == "the file is not UTF-8 text")
  }

  @Test func `the deepest nesting is 64`() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
      let at = { (depth: Int) in
        String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
      }
      #expect(Self.error(at(64).utf8) == nil)
      #expect(
        Self.error(at(65).utf8)
          == JSONSyntaxError(
            position: TextPosition(line: 1, column: 64 * open.count + 1),
            message: "nested more than 64 deep"))
      // Far deeper, nothing overflows the stack.
      #expect(Self.error(String(repeating: open, count: 100_000).utf8) != nil)
    }
    // Neighbours are not nested in each other.
    #expect(Self.error("[\(String(repeating: "[[]],", count: 100))[]]".utf8) == nil)
  }

  @Test func `every value knows its line and column`() throws {
    let text = "{\r\n  \"é🦀\": [true,\n\tnull],\n\"b\" :\n\n  -1}"
    let root = try JSONParser.parse(text.utf8)
    guard case .object(let members) = root.content,
      case .array(let elements) = members[0].value.content
    else {
      Issue.record("read as \(Self.notation(root))")
      return
    }
    #expect(root.position == TextPosition(line: 1, column: 1))
    #expect(members.map(\.position) == [.init(line: 2, column: 3), .init(line: 4, column: 1)])
    // Columns count Unicode scalars, not bytes.
    #expect(members[0].value.position == TextPosition(line: 2, column: 9))
    #expect(elements.map(\.position) == [.init(line: 2, column: 10), .init(line: 3, column: 2)])
    #expect(members[1].value.position == TextPosition(line: 6, column: 3))
  }
}
