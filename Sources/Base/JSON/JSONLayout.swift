/// Where each value of a JSON text is, in bytes. For changes of single values that leave the rest of a file as it is.
package struct JSONLayout: Sendable {
  /// A member of an object.
  package struct Member: Sendable {
    package var key: String
    /// The offset of the key's opening quote.
    package var start: Int
    package var value: JSONLayout
  }

  /// The bytes of the value, without the space around it.
  package var range: Range<Int>
  /// The members of an object, in their order; empty for other values.
  package var members: [Member] = []
  /// The elements of an array; empty for other values.
  package var elements: [JSONLayout] = []

  /// The value of a member.
  package subscript(key: String) -> JSONLayout? { members.first { $0.key == key }?.value }

  /// Finds the values of a document that `JSONParser` accepts.
  /// - Throws: what `JSONParser` finds wrong with any other.
  package static func of(_ bytes: [UInt8]) throws(JSONSyntaxError) -> JSONLayout {
    _ = try JSONParser.parse(bytes)
    return bytes.withUnsafeBufferPointer { buffer in
      var scanner = JSONScanner(buffer)
      scanner.skipSpace()
      do throws(JSONScanner.Failure) { return try value(&scanner) } catch {
        preconditionFailure("two readers of JSON disagree: \(error.message)")
      }
    }
  }

  private static func value(
    _ scanner: inout JSONScanner
  ) throws(JSONScanner.Failure) -> JSONLayout {
    let start = scanner.offset
    var layout = JSONLayout(range: start..<start)
    switch scanner.next {
    case UInt8(ascii: "{"):
      scanner.advance()
      if !scanner.take(UInt8(ascii: "}")) {
        repeat {
          scanner.skipSpace()
          let keyStart = scanner.offset
          let key = try scanner.string()
          _ = scanner.take(UInt8(ascii: ":"))
          scanner.skipSpace()
          layout.members.append(Member(key: key, start: keyStart, value: try value(&scanner)))
        } while scanner.take(UInt8(ascii: ","))
        _ = scanner.take(UInt8(ascii: "}"))
      }
    case UInt8(ascii: "["):
      scanner.advance()
      if !scanner.take(UInt8(ascii: "]")) {
        repeat {
          scanner.skipSpace()
          layout.elements.append(try value(&scanner))
        } while scanner.take(UInt8(ascii: ","))
        _ = scanner.take(UInt8(ascii: "]"))
      }
    case UInt8(ascii: "\""): _ = try scanner.string()
    case UInt8(ascii: "t"): try scanner.word("true")
    case UInt8(ascii: "f"): try scanner.word("false")
    case UInt8(ascii: "n"): try scanner.word("null")
    default: _ = try scanner.number()
    }
    layout.range = start..<scanner.offset
    return layout
  }
}

/// A JSON text in which single values are replaced. Everything else keeps its bytes.
package struct JSONEdit {
  private let bytes: [UInt8]
  private var changes: [(range: Range<Int>, text: String)] = []

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The text of a value.
  package func text(_ layout: JSONLayout) -> String {
    String(decoding: bytes[layout.range], as: UTF8.self)
  }

  /// Replaces a value. No two changes may overlap.
  package mutating func replace(_ layout: JSONLayout, by text: String) {
    changes.append((layout.range, text))
  }

  /// Sets a member of an object: replaces its value, or adds it behind another member, on a line of its own if that one
  /// has one.
  /// - Parameter earlier: the member behind which it is added; the last one if the object does not have it.
  package mutating func set(
    _ key: String, of object: JSONLayout, to text: String, after earlier: String
  ) {
    if let present = object[key] { return replace(present, by: text) }
    let member = "\(Self.quoted(key)): \(text)"
    guard
      let place = object.members.first(where: { $0.key == earlier }) ?? object.members.last
    else {
      changes.append((object.range, "{ \(member) }"))
      return
    }
    let space = bytes[..<place.start].reversed().prefix { $0 == 0x20 || $0 == 0x09 }
    let before = bytes[..<(place.start - space.count)].last
    let isOwnLine = before == UInt8(ascii: "\n")
    let indent = isOwnLine ? "\n" + String(decoding: space.reversed(), as: UTF8.self) : " "
    let end = place.value.range.upperBound
    changes.append((end..<end, ",\(indent)\(member)"))
  }

  /// The text with all changes.
  package var result: [UInt8] {
    var result: [UInt8] = []
    var copied = 0
    for change in changes.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
      result += bytes[copied..<change.range.lowerBound] + Array(change.text.utf8)
      copied = change.range.upperBound
    }
    return result + bytes[copied...]
  }

  /// A text as a JSON string.
  package static func quoted(_ text: String) -> String {
    let digits = Array("0123456789abcdef")
    return "\""
      + text.unicodeScalars.reduce(into: "") { result, scalar in
        switch scalar {
        case "\"", "\\": result += "\\\(scalar)"
        case "\n": result += "\\n"
        case "\t": result += "\\t"
        case _ where scalar.value < 0x20:
          result += "\\u00\(digits[Int(scalar.value >> 4)])\(digits[Int(scalar.value & 15)])"
        default: result.unicodeScalars.append(scalar)
        }
      } + "\""
  }
}
