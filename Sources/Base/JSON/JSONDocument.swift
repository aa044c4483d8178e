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

/// A JSON value with its position. Foundation's decoders drop positions, and a plan's error must point at its place. No
/// available package keeps them either, so this is our own parser. It also reads adapters' answers.
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

  /// The kind of value, for messages.
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

/// A text that is not JSON.
package struct JSONSyntaxError: Error, Equatable {
  package var position: TextPosition
  package var message: String
}

/// A strict RFC 8259 parser: no comments, no trailing commas, no duplicate keys, no byte-order mark.
package struct JSONParser {
  private typealias Failure = JSONScanner.Failure

  private var scanner: JSONScanner
  private var positions: TextPositions
  private var depth = 0

  private var values = 0

  /// Documents with deeper nesting are refused, because they could exhaust the stack.
  package static let deepest = 64
  /// Documents with more values are refused: each takes some forty bytes here, and may take only two in the file.
  package static let mostValues = 500_000

  /// Parses a whole document.
  package static func parse(_ bytes: some Collection<UInt8>) throws(JSONSyntaxError) -> JSONValue {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw JSONSyntaxError(
        position: TextPosition(line: 1, column: 1), message: "the file is not UTF-8 text")
    }
    return try Array(bytes).withUnsafeBufferPointer { buffer throws(JSONSyntaxError) in
      var parser = JSONParser(
        scanner: JSONScanner(buffer), positions: TextPositions(bytes: buffer))
      do throws(Failure) {
        return try parser.document()
      } catch {
        var positions = TextPositions(bytes: buffer)
        throw JSONSyntaxError(
          position: positions.position(of: error.offset), message: error.message)
      }
    }
  }

  private init(scanner: JSONScanner, positions: TextPositions) {
    self.scanner = scanner
    self.positions = positions
  }

  private mutating func document() throws(Failure) -> JSONValue {
    if scanner.starts(with: "\u{FEFF}") {
      throw scanner.failure("the file begins with a byte-order mark")
    }
    scanner.skipSpace()
    let value = try value()
    scanner.skipSpace()
    guard scanner.next == nil else { throw scanner.unexpected("the end of the file") }
    return value
  }

  private mutating func value() throws(Failure) -> JSONValue {
    let start = positions.position(of: scanner.offset)
    values += 1
    if values > Self.mostValues { throw scanner.failure("more than \(Self.mostValues) values") }
    let content: JSONValue.Content
    switch scanner.next {
    case UInt8(ascii: "{"):
      content = try nested { parser throws(Failure) in try parser.object() }
    case UInt8(ascii: "["): content = try nested { parser throws(Failure) in try parser.array() }
    case UInt8(ascii: "\""): content = .string(try scanner.string())
    case UInt8(ascii: "t"):
      try scanner.word("true")
      content = .boolean(true)
    case UInt8(ascii: "f"):
      try scanner.word("false")
      content = .boolean(false)
    case UInt8(ascii: "n"):
      try scanner.word("null")
      content = .null
    case let byte?
    where byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte):
      content = .number(try scanner.number())
    case UInt8(ascii: "/"):
      throw scanner.failure("expected a value, found '/': JSON has no comments")
    default: throw scanner.unexpected("a value")
    }
    return JSONValue(content: content, position: start)
  }

  private mutating func nested(
    _ body: (inout JSONParser) throws(Failure) -> JSONValue.Content
  ) throws(Failure) -> JSONValue.Content {
    depth += 1
    if depth > Self.deepest { throw scanner.failure("nested more than \(Self.deepest) deep") }
    let content = try body(&self)
    depth -= 1
    return content
  }

  private mutating func object() throws(Failure) -> JSONValue.Content {
    scanner.advance()
    var members: [JSONValue.Member] = []
    var keys: Set<String> = []
    if scanner.take(UInt8(ascii: "}")) { return .object([]) }
    repeat {
      scanner.skipSpace()
      guard scanner.next == UInt8(ascii: "\"") else {
        throw scanner.unexpected(members.isEmpty ? "a key or '}'" : "a key (no comma before '}')")
      }
      let start = scanner.offset
      let place = positions.position(of: start)
      let key = try scanner.string()
      if !keys.insert(key).inserted {
        throw Failure(offset: start, message: "duplicate key \"\(key)\"")
      }
      guard scanner.take(UInt8(ascii: ":")) else { throw scanner.unexpected("':'") }
      scanner.skipSpace()
      members.append(JSONValue.Member(key: key, position: place, value: try value()))
    } while scanner.take(UInt8(ascii: ","))
    guard scanner.take(UInt8(ascii: "}")) else { throw scanner.unexpected("',' or '}'") }
    return .object(members)
  }

  private mutating func array() throws(Failure) -> JSONValue.Content {
    scanner.advance()
    var elements: [JSONValue] = []
    if scanner.take(UInt8(ascii: "]")) { return .array([]) }
    repeat {
      scanner.skipSpace()
      elements.append(try value())
    } while scanner.take(UInt8(ascii: ","))
    guard scanner.take(UInt8(ascii: "]")) else { throw scanner.unexpected("',' or ']'") }
    return .array(elements)
  }
}

/// Converts offsets into lines and columns, each time starting from the last one.
private struct TextPositions {
  let bytes: UnsafeBufferPointer<UInt8>
  private var offset = 0
  private var position = TextPosition(line: 1, column: 1)

  init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// - Parameter target: must not lie before the target of the last call.
  mutating func position(of target: Int) -> TextPosition {
    while offset < target {
      let byte = bytes[offset]
      offset += 1
      if byte == UInt8(ascii: "\n") {
        position = TextPosition(line: position.line + 1, column: 1)
      } else if offset >= bytes.count || !UTF8.isContinuation(bytes[offset]) {
        // Columns count scalars: count only the last byte of each.
        position.column += 1
      }
    }
    return position
  }
}
