/// The part of MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) that vLLM's start-up messages use:
/// nil, booleans, integers, text, bytes, arrays and maps. Values are written in the shortest form, as msgspec and
/// msgpack-python do, and read in every form. Floats and extensions are refused.
public indirect enum MessagePack: Sendable, Equatable {
  case null
  case boolean(Bool)
  case integer(Int64)
  case text(String)
  case bytes([UInt8])
  case array([MessagePack])
  /// Pairs in their order in the message; keys may be of any kind.
  case map([Pair])

  /// An entry of a map.
  public struct Pair: Sendable, Equatable {
    public var key: MessagePack
    public var value: MessagePack

    public init(_ key: MessagePack, _ value: MessagePack) {
      self.key = key
      self.value = value
    }
  }

  /// A map with text keys.
  public static func record(_ fields: [(String, MessagePack)]) -> MessagePack {
    .map(fields.map { Pair(.text($0.0), $0.1) })
  }

  /// The value of a text key of a map; nil if this is not a map or has no such key.
  public subscript(key: String) -> MessagePack? {
    guard case .map(let pairs) = self else { return nil }
    return pairs.first { $0.key == .text(key) }?.value
  }

  /// The number, nil if it is not a number.
  public var integerValue: Int64? { if case .integer(let value) = self { value } else { nil } }
  /// The text, nil if it is not a text.
  public var textValue: String? { if case .text(let value) = self { value } else { nil } }
  /// The boolean, nil if it is not a boolean.
  public var booleanValue: Bool? { if case .boolean(let value) = self { value } else { nil } }
  /// The elements, nil if it is not an array.
  public var elements: [MessagePack]? { if case .array(let value) = self { value } else { nil } }

  // MARK: Writing

  /// The encoded bytes.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    encode(into: &bytes)
    return bytes
  }

  private func encode(into bytes: inout [UInt8]) {
    switch self {
    case .null: bytes.append(0xc0)
    case .boolean(let flag): bytes.append(flag ? 0xc3 : 0xc2)
    case .integer(let number): Self.encode(number, into: &bytes)
    case .text(let text):
      Self.head(text.utf8.count, 0xa0, 32, (0xd9, 0xda, 0xdb), into: &bytes)
      bytes.append(contentsOf: text.utf8)
    case .bytes(let content):
      Self.head(content.count, nil, 0, (0xc4, 0xc5, 0xc6), into: &bytes)
      bytes.append(contentsOf: content)
    case .array(let elements):
      Self.head(elements.count, 0x90, 16, (nil, 0xdc, 0xdd), into: &bytes)
      for element in elements { element.encode(into: &bytes) }
    case .map(let pairs):
      Self.head(pairs.count, 0x80, 16, (nil, 0xde, 0xdf), into: &bytes)
      for pair in pairs {
        pair.key.encode(into: &bytes)
        pair.value.encode(into: &bytes)
      }
    }
  }

  private static func encode(_ number: Int64, into bytes: inout [UInt8]) {
    switch number {
    case 0...0x7f, -32 ... -1: bytes.append(UInt8(truncatingIfNeeded: number))
    case 0x80...0xff: append(UInt8(number), after: 0xcc, to: &bytes)
    case 0x100...0xffff: append(UInt16(number), after: 0xcd, to: &bytes)
    case 0x1_0000...0xffff_ffff: append(UInt32(number), after: 0xce, to: &bytes)
    case 0x1_0000_0000...: append(UInt64(number), after: 0xcf, to: &bytes)
    case -0x80 ... -33: append(Int8(number), after: 0xd0, to: &bytes)
    case -0x8000 ... -0x81: append(Int16(number), after: 0xd1, to: &bytes)
    case -0x8000_0000 ... -0x8001: append(Int32(number), after: 0xd2, to: &bytes)
    default: append(number, after: 0xd3, to: &bytes)
    }
  }

  /// Kind and length: in one byte below `limit`, else with a length of 1, 2 or 4 bytes.
  private static func head(
    _ count: Int, _ short: UInt8?, _ limit: Int, _ codes: (UInt8?, UInt8, UInt8),
    into bytes: inout [UInt8]
  ) {
    if let short, count < limit {
      bytes.append(short | UInt8(count))
    } else if let code = codes.0, count < 0x100 {
      append(UInt8(count), after: code, to: &bytes)
    } else if count < 0x1_0000 {
      append(UInt16(count), after: codes.1, to: &bytes)
    } else {
      append(UInt32(count), after: codes.2, to: &bytes)
    }
  }

  private static func append<Number: FixedWidthInteger>(
    _ number: Number, after code: UInt8, to bytes: inout [UInt8]
  ) {
    bytes.append(code)
    withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
  }

  // MARK: Reading

  /// Reads exactly one value; nil when the bytes are not one value of this subset, or more than one.
  public init?(_ bytes: some Collection<UInt8>) {
    var reader = Reader(bytes: Array(bytes))
    guard let value = reader.value(depth: 0), reader.position == reader.bytes.count else {
      return nil
    }
    self = value
  }

  private struct Reader {
    let bytes: [UInt8]
    var position = 0

    /// No start-up message nests deeper. The limit keeps bytes from a stranger from exhausting the stack.
    static let deepest = 16

    mutating func value(depth: Int) -> MessagePack? {
      guard depth < Self.deepest, let code = take(1)?.first else { return nil }
      switch code {
      case 0x00...0x7f: return .integer(Int64(code))
      case 0xe0...0xff: return .integer(Int64(Int8(bitPattern: code)))
      case 0x80...0x8f: return map(Int(code & 0xf), depth)
      case 0x90...0x9f: return array(Int(code & 0xf), depth)
      case 0xa0...0xbf: return text(Int(code & 0x1f))
      case 0xc0: return .null
      case 0xc2, 0xc3: return .boolean(code == 0xc3)
      case 0xc4: return number(UInt8.self).flatMap { content(Int($0)) }
      case 0xc5: return number(UInt16.self).flatMap { content(Int($0)) }
      case 0xc6: return number(UInt32.self).flatMap { content(Int($0)) }
      case 0xcc: return number(UInt8.self).map { .integer(Int64($0)) }
      case 0xcd: return number(UInt16.self).map { .integer(Int64($0)) }
      case 0xce: return number(UInt32.self).map { .integer(Int64($0)) }
      case 0xcf: return number(UInt64.self).flatMap { Int64(exactly: $0) }.map { .integer($0) }
      case 0xd0: return number(Int8.self).map { .integer(Int64($0)) }
      case 0xd1: return number(Int16.self).map { .integer(Int64($0)) }
      case 0xd2: return number(Int32.self).map { .integer(Int64($0)) }
      case 0xd3: return number(Int64.self).map { .integer($0) }
      case 0xd9: return number(UInt8.self).flatMap { text(Int($0)) }
      case 0xda: return number(UInt16.self).flatMap { text(Int($0)) }
      case 0xdb: return number(UInt32.self).flatMap { text(Int($0)) }
      case 0xdc: return number(UInt16.self).flatMap { array(Int($0), depth) }
      case 0xdd: return number(UInt32.self).flatMap { array(Int($0), depth) }
      case 0xde: return number(UInt16.self).flatMap { map(Int($0), depth) }
      case 0xdf: return number(UInt32.self).flatMap { map(Int($0), depth) }
      default: return nil
      }
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
      guard bytes.count - position >= count else { return nil }
      defer { position += count }
      return bytes[position..<(position + count)]
    }

    private mutating func number<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
      take(MemoryLayout<Number>.size)?.reduce(into: Number(0)) {
        $0 = $0 << 8 | Number(truncatingIfNeeded: $1)
      }
    }

    private mutating func text(_ count: Int) -> MessagePack? {
      take(count).flatMap { String(validating: $0, as: UTF8.self) }.map { .text($0) }
    }

    private mutating func content(_ count: Int) -> MessagePack? {
      take(count).map { .bytes(Array($0)) }
    }

    private mutating func array(_ count: Int, _ depth: Int) -> MessagePack? {
      // Each element takes at least one byte: an impossible length must not reserve memory.
      guard count <= bytes.count - position else { return nil }
      var elements: [MessagePack] = []
      for _ in 0..<count {
        guard let element = value(depth: depth + 1) else { return nil }
        elements.append(element)
      }
      return .array(elements)
    }

    private mutating func map(_ count: Int, _ depth: Int) -> MessagePack? {
      guard 2 * count <= bytes.count - position else { return nil }
      var pairs: [Pair] = []
      for _ in 0..<count {
        guard let key = value(depth: depth + 1), let value = value(depth: depth + 1) else {
          return nil
        }
        pairs.append(Pair(key, value))
      }
      return .map(pairs)
    }
  }
}
