internal import Messaging
internal import RunContract
internal import Syscalls

/// A ZeroMQ socket that an array can hold.
final class OwnedSocket {
  let socket: Socket

  /// Connects, and sends a question at once. Waits for a place that sockets closed before still have, up to the deadline
  /// (monotonic clock, nanoseconds).
  init(
    _ kind: Socket.Kind, _ context: borrowing Context, dialling address: String, _ question: Nonce,
    before deadline: UInt64
  ) throws(MessagingError) {
    socket = try Socket(
      kind, in: context, waitsForPlace: { MonotonicClock.now() < deadline })
    try socket.connect(to: address)
    try question.withBytes { bytes throws(MessagingError) in try socket.send(bytes) }
  }

  /// The message that came.
  enum Reception {
    case nothing
    /// A message that is not a nonce.
    case foreign
    case nonce(Nonce)
  }

  /// Reads a message if there is one.
  func receive() throws(MessagingError) -> Reception {
    var bytes: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    var length: Int?
    do {
      length = try withUnsafeMutableBytes(of: &bytes) {
        try socket.receive(into: $0)
      }
    } catch { throw error as! MessagingError }
    guard let length else { return .nothing }
    guard length == Nonce.size else { return .foreign }
    let nonce = withUnsafeBytes(of: bytes) {
      Nonce(UnsafeRawBufferPointer(rebasing: $0[..<Nonce.size]))
    }
    return nonce.map(Reception.nonce) ?? .foreign
  }
}
