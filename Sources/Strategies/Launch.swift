public import CLinuxShims
internal import Glibc
public import Launching
internal import Syscalls

/// The launcher's view of one launch: its addresses, the listeners it holds, its channels to the API
/// servers. Lives in the launcher process.
public final class Launch {
  /// The shared region.
  public let region: SharedRegion
  /// Number of the launch.
  public let number: Int
  /// What the arm orders.
  public let order: WorkerOrder
  /// Addresses to find: all inputs, then all outputs, as vLLM allocates them.
  public var addresses: Int { 2 * order.serversPerLaunch }
  /// Listeners that are still to be handed over, in the order of the addresses; -1 where none is held.
  public private(set) var listeners: [Int32]
  /// The launcher's ends of the channels, one for each API server; -1 where there is none.
  public var channels: [Int32]
  private let claim: UInt32

  public init(region: SharedRegion, number: Int, order: WorkerOrder) {
    self.region = region
    self.number = number
    self.order = order
    listeners = Array(repeating: -1, count: 2 * order.serversPerLaunch)
    channels = Array(repeating: -1, count: order.serversPerLaunch)
    claim = bs_claim(BS_CLAIM_LAUNCHER, UInt32(number))
  }

  /// Slot of the launch's API server.
  public func slot(of server: Int) -> Int { number * order.serversPerLaunch + server }

  /// The endpoint behind an address: 0..<N are the inputs, N..<2N the outputs.
  public func endpoint(_ address: Int) -> UnsafeMutablePointer<bs_endpoint> {
    let servers = order.serversPerLaunch
    let server = region.server(slot(of: address % servers))
    return address < servers ? server.input : server.output
  }

  /// Draws a number as `_get_open_port` does: bind to the wildcard address and port 0, read, close.
  public func probe() throws(StageFailure) -> UInt16 {
    do throws(SystemError) {
      let socket = try TCPSocket.open()
      defer { closeDescriptor(socket) }
      if let range = order.confinedTo { try TCPSocket.confine(socket, to: range) }
      try TCPSocket.bind(socket, .wildcard, port: 0)
      return try TCPSocket.port(of: socket)
    } catch {
      throw StageFailure(stage: BS_STAGE_PROBE.rawValue, code: error.code)
    }
  }

  /// Binds a listener for an address and keeps it until it is handed over.
  public func makeListener(_ address: Int) throws(StageFailure) -> UInt16 {
    do throws(SystemError) {
      let socket = try TCPSocket.open()
      listeners[address] = socket
      if let range = order.confinedTo { try TCPSocket.confine(socket, to: range) }
      try TCPSocket.bind(socket, .loopback, port: 0)
      try TCPSocket.listen(socket)
      let port = try TCPSocket.port(of: socket)
      region.setClaim(claim, on: port)
      return port
    } catch {
      throw StageFailure(stage: BS_STAGE_LISTENER_SETUP.rawValue, code: error.code)
    }
  }

  /// Hands the listeners to pooled API servers, which have them in their channel from then on.
  public func passListeners() throws(StageFailure) {
    let servers = order.serversPerLaunch
    for server in 0..<servers {
      let pair = [listeners[server], listeners[servers + server]]
      let code = bs_send_descriptors(channels[server], pair, 2)
      guard code == 0 else { throw StageFailure(stage: BS_STAGE_SPAWN.rawValue, code: code) }
    }
  }

  /// Closes the launcher's copies: after the hand-over, or when it failed.
  public func closeListeners() {
    for address in listeners.indices where listeners[address] >= 0 {
      closeDescriptor(listeners[address])
      listeners[address] = -1
    }
  }

  /// In a fresh API server: takes its own two listeners and closes the siblings' copies.
  public func takeListeners(of server: Int) -> (input: Int32, output: Int32) {
    let servers = order.serversPerLaunch
    let own = (listeners[server], listeners[servers + server])
    listeners[server] = -1
    listeners[servers + server] = -1
    closeListeners()
    return own
  }

  /// Waits until every API server has reported its ports, and advertises them.
  ///
  /// The reports are a pair of ports each. A channel that ends before its report is a dead API server.
  public func collectReports(timeoutMilliseconds: Int) throws(StageFailure) {
    let deadline = MonotonicClock.now() + UInt64(timeoutMilliseconds) * 1_000_000
    for server in 0..<order.serversPerLaunch {
      let now = MonotonicClock.now()
      let left = now < deadline ? Int32((deadline - now + 999_999) / 1_000_000) : 0
      var ready = bs_wait_readable(channels[server], left)
      while ready == -EINTR { ready = bs_wait_readable(channels[server], left) }
      guard ready > 0 else {
        throw StageFailure(stage: BS_STAGE_REPORT.rawValue, code: ready == 0 ? ETIMEDOUT : -ready)
      }
      var ports: (UInt16, UInt16) = (0, 0)
      let length = recv(channels[server], &ports, MemoryLayout.size(ofValue: ports), 0)
      guard length == MemoryLayout.size(ofValue: ports) else {
        throw StageFailure(stage: BS_STAGE_REPORT.rawValue, code: length == 0 ? EPIPE : errno)
      }
      endpoint(server).pointee.advertised = ports.0
      endpoint(order.serversPerLaunch + server).pointee.advertised = ports.1
    }
  }
}
