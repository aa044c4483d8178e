internal import Glibc

/// Why a file that a user named was not read.
public enum InputFileError: Error, Equatable {
  /// A call failed.
  case system(SystemError)
  /// Reading its kind of file may never end or never begin, for example a FIFO or a device; `kind` names it.
  case notAFile(kind: String)
  /// It has more bytes than the limit.
  case tooLarge
}

/// Whole files, by read(2) and write(2).
public enum FileBytes {
  /// Reads a file of the system or our own to its end, whatever its stated size: files of /proc report 0.
  /// - Throws: errno of the open or of a read, with the path.
  public static func read(_ path: String) throws(SystemError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .current("open \(path)") }
    let file = Descriptor(owning: descriptor)
    return try read(file.number, "read \(path)")
  }

  /// Reads a file that a user named: a regular file, or the pipe of a shell, as `<(command)` gives one.
  /// - Parameter limit: the largest allowed size in bytes; at most one piece more is ever read.
  public static func read(
    input path: String, limit: Int
  ) throws(InputFileError) -> [UInt8] {
    // Without O_NONBLOCK, opening a FIFO waits for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw .system(.current("open \(path)")) }
    let file = Descriptor(owning: descriptor)
    if let kind = try refusedKind(of: file, path) { throw .notAFile(kind: kind) }
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try read(file.number, "read \(path)", atMost: limit + 1)
    } catch {
      throw .system(error)
    }
    guard bytes.count <= limit else { throw .tooLarge }
    return bytes
  }

  /// The kind of a file that must not be read; nil for one that may be read. Makes reads of a pipe block.
  private static func refusedKind(
    of file: borrowing Descriptor, _ path: String
  ) throws(InputFileError) -> String? {
    var status = stat()
    guard fstat(file.number, &status) == 0 else {
      throw .system(.current("stat \(path)"))
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return nil
    case S_IFDIR: throw .system(SystemError("read \(path)", code: EISDIR))
    case S_IFCHR where status.st_rdev == nullDevice: return nil
    case S_IFCHR: return "a character device"
    case S_IFBLK: return "a block device"
    case S_IFIFO where isNameless(file):
      // The process that created it has its other end.
      guard fcntl(file.number, F_SETFL, 0) == 0 else { throw .system(.current("fcntl \(path)")) }
      return nil
    case S_IFIFO: return "a FIFO"
    default: return "no regular file"
    }
  }

  /// /dev/null, by its numbers (1, 3): an empty file by convention.
  private static let nullDevice: dev_t = 1 << 8 | 3

  /// Whether a pipe is not a FIFO in a folder.
  private static func isNameless(_ pipe: borrowing Descriptor) -> Bool {
    var target = [UInt8](repeating: 0, count: 64)
    let count = target.withUnsafeMutableBytes {
      readlink(
        "/proc/self/fd/\(pipe.number)", $0.baseAddress!.assumingMemoryBound(to: CChar.self),
        $0.count)
    }
    return count > 0 && target.starts(with: "pipe:[".utf8)
  }

  /// Reads from a descriptor to its end, or until one piece beyond that many bytes.
  /// - Parameter what: the call's name in the error.
  public static func read(
    _ descriptor: Int32, _ what: String = "read", atMost limit: Int = .max
  ) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < limit {
      let count = try withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) {
        buffer throws(SystemError) -> Int in
        let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        if count < 0 && errno != EINTR { throw .current(what) }
        if count > 0 { bytes += buffer[..<count] }
        return count
      }
      if count == 0 { break }
    }
    return bytes
  }

  /// Writes all bytes to a descriptor that blocks.
  /// - Parameter what: the call's name in the error, for example `write PATH`.
  /// - Throws: errno of the write; EIO if the kernel accepts nothing and gives no reason.
  public static func write(
    _ bytes: some Sequence<UInt8>, to descriptor: Int32, _ what: String = "write"
  ) throws(SystemError) {
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw SystemError(what, code: count < 0 ? errno : EIO) }
      rest = rest.dropFirst(count)
    }
  }
}

/// Whole files as text.
public enum FileText {
  /// Reads a file as UTF-8; invalid bytes are replaced.
  public static func read(_ path: String) throws(SystemError) -> String {
    String(decoding: try FileBytes.read(path), as: UTF8.self)
  }
}
