internal import Glibc
internal import PlanModel
internal import RunContract
internal import StrategyKit
internal import Syscalls

/// The auditor's plain sockets. They are kept from trial to trial: making, binding and closing one for each endpoint
/// takes as long as a tenth of a trial. The kernel's count of sockets in use does not include sockets that are only
/// bound.
final class PlainSockets {
  private let dialsFromOutside: Bool
  private var sockets: [Int32] = []

  /// - Parameter dialsFromOutside: whether to connect from `AuditorRole.sourcePort` of another loopback address.
  init(dialsFromOutside: Bool) { self.dialsFromOutside = dialsFromOutside }

  /// A socket that is not connected, by index from 0; indexes must be requested in order.
  func socket(_ number: Int) throws(SystemError) -> Int32 {
    if number < sockets.count && sockets[number] >= 0 { return sockets[number] }
    let socket = try TCPSocket.open(nonBlocking: true)
    TCPSocket.resetOnClose(socket)
    if dialsFromOutside {
      try TCPSocket.allowAddressReuse(socket)
      try TCPSocket.bind(socket, .thirdLoopback, port: AuditorRole.sourcePort)
    }
    if number == sockets.count { sockets.append(-1) }
    sockets[number] = socket
    return socket
  }

  /// Ends the connection of a socket, which is kept if it can be used again.
  func disconnect(_ number: Int) {
    guard (try? TCPSocket.disconnect(sockets[number])) == nil else { return }
    closeDescriptor(sockets[number])
    sockets[number] = -1
  }
}

/// Connections to plain endpoints. Each endpoint gets one question, and its answer is recorded.
final class PlainDial {
  private let sockets: PlainSockets
  private let question: (Int, EndpointRole) -> Nonce
  private let answer: (Int, EndpointRole, Nonce?) -> Void
  private var targets: [(slot: Int, role: EndpointRole)] = []
  /// By target; the descriptor is -1 once the connection is over.
  private var items: [pollfd] = []
  private var left = 0

  /// - Parameters:
  ///   - question: what to send to an endpoint of a slot.
  ///   - answer: takes the answer; nil if it is not a nonce. If no answer came, it is not called.
  init(
    _ sockets: PlainSockets, question: @escaping (Int, EndpointRole) -> Nonce,
    answer: @escaping (Int, EndpointRole, Nonce?) -> Void
  ) {
    self.sockets = sockets
    self.question = question
    self.answer = answer
  }

  /// Whether every connection is over.
  var isDone: Bool { left == 0 }

  /// Connects to an endpoint and sends the question, if that is possible at once.
  func call(_ slot: Int, _ role: EndpointRole, port: UInt16) throws(SystemError) {
    let socket = try sockets.socket(targets.count)
    // On loopback the connection is established at once, whatever connect(2) returns for a non-blocking socket, unless
    // the listener's backlog is full. An API server that accepts then finds the nonce there.
    let isRefused = (try? TCPSocket.connect(socket, port: port)) == nil
    let hasAsked = !isRefused && ask(socket, slot, role)
    targets.append((slot, role))
    items.append(pollfd(fd: socket, events: Int16(hasAsked ? POLLIN : POLLOUT), revents: 0))
    left += 1
  }

  /// Reads what arrives within that time.
  func wait(milliseconds: Int32) {
    guard poll(&items, nfds_t(items.count), milliseconds) > 0 else { return }
    for number in items.indices where items[number].fd >= 0 && items[number].revents != 0 {
      let (slot, role) = targets[number]
      if items[number].events == Int16(POLLOUT) {
        if ask(items[number].fd, slot, role) {
          items[number].events = Int16(POLLIN)
          continue
        }
      } else {
        receive(items[number].fd) { answer(slot, role, $0) }
      }
      hangUp(number)
    }
  }

  /// Ends the connections to these slots.
  func hangUp(where isUnwanted: (Int) -> Bool) {
    for number in items.indices
    where items[number].fd >= 0 && isUnwanted(targets[number].slot) { hangUp(number) }
  }

  /// Ends all connections.
  func hangUpAll() { hangUp { _ in true } }

  private func hangUp(_ number: Int) {
    sockets.disconnect(number)
    items[number].fd = -1
    left -= 1
  }

  private func ask(_ socket: Int32, _ slot: Int, _ role: EndpointRole) -> Bool {
    question(slot, role).withBytes {
      send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) == Nonce.size
    }
  }

  /// An API server's answer arrives whole, because one call sent it. A connection that ends gives no answer.
  private func receive(_ socket: Int32, _ body: (Nonce?) -> Void) {
    withUnsafeTemporaryAllocation(byteCount: Nonce.size, alignment: 8) { buffer in
      let count = recv(socket, buffer.baseAddress, Nonce.size, 0)
      guard count > 0 else { return }
      body(Nonce(UnsafeRawBufferPointer(rebasing: buffer[..<count])))
    }
  }
}
