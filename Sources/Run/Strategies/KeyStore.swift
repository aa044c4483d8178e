internal import Glibc
internal import PortModel
internal import Syscalls

/// The launcher's side of a store on a TCP port: takes a key from each API server, even if strangers connect, too. A
/// client that sends nothing, or something else, does not delay the others.
struct KeyStore {
  /// What an API server publishes.
  struct Key: Equatable {
    /// Number of the API server within its launch.
    var server: UInt16
    var input: UInt16
    var output: UInt16

    /// Bytes of a key on the wire: the trial's mark, then the three numbers.
    static let size = 14

    /// - Parameter mark: `KeyStore.mark(ofTrial:)`.
    func bytes(mark: UInt64) -> [UInt8] {
      withUnsafeBytes(of: mark.littleEndian) { Array($0) }
        + [server, input, output].flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    }

    /// Nil if the bytes are not a key with that mark.
    init?(_ bytes: [UInt8], mark: UInt64) {
      let number = { (at: Int) in UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8 }
      guard bytes.count == Self.size else { return nil }
      self.init(server: number(8), input: number(10), output: number(12))
      guard self.bytes(mark: mark) == bytes else { return nil }
    }

    init(server: UInt16, input: UInt16, output: UInt16) {
      self.server = server
      self.input = input
      self.output = output
    }
  }

  /// A connected client.
  private struct Client {
    var socket: Int32
    var received: [UInt8] = []
    /// The key is stored, and the client knows: the client closes first. If the store closed first, a reset could
    /// overtake the answer.
    var isAnswered = false
  }

  private let listener: Int32
  private let mark: UInt64
  private var clients: [Client] = []

  /// Distinguishes a trial's keys from bytes that strangers send.
  static func mark(ofTrial seed: UInt64) -> UInt64 {
    var generator = SeededGenerator(trialSeed: seed, for: .storeMark)
    return generator.next()
  }

  /// - Parameter listener: the store's socket, which the caller closes.
  init(listener: Int32, mark: UInt64) {
    self.listener = listener
    self.mark = mark
  }

  /// Waits for input and returns the keys that arrived, each answered; none if only strangers sent something.
  /// - Throws: `ETIMEDOUT` once the deadline has passed, and what `poll(2)` and `accept(2)` fail with.
  mutating func take(until deadline: UInt64) throws(SystemError) -> [Key] {
    let readable = try awaitReadable(until: deadline)
    var keys: [Key] = []
    for index in clients.indices.reversed() where readable[index + 1] {
      var isOpen = receive(&clients[index])
      if isOpen, clients[index].received.count == Key.size, !clients[index].isAnswered {
        let key = Key(clients[index].received, mark: mark)
        var answer: UInt8 = 1
        isOpen = key != nil && send(clients[index].socket, &answer, 1, Int32(MSG_NOSIGNAL)) == 1
        clients[index].isAnswered = isOpen
        if let key, isOpen { keys.append(key) }
      }
      if !isOpen { close(at: index) }
    }
    if readable[0] {
      let socket = try TCPSocket.accept(listener)
      TCPSocket.resetOnClose(socket)
      clients.append(Client(socket: socket))
    }
    return keys
  }

  /// Lets clients with an answer close first, and closes the connections of all others.
  mutating func close(until deadline: UInt64) {
    for index in clients.indices.reversed() where !clients[index].isAnswered { close(at: index) }
    while !clients.isEmpty, let readable = try? awaitReadable(until: deadline) {
      for index in clients.indices.reversed() where readable[index + 1] { close(at: index) }
      // Connections that come now are too late.
      if readable[0], let socket = try? TCPSocket.accept(listener) { closeDescriptor(socket) }
    }
    for index in clients.indices.reversed() { close(at: index) }
  }

  private mutating func close(at index: Int) {
    closeDescriptor(clients[index].socket)
    clients.remove(at: index)
  }

  /// Reads what is available, up to a key and one byte more. Returns whether the connection is still useful.
  private func receive(_ client: inout Client) -> Bool {
    var bytes = [UInt8](repeating: 0, count: Key.size + 1 - client.received.count)
    let count = recv(client.socket, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    if count < 0 { return errno == EAGAIN || errno == EINTR }
    client.received += bytes[..<count]
    return count > 0 && client.received.count <= Key.size
  }

  /// Which descriptors are readable: the listener, then the clients.
  private func awaitReadable(until deadline: UInt64) throws(SystemError) -> [Bool] {
    var items = ([listener] + clients.map(\.socket)).map {
      pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
    }
    while true {
      let now = MonotonicClock.now()
      let left = now < deadline ? Int32(min((deadline - now + 999_999) / 1_000_000, 60_000)) : 0
      let ready = failing("poll") ?? poll(&items, nfds_t(items.count), left)
      if ready > 0 { return items.map { $0.revents != 0 } }
      if ready < 0 && errno != EINTR { throw .current("poll") }
      if ready == 0 && MonotonicClock.now() >= deadline {
        throw SystemError("poll", code: ETIMEDOUT)
      }
    }
  }
}
