/// A format in which a document of a run is written.
///
/// Each kind of document has one registry of its formats. All code that writes or offers formats uses the registry, so
/// that a new format takes two changes: the format itself, and its line in the registry.
public struct ReportFormat<Document> {
  /// Its name, for messages.
  public let name: String
  /// The document's bytes.
  /// - Throws: the encoder's errors, for example for numbers that JSON cannot represent.
  public let bytes: (Document) throws -> [UInt8]

  public init(_ name: String, bytes: @escaping (Document) throws -> [UInt8]) {
    self.name = name
    self.bytes = bytes
  }

  /// A format whose bytes are those of a text.
  public init(_ name: String, text: @escaping (Document) throws -> String) {
    self.init(name, bytes: { Array(try text($0).utf8) })
  }
}
