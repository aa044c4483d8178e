internal import CLinuxShims
internal import Glibc
public import Planning
internal import Syscalls

/// Leaves TIME_WAIT on the launches' numbers: a server that was there for a moment and closed its connection
/// first. The same errno as a race, and none: only a bind without SO_REUSEADDR is refused, for a minute. libzmq
/// sets it, and every API server here does; a launcher that scans or probes by number without it passes by.
///
/// A draw is a number that was left in TIME_WAIT, or was found held (EADDRINUSE).
public struct TimeWaitResidue: Thief {
  public static let descriptor = ThiefDescriptor(
    name: "time-wait-residue",
    summary: "leaves TIME_WAIT on numbers: a closed connection's local port",
    options: [
      OptionDescriptor(
        name: "ports", defaultValue: 1, range: 1...8_192, summary: "on how many numbers"),
      OptionDescriptor(
        name: "base", defaultValue: 0, range: 0...60_000,
        summary:
          "0: on the launches' own numbers, inside the window; else on those from here upwards, before they allocate"
      ),
    ], requirements: [.namespace], model: .leavesTimeWait)

  public static let actsAfterBind = true
  public static let leavesTimeWait = true

  private let ports: Int
  private let base: Int
  private var hunt: NumberHunt

  public init(options: OptionValues, seed: UInt64) {
    ports = options["ports"]
    base = options["base"]
    hunt = NumberHunt(count: ports, seed: seed)
  }

  public func trialBegan(_ loot: Loot) {
    // A trial must not find the last one's.
    _ = bs_destroy_time_wait()
    loot.want(base == 0 ? hunt.quota(loot) : ports)
    guard base != 0 else { return }
    for port in base..<(base + ports) { leave(UInt16(port), loot) }
  }

  public mutating func windowOpened(_ loot: Loot) {
    guard base == 0 else { return }
    for port in hunt.inWindow(loot) { leave(port, loot) }
  }

  public mutating func endpointsBound(_ loot: Loot) {
    guard base == 0 else { return }
    for port in hunt.onceBound(loot) { leave(port, loot) }
  }

  public func trialEnds(_ loot: Loot, now: UInt64) { _ = bs_destroy_time_wait() }

  private func leave(_ port: UInt16, _ loot: Loot) {
    do throws(SystemError) {
      let listener = try TCPSocket.open()
      defer { closeDescriptor(listener) }
      try TCPSocket.bind(listener, loot.endpointHost, port: port)
      try TCPSocket.listen(listener, backlog: 1)
      // The client's own port is fixed: one of the pool's would be a port less for the launches.
      let client = try TCPSocket.open()
      defer { closeDescriptor(client) }
      try TCPSocket.allowAddressReuse(client)
      try TCPSocket.bind(client, .secondLoopback, port: Self.clientPort)
      _ = try TCPSocket.connect(client, loot.endpointHost, port: port)
      // Closed before the client: the side that closes first keeps TIME_WAIT, and this one has the port.
      closeDescriptor(try TCPSocket.accept(listener))
      loot.countAttempt()
    } catch {
      if error.code == EADDRINUSE { loot.countAttempt() } else { loot.fail(error) }
    }
  }

  /// Below every pool.
  private static let clientPort: UInt16 = 1_022
}
