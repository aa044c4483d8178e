/// Events as they stand in a history. Making them needs no writer, so that several threads can encode at one time.
public struct EncodedEvents: Sendable {
  fileprivate let bytes: [UInt8]

  public init(_ events: [Event]) {
    var buffer = ByteBuffer()
    for event in events { EventEncoder.encode(event, into: &buffer) }
    bytes = buffer.bytes
  }
}

/// Appends events to a new `events.jsonl`, one trial at a time.
///
/// Events of a trial collect in memory and go to the file with one `write(2)` when the trial ends, so that a killed run
/// leaves whole trials and at most one torn line. Everything else is written at once. It does not call `fsync`: a
/// history survives the death of the process, but not of the machine.
public struct HistoryWriter: ~Copyable {
  private let file: HistoryFile
  private var buffer = ByteBuffer()
  private var isInTrial = false

  /// Makes the file at `path`, which must not exist.
  ///
  /// - Throws: `HistoryError.cannotOpen`.
  public init(creating path: String) throws(HistoryError) {
    file = try HistoryFile.create(path)
  }

  /// Takes over a file that was opened for appending.
  /// - Parameter path: its name, for errors.
  public init(owning descriptor: Int32, path: String) {
    file = HistoryFile(descriptor: descriptor, path: path)
  }

  /// Opens what is at `path`, which must exist, and appends to it: a device in tests, a pipe.
  ///
  /// - Throws: `HistoryError.cannotOpen`.
  init(appendingTo path: String) throws(HistoryError) {
    file = try HistoryFile.append(path)
  }

  /// Encodes `event`; writes the collected events unless a trial is in progress.
  ///
  /// - Throws: `HistoryError.cannotWrite`, for example with ENOSPC. The event is kept: the next `append`, `flush` or
  ///   `close` writes what the file does not have yet.
  public mutating func append(_ event: Event) throws(HistoryError) {
    EventEncoder.encode(event, into: &buffer)
    switch event {
    case .trialStarted: isInTrial = true
    case .launch, .forcedWindow, .server, .startup, .engine, .serving, .thief, .fault: break
    case .trialEnded, .runStarted, .poolSet, .armSkipped, .runEnded: isInTrial = false
    }
    if !isInTrial { try flush() }
  }

  /// Writes events that belong together: a whole trial, or events outside of trials. Equal to appending each, but they
  /// were encoded before.
  ///
  /// - Throws: as `append(_:)`.
  public mutating func append(_ events: EncodedEvents) throws(HistoryError) {
    if !events.bytes.isEmpty { buffer.append(bytes: events.bytes) }
    try flush()
  }

  /// Writes all collected events, even if a trial is in progress.
  ///
  /// - Throws: `HistoryError.cannotWrite`; bytes that were not written are kept.
  public mutating func flush() throws(HistoryError) {
    while buffer.count > 0 {
      let written = try buffer.withBytes { (bytes) throws(HistoryError) in try file.write(bytes) }
      if written == buffer.count { buffer.removeAll() } else { buffer.removeFirst(written) }
    }
  }

  /// Writes the collected events and closes the file.
  ///
  /// - Throws: `HistoryError.cannotWrite`; the file is closed in this case, too.
  public consuming func close() throws(HistoryError) {
    try flush()
    try file.close()
  }
}
