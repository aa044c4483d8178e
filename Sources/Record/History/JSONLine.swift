internal import JSON

/// The part of JSON that events are made of: whole numbers, strings, booleans, arrays and objects.
enum JSONValue: Equatable {
  case number(Int128)
  case text(String)
  case boolean(Bool)
  case array([JSONValue])
  case object([(key: String, value: JSONValue)])

  static func == (left: JSONValue, right: JSONValue) -> Bool {
    switch (left, right) {
    case (.number(let a), .number(let b)): a == b
    case (.text(let a), .text(let b)): a == b
    case (.boolean(let a), .boolean(let b)): a == b
    case (.array(let a), .array(let b)): a == b
    case (.object(let a), .object(let b)): a.elementsEqual(b) { $0 == $1 }
    default: false
    }
  }
}

/// Parses one line of JSON; numbers keep all 64 bits.
///
/// The tokens are `JSONScanner`'s, as for plans. The values are separate types, because those of `JSONParser` keep each
/// position and each number's text, which is too expensive for histories of many millions of events.
struct JSONLine {
  private var scanner: JSONScanner

  /// More than any event has. The bound matters because each key is compared with the keys before it.
  private static let mostFields = 64

  private init(_ bytes: UnsafeBufferPointer<UInt8>) { scanner = JSONScanner(bytes) }

  /// The value on the line, which must contain nothing else.
  ///
  /// - Throws: `EventDecoder.Failure` with the reason and the column, which counts bytes from 1.
  static func parse(_ line: UnsafeBufferPointer<UInt8>) throws(EventDecoder.Failure) -> JSONValue {
    var parser = JSONLine(line)
    do throws(JSONScanner.Failure) {
      let value = try parser.value(depth: 0)
      parser.scanner.skipSpace()
      guard parser.scanner.next == nil else {
        throw parser.scanner.failure("something follows the event")
      }
      return value
    } catch {
      throw EventDecoder.Failure(reason: "\(error.message) at column \(error.offset + 1)")
    }
  }

  private mutating func value(depth: Int) throws(JSONScanner.Failure) -> JSONValue {
    scanner.skipSpace()
    guard depth < 8 else { throw scanner.failure("nested too deep") }
    switch scanner.next {
    case UInt8(ascii: "{"): return .object(try object(depth: depth))
    case UInt8(ascii: "["): return .array(try array(depth: depth))
    case UInt8(ascii: "\""): return .text(try scanner.string())
    case UInt8(ascii: "t"):
      try scanner.word("true")
      return .boolean(true)
    case UInt8(ascii: "f"):
      try scanner.word("false")
      return .boolean(false)
    default: return .number(try number())
    }
  }

  private mutating func object(
    depth: Int
  ) throws(JSONScanner.Failure) -> [(key: String, value: JSONValue)] {
    scanner.advance()
    var fields: [(key: String, value: JSONValue)] = []
    if scanner.take(UInt8(ascii: "}")) { return fields }
    fields.reserveCapacity(8)
    repeat {
      scanner.skipSpace()
      guard scanner.next == UInt8(ascii: "\"") else { throw scanner.unexpected("a field's name") }
      let key = try scanner.string()
      guard !fields.contains(where: { $0.key == key }) else {
        throw scanner.failure("field \"\(key)\" occurs twice")
      }
      guard fields.count < Self.mostFields else {
        throw scanner.failure("more than \(Self.mostFields) fields")
      }
      guard scanner.take(UInt8(ascii: ":")) else { throw scanner.unexpected("':'") }
      fields.append((key, try value(depth: depth + 1)))
    } while scanner.take(UInt8(ascii: ","))
    guard scanner.take(UInt8(ascii: "}")) else { throw scanner.unexpected("',' or '}'") }
    return fields
  }

  private mutating func array(depth: Int) throws(JSONScanner.Failure) -> [JSONValue] {
    scanner.advance()
    var elements: [JSONValue] = []
    if scanner.take(UInt8(ascii: "]")) { return elements }
    repeat {
      elements.append(try value(depth: depth + 1))
    } while scanner.take(UInt8(ascii: ","))
    guard scanner.take(UInt8(ascii: "]")) else { throw scanner.unexpected("',' or ']'") }
    return elements
  }

  /// A whole number. It is parsed here, because the scanner's result would have to be parsed a second time.
  private mutating func number() throws(JSONScanner.Failure) -> Int128 {
    let isNegative = scanner.next == UInt8(ascii: "-")
    if isNegative { scanner.advance() }
    let first = scanner.next
    let start = scanner.offset
    var magnitude: UInt64 = 0
    while let byte = scanner.next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
      let (scaled, overflowed) = magnitude.multipliedReportingOverflow(by: 10)
      let (sum, carried) = scaled.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
      guard !overflowed, !carried else { throw scanner.failure("number out of range") }
      magnitude = sum
      scanner.advance()
    }
    let digits = scanner.offset - start
    let next = scanner.next
    let isFraction =
      next == UInt8(ascii: ".") || next == UInt8(ascii: "E") || next == UInt8(ascii: "e")
    guard digits > 0, !isFraction, digits == 1 || first != UInt8(ascii: "0") else {
      throw scanner.failure("expected a whole number")
    }
    return isNegative ? -Int128(magnitude) : Int128(magnitude)
  }
}
