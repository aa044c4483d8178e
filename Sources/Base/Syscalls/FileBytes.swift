internal import Glibc

/// Whole files, by read(2) and write(2).
public enum FileBytes {
  /// Reads a file to its end, whatever size it says it has: those of /proc say 0.
  /// - Throws: errno of the open or of a read, with the path.
  public static func read(_ path: String) throws(SystemError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .current("open \(path)") }
    let file = Descriptor(owning: descriptor)
    return try read(file.number, "read \(path)")
  }

  /// Reads from a descriptor to its end.
  /// - Parameter what: the call's name in the error.
  public static func read(
    _ descriptor: Int32, _ what: String = "read"
  ) throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let count = try withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) {
        buffer throws(SystemError) -> Int in
        let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        if count < 0 && errno != EINTR { throw .current(what) }
        if count > 0 { bytes += buffer[..<count] }
        return count
      }
      if count == 0 { return bytes }
    }
  }

  /// Writes all bytes to a descriptor that blocks.
  /// - Parameter what: the call's name in the error, for example `write PATH`.
  /// - Throws: errno of the write; EIO where the kernel takes nothing and gives no reason.
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
  /// Reads a file as UTF-8; what is none is replaced.
  public static func read(_ path: String) throws(SystemError) -> String {
    String(decoding: try FileBytes.read(path), as: UTF8.self)
  }
}
