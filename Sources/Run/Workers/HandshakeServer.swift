internal import CSharedRegion
internal import Glibc
internal import Messaging
internal import PlanModel
internal import RunContract
internal import StartupProtocol
internal import StrategyKit
internal import Syscalls

/// The launcher's side of the handshake with its engine cores: a ROUTER on the handshake port.
///
/// libzmq's threads live only between `open` and `close`; no process is forked in that time.
final class HandshakeServer {
  private let parts: StartupLaunch
  private var router: Socket?
  private var context: Context?

  init(_ parts: StartupLaunch) { self.parts = parts }

  /// Binds the handshake port.
  /// - Throws: stage `handshake`, with the errno of libzmq's bind.
  func open() throws(StageFailure) {
    let port = parts.addresses.handshakePort
    if failing("zmq_bind") != nil {
      throw parts.failure(BS_STAGE_HANDSHAKE, errno, binding: port)
    }
    do throws(MessagingError) {
      context = try Context(ioThreads: 1)
      router = try Socket(.router, in: context!)
      try router!.bind(to: parts.addresses.handshake)
    } catch {
      throw parts.failure(BS_STAGE_HANDSHAKE, error.code, binding: port)
    }
    parts.region.setClaim(parts.claim, on: port)
    parts.record.pointee.handshake_port = port
    parts.record.pointee.handshake_bound_ns = MonotonicClock.now()
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
    parts.region.clearClaim(parts.claim, on: parts.record.pointee.handshake_port)
  }
}
