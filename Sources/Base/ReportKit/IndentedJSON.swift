internal import FoundationEssentials

/// Values as indented JSON with sorted keys: equal values give equal bytes.
public enum IndentedJSON {
  /// The value's bytes, ending with a line break.
  /// - Throws: `EncodingError` for numbers that JSON cannot represent.
  public static func bytes(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
  }
}
