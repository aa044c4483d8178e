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
struct JSONLine {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0

  private init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// The value that the line holds, and nothing else.
  ///
  /// - Throws: `EventDecoder.Failure` with the reason and the column, which counts from 1.
  static func parse(_ line: UnsafeBufferPointer<UInt8>) throws(EventDecoder.Failure) -> JSONValue {
    var parser = JSONLine(line)
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.position == line.count else { throw parser.failure("something follows the event") }
    return value
  }

  private func failure(_ reason: String) -> EventDecoder.Failure {
    EventDecoder.Failure(reason: "\(reason) at column \(position + 1)")
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 32 || byte == 9 || byte == 13 { position += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard next == byte else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ byte: UInt8) throws(EventDecoder.Failure) {
    guard take(byte) else { throw failure("expected '\(Character(UnicodeScalar(byte)))'") }
  }

  private mutating func value(depth: Int) throws(EventDecoder.Failure) -> JSONValue {
    skipSpace()
    guard depth < 8 else { throw failure("nested too deep") }
    switch next {
    case 123: return .object(try object(depth: depth))
    case 91: return .array(try array(depth: depth))
    case 34: return .text(try string())
    case 116, 102: return .boolean(try boolean())
    default: return .number(try number())
    }
  }

  private mutating func object(
    depth: Int
  ) throws(EventDecoder.Failure) -> [(key: String, value: JSONValue)] {
    try expect(123)
    var fields: [(key: String, value: JSONValue)] = []
    if take(125) { return fields }
    fields.reserveCapacity(8)
    repeat {
      let key = try string()
      guard !fields.contains(where: { $0.key == key }) else {
        throw failure("field \"\(key)\" occurs twice")
      }
      try expect(58)
      fields.append((key, try value(depth: depth + 1)))
    } while take(44)
    try expect(125)
    return fields
  }

  private mutating func array(depth: Int) throws(EventDecoder.Failure) -> [JSONValue] {
    try expect(91)
    var elements: [JSONValue] = []
    if take(93) { return elements }
    repeat { elements.append(try value(depth: depth + 1)) } while take(44)
    try expect(93)
    return elements
  }

  private mutating func boolean() throws(EventDecoder.Failure) -> Bool {
    for (word, meaning) in [("true", true), ("false", false)]
    where bytes[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return meaning
    }
    throw failure("expected true or false")
  }

  private mutating func number() throws(EventDecoder.Failure) -> Int128 {
    let isNegative = next == 45
    if isNegative { position += 1 }
    let start = position
    var magnitude: UInt64 = 0
    while let byte = next, (48...57).contains(byte) {
      let (scaled, overflowed) = magnitude.multipliedReportingOverflow(by: 10)
      let (sum, carried) = scaled.addingReportingOverflow(UInt64(byte - 48))
      guard !overflowed, !carried else { throw failure("number out of range") }
      magnitude = sum
      position += 1
    }
    let digits = position - start
    let isFraction = next == 46 || next == 69 || next == 101
    guard digits > 0, !isFraction, digits == 1 || bytes[start] != 48 else {
      throw failure("expected a whole number")
    }
    return isNegative ? -Int128(magnitude) : Int128(magnitude)
  }

  private mutating func string() throws(EventDecoder.Failure) -> String {
    try expect(34)
    var decoded: [UInt8] = []
    var start = position
    while let byte = next, byte != 34 {
      guard byte >= 32 else { throw failure("control character in a string") }
      position += 1
      guard byte == 92 else { continue }
      decoded.append(contentsOf: bytes[start..<position - 1])
      try appendEscape(to: &decoded)
      start = position
    }
    let tail = bytes[start..<position]
    try expect(34)
    let text =
      decoded.isEmpty
      ? String(validating: tail, as: UTF8.self)
      : String(validating: decoded + tail, as: UTF8.self)
    guard let text else { throw failure("text that is not UTF-8") }
    return text
  }

  private mutating func appendEscape(to decoded: inout [UInt8]) throws(EventDecoder.Failure) {
    guard let byte = next else { throw failure("unfinished escape") }
    position += 1
    switch byte {
    case 34, 47, 92: decoded.append(byte)
    case 98: decoded.append(8)
    case 102: decoded.append(12)
    case 110: decoded.append(10)
    case 114: decoded.append(13)
    case 116: decoded.append(9)
    case 117:
      let end = position + 4
      guard end <= bytes.count,
        let digits = String(validating: bytes[position..<end], as: UTF8.self),
        let unit = UInt16(digits, radix: 16), let scalar = Unicode.Scalar(unit)
      else { throw failure("bad \\u escape") }
      position = end
      decoded.append(contentsOf: String(Character(scalar)).utf8)
    default: throw failure("bad escape")
    }
  }
}
