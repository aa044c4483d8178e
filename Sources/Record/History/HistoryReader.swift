/// Reads `events.jsonl`, also a compressed one, event by event. It holds only a piece of the file in memory.
///
/// The first event must be `run-started` with a known format version. A last line without its newline was cut off while
/// it was written: it is ignored, and `isTorn` says so. Any other line that is not an event is an error, because the
/// lines after it cannot be trusted.
public struct HistoryReader: ~Copyable {
  private let file: HistoryStream?
  let path: String
  private var bytes: [UInt8]
  private var position = 0
  /// The last line that was read, from 1.
  private(set) var line = 0
  /// Whether the last line was cut off; known once `next()` has returned nil.
  public private(set) var isTorn = false

  /// The largest length of a line in bytes: many times what the largest trial needs.
  public static let longestLine = 1 << 20

  /// Opens a stored history.
  ///
  /// - Throws: `HistoryError.cannotOpen`.
  public init(path: String) throws(HistoryError) {
    file = try HistoryStream(path: path)
    self.path = path
    bytes = []
  }

  /// Reads a history that is in memory; errors use `name` as the path.
  public init(bytes: [UInt8], name: String) {
    file = nil
    path = name
    self.bytes = bytes
  }

  /// The next event; nil at the end of the history.
  ///
  /// - Throws: `HistoryError.cannotRead`, `.badLine` or `.unknownSchemaVersion`.
  public mutating func next() throws(HistoryError) -> Event? {
    var scanned = position
    while true {
      if let end = bytes[scanned...].firstIndex(of: 10) {
        line += 1
        let event = try decode(position..<end)
        position = end + 1
        return event
      }
      guard bytes.count - position <= Self.longestLine else {
        throw .badLine(
          path: path, line: line + 1, reason: "the line is longer than \(Self.longestLine) bytes")
      }
      scanned = bytes.count - position
      guard try readMore() else {
        isTorn = position < bytes.count
        return nil
      }
    }
  }

  /// All remaining events. Only for histories that are known to be small.
  ///
  /// - Throws: as `next()`.
  public mutating func remainingEvents() throws(HistoryError) -> [Event] {
    var events: [Event] = []
    while let event = try next() { events.append(event) }
    return events
  }

  /// Moves the unread bytes to the front and reads another piece; false at the end of the file.
  private mutating func readMore() throws(HistoryError) -> Bool {
    bytes.removeSubrange(..<position)
    position = 0
    return try file?.read(atMost: 1 << 20, to: &bytes) ?? 0 > 0
  }

  private func decode(_ range: Range<Int>) throws(HistoryError) -> Event {
    let event: Event
    do throws(EventDecoder.Failure) {
      event = try bytes.withUnsafeBufferPointer { (all) throws(EventDecoder.Failure) in
        try EventDecoder.decode(UnsafeBufferPointer(rebasing: all[range]))
      }
    } catch {
      throw .badLine(path: path, line: line, reason: error.reason)
    }
    if case .runStarted(let start) = event {
      guard start.schemaVersion == EventEncoder.schemaVersion else {
        throw .unknownSchemaVersion(
          path: path, found: start.schemaVersion, supported: EventEncoder.schemaVersion)
      }
      guard line == 1 else {
        throw .badLine(path: path, line: line, reason: "run-started is not the first line")
      }
    } else if line == 1 {
      throw .badLine(path: path, line: 1, reason: "the first line is not run-started")
    }
    return event
  }
}
