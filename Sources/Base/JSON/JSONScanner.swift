/// Reads the tokens of JSON (RFC 8259) from bytes.
///
/// Both readers of this package use it: `JSONParser`, which keeps the position of every value for documents that people
/// write, and the reader of events, which keeps only the value.
package struct JSONScanner {
  /// The error, and where it is.
  package struct Failure: Error {
    /// In bytes, from 0.
    package var offset: Int
    package var message: String

    package init(offset: Int, message: String) {
      self.offset = offset
      self.message = message
    }
  }

  @usableFromInline let bytes: UnsafeBufferPointer<UInt8>
  @usableFromInline var place = 0

  /// - Parameter bytes: must outlive the scanner.
  package init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// The offset of the next byte, from 0.
  @inlinable @inline(__always) package var offset: Int { place }

  /// The next byte; nil at the end.
  @inlinable @inline(__always) package var next: UInt8? { place < bytes.count ? bytes[place] : nil }

  /// Steps over the next byte, which must be there.
  @inlinable @inline(__always) package mutating func advance() { place += 1 }

  /// Steps over whitespace.
  @inlinable @inline(__always) package mutating func skipSpace() {
    while let byte = next,
      byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\t")
        || byte == UInt8(ascii: "\r")
    {
      place += 1
    }
  }

  /// Steps over whitespace and then over this byte, if it is the next one.
  @inlinable @inline(__always) package mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard next == byte else { return false }
    place += 1
    return true
  }

  /// Whether a text comes next.
  package func starts(with text: String) -> Bool { bytes[place...].starts(with: text.utf8) }

  /// A failure at the next byte.
  package func failure(_ message: String) -> Failure { Failure(offset: place, message: message) }

  /// A failure that names what was found.
  package func unexpected(_ wanted: String) -> Failure {
    // A scalar has four bytes at most.
    let scalar = String(decoding: bytes[place...].prefix(4), as: UTF8.self).unicodeScalars.first
    return failure("expected \(wanted), found \(scalar.map { "'\($0)'" } ?? "the end of the file")")
  }

  /// Reads a word such as `true`.
  package mutating func word(_ text: String) throws(Failure) {
    for byte in text.utf8 {
      guard next == byte else { throw unexpected("'\(text)'") }
      place += 1
    }
  }

  /// Reads a number; returns its text.
  package mutating func number() throws(Failure) -> String {
    let start = place
    if next == UInt8(ascii: "-") { place += 1 }
    if next == UInt8(ascii: "0") { place += 1 } else { try digits() }
    if next == UInt8(ascii: ".") {
      place += 1
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      place += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { place += 1 }
      try digits()
    }
    if isDigit { throw failure("a number does not begin with 0 unless it is 0") }
    return String(decoding: bytes[start..<place], as: UTF8.self)
  }

  private var isDigit: Bool {
    next.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
  }

  private mutating func digits() throws(Failure) {
    guard isDigit else { throw unexpected("a digit") }
    while isDigit { place += 1 }
  }

  /// Reads a string, whose opening quote is the next byte.
  package mutating func string() throws(Failure) -> String {
    place += 1
    var decoded: [UInt8] = []
    var start = place
    // The OR of all bytes: below 0x80 if all are ASCII.
    var every: UInt8 = 0
    while true {
      guard let byte = next else { throw failure("the string does not end") }
      every |= byte
      if byte == UInt8(ascii: "\"") { break }
      guard byte >= 0x20 else {
        throw failure("a line break or control character inside a string must be escaped")
      }
      place += 1
      guard byte == UInt8(ascii: "\\") else { continue }
      decoded.append(contentsOf: bytes[start..<place - 1])
      try appendEscape(to: &decoded)
      start = place
    }
    let tail = UnsafeBufferPointer(rebasing: bytes[start..<place])
    let text: String?
    if decoded.isEmpty && every < 0x80 {
      // Nearly every string of an event is ASCII. Validating UTF-8 uses generic code, which took a third of the reading
      // time.
      text = String(decoding: tail, as: UTF8.self)
    } else {
      text = String(validating: decoded + tail, as: UTF8.self)
    }
    guard let text else { throw failure("text that is not UTF-8") }
    place += 1
    return text
  }

  /// Reads what follows a backslash.
  private mutating func appendEscape(to decoded: inout [UInt8]) throws(Failure) {
    guard let byte = next else { throw failure("the string does not end") }
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(byte)
    case UInt8(ascii: "b"): decoded.append(0x08)
    case UInt8(ascii: "f"): decoded.append(0x0C)
    case UInt8(ascii: "n"): decoded.append(0x0A)
    case UInt8(ascii: "r"): decoded.append(0x0D)
    case UInt8(ascii: "t"): decoded.append(0x09)
    case UInt8(ascii: "u"):
      place += 1
      decoded.append(contentsOf: String(try escapedScalar()).utf8)
      return
    default:
      let scalar = String(decoding: bytes[place...].prefix(4), as: UTF8.self).unicodeScalars.first!
      throw failure("invalid JSON escape '\\\(scalar)'")
    }
    place += 1
  }

  /// Reads what follows `\u`, with the other half of a surrogate pair.
  private mutating func escapedScalar() throws(Failure) -> Unicode.Scalar {
    let start = place
    var code = try hexadecimal()
    if (0xD800..<0xDC00).contains(code), starts(with: "\\u") {
      place += 2
      let low = try hexadecimal()
      if (0xDC00..<0xE000).contains(low) {
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
    }
    guard let scalar = Unicode.Scalar(code) else {
      throw Failure(offset: start, message: "half of a surrogate pair")
    }
    return scalar
  }

  private mutating func hexadecimal() throws(Failure) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = next.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }),
        next! < 0x80
      else { throw unexpected("four hexadecimal digits") }
      value = value << 4 | UInt32(digit)
      place += 1
    }
    return value
  }
}
