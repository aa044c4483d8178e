internal import Messaging
internal import RunContract

/// A ZeroMQ socket that an array can hold.
final class OwnedSocket {
  let socket: Socket

  /// Connects, and sends a question at once.
  init(
    _ kind: Socket.Kind, _ context: borrowing Context, dialling address: String, _ question: Nonce
  ) throws(MessagingError) {
    socket = try Socket(kind, in: context)
    try socket.connect(to: address)
    try question.withBytes { bytes throws(MessagingError) in try socket.send(bytes) }
  }

  /// The answer if one is there; nil for anything else.
  func receive() throws(MessagingError) -> Nonce? {
    var bytes: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    var length: Int?
    do {
      length = try withUnsafeMutableBytes(of: &bytes) {
        try socket.receive(into: $0)
      }
    } catch { throw error as! MessagingError }
    guard let length, length == Nonce.size else { return nil }
    return withUnsafeBytes(of: bytes) {
      Nonce(UnsafeRawBufferPointer(rebasing: $0[..<Nonce.size]))
    }
  }
}
