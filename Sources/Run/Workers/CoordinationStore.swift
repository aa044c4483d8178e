internal import Glibc
internal import Messaging
internal import RunContract
internal import Syscalls

/// The launcher's coordination store: a key-value store on a port that the launcher binds before its engine cores start
/// and keeps. Engine core 0 sets the ports that it has bound; the others wait for them.
final class CoordinationStore {
  /// Its port.
  let port: UInt16
  /// Its listening socket, which the launcher's children must not keep.
  let listener: Int32
  private let mark: Int64
  private var clients: [Client] = []
  private var values: [UInt16: UInt16] = [:]

  private struct Client {
    var socket: Int32
    var received: [UInt8] = []
  }

  /// Sets a key to a port, or asks for it with port 0.
  private struct Request {
    var mark: Int64
    var key: UInt16
    var port: UInt16

    static let size = 12

    var bytes: [UInt8] {
      withUnsafeBytes(of: mark.littleEndian) { Array($0) }
        + [key, port].flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    }

    /// Nil if the bytes are not a request with that mark.
    init?(_ bytes: [UInt8], mark: Int64) {
      guard bytes.count == Self.size else { return nil }
      let number = { (at: Int) in UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8 }
      self.init(mark: mark, key: number(8), port: number(10))
      guard self.bytes == bytes else { return nil }
    }

    init(mark: Int64, key: UInt16, port: UInt16) {
      (self.mark, self.key, self.port) = (mark, key, port)
    }
  }

  /// Binds a port that the kernel chooses, and listens.
  /// - Parameters:
  ///   - mark: distinguishes the launch's requests from bytes that strangers send.
  ///   - pool: confines the kernel's choice; nil if the namespace does that.
  init(mark: Int64, within pool: ClosedRange<Int>?) throws(SystemError) {
    self.mark = mark
    let socket = try TCPSocket.open(nonBlocking: true)
    do throws(SystemError) {
      if let pool { try TCPSocket.confine(socket, to: pool) }
      try TCPSocket.allowAddressReuse(socket)
      try TCPSocket.bind(socket, .wildcard, port: 0)
      try TCPSocket.listen(socket, backlog: 4_096)
      port = try TCPSocket.port(of: socket)
    } catch {
      closeDescriptor(socket)
      throw error
    }
    listener = socket
  }

  /// Makes the poll wake for requests.
  func add(to poll: inout Poll) {
    for socket in [listener] + clients.map(\.socket) { poll.add(descriptor: socket) }
  }

  /// Takes and answers what has come, without waiting. A question about a key that is not set yet is answered when it
  /// is.
  func serve() {
    while let socket = try? TCPSocket.accept(listener) {
      TCPSocket.resetOnClose(socket)
      clients.append(Client(socket: socket))
    }
    for index in clients.indices.reversed() where !receive(index) {
      closeDescriptor(clients.remove(at: index).socket)
    }
    for index in clients.indices {
      guard let request = Request(clients[index].received, mark: mark) else { continue }
      if request.port != 0 { values[request.key] = request.port }
    }
    for index in clients.indices {
      guard let request = Request(clients[index].received, mark: mark),
        let value = values[request.key]
      else { continue }
      let answer = [UInt8(value & 0xff), UInt8(value >> 8)]
      _ = send(clients[index].socket, answer, answer.count, Int32(MSG_NOSIGNAL))
      clients[index].received = []
    }
  }

  /// Reads what is there, up to a request and one byte more. Returns whether the connection is still of use.
  private func receive(_ index: Int) -> Bool {
    var bytes = [UInt8](repeating: 0, count: Request.size + 1 - clients[index].received.count)
    let count = recv(clients[index].socket, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    if count < 0 { return errno == EAGAIN || errno == EINTR }
    clients[index].received += bytes[..<count]
    return count > 0 && clients[index].received.count <= Request.size
  }

  /// Closes the port and all connections.
  func close() {
    for client in clients { closeDescriptor(client.socket) }
    clients = []
    closeDescriptor(listener)
  }

  // MARK: The engine cores' side

  /// Sets a key to a port, or waits until it is set.
  /// - Parameter value: 0 to ask for it.
  /// - Returns: the port.
  static func exchange(
    _ host: TCPSocket.Host, port: UInt16, mark: Int64, key: UInt16, value: UInt16
  ) throws(SystemError) -> UInt16 {
    let socket = try TCPSocket.open()
    defer { closeDescriptor(socket) }
    TCPSocket.resetOnClose(socket)
    _ = try TCPSocket.connect(socket, host, port: port)
    let request = Request(mark: mark, key: key, port: value).bytes
    guard send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
      throw .current("send")
    }
    var answer: [UInt8] = [0, 0]
    guard recv(socket, &answer, answer.count, Int32(MSG_WAITALL)) == answer.count else {
      throw SystemError("recv", code: ECONNRESET)
    }
    return UInt16(answer[0]) | UInt16(answer[1]) << 8
  }
}
