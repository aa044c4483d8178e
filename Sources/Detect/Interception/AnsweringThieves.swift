internal import CInterception
internal import CLinuxShims
internal import Glibc
internal import RaceLedger
internal import Syscalls

/// A connection to a thief that answers as a stranger's server.
struct Conversation {
  let socket: Int32
  /// Its index in `Meetings.encounters`.
  let encounter: Int
  var request: [UInt8] = []
  /// Only the client's end is awaited.
  var isAnswered = false
}

/// A connect() that such a thief may accept.
struct Caller {
  let party: Party
  /// The port that it connects to.
  let port: UInt16
  /// When it called connect().
  let at: UInt64
  /// Its own port; 0 if that could not be looked up.
  var from: UInt16 = 0
}

/// Thieves that listen. Those of `--steal-by stranger` answer HTTP requests, the others close each connection.
extension Supervisor {
  /// Lets a thief's socket listen; its connections are accepted in the loop.
  func answer(on socket: Int32) {
    guard Glibc.listen(socket, 128) == 0 else { return }
    // A client may be gone before its connection is accepted.
    let flags = fcntl(socket, F_GETFL)
    _ = fcntl(socket, F_SETFL, flags | O_NONBLOCK)
    answering.append(socket)
  }

  /// Accepts what waits, and answers or closes it.
  func acceptConnections() {
    for socket in answering {
      while true {
        var bytes = [UInt8](repeating: 0, count: 128)
        var size = socklen_t(128)
        let connection = bytes.withUnsafeMutableBytes {
          accept(socket, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &size)
        }
        if connection < 0 { break }
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        observation.answered += 1
        if supervision.theft == .stranger, let peer = SocketAddress(socketBytes: bytes) {
          begin(connection, acceptedOn: socket, from: peer)
        } else {
          close(connection)
        }
      }
    }
  }

  /// A client reached a thief that answers as a stranger.
  private func begin(_ connection: Int32, acceptedOn listener: Int32, from peer: SocketAddress) {
    let thief = thieves.lazy.flatMap { key, held in held.map { (key.port, $0) } }
      .first { $0.1.socket == listener }
    let address = (thief?.1.address ?? peer).with(port: thief?.0 ?? 0)
    let caller = takeCaller(from: peer.port, to: address.port)
    let encounter = observation.meetings.reachedThief(
      caller?.party, at: address, from: peer, time: caller?.at ?? MonotonicClock.now())
    conversations.append(Conversation(socket: connection, encounter: encounter))
    if conversations.count > Self.mostConversations { close(conversations.removeFirst().socket) }
  }

  /// Clients that keep their connections open without a word hold no more descriptors than this.
  private static let mostConversations = 1_024

  /// Who connected from a port. The newest client whose own port could not be looked up is taken if no other fits.
  private func takeCaller(from port: UInt16, to thief: UInt16) -> Caller? {
    let fitting = callers.indices.filter { callers[$0].port == thief }
    let index =
      fitting.last { callers[$0].from == port } ?? fitting.last { callers[$0].from == 0 }
    return index.map { callers.remove(at: $0) }
  }

  /// Reads what clients have sent, and answers complete requests as a web server of somebody else would.
  func converse() {
    var kept: [Conversation] = []
    for var conversation in conversations {
      if serve(&conversation) { kept.append(conversation) } else { close(conversation.socket) }
    }
    conversations = kept
  }

  /// False: the client has closed its end.
  private func serve(_ conversation: inout Conversation) -> Bool {
    var bytes = [UInt8](repeating: 0, count: 4_096)
    // A client that sends without end must not keep the caught calls waiting.
    for _ in 0..<64 {
      let count = recv(conversation.socket, &bytes, bytes.count, Int32(MSG_DONTWAIT))
      if count < 0 && errno == EINTR { continue }
      if count < 0 { return errno == EAGAIN }
      if count == 0 { return false }
      guard !conversation.isAnswered else { continue }
      conversation.request += bytes[..<count]
      let reply = StrangerReply(to: conversation.request)
      if reply == .wait { continue }
      // It fits into the socket's buffer, which is empty.
      let answer = reply.bytes
      _ = send(conversation.socket, answer, answer.count, Int32(MSG_NOSIGNAL))
      // Closing with unread input would reset the connection before the client has read the answer.
      shutdown(conversation.socket, Int32(SHUT_WR))
      conversation.isAnswered = true
      if case .success = reply { observation.meetings.answered(conversation.encounter) }
    }
    return true
  }

  /// A client connects to a thief that answers as a stranger, or to a server of the command.
  func meet(
    _ key: PortKey, _ address: SocketAddress, _ thread: Threads.Record, _ call: pt_call
  ) {
    let now = MonotonicClock.now()
    let isThief = listeningThief(at: address, key) != nil
    if !isThief, let server = networks.listeners(key).first {
      guard let own = ledger.holding(cookie: server.cookie)?.holding else { return }
      return observation.meetings.reachedServer(boundAt: own.openedAt, at: now)
    }
    // Where nobody listens yet, a thief may do so before the kernel executes the call.
    callers.removeAll { $0.from == 0 && $0.port == key.port && $0.party.tid == thread.party.tid }
    callers.append(Caller(party: party(thread, call, withStack: false), port: key.port, at: now))
    // Those whose connection did not come about.
    if callers.count > Self.mostConversations { callers.removeFirst() }
    if isThief { awaitClient(call, of: thread, .caller(callers.count - 1), key.namespace) }
  }

  /// An accepted connection ended. Its connect may have been called before the server listened.
  func meetAccepted(_ record: bs_socket_record, _ key: PortKey) {
    guard supervision.theft == .stranger, record.peer_port != 0,
      ledger.holding(cookie: record.cookie) == nil, let server = ledger.newest(key),
      server.listened
    else { return }
    observation.meetings.reachedServer(boundAt: server.openedAt, at: server.openedAt)
  }
}
