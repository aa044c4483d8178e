public import CLinuxShims
internal import Glibc
public import Launching
internal import Planning
internal import Syscalls

/// Which of an API server's two endpoints.
public enum EndpointRole: Int, Sendable, CaseIterable {
  /// Requests come in: ROUTER.
  case input
  /// Results come in: PULL.
  case output
}

/// The binder's view of one API server: its slot, its sockets, what it was handed. Lives in the API
/// server's process; everything it does is recorded in the slot.
public final class Binder {
  /// The shared region.
  public let region: SharedRegion
  /// Slot of the API server.
  public let slot: Int
  /// What the arm orders.
  public let order: BindingOrder
  /// Channel to the launcher, -1 if there is none.
  public var channel: Int32 = -1
  /// Listeners this process was handed, -1 where it was not.
  public var inherited: (input: Int32, output: Int32) = (-1, -1)
  /// The endpoints' sockets.
  public let sockets: EndpointSockets
  private let server: UnsafeMutablePointer<bs_server>
  private let claim: UInt32

  public init(region: SharedRegion, slot: Int, order: BindingOrder) throws {
    self.region = region
    self.slot = slot
    self.order = order
    server = region.server(slot)
    claim = bs_claim(BS_CLAIM_SERVER, UInt32(slot))
    sockets = try EndpointSockets(kind: order.sockets, confinedTo: order.confinedTo)
  }

  /// The endpoint's record.
  public func endpoint(_ role: EndpointRole) -> UnsafeMutablePointer<bs_endpoint> {
    role == .input ? server.input : server.output
  }

  /// The port the launcher decided on, 0 for a wildcard bind.
  public func requested(_ role: EndpointRole) -> UInt16 { endpoint(role).pointee.requested }

  /// Whether both endpoints listen.
  public var isBound: Bool { server.input.pointee.bound != 0 && server.output.pointee.bound != 0 }

  /// Binds and listens. Returns false, with errno and the port's holder in the record, if it fails.
  public func bind(_ role: EndpointRole, port: UInt16) -> Bool {
    let record = endpoint(role)
    record.pointee.attempted_ns = MonotonicClock.now()
    let result = sockets.bind(role, port: port)
    return finish(role, result)
  }

  /// Adopts the listener this process was handed for the endpoint.
  public func adopt(_ role: EndpointRole) -> Bool {
    let listener = role == .input ? inherited.input : inherited.output
    if role == .input { inherited.input = -1 } else { inherited.output = -1 }
    endpoint(role).pointee.attempted_ns = MonotonicClock.now()
    return finish(role, sockets.adopt(role, listener: listener))
  }

  /// Reports both ports to the launcher. A failure is recorded at the input.
  public func report() {
    var ports = (server.input.pointee.bound, server.output.pointee.bound)
    let size = MemoryLayout.size(ofValue: ports)
    while send(channel, &ports, size, Int32(MSG_NOSIGNAL)) != size {
      if errno == EINTR { continue }
      server.input.pointee.error = errno
      server.input.pointee.stage = BS_STAGE_REPORT.rawValue
      return
    }
  }

  /// Receives the listeners that the launcher passed through the channel.
  public func receiveListeners() {
    var pair: [Int32] = [-1, -1]
    let received = bs_receive_descriptors(channel, &pair, 2)
    if received == 2 { inherited = (pair[0], pair[1]) }
  }

  /// Closes everything and waits until the kernel has really let go of the ports.
  public func close() {
    for role in EndpointRole.allCases {
      let port = endpoint(role).pointee.bound
      if port != 0 && region.claim(on: port) == claim { region.setClaim(0, on: port) }
    }
    for listener in [inherited.input, inherited.output] where listener >= 0 {
      closeDescriptor(listener)
    }
    inherited = (-1, -1)
    sockets.close()
  }

  private func finish(_ role: EndpointRole, _ result: EndpointSockets.BindResult) -> Bool {
    let record = endpoint(role)
    record.pointee.finished_ns = MonotonicClock.now()
    switch result {
    case .listening(let port):
      record.pointee.bound = port
      region.setClaim(claim, on: port)
      if order.ownershipCheck == .kernel {
        record.pointee.listener_inode = sockets.listenerInode(role, port: port)
      }
      return true
    case .failed(let stage, let code):
      record.pointee.error = code
      record.pointee.stage = stage
      let port = record.pointee.requested
      if code == EADDRINUSE && port != 0 { noteHolder(of: port, in: record) }
      return false
    }
  }

  /// Asks both records who has the port, at once: a holder may be gone a moment later.
  private func noteHolder(of port: UInt16, in record: UnsafeMutablePointer<bs_endpoint>) {
    record.pointee.holder_claim = region.claim(on: port)
    var found = bs_socket_record()
    var count = bs_find_listening_socket(port, &found)
    if count == 0 { count = bs_list_sockets(BS_SOCKETS_BOUND.rawValue, port, &found, 1) }
    if count < 0 {
      record.pointee.holder_state = BS_HOLDER_UNKNOWN.rawValue
    } else if count == 0 {
      record.pointee.holder_state = BS_HOLDER_NOBODY.rawValue
    } else {
      record.pointee.holder_state = BS_HOLDER_FOUND.rawValue
      record.pointee.holder_inode = found.inode
    }
  }
}
