internal import FoundationEssentials

/// Values as indented JSON with sorted keys: equal values give equal bytes.
public enum IndentedJSON {
  /// The value's bytes, ending with a line break.
  /// - Parameter format: what the document is, with its version, as `bindstorm-compare/1`; it becomes the key `format`
  ///   of the value's object. Nil for values that have the key themselves.
  /// - Throws: `EncodingError` for numbers that JSON cannot represent.
  public static func bytes(_ value: some Encodable, format: String? = nil) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(Document(value: value, format: format)))
      + [UInt8(ascii: "\n")]
  }

  private struct Document<Value: Encodable>: Encodable {
    var value: Value
    var format: String?

    enum CodingKeys: CodingKey { case format }

    func encode(to encoder: any Encoder) throws {
      try value.encode(to: encoder)
      guard let format else { return }
      var object = encoder.container(keyedBy: CodingKeys.self)
      try object.encode(format, forKey: .format)
    }
  }
}
