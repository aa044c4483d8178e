/// Reads one line of `events.jsonl` back: the exact inverse of `EventEncoder`.
///
/// It is strict. An unknown field, a repeated field, and a missing field without a default are errors, because within
/// one version of the format they mean damage.
public enum EventDecoder {
  /// Why a line is not an event: one sentence that names the field or the column.
  public struct Failure: Error, Equatable {
    /// The sentence.
    public let reason: String
  }

  /// Decodes one line without its newline.
  ///
  /// - Throws: `Failure` when the line is not an event of this format. For a `run-started` line of another version only
  ///   the version is returned; `HistoryReader` refuses it.
  public static func decode(_ line: UnsafeBufferPointer<UInt8>) throws(Failure) -> Event {
    guard case .object(let object) = try JSONLine.parse(line) else {
      throw Failure(reason: "expected an object")
    }
    var fields = EventFields(object)
    let word = try fields.text("event")
    if word == "run-started", case .number(let version)? = fields.peek("schemaVersion"),
      version != Int128(EventEncoder.schemaVersion)
    {
      // In an unknown version the other fields may be anything.
      return .runStarted(
        RunStarted(
          schemaVersion: try fields.number("schemaVersion"), plan: "", seed: 0, isolated: false))
    }
    let event = try event(word, &fields)
    try fields.finish()
    return event
  }

  /// Decodes one line of text, for tests and small tools.
  ///
  /// - Throws: `Failure` as above.
  public static func decode(_ line: String) throws(Failure) -> Event {
    let bytes = Array(line.utf8)
    return try bytes.withUnsafeBufferPointer { (buffer) throws(Failure) in try decode(buffer) }
  }
}
