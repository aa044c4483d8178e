/// An IP address. ::ffff:a.b.c.d is treated as the IPv4 address a.b.c.d, as in the kernel: a connection to it is an
/// IPv4 connection.
public struct HostAddress: Hashable, Sendable {
  /// Whether it is an IPv6 address.
  public let isIPv6: Bool
  /// The address as a number; for IPv4 the lower 32 bits.
  public let bits: UInt128

  /// 96 bits before an IPv4 address in an IPv6 address (RFC 4291, 2.5.5.2).
  private static let mapped: UInt128 = 0xffff

  /// An IPv4 address, as a number.
  public init(ipv4 number: UInt32) {
    isIPv6 = false
    bits = UInt128(number)
  }

  /// An IPv6 address, as a number.
  public init(ipv6 number: UInt128) {
    isIPv6 = number >> 32 != Self.mapped
    bits = isIPv6 ? number : number & 0xffff_ffff
  }

  /// Where a socket is bound.
  public init(_ host: TCPSocket.Host) {
    if case .ipv6(let number) = host {
      self.init(ipv6: number)
    } else {
      self.init(ipv4: host.number)
    }
  }

  var isWildcard: Bool { bits == 0 }

  /// Whether it is in 127.0.0.0/8 or is ::1.
  var isLoopback: Bool { isIPv6 ? bits == 1 : bits >> 24 == 127 }
}

/// The address to which a peer connects.
public struct PromisedAddress: Hashable, Sendable {
  public var host: HostAddress
  public var port: UInt16
  /// Index of the interface that has the address; nil if it is not known.
  public var device: UInt32?

  /// - Parameter device: not needed for addresses of the loopback interface.
  public init(_ host: HostAddress, port: UInt16, device: UInt32? = nil) {
    self.host = host
    self.port = port
    self.device = device ?? (host.isLoopback ? Self.loopbackDevice : nil)
  }

  /// It is the first interface of every network namespace (LOOPBACK_IFINDEX of the kernel).
  private static let loopbackDevice: UInt32 = 1
}

/// Where a TCP socket listens, and so which connections it gets.
///
/// All rules about this are here. They are those of `__inet_lookup_listener` and `inet6_lookup_listener` in the kernel,
/// without BPF programs that select sockets (`SK_LOOKUP`, `SO_ATTACH_REUSEPORT_EBPF`) and without `SO_INCOMING_CPU`.
public struct Listener: Hashable, Sendable {
  public var port: UInt16
  /// Whether the socket has the family AF_INET6; its address may still be an IPv4 address.
  public var isIPv6: Bool
  public var address: HostAddress
  /// IPV6_V6ONLY.
  public var isIPv6Only: Bool
  /// Index of the one interface that it is bound to, 0 for any.
  public var device: UInt32

  public init(
    port: UInt16, isIPv6: Bool, address: HostAddress, isIPv6Only: Bool = false, device: UInt32 = 0
  ) {
    self.port = port
    self.isIPv6 = isIPv6
    self.address = address
    self.isIPv6Only = isIPv6Only
    self.device = device
  }

  /// Whether it receives a connection that this host makes to one of its own addresses, if no other listener does.
  public func receives(connectionTo promised: PromisedAddress) -> Bool {
    precedence(for: promised) != nil
  }

  /// Whether it is bound to an address or to a wildcard that covers it. No other socket can then be bound there, unless
  /// both allow it.
  public func covers(_ host: HostAddress) -> Bool { rank(for: host) != nil }

  /// The listeners that one connection could reach: several if the kernel prefers none of them, and the choice depends
  /// on the connection's source (SO_REUSEPORT) or on which listened first; none if it is refused.
  public static func reached<Item>(
    _ items: [Item], connectionTo promised: PromisedAddress, by listener: (Item) -> Listener
  ) -> [Item] {
    let first = items.compactMap { listener($0).precedence(for: promised) }.max()
    guard let first else { return [] }
    return items.filter { listener($0).precedence(for: promised) == first }
  }

  /// The kernel's rank of it among the listeners that receive a connection, highest first; nil if it receives none. A
  /// device gives no rank: listeners with and without one share a port only by SO_REUSEPORT, and the order in which
  /// they began to listen determines which is found first.
  private func precedence(for promised: PromisedAddress) -> Int? {
    let isReached = device == 0 || promised.device == nil || device == promised.device
    return port == promised.port && isReached ? rank(for: promised.host) : nil
  }

  /// A socket that is bound to the address precedes a wildcard. Among equals, an IPv4 socket precedes an IPv6 socket
  /// that also takes IPv4 connections.
  private func rank(for host: HostAddress) -> Int? {
    if isIPv6Only && !host.isIPv6 { return nil }
    let isOfFamily = isIPv6 == host.isIPv6
    if address == host { return isOfFamily ? 3 : 2 }
    // [::] takes IPv4 connections; 0.0.0.0 takes no IPv6 connections, in either notation.
    guard address.isWildcard, address.isIPv6 || !host.isIPv6 else { return nil }
    return isOfFamily ? 1 : 0
  }
}
