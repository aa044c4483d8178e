internal import LinuxFacts

/// What can go wrong with a stored history.
public enum HistoryError: Error, Equatable, CustomStringConvertible {
  /// The file could not be opened or created; `errno` as of `open(2)`. EEXIST: an existing history is never
  /// overwritten.
  case cannotOpen(path: String, errno: Int32)
  /// Reading failed; `errno` as of `read(2)`.
  case cannotRead(path: String, errno: Int32)
  /// It is compressed, and was cut short or changed.
  case damaged(path: String)
  /// It is a FIFO, a device or a socket.
  case notAFile(path: String)
  /// Writing failed; `errno` as of `write(2)` or `close(2)`, ENOSPC when the disk is full. The writer's buffer keeps
  /// the bytes that were not written.
  case cannotWrite(path: String, errno: Int32)
  /// A line other than a torn last one is not an event; `line` counts from 1.
  case badLine(path: String, line: Int, reason: String)
  /// The history has a format version that this program does not know.
  case unknownSchemaVersion(path: String, found: Int, supported: Int)

  /// One sentence that names the file and, where possible, says what to do.
  public var description: String {
    switch self {
    case .cannotOpen(let path, let errno): "cannot open \(path): \(LinuxErrno.text(errno))"
    case .cannotRead(let path, let errno): "cannot read \(path): \(LinuxErrno.text(errno))"
    case .damaged(let path): "cannot read \(path): the compressed file is damaged or cut short"
    case .notAFile(let path): "cannot read \(path): it is not a regular file"
    case .cannotWrite(let path, let errno): "cannot write \(path): \(LinuxErrno.text(errno))"
    case .badLine(let path, let line, let reason): "\(path):\(line): \(reason)"
    case .unknownSchemaVersion(let path, let found, let supported):
      "\(path): event format \(found) is not known (this bindstorm reads format \(supported)); "
        + "analyze it with the bindstorm that wrote it, or run the plan again"
    }
  }
}
