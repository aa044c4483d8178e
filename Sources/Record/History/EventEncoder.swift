/// Writes events as JSON Lines into a buffer, without a general encoder, because every trial runs through it.
///
/// The code for each field is generated: Generated/EventCoding.swift. `event` is the first field. A field is left out
/// if it has the value that Documentation/events.md gives in its column "if absent".
public enum EventEncoder {
  /// Version of the event format that this encoder writes and `EventDecoder` reads.
  public static let schemaVersion = 1

  /// Appends `event` and a newline to `buffer`.
  public static func encode(_ event: Event, into buffer: inout ByteBuffer) {
    encodeObject(event, into: &buffer)
    buffer.append("\n")
  }
}
