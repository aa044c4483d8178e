internal import CSharedRegion
internal import Glibc
internal import Messaging
internal import PlanModel
internal import RunContract
internal import StartupProtocol
internal import StrategyKit
internal import Syscalls

/// The launcher's side of the handshake with its engine cores: a ROUTER on the handshake port or, where all engine
/// cores are local, on a path.
///
/// As in vLLM the port is bound before any engine core or API server is started. The launcher makes libzmq's calls for
/// this; libzmq adopts the listener when all processes are forked, because its threads may live only between `open` and
/// `close`. Until then connections wait in the backlog.
final class HandshakeServer {
  private let parts: StartupLaunch
  /// The bound port until libzmq adopts it, which the launcher's children must not keep; -1 if there is none.
  private(set) var listener: Int32 = -1
  private var router: Socket?
  private var context: Context?

  init(_ parts: StartupLaunch) { self.parts = parts }

  /// Binds the handshake port and listens, unless the handshake has a path, or actors need none.
  /// - Throws: stage `handshake`, with the errno of the call that failed.
  func bind() throws(StageFailure) {
    guard parts.startup.backend == .spawn, let port = parts.addresses.handshakePort else { return }
    if failing("zmq_bind") != nil {
      throw parts.failure(BS_STAGE_HANDSHAKE, errno, binding: port)
    }
    do throws(SystemError) {
      listener = try TCPSocket.open(for: parts.order.headHost)
      try TCPSocket.allowAddressReuse(listener)
      try TCPSocket.bind(listener, parts.order.headHost, port: port)
      try TCPSocket.listen(listener)
    } catch {
      throw parts.failure(BS_STAGE_HANDSHAKE, error.code, binding: port)
    }
    parts.region.setClaim(parts.claim, on: port)
    parts.record.pointee.handshake_port = port
    parts.record.pointee.handshake_bound_ns = MonotonicClock.now()
  }

  /// Makes the ROUTER: on the port that `bind` has bound, or on the path.
  /// - Throws: stage `handshake`, with libzmq's errno.
  func open() throws(StageFailure) {
    do throws(MessagingError) {
      context = try Context(ioThreads: 1)
      router = try Socket(.router, in: context!)
      guard listener >= 0 else {
        try router!.bind(to: parts.addresses.handshake)
        return parts.record.pointee.handshake_bound_ns = MonotonicClock.now()
      }
      router!.adoptListener(listener)
      // From here on it belongs to libzmq.
      listener = -1
      try router!.bind(to: "tcp://127.0.0.1:0")
    } catch {
      throw parts.failure(BS_STAGE_HANDSHAKE, error.code)
    }
  }

  /// Answers what engine cores have sent, without waiting.
  /// - Parameter addresses: the addresses to which the engine core of that rank must connect.
  /// - Throws: stage `handshake`: EPROTO for a message that breaks the protocol, otherwise libzmq's errno.
  func answer(
    _ book: inout HandshakeBook, addresses: (Int) -> EngineAddresses
  ) throws(StageFailure) {
    do {
      while let frames = try router!.receiveMessage() {
        guard frames.count == 2 else { throw HandshakeBook.Violation.unreadable }
        if case .initialise(let rank) = try book.receive(identity: frames[0], frames[1]) {
          parts.launch.reach(.beforeHandshakeReply)
          try router!.send([frames[0], addresses(rank).encoded])
        }
      }
    } catch {
      throw parts.failure(BS_STAGE_HANDSHAKE, (error as? MessagingError)?.code ?? EPROTO)
    }
  }

  /// Makes the poll wake for messages, if the port is open.
  func add(to poll: inout Poll) {
    if router != nil { poll.add(router!) }
  }

  /// Closes the port.
  func close() {
    // The context waits for its socket.
    router = nil
    context = nil
    if listener >= 0 { closeDescriptor(listener) }
    listener = -1
    let port = parts.record.pointee.handshake_port
    if port != 0 { parts.region.clearClaim(parts.claim, on: port) }
  }
}
