internal import CLinuxShims
internal import Glibc

/// A TCP socket as the kernel lists it.
public struct ListedSocket: Sendable, Equatable {
  /// The inode by which /proc names it; 0 for a connection that was not accepted yet.
  public var inode: UInt64
  public var isListening: Bool
  /// Whether it is an established connection.
  public var isConnected: Bool
  /// Port of the other side; 0 if it was never connected.
  public var peerPort: UInt16
  /// Where it listens or is bound.
  public var listener: Listener

  init(_ record: bs_socket_record) {
    let isIPv6 = record.family == UInt8(AF_INET6)
    let number = withUnsafeBytes(of: record.address) { bytes in
      bytes.prefix(isIPv6 ? 16 : 4).reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
    }
    inode = record.inode
    isListening = record.is_listening != 0
    isConnected = record.is_connected != 0
    peerPort = record.peer_port
    listener = Listener(
      port: record.port, isIPv6: isIPv6,
      address: isIPv6 ? HostAddress(ipv6: number) : HostAddress(ipv4: UInt32(number)),
      isIPv6Only: record.is_ipv6_only != 0, device: record.device)
  }
}

/// The kernel's list of TCP sockets of both families, in the calling thread's network namespace (sock_diag(7)).
public enum SocketListing {
  /// Which sockets to list.
  public struct States: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static var listening: States { States(rawValue: BS_SOCKETS_LISTENING.rawValue) }
    /// Bound and not listening; kernels before 6.8 list none.
    public static var bound: States { States(rawValue: BS_SOCKETS_BOUND.rawValue) }
    public static var connected: States { States(rawValue: BS_SOCKETS_CONNECTED.rawValue) }
  }

  /// The sockets in these states.
  /// - Parameters:
  ///   - port: their port; 0 for all ports.
  ///   - expected: the expected number; if there are more, a second query is needed.
  public static func sockets(
    _ states: States, port: UInt16 = 0, expected: Int = 64
  ) throws(SystemError) -> [ListedSocket] {
    var capacity = expected
    while true {
      var records = [bs_socket_record](repeating: bs_socket_record(), count: capacity)
      let count = bs_list_sockets(states.rawValue, port, &records, Int32(capacity))
      guard count >= 0 else { throw SystemError("sock_diag", code: -count) }
      if Int(count) <= capacity { return records.prefix(Int(count)).map(ListedSocket.init) }
      // A few more, for sockets that are made meanwhile.
      capacity = Int(count) + 64
    }
  }

  /// For each port of a host the listeners that one connection to it could reach.
  /// - Parameters:
  ///   - port: one port, or 0 for all.
  ///   - expected: the expected number of listeners on all addresses.
  public static func reached(
    at host: HostAddress, port: UInt16 = 0, expected: Int = 64
  ) throws(SystemError) -> [UInt16: [ListedSocket]] {
    let all = try sockets(.listening, port: port, expected: expected)
    var reached: [UInt16: [ListedSocket]] = [:]
    for (port, sockets) in Dictionary(grouping: all, by: \.listener.port) {
      reached[port] = Listener.reached(
        sockets, connectionTo: PromisedAddress(host, port: port), by: \.listener)
    }
    return reached
  }
}
