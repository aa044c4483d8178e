internal import Glibc
public import Syscalls

/// A message between the harness and its worker host, over a Unix socket that keeps message boundaries. These are for
/// what happens between trials; trials themselves use the shared region.
public struct ControlMessage: Sendable, Equatable {
  /// The kind of request or answer.
  public enum Kind: UInt32, Sendable {
    /// Answer: done, with values.
    case done
    /// Answer: not done; the text says why.
    case failed
    /// Set `ip_local_port_range` to values 0 and 1; the answer contains the kernel's range afterwards.
    case setPool
    /// Start launchers, servers, thieves and auditor according to the order in the shared region. If the host refuses
    /// one of them (fork), the answer has the errno as its value, and the text says which.
    case startWorkers
    /// End all of them.
    case stopWorkers
    /// Which processes have sockets open: pairs of an inode and the pid of a suspect (0: none). The answer has a pid
    /// for each (0: none found), and in the text their commands, one per line.
    case identify
    /// Which TCP sockets own a port: triples of port, whether it listens, inode.
    case listSockets
    /// How many TCP sockets are bound or listen.
    case countSockets
    /// What a trial left behind, which is cleaned up: values are the number of orphaned processes and of socket files
    /// in the private folder; the text names them, one per line.
    case cleanUp
    /// Whether the adapter of the order in the shared region can run here; the answer's text says why not.
    case tryAdapter
  }
  /// The kind of request or answer.
  public var kind: Kind
  /// Numbers, depending on the kind.
  public var values: [Int64]
  /// Text, depending on the kind.
  public var text: String

  public init(_ kind: Kind, _ values: [Int64] = [], text: String = "") {
    self.kind = kind
    self.values = values
    self.text = text
  }

  /// Largest message in bytes.
  private static let limit = 65_536

  /// The largest number of values in one message.
  public static let mostValues = 4_000

  /// Sends the message as one datagram, with as much of the text as fits and at most `mostValues` numbers.
  public func send(over socket: Int32) throws(SystemError) {
    var bytes: [UInt8] = []
    precondition(values.count <= Self.mostValues, "too many numbers for one message")
    withUnsafeBytes(of: (kind.rawValue, UInt32(values.count))) { bytes.append(contentsOf: $0) }
    values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: text.utf8.prefix(Self.limit - bytes.count))
    while Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) < 0 {
      if errno != EINTR { throw .current("send") }
    }
  }

  /// Receives one message; nil when the other side has closed.
  public static func receive(from socket: Int32) throws(SystemError) -> ControlMessage? {
    var bytes = [UInt8](repeating: 0, count: limit)
    var length = recv(socket, &bytes, bytes.count, 0)
    while length < 0 && errno == EINTR { length = recv(socket, &bytes, bytes.count, 0) }
    if length == 0 || (length < 0 && errno == ECONNRESET) { return nil }
    guard length >= 0 else { throw .current("recv") }
    guard length >= 8 else { throw SystemError("recv", code: EBADMSG) }
    let (rawKind, count) = bytes.withUnsafeBytes {
      ($0.loadUnaligned(as: UInt32.self), $0.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    }
    guard let kind = Kind(rawValue: rawKind), 8 + Int(count) * 8 <= length
    else { throw SystemError("recv", code: EBADMSG) }
    let values = (0..<Int(count)).map { index in
      bytes.withUnsafeBytes {
        $0.loadUnaligned(fromByteOffset: 8 + index * 8, as: Int64.self)
      }
    }
    return ControlMessage(
      kind, values, text: String(decoding: bytes[(8 + Int(count) * 8)..<length], as: UTF8.self))
  }
}
