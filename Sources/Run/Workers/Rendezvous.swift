internal import CSharedRegion
internal import Glibc
internal import Messaging
internal import RunContract
internal import StrategyKit
internal import Syscalls

/// One rendezvous over TCP, as with PyTorch's TCPStore: one member binds and listens; every member, the listening one
/// too, dials the address that all were given, and goes on when all are there. A dial that is refused is repeated; a
/// stranger that takes the connection and says nothing is waited for without end.
final class Rendezvous {
  /// The record of the rendezvous, in the slot of its engine core.
  let record: UnsafeMutablePointer<bs_rendezvous>
  private let region: SharedRegion
  private let claim: UInt32
  private var listener: Int32 = -1
  private var port: UInt16 = 0
  /// The connection to whoever listens.
  private var own: Int32 = -1
  private var guests: [Guest] = []
  /// Whether all members were there, and know it.
  private var isComplete = false

  /// A member as the listening one sees it.
  private struct Guest {
    var socket: Int32
    var received: [UInt8] = []
    /// Nil until it has said it.
    var rank: Int?
  }

  /// Who meets whom.
  struct Members {
    /// Distinguishes the rendezvous of one launch from strangers.
    var mark: Int64
    var rank: Int
    var size: Int

    /// Bytes of a greeting.
    static let greetingSize = 10

    var greeting: [UInt8] {
      withUnsafeBytes(of: mark.littleEndian) { Array($0) }
        + withUnsafeBytes(of: UInt16(rank).littleEndian) { Array($0) }
    }

    /// The rank in a greeting; nil for a stranger's.
    func rank(in greeting: [UInt8]) -> Int? {
      guard greeting.count == Self.greetingSize else { return nil }
      let rank = Int(greeting[8]) | Int(greeting[9]) << 8
      guard Members(mark: mark, rank: rank, size: size).greeting == greeting, rank < size else {
        return nil
      }
      return rank
    }
  }

  /// How long a refused dial waits before the next one.
  private static let redialMilliseconds = 1

  /// - Parameter claim: of the engine core.
  init(_ record: UnsafeMutablePointer<bs_rendezvous>, region: SharedRegion, claim: UInt32) {
    self.record = record
    self.region = region
    self.claim = claim
  }

  /// Binds a port of every address, as libuv does for TCPStore, and listens. Records who has the port if it is taken.
  /// - Parameters:
  ///   - wanted: 0 to let the kernel choose.
  ///   - pool: confines the kernel's choice; nil if the namespace does that.
  func listen(on wanted: UInt16, within pool: ClosedRange<Int>?) throws(SystemError) {
    noteAttempt()
    let socket = try TCPSocket.open()
    do throws(SystemError) {
      if wanted == 0, let pool { try TCPSocket.confine(socket, to: pool) }
      try TCPSocket.allowAddressReuse(socket)
      try TCPSocket.bind(socket, .wildcard, port: wanted)
      try TCPSocket.listen(socket, backlog: 4_096)
      port = try TCPSocket.port(of: socket)
    } catch {
      closeDescriptor(socket)
      if error.code == EADDRINUSE { noteLoss(of: wanted) }
      throw error
    }
    listener = socket
    record.pointee.bound = port
    region.setClaim(claim, on: port)
  }

  /// The port that this member listens on; 0 if it does not.
  var boundPort: UInt16 { port }

  private func noteAttempt() {
    if record.pointee.attempted_ns == 0 { record.pointee.attempted_ns = MonotonicClock.now() }
  }

  /// Only the first holder is recorded: what follows is its consequence.
  private func noteLoss(of port: UInt16) {
    if record.pointee.lost == 0 { PortHolder.find(port, at: nil, in: region).note(in: record) }
    record.pointee.lost += 1
  }

  // MARK: Meeting

  /// Dials, and waits until all members are there.
  func meet(_ members: Members, at host: TCPSocket.Host, port: UInt16) throws(SystemError) {
    noteAttempt()
    while true {
      if own < 0 { try dial(members, host, port) }
      var poll = Poll()
      let (ownToken, door) = (poll.add(descriptor: own), poll.add(descriptor: listener))
      let tokens = guests.map { poll.add(descriptor: $0.socket) }
      _ = poll.wait(milliseconds: own < 0 ? Self.redialMilliseconds : -1)
      for (index, token) in tokens.enumerated().reversed() where poll.isReadable(token) {
        receive(members, from: index)
      }
      if poll.isReadable(door) { try admit() }
      if listener >= 0, !isComplete, Set(guests.compactMap(\.rank)).count == members.size {
        isComplete = true
        publish([])
      }
      if poll.isReadable(ownToken) {
        if (try? take(count: 0)) != nil { return }
        // Whoever listened is gone.
        closeDescriptor(own)
        own = -1
      }
    }
  }

  private func dial(
    _ members: Members, _ host: TCPSocket.Host, _ port: UInt16
  ) throws(SystemError) {
    let socket = try TCPSocket.open()
    TCPSocket.resetOnClose(socket)
    do throws(SystemError) {
      _ = try TCPSocket.connect(socket, host, port: port)
    } catch {
      closeDescriptor(socket)
      let isToRepeat = [ECONNREFUSED, ECONNRESET, ETIMEDOUT, EINTR].contains(error.code)
      if isToRepeat { return }
      throw error
    }
    record.pointee.is_accepted = 1
    let greeting = members.greeting
    guard send(socket, greeting, greeting.count, Int32(MSG_NOSIGNAL)) == greeting.count else {
      return closeDescriptor(socket)
    }
    own = socket
  }

  private func admit() throws(SystemError) {
    let socket = try TCPSocket.accept(listener)
    TCPSocket.resetOnClose(socket)
    guests.append(Guest(socket: socket))
  }

  /// Reads a guest's greeting, and lets strangers and those that went go.
  private func receive(_ members: Members, from index: Int) {
    var bytes = [UInt8](
      repeating: 0, count: Members.greetingSize + 1 - guests[index].received.count)
    let count = recv(guests[index].socket, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    if count < 0 && (errno == EAGAIN || errno == EINTR) { return }
    guests[index].received += bytes[..<max(0, count)]
    guests[index].rank = members.rank(in: guests[index].received)
    guard count <= 0 || guests[index].received.count > Members.greetingSize else { return }
    closeDescriptor(guests.remove(at: index).socket)
  }

  // MARK: Numbers for all members

  /// Sends the same ports to every guest, this member too.
  func publish(_ ports: [UInt16]) {
    let message = [UInt8(ports.count)] + ports.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    for guest in guests { _ = send(guest.socket, message, message.count, Int32(MSG_NOSIGNAL)) }
  }

  /// Waits for ports that the listening member publishes.
  /// - Parameter count: how many it publishes.
  /// - Throws: ECONNRESET when it is gone, EPROTO when it is a stranger.
  @discardableResult
  func take(count: Int) throws(SystemError) -> [UInt16] {
    var bytes = [UInt8](repeating: 0, count: 1 + 2 * count)
    let received = recv(own, &bytes, bytes.count, Int32(MSG_WAITALL))
    guard received == bytes.count else {
      throw SystemError("recv", code: received < 0 ? errno : ECONNRESET)
    }
    guard bytes[0] == UInt8(count) else { throw SystemError("recv", code: EPROTO) }
    return (0..<count).map { UInt16(bytes[1 + 2 * $0]) | UInt16(bytes[2 + 2 * $0]) << 8 }
  }

  /// Closes everything: the group is down.
  func close() {
    for guest in guests { closeDescriptor(guest.socket) }
    guests = []
    if own >= 0 { closeDescriptor(own) }
    own = -1
    guard listener >= 0 else { return }
    region.clearClaim(claim, on: port)
    closeDescriptor(listener)
    listener = -1
  }
}
