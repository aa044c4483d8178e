/// A growing byte buffer that is written to a file and reused without being freed.
///
/// It owns its memory. Adding to it allocates only when it grows past the longest content so far, so encoding a trial
/// costs no allocation once a run has warmed up.
public struct ByteBuffer: ~Copyable {
  private var base: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  /// Number of bytes in it.
  public private(set) var count = 0

  /// An empty buffer with room for that many bytes.
  public init(capacity: Int = 16_384) {
    self.capacity = max(64, capacity)
    base = .allocate(capacity: self.capacity)
  }

  deinit { base.deallocate() }

  /// Forgets the content, keeps the memory.
  public mutating func removeAll() { count = 0 }

  /// Forgets the first `length` bytes; traps when there are fewer.
  public mutating func removeFirst(_ length: Int) {
    precondition(length >= 0 && length <= count)
    base.update(from: base + length, count: count - length)
    count -= length
  }

  /// The content as an array, for readers for which speed does not matter.
  public var bytes: [UInt8] { Array(UnsafeBufferPointer(start: base, count: count)) }

  /// Lends the content; the pointer is valid only inside `body`.
  public borrowing func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeRawBufferPointer(start: base, count: count))
  }

  /// Makes room for `more` further bytes.
  @inline(__always)
  mutating func reserve(_ more: Int) {
    if count + more > capacity { grow(more) }
  }

  @inline(never)
  private mutating func grow(_ more: Int) {
    let larger = max(capacity * 2, count + more)
    let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    moved.update(from: base, count: count)
    base.deallocate()
    base = moved
    capacity = larger
  }

  /// Adds one byte.
  @inline(__always)
  mutating func append(_ byte: UInt8) {
    reserve(1)
    base[count] = byte
    count += 1
  }

  /// Adds bytes unchanged.
  mutating func append(bytes: [UInt8]) {
    reserve(bytes.count)
    bytes.withUnsafeBufferPointer { (base + count).update(from: $0.baseAddress!, count: $0.count) }
    count += bytes.count
  }

  /// Adds a literal unchanged.
  @inline(__always)
  mutating func append(_ literal: StaticString) {
    let length = literal.utf8CodeUnitCount
    reserve(length)
    (base + count).update(from: literal.utf8Start, count: length)
    count += length
  }

  /// Adds a number in decimal.
  @inline(__always)
  mutating func append(decimal value: UInt64) {
    reserve(20)
    var digits = 1
    var limit: UInt64 = 10
    while value >= limit {
      digits += 1
      let (next, overflow) = limit.multipliedReportingOverflow(by: 10)
      if overflow { break }
      limit = next
    }
    var rest = value
    var place = count + digits
    while place > count {
      place -= 1
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      base[place] = 48 &+ UInt8(truncatingIfNeeded: digit)
      rest = quotient
    }
    count += digits
  }

  /// Adds a signed number in decimal.
  @inline(__always)
  mutating func append(decimal value: Int) {
    if value < 0 { append(45) }
    append(decimal: UInt64(value.magnitude))
  }

  /// Adds numbers as a JSON list.
  mutating func append(list numbers: [some FixedWidthInteger]) {
    append(91)
    var isFirst = true
    for number in numbers {
      if !isFirst { append(44) }
      isFirst = false
      append(decimal: Int(number))
    }
    append(93)
  }

  /// Adds a word that needs no escapes as a JSON string.
  mutating func append(word: StaticString) {
    append(34)
    append(word)
    append(34)
  }

  /// Adds text as a JSON string with its quotes, escaped as RFC 8259 demands.
  mutating func append(quoted text: String) {
    append(34)
    for byte in text.utf8 {
      switch byte {
      case 34: append("\\\"")
      case 92: append("\\\\")
      case 10: append("\\n")
      case 0..<32:
        append("\\u00")
        append(hexDigit(byte >> 4))
        append(hexDigit(byte & 15))
      default: append(byte)
      }
    }
    append(34)
  }

  private func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }
}
