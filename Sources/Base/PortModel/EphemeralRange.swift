/// The ephemeral ports of a namespace and the order in which `bind(0)` of a TCP socket tries them, over IPv4 and IPv6.
/// UDP has neither parities nor halves: there every port of the range is drawn (`KernelFactsTests`).
///
/// Linux, net/ipv4/inet_connection_sock.c, `inet_csk_find_open_port`: starting at a random port it tries all ports at
/// an odd distance from the low end, cyclically. Only if none is free does it try those at an even distance. With
/// SO_REUSEADDR it does all this in one half of the range first (the lower), then in the other.
public struct EphemeralRange: Sendable, Equatable {
  /// First and last port (`ip_local_port_range`).
  public let ports: ClosedRange<Int>
  /// Ports that `bind(0)` never gives (`ip_local_reserved_ports`).
  public let reserved: Set<Int>

  public init(_ ports: ClosedRange<Int>, reserved: Set<Int> = []) {
    self.ports = ports
    self.reserved = reserved
  }

  /// The ports that are tried before any others when no port is held: draws are uniform over these.
  public func firstChoice(reuseAddress: Bool = false) -> [Int] {
    passes(reuseAddress: reuseAddress)[0].filter { !reserved.contains($0) }
  }

  /// The number of ports over which draws are uniform: 14,116 by default, 7,058 with SO_REUSEADDR.
  public func slots(reuseAddress: Bool = false) -> Int {
    firstChoice(reuseAddress: reuseAddress).count
  }

  /// The sizes of the groups of ports in the order in which `bind(0)` without SO_REUSEADDR tries them.
  func groups() -> [Int] {
    passes(reuseAddress: false).map { group in group.count { !reserved.contains($0) } }
  }

  /// The total number of ports that `bind(0)` can give.
  public var capacity: Int { ports.count - reserved.filter { ports.contains($0) }.count }

  /// The groups of ports in the order in which they are tried; within a group cyclically from a random port.
  func passes(reuseAddress: Bool) -> [[Int]] {
    let (low, end) = (ports.lowerBound, ports.upperBound + 1)
    guard reuseAddress && end - low > 3 else { return parities(low, end) }
    let half = low + ((end - low) >> 2) << 1
    return parities(low, half) + parities(half, end)
  }

  private func parities(_ low: Int, _ end: Int) -> [[Int]] {
    // A remaining odd port at the upper end is not tried: the kernel clears the lowest bit of the distance.
    let distance = end - low > 1 ? (end - low) & ~1 : end - low
    guard distance > 1 else { return [Array(low..<end)] }
    return [
      Array(stride(from: low + 1, to: low + distance, by: 2)),
      Array(stride(from: low, to: low + distance, by: 2)),
    ]
  }
}
