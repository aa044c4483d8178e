/// Writes events as JSON Lines into a buffer, without a general encoder: it lies on the path of every trial.
///
/// Which field is written how is generated: Generated/EventCoding.swift. `event` is the first, and a field is left out at
/// the value that Documentation/events.md has in its column "if absent".
public enum EventEncoder {
  /// Version of the event format that this encoder writes and `EventDecoder` reads.
  public static let schemaVersion = 1

  /// Appends `event` and a newline to `buffer`.
  public static func encode(_ event: Event, into buffer: inout ByteBuffer) {
    encodeObject(event, into: &buffer)
    buffer.append("\n")
  }
}
