/// A place in a text: line and column count from 1, columns in Unicode scalars.
public struct TextPosition: Sendable, Equatable, Comparable {
  /// Line, from 1.
  public var line: Int
  /// Column, from 1.
  public var column: Int

  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  public static func < (a: TextPosition, b: TextPosition) -> Bool {
    (a.line, a.column) < (b.line, b.column)
  }
}

/// A JSON value that remembers where it stood. Foundation's decoders forget, and a plan's error must point at
/// its place; no package at hand keeps positions either, hence a parser of our own. Adapters' answers are read with it, too.
package struct JSONValue: Sendable {
  /// A member of an object.
  package struct Member: Sendable {
    package var key: String
    package var position: TextPosition
    package var value: JSONValue
  }

  package enum Content: Sendable {
    case null
    case boolean(Bool)
    /// A number as written.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])
  }

  package var content: Content
  package var position: TextPosition

  /// What it is, for messages.
  package var kind: String {
    switch content {
    case .null: "null"
    case .boolean: "a boolean"
    case .number(let text): "the number \(text)"
    case .string(let text): "the string \"\(text.count > 40 ? text.prefix(37) + "..." : text)\""
    case .array: "an array"
    case .object: "an object"
    }
  }
}

/// A text that is no JSON.
package struct JSONSyntaxError: Error, Equatable {
  package var position: TextPosition
  package var message: String
}

/// A strict RFC 8259 parser: no comments, no trailing commas, no duplicate keys, no byte-order mark.
package struct JSONParser {
  private let scalars: [Unicode.Scalar]
  private var index = 0
  private var position = TextPosition(line: 1, column: 1)
  private var depth = 0

  /// Deeper documents are refused rather than risk the stack.
  private static let deepest = 64

  /// Parses a whole document.
  package static func parse(_ bytes: some Collection<UInt8>) throws(JSONSyntaxError) -> JSONValue {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw JSONSyntaxError(
        position: TextPosition(line: 1, column: 1), message: "the file is not UTF-8 text")
    }
    var parser = JSONParser(scalars: Array(text.unicodeScalars))
    if parser.peek == "\u{FEFF}" { throw parser.error("the file begins with a byte-order mark") }
    parser.skipWhitespace()
    let value = try parser.value()
    parser.skipWhitespace()
    if let extra = parser.peek {
      throw parser.error("expected the end of the file, found '\(extra)'")
    }
    return value
  }

  private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

  private var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

  private func error(_ message: String) -> JSONSyntaxError {
    JSONSyntaxError(position: position, message: message)
  }

  private func unexpected(_ wanted: String) -> JSONSyntaxError {
    error("expected \(wanted), found \(peek.map { "'\($0)'" } ?? "the end of the file")")
  }

  private mutating func advance() {
    if scalars[index] == "\n" {
      position.line += 1
      position.column = 1
    } else {
      position.column += 1
    }
    index += 1
  }

  private mutating func skipWhitespace() {
    while let scalar = peek, scalar == " " || scalar == "\n" || scalar == "\t" || scalar == "\r" {
      advance()
    }
  }

  private mutating func expect(_ scalar: Unicode.Scalar) throws(JSONSyntaxError) {
    guard peek == scalar else { throw unexpected("'\(scalar)'") }
    advance()
  }

  private mutating func value() throws(JSONSyntaxError) -> JSONValue {
    let start = position
    let content: JSONValue.Content
    switch peek {
    case "{": content = try nested { parser throws(JSONSyntaxError) in try parser.object() }
    case "[": content = try nested { parser throws(JSONSyntaxError) in try parser.array() }
    case "\"": content = .string(try string())
    case "t":
      try word("true")
      content = .boolean(true)
    case "f":
      try word("false")
      content = .boolean(false)
    case "n":
      try word("null")
      content = .null
    case let first? where first == "-" || ("0"..."9").contains(first):
      content = .number(try number())
    case "/": throw error("expected a value, found '/': JSON has no comments")
    default: throw unexpected("a value")
    }
    return JSONValue(content: content, position: start)
  }

  private mutating func nested(
    _ body: (inout JSONParser) throws(JSONSyntaxError) -> JSONValue.Content
  ) throws(JSONSyntaxError) -> JSONValue.Content {
    depth += 1
    if depth > Self.deepest { throw error("nested more than \(Self.deepest) deep") }
    let content = try body(&self)
    depth -= 1
    return content
  }

  private mutating func word(_ text: String) throws(JSONSyntaxError) {
    for scalar in text.unicodeScalars {
      guard peek == scalar else { throw unexpected("'\(text)'") }
      advance()
    }
  }

  private mutating func object() throws(JSONSyntaxError) -> JSONValue.Content {
    advance()
    skipWhitespace()
    var members: [JSONValue.Member] = []
    var keys: Set<String> = []
    if peek == "}" {
      advance()
      return .object([])
    }
    while true {
      let place = position
      guard peek == "\"" else {
        throw unexpected(members.isEmpty ? "a key or '}'" : "a key (no comma before '}')")
      }
      let key = try string()
      if !keys.insert(key).inserted {
        throw JSONSyntaxError(position: place, message: "the key \"\(key)\" stands here twice")
      }
      skipWhitespace()
      try expect(":")
      skipWhitespace()
      members.append(JSONValue.Member(key: key, position: place, value: try value()))
      skipWhitespace()
      if peek == "}" { break }
      guard peek == "," else { throw unexpected("',' or '}'") }
      advance()
      skipWhitespace()
    }
    advance()
    return .object(members)
  }

  private mutating func array() throws(JSONSyntaxError) -> JSONValue.Content {
    advance()
    skipWhitespace()
    var elements: [JSONValue] = []
    if peek == "]" {
      advance()
      return .array([])
    }
    while true {
      elements.append(try value())
      skipWhitespace()
      if peek == "]" { break }
      guard peek == "," else { throw unexpected("',' or ']'") }
      advance()
      skipWhitespace()
    }
    advance()
    return .array(elements)
  }

  private mutating func number() throws(JSONSyntaxError) -> String {
    let start = index
    if peek == "-" { advance() }
    if peek == "0" { advance() } else { try digits() }
    if peek == "." {
      advance()
      try digits()
    }
    if peek == "e" || peek == "E" {
      advance()
      if peek == "+" || peek == "-" { advance() }
      try digits()
    }
    if let next = peek, ("0"..."9").contains(next) {
      throw error("a number does not begin with 0 unless it is 0")
    }
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars[start..<index])
    return String(text)
  }

  private mutating func digits() throws(JSONSyntaxError) {
    guard let first = peek, ("0"..."9").contains(first) else { throw unexpected("a digit") }
    while let next = peek, ("0"..."9").contains(next) { advance() }
  }

  private mutating func string() throws(JSONSyntaxError) -> String {
    advance()
    var text = String.UnicodeScalarView()
    while true {
      guard let scalar = peek else { throw error("the string does not end") }
      switch scalar {
      case "\"":
        advance()
        return String(text)
      case "\\":
        advance()
        text.append(try escape())
      case _ where scalar.value < 0x20:
        throw error("a line break or control character inside a string must be escaped")
      default:
        text.append(scalar)
        advance()
      }
    }
  }

  private mutating func escape() throws(JSONSyntaxError) -> Unicode.Scalar {
    let simple: [Unicode.Scalar: Unicode.Scalar] = [
      "\"": "\"", "\\": "\\", "/": "/", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r",
      "t": "\t",
    ]
    guard let scalar = peek else { throw error("the string does not end") }
    if let plain = simple[scalar] {
      advance()
      return plain
    }
    guard scalar == "u" else { throw error("'\\\(scalar)' is no escape of JSON") }
    advance()
    let place = position
    var code = try hexadecimal()
    if (0xD800..<0xDC00).contains(code), scalars[index...].starts(with: ["\\", "u"]) {
      advance()
      advance()
      let low = try hexadecimal()
      if (0xDC00..<0xE000).contains(low) {
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
    }
    guard let result = Unicode.Scalar(code) else {
      throw JSONSyntaxError(position: place, message: "half of a surrogate pair")
    }
    return result
  }

  private mutating func hexadecimal() throws(JSONSyntaxError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let scalar = peek, scalar.isASCII,
        let digit = Character(scalar).hexDigitValue
      else { throw unexpected("four hexadecimal digits") }
      value = value << 4 | UInt32(digit)
      advance()
    }
    return value
  }
}
