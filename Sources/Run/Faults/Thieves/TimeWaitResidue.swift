internal import CLinuxShims
internal import Glibc
public import PlanModel
internal import Syscalls

/// Leaves TIME_WAIT on the launches' ports: a server that existed for a moment and closed its connection first. The
/// kernel lets a socket bind beside TIME_WAIT only if both set SO_REUSEADDR, the new socket and the old one, or both
/// SO_REUSEPORT (net/ipv4/inet_connection_sock.c, `inet_bind_conflict`; `tw_reuse` and `tw_reuseport` are copies of the
/// old socket's flags). After a server with neither nobody may. `bind(0)` never gives such a port. libzmq sets
/// SO_REUSEADDR, and so does every API server here, so with `reuse_address` 1 the residue does not affect them. With 0 it blocks
/// the port for every process for a minute, and no process holds it. A launcher that scans or probes by number without
/// the option skips the port in both cases.
///
/// A draw is a port that was left in TIME_WAIT, or was found held (EADDRINUSE).
public struct TimeWaitResidue: Thief {
  public static let descriptor = ThiefDescriptor(
    name: "time-wait-residue",
    summary: "leaves TIME_WAIT on numbers: a closed connection's local port",
    options: [
      OptionDescriptor(
        name: OptionName.ports, defaultValue: 1, range: 1...8_192, summary: "on how many numbers"),
      OptionDescriptor(
        name: OptionName.base, defaultValue: 0, range: 0...60_000,
        summary:
          "0: on the launches' own numbers, inside the window; else on those from here upwards, before they allocate"
      ),
      OptionDescriptor(
        name: OptionName.reuseAddress, defaultValue: 1, range: 0...1,
        summary: "1: the server that went had set SO_REUSEADDR"),
    ], requirements: [.namespace], model: .leavesTimeWait)

  public static let actsAfterBind = true
  public static let leavesTimeWait = true

  private let ports: Int
  private let base: Int
  private let reusesAddress: Bool
  private var hunt: NumberHunt

  public init(options: OptionValues, seed: UInt64) {
    ports = options[OptionName.ports]
    base = options[OptionName.base]
    reusesAddress = options[OptionName.reuseAddress] != 0
    hunt = NumberHunt(count: ports, seed: seed)
  }

  public func trialBegan(_ loot: Loot) {
    // A trial must not find the residue of the last one.
    _ = bs_destroy_time_wait()
    // There is no number above 65,535.
    let end = min(base + ports, 65_536)
    loot.want(base == 0 ? hunt.quota(loot) : end - base)
    guard base != 0 else { return }
    for port in base..<end { leave(UInt16(port), loot) }
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
      if reusesAddress { try TCPSocket.allowAddressReuse(listener) }
      try TCPSocket.bind(listener, loot.endpointHost, port: port)
      try TCPSocket.listen(listener, backlog: 1)
      // The client's own port is fixed: a port from the pool would be one less for the launches.
      let client = try TCPSocket.open()
      defer { closeDescriptor(client) }
      try TCPSocket.allowAddressReuse(client)
      try TCPSocket.bind(client, .secondLoopback, port: Self.clientPort)
      _ = try TCPSocket.connect(client, loot.endpointHost, port: port)
      // Closed before the client: the side that closes first keeps TIME_WAIT, and this side has the port.
      closeDescriptor(try TCPSocket.accept(listener))
      loot.mark(port)
    } catch {
      if error.code == EADDRINUSE { loot.countAttempt() } else { loot.fail(error) }
    }
  }

  /// Below every pool.
  private static let clientPort: UInt16 = 1_022
}
