/// One form in which a document of a run is written.
///
/// Each kind of document has one registry of its formats. What writes or offers formats goes through the registry, so that
/// a new format is two changes: the format itself, and its line in the registry.
public struct ReportFormat<Document> {
  /// What people call it, for messages.
  public let name: String
  /// The document's bytes.
  /// - Throws: what the encoder throws, for example for numbers that JSON cannot hold.
  public let bytes: (Document) throws -> [UInt8]

  public init(_ name: String, bytes: @escaping (Document) throws -> [UInt8]) {
    self.name = name
    self.bytes = bytes
  }

  /// A format whose bytes are a text's.
  public init(_ name: String, text: @escaping (Document) throws -> String) {
    self.init(name, bytes: { Array(try text($0).utf8) })
  }
}
