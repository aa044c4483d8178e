internal import CLinuxShims
internal import Glibc
public import Launching
public import Syscalls

/// The ports that a thief holds, with its record in the shared region. Lives in the thief's process.
public final class Loot {
  private let region: SharedRegion
  private let slot: UnsafeMutablePointer<bs_thief>
  private let claim: UInt32
  private let confinedTo: ClosedRange<Int>?
  private let endpoints: Int
  /// Below every pool.
  private static let targetPort: UInt16 = 999
  private var target: Int32 = -1
  private let host: TCPSocket.Host
  private var held: [(socket: Int32, port: UInt16)] = []

  public init(region: SharedRegion, thief: Int, order: WorkerOrder) {
    self.region = region
    confinedTo = order.confinedTo
    host = order.host
    endpoints = 2 * order.launches * order.serversPerLaunch
    slot = region.thief(thief)
    claim = bs_claim(BS_CLAIM_THIEF, UInt32(thief))
  }

  /// Draws a port with `bind(0)`, without options, and holds it. Returns false, with
  /// errno in the record, if it got none.
  @discardableResult
  public func draw(on host: TCPSocket.Host = .wildcard) -> Bool {
    hold { socket throws(SystemError) in
      if let confinedTo { try TCPSocket.confine(socket, to: confinedTo) }
      try TCPSocket.bind(socket, host, port: 0)
    }
  }

  /// Tries to take this very number and to hold it. That it is refused (EADDRINUSE) is an answer, not an
  /// error: both count as a draw. Returns whether it got it.
  @discardableResult
  public func take(_ port: UInt16, sharing: TCPSocket.Sharing, listens: Bool) -> Bool {
    hold(isRefusalAnswer: true) { socket throws(SystemError) in
      try TCPSocket.share(socket, sharing)
      try TCPSocket.bind(socket, host, port: port)
      if listens { try TCPSocket.listen(socket) }
    }
  }

  /// Listens on a port outside the kernel's choice, for `connect` to go to.
  public func openTarget() {
    do throws(SystemError) {
      let socket = try TCPSocket.open()
      target = socket
      try TCPSocket.bind(socket, .secondLoopback, port: Self.targetPort)
      try TCPSocket.listen(socket, backlog: 32_000)
    } catch {
      slot.pointee.error = error.code
    }
  }

  /// Opens a connection to the target and holds it, which counts as a draw of its source port.
  public func connect() -> Bool {
    hold { socket throws(SystemError) in
      if let confinedTo { try TCPSocket.confine(socket, to: confinedTo) }
      TCPSocket.resetOnClose(socket)
      _ = try TCPSocket.connect(socket, .secondLoopback, port: Self.targetPort)
    }
  }

  /// Holds a socket that `body` gives a port, and counts it as a draw. Returns false if there is none, with errno
  /// in the record, unless a refusal (EADDRINUSE) counts as a draw, too.
  private func hold(
    isRefusalAnswer: Bool = false, _ body: (Int32) throws(SystemError) -> Void
  ) -> Bool {
    do throws(SystemError) {
      let socket = try TCPSocket.open()
      do throws(SystemError) {
        try body(socket)
        let port = try TCPSocket.port(of: socket)
        region.setClaim(claim, on: port)
        held.append((socket, port))
      } catch {
        closeDescriptor(socket)
        throw error
      }
      slot.pointee.held = UInt32(held.count)
      slot.pointee.drawn += 1
      return true
    } catch {
      if isRefusalAnswer && error.code == EADDRINUSE {
        slot.pointee.drawn += 1
      } else {
        slot.pointee.error = error.code
      }
      return false
    }
  }

  /// Endpoints of the trial, all launches together.
  public var endpointCount: Int { endpoints }

  /// The number of an endpoint: the one that was decided on, or the one it got; nil while it has none.
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

  /// Lets go of the port that was drawn first.
  public func releaseOldest() {
    guard !held.isEmpty else { return }
    release(held.removeFirst())
  }

  /// Lets go of everything.
  public func releaseAll() {
    for item in held { release(item) }
    if target >= 0 { closeDescriptor(target) }
    target = -1
    held.removeAll(keepingCapacity: true)
    slot.pointee.held = 0
  }

  /// How many ports it holds.
  public var count: Int { held.count }

  /// States how many draws a trial demands, so that fewer make it invalid.
  public func want(_ ports: Int) { slot.pointee.wanted = UInt32(ports) }

  private func release(_ item: (socket: Int32, port: UInt16)) {
    if region.claim(on: item.port) == claim { region.setClaim(0, on: item.port) }
    closeDescriptor(item.socket)
    slot.pointee.held = UInt32(held.count)
  }
}
