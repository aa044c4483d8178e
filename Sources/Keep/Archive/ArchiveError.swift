internal import GRDB

/// Why the archive cannot be used, and what to do.
public enum ArchiveError: Error, CustomStringConvertible, Equatable {
  /// The file is not a database, or parts of it are not readable.
  case damaged(String)
  /// It was written by a newer version of bindstorm.
  case newer(String)
  /// No more can be written: the disk is full.
  case full(String)
  /// The file or its folder may not be written.
  case readOnly(String)
  /// Other processes write to it, and went on for longer than is waited.
  case busy(String)
  /// The run's matrix is of a version that does not have what the archive keeps.
  case older(String)
  /// Anything else, in SQLite's words.
  case other(String, String)

  /// The fault behind SQLite's result code.
  init(_ error: any Error, path: String) {
    if let known = error as? ArchiveError {
      self = known
      return
    }
    guard let database = error as? DatabaseError else {
      self = .other(path, "\(error)")
      return
    }
    self =
      switch database.resultCode {
      case .SQLITE_NOTADB, .SQLITE_CORRUPT: .damaged(path)
      case .SQLITE_FULL: .full(path)
      case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN: .readOnly(path)
      case .SQLITE_BUSY, .SQLITE_LOCKED: .busy(path)
      default: .other(path, database.message ?? "\(database.resultCode)")
      }
  }

  public var description: String {
    switch self {
    case .damaged(let path):
      "the archive \(path) is damaged; bindstorm archive rebuild makes it anew from the folders of the runs"
    case .newer(let path):
      "the archive \(path) was written by a newer bindstorm; use that one, or remove the file and run bindstorm archive rebuild"
    case .full(let path): "the disk is full, and the archive \(path) cannot be written"
    case .readOnly(let path): "the archive \(path) cannot be opened for writing"
    case .busy(let path): "other processes keep the archive \(path) busy; try again"
    case .older(let folder):
      "the matrix of \(folder) was written by an older bindstorm and has no counts for the archive; bindstorm analyze RUN --write writes it anew"
    case .other(let path, let reason): "the archive \(path) cannot be used: \(reason)"
    }
  }
}
