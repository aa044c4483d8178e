internal import CSharedRegion
internal import Glibc
internal import PlanModel
public import RunContract
public import Syscalls

/// The ports that a thief holds, and its record in the shared region. Lives in the thief's process.
public final class Loot {
  private let region: SharedRegion
  private let slot: UnsafeMutablePointer<bs_thief>
  private let claim: UInt32
  private let confinedTo: ClosedRange<Int>?
  private let endpoints: Int
  private let launches: Int
  private let startup: Startup?
  /// Below every pool, a different port for each thief.
  private let targetPort: UInt16
  private var target: Int32 = -1
  private let host: TCPSocket.Host
  private var held: [Item] = []
  private var marked: [UInt16] = []

  /// A socket with the port it holds.
  private struct Item {
    var socket: Int32
    /// The other end of a connection, -1 if there is none.
    var peer: Int32 = -1
    var port: UInt16
  }

  public init(region: SharedRegion, thief: Int, order: WorkerOrder) {
    self.region = region
    confinedTo = order.confinedTo
    targetPort = 999 - UInt16(thief)
    host = order.host
    endpoints = 2 * order.launches * order.serversPerLaunch
    launches = order.launches
    startup = order.startup
    slot = region.thief(thief)
    claim = bs_claim(BS_CLAIM_THIEF, UInt32(thief))
  }

  /// Whether a process that loses a port to an IPv4 TCP socket loses it to the thief that holds the port.
  public enum Claiming: Sendable {
    /// Yes.
    case always
    /// Yes, unless another process holds it as well.
    case ifUnclaimed
    /// No: it holds nothing that such a socket could lose.
    case never
  }

  /// Where the launches' endpoints are bound.
  public var endpointHost: TCPSocket.Host { host }

  /// Draws a port with `bind(0)` and holds it. Returns nil, with errno in the record, if it got none.
  @discardableResult
  public func draw(on host: TCPSocket.Host = .wildcard, listens: Bool = false) -> UInt16? {
    hold(open: { () throws(SystemError) in try TCPSocket.open(for: host) }) {
      socket throws(SystemError) in
      try confine(socket)
      try TCPSocket.bind(socket, host, port: 0)
      if listens { try TCPSocket.listen(socket) }
    }
  }

  /// Draws a port like a launcher that holds nothing: `bind(0)` without options, read, close. It does not count as a
  /// draw of the trial. Returns nil, with errno in the record, if there is none.
  public func probe() -> UInt16? {
    do throws(SystemError) {
      let socket = try TCPSocket.open()
      defer { closeDescriptor(socket) }
      try confine(socket)
      try TCPSocket.bind(socket, .wildcard, port: 0)
      return try TCPSocket.port(of: socket)
    } catch {
      slot.pointee.error = error.code
      return nil
    }
  }

  /// Tries to take this port and hold it. A refusal (EADDRINUSE) is an answer, not an error: both count as a draw.
  /// Returns whether it got the port.
  @discardableResult
  public func take(_ port: UInt16, sharing: TCPSocket.Sharing, listens: Bool) -> Bool {
    hold(
      isRefusalAnswer: true,
      open: { () throws(SystemError) in try TCPSocket.open(for: self.host) }
    ) { socket throws(SystemError) in
      try TCPSocket.share(socket, sharing)
      try TCPSocket.bind(socket, host, port: port)
      if listens { try TCPSocket.listen(socket) }
    } != nil
  }

  /// Listens on a port that the kernel does not choose by itself, as the target of `connect`.
  public func openTarget() {
    do throws(SystemError) {
      let socket = try TCPSocket.open()
      target = socket
      try TCPSocket.bind(socket, .secondLoopback, port: targetPort)
      try TCPSocket.listen(socket, backlog: 32_000)
    } catch {
      slot.pointee.error = error.code
    }
  }

  /// Opens a connection to the target and holds it, which counts as a draw of its source port. Returns that port, or
  /// nil, with errno in the record.
  /// - Parameter accepts: accepts the connection from the target's backlog, which is short, and holds the other end as
  ///   well.
  @discardableResult
  public func connect(accepts: Bool = false) -> UInt16? {
    let port = hold { socket throws(SystemError) in
      // Not confined: the kernel gives a socket with its own range ports of both parities (`__inet_hash_connect`: step
      // 1 instead of 2).
      TCPSocket.resetOnClose(socket)
      _ = try TCPSocket.connect(socket, .secondLoopback, port: targetPort)
    }
    guard accepts, let port else { return port }
    do throws(SystemError) {
      held[held.count - 1].peer = try TCPSocket.accept(target)
    } catch {
      slot.pointee.error = error.code
    }
    return port
  }

  /// Confines the kernel's choice for this socket to the pool, if the namespace does not.
  public func confine(_ socket: Int32) throws(SystemError) {
    if let confinedTo { try TCPSocket.confine(socket, to: confinedTo) }
  }

  /// Holds a socket to which `body` gives a port, and counts it as a draw. Returns the port. Returns nil, with errno in
  /// the record, if there is none, unless a refusal (EADDRINUSE) counts as a draw, too.
  /// - Parameters:
  ///   - isRefusalAnswer: the thief asked for a given port, and a refusal is a valid answer.
  ///   - claiming: whether a process that loses the port loses it to this thief.
  ///   - open: makes the socket; `body` binds it.
  @discardableResult
  public func hold(
    isRefusalAnswer: Bool = false, claiming: Claiming = .always,
    open: () throws(SystemError) -> Int32 = { () throws(SystemError) in try TCPSocket.open() },
    _ body: (Int32) throws(SystemError) -> Void
  ) -> UInt16? {
    do throws(SystemError) {
      let socket = try open()
      let port: UInt16
      do throws(SystemError) {
        try body(socket)
        port = try TCPSocket.port(of: socket)
        let isFree = region.claim(on: port) == 0
        if claiming == .always || claiming == .ifUnclaimed && isFree {
          region.setClaim(claim, on: port, since: MonotonicClock.now())
        }
        held.append(Item(socket: socket, port: port))
      } catch {
        closeDescriptor(socket)
        throw error
      }
      slot.pointee.held = UInt32(held.count)
      slot.pointee.drawn += 1
      return port
    } catch {
      if isRefusalAnswer && error.code == EADDRINUSE {
        slot.pointee.drawn += 1
      } else {
        slot.pointee.error = error.code
      }
      return nil
    }
  }

  /// Counts a draw that leaves nothing held: the thief has done its work on that port.
  public func countAttempt() { slot.pointee.drawn += 1 }

  /// Counts a draw that holds the port without a socket, to the end of the trial. A process that loses the port loses
  /// it to this thief.
  public func mark(_ port: UInt16) {
    region.setClaim(claim, on: port, since: MonotonicClock.now())
    marked.append(port)
    countAttempt()
  }

  /// Records the errno that kept the thief from its work.
  public func fail(_ error: SystemError) { slot.pointee.error = error.code }

  /// The errno that kept the thief from its last work in this trial, 0 if none did.
  public var errorCode: Int32 { slot.pointee.error }

  /// This end of the work was intended: clears the errno.
  public func forgive() { slot.pointee.error = 0 }

  /// Draws of this trial so far.
  public var drawn: Int { Int(slot.pointee.drawn) }

  /// Sockets held, in the order in which they were drawn.
  public var sockets: [Int32] { held.map(\.socket) }

  /// Endpoints of the trial, all launches together.
  public var endpointCount: Int { endpoints }

  /// The port of an endpoint: the one that was chosen, or the one that it got; nil while it has none.
  /// - Parameter endpoint: 0..<`endpointCount`.
  public func number(of endpoint: Int) -> UInt16? {
    let server = region.server(endpoint / 2)
    let record = endpoint % 2 == 0 ? server.input : server.output
    let port =
      record.pointee.requested != 0
      ? record.pointee.requested
      : record.pointee.bound != 0 ? record.pointee.bound : record.pointee.advertised
    return port == 0 ? nil : port
  }

  /// The ports of each launch that its engine cores are to bind, as far as they are chosen, in the order of their use.
  /// - Parameter kind: which rendezvous, a number of `bs_rendezvous_kind`.
  public func engineNumbers(_ kind: Int) -> [[UInt16]] {
    guard let startup else { return [] }
    return (0..<launches).map { launch in
      if kind == Int(BS_RENDEZVOUS_GROUP.rawValue) {
        let ports = bs_group_ports_of(region.startup(launch))
        return (0..<startup.groupPorts).map { ports[$0] }.filter { $0 != 0 }
      }
      return (0..<startup.engines).compactMap { engine in
        let slot = bs_rendezvous_of(region.engine(launch * startup.engines + engine))[kind]
        // A number that is not chosen yet, or that another engine core listens on: it dials.
        return slot.port == 0 || slot.chosen_ns == 0 ? nil : slot.port
      }
    }
  }

  /// Releases a port.
  public func release(_ port: UInt16) {
    guard let index = held.firstIndex(where: { $0.port == port }) else { return }
    release(held.remove(at: index))
  }

  /// Releases the port that was drawn last.
  public func releaseNewest() {
    if let item = held.popLast() { release(item) }
  }

  /// Releases everything.
  public func releaseAll() {
    for item in held { release(item) }
    for port in marked { region.clearClaim(claim, on: port) }
    marked.removeAll(keepingCapacity: true)
    if target >= 0 { closeDescriptor(target) }
    target = -1
    held.removeAll(keepingCapacity: true)
    slot.pointee.held = 0
  }

  /// How many ports it holds.
  public var count: Int { held.count }

  /// Declares how many draws a trial demands; fewer make it invalid.
  public func want(_ ports: Int) { slot.pointee.wanted = UInt32(ports) }

  private func release(_ item: Item) {
    region.clearClaim(claim, on: item.port)
    closeDescriptor(item.socket)
    if item.peer >= 0 { closeDescriptor(item.peer) }
    slot.pointee.held = UInt32(held.count)
  }
}
