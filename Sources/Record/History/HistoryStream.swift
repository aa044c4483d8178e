internal import CZlib
internal import Glibc

/// The stored bytes of a history, plain or compressed: zlib hands a plain file on as it is.
struct HistoryStream: ~Copyable {
  private let stream: gzFile
  private let path: String

  /// Opens an existing file. FIFOs and devices are refused, because reading them may never begin or never end.
  init(path: String) throws(HistoryError) {
    self.path = path
    let descriptor = try HistoryFile.read(path).release()
    guard let stream = gzdopen(descriptor, "rb") else {
      // Without memory for its buffers.
      _ = Glibc.close(descriptor)
      throw .cannotOpen(path: path, errno: ENOMEM)
    }
    self.stream = stream
  }

  /// Reads once and appends to `bytes`; returns how many bytes came, 0 at the end.
  borrowing func read(atMost limit: Int, to bytes: inout [UInt8]) throws(HistoryError) -> Int {
    var length = 0
    let piece = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      length = Int(gzread(stream, buffer.baseAddress, UInt32(limit)))
      count = max(0, length)
    }
    let system = errno
    bytes += piece
    var code: Int32 = 0
    _ = gzerror(stream, &code)
    if code == Z_ERRNO { throw .cannotRead(path: path, errno: system) }
    // At the end of a compressed file that was cut short, zlib first hands on what there is.
    if code != Z_OK && code != Z_STREAM_END { throw .damaged(path: path) }
    return length
  }

  deinit { gzclose(stream) }
}

/// Writes bytes compressed.
struct PackedStream: ~Copyable {
  private var stream: gzFile?
  private let path: String
  /// zlib's own choice between time and size: another fifth takes three times as long.
  private static let mode = "wb6"

  /// Takes over a descriptor that is open for writing.
  init(owning descriptor: Int32, path: String) throws(HistoryError) {
    self.path = path
    stream = gzdopen(descriptor, Self.mode)
    if stream == nil {
      _ = Glibc.close(descriptor)
      throw .cannotOpen(path: path, errno: ENOMEM)
    }
  }

  borrowing func write(_ bytes: UnsafeRawBufferPointer) throws(HistoryError) {
    guard !bytes.isEmpty else { return }
    guard gzwrite(stream, bytes.baseAddress, UInt32(bytes.count)) == bytes.count else {
      throw .cannotWrite(path: path, errno: errno)
    }
  }

  /// Writes what zlib holds back, and closes the file.
  consuming func close() throws(HistoryError) {
    let closing = stream.take()
    guard gzclose(closing) == Z_OK else { throw .cannotWrite(path: path, errno: errno) }
  }

  deinit { if let stream { gzclose(stream) } }
}

/// Compresses histories that are whole.
public enum HistoryPacking {
  /// Copies a history.
  /// - Parameters:
  ///   - output: open for writing; it is closed.
  ///   - keeps: whether a trial, by its arm and number, goes into the copy; what belongs to no trial does.
  public static func pack(
    _ path: String, to output: Int32, named name: String,
    keeping keeps: (_ arm: Int, _ trial: Int) -> Bool
  ) throws(HistoryError) {
    let packed = try PackedStream(owning: output, path: name)
    var reader = try HistoryReader(path: path)
    var buffer = ByteBuffer()
    var isKept = true
    while let event = try reader.next() {
      if case .trialStarted(let started) = event { isKept = keeps(started.arm, started.trial) }
      if isKept { EventEncoder.encode(event, into: &buffer) }
      if case .trialEnded = event { isKept = true }
      if buffer.count > 1 << 20 { try flush(&buffer, to: packed) }
    }
    try flush(&buffer, to: packed)
    try packed.close()
  }

  private static func flush(
    _ buffer: inout ByteBuffer, to packed: borrowing PackedStream
  ) throws(HistoryError) {
    try buffer.withBytes { (bytes) throws(HistoryError) in try packed.write(bytes) }
    buffer.removeAll()
  }
}
