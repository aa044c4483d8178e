internal import CLinuxShims
internal import Glibc
internal import StartupProtocol
internal import Syscalls

/// A process of `bindstorm-frontend`, and the record channel to it. It ends with its owner.
final class FrontEndProcess {
  /// This side of the channel.
  let channel: Int32
  let pid: Int32
  private var received: [UInt8] = []
  /// Whether the other side has ended.
  private(set) var hasEnded = false

  /// Starts the executable that is installed in the same folder as this process's own.
  /// - Throws: when it cannot be started; a missing executable shows as its early end.
  init(
    _ command: FrontEndCommand, listener: Int32 = -1
  ) throws(SystemError) {
    let executable = try CurrentProcess.neighbour(FrontEndCommand.executable)
    var ends: (Int32, Int32) = (-1, -1)
    let code = withUnsafeMutableBytes(of: &ends) {
      bs_stream_pair($0.baseAddress!.assumingMemoryBound(to: Int32.self))
    }
    guard code == 0 else { throw SystemError("socketpair", code: code) }
    var vector = ([executable] + command.arguments).map { strdup($0) }
    vector.append(nil)
    defer { vector.forEach { free($0) } }
    let from = [ends.1, listener]
    let to = [FrontEndCommand.Descriptor.channel, FrontEndCommand.Descriptor.listener]
    let pid = bs_spawn_with_descriptors(
      BS_PROCESS_FRONT_END, executable, vector, from, to, Int32(from.count))
    closeDescriptor(ends.1)
    guard pid > 0 else {
      closeDescriptor(ends.0)
      throw SystemError("fork", code: -pid)
    }
    self.pid = pid
    channel = ends.0
  }

  deinit { closeDescriptor(channel) }

  /// Sends a record; returns whether the other side was there to take it.
  func send(_ record: FrontEndRecord) -> Bool {
    let bytes = record.bytes
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(channel, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// Reads what has arrived, without waiting.
  func receive() -> [FrontEndRecord] {
    var chunk = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = recv(channel, &chunk, chunk.count, Int32(MSG_DONTWAIT))
      if count < 0 && errno == EINTR { continue }
      if count <= 0 {
        hasEnded = hasEnded || count == 0 || errno != EAGAIN
        break
      }
      received += chunk[..<count]
    }
    var records: [FrontEndRecord] = []
    var first = 0
    while received.count - first >= FrontEndRecord.size {
      guard let record = FrontEndRecord(received[first..<first + FrontEndRecord.size]) else {
        hasEnded = true
        break
      }
      records.append(record)
      first += FrontEndRecord.size
    }
    received.removeFirst(first)
    return records
  }
}
