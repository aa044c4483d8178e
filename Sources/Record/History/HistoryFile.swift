internal import Glibc

/// The kernel calls that a history needs. No other file of this module makes any.
struct HistoryFile: ~Copyable {
  private var descriptor: Int32
  private let path: String

  /// Takes over a descriptor.
  init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  /// Makes a new file that can only be appended to; an existing one is an error (EEXIST).
  static func create(_ path: String) throws(HistoryError) -> HistoryFile {
    try open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC)
  }

  /// Opens an existing file or device for appending.
  static func append(_ path: String) throws(HistoryError) -> HistoryFile {
    try open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
  }

  /// Opens an existing file for reading. FIFOs and devices are refused, because reading them may never begin or never
  /// end.
  static func read(_ path: String) throws(HistoryError) -> HistoryFile {
    let file = try open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    var status = stat()
    guard fstat(file.descriptor, &status) == 0 else {
      throw .cannotRead(path: path, errno: errno)
    }
    // The read call reports that it is a folder.
    guard [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) else { throw .notAFile(path: path) }
    return file
  }

  private static func open(_ path: String, _ flags: Int32) throws(HistoryError) -> HistoryFile {
    while true {
      let descriptor = Glibc.open(path, flags, 0o644)
      if descriptor >= 0 { return HistoryFile(descriptor: descriptor, path: path) }
      let code = errno
      if code != EINTR { throw .cannotOpen(path: path, errno: code) }
    }
  }

  /// Writes once; returns how many bytes the kernel took.
  borrowing func write(_ bytes: UnsafeRawBufferPointer) throws(HistoryError) -> Int {
    while true {
      let written = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
      if written > 0 || (written == 0 && bytes.isEmpty) { return written }
      let code = written == 0 ? ENOSPC : errno
      if code != EINTR { throw .cannotWrite(path: path, errno: code) }
    }
  }

  /// Closes it; a delayed write error (NFS, quota) surfaces here.
  consuming func close() throws(HistoryError) {
    let closing = descriptor
    descriptor = -1
    // After EINTR the descriptor is closed on Linux: a second call could close another descriptor with that number.
    if Glibc.close(closing) != 0 {
      let code = errno
      if code != EINTR { throw .cannotWrite(path: path, errno: code) }
    }
  }

  /// Gives the descriptor away.
  consuming func release() -> Int32 {
    let own = descriptor
    descriptor = -1
    return own
  }

  deinit {
    if descriptor >= 0 { _ = Glibc.close(descriptor) }
  }
}
