internal import CLinuxShims
internal import Glibc

/// The addresses of nodes, which are our own network namespaces: 10.66.0.1 and fd00:66::1 are the head node's.
public enum NodeAddress {
  /// The IPv4 address of a node, 0...15.
  public static func of(_ node: Int) -> UInt32 { 0x0a42_0001 + UInt32(node) }

  /// The IPv6 address of a node, 0...15: a unique local one (RFC 4193).
  public static func ipv6(of node: Int) -> UInt128 {
    0xfd00_0066_0000_0000_0000_0000_0000_0001 + UInt128(node)
  }

  /// By which address a node is known.
  /// - Parameter count: the number of nodes; a single one is known as loopback.
  public static func host(ofNode node: Int, in count: Int, usesIPv6: Bool) -> TCPSocket.Host {
    if count <= 1 { return usesIPv6 ? .ipv6(1) : .loopback }
    return usesIPv6 ? .ipv6(ipv6(of: node)) : .address(of(node))
  }
}

/// TCP sockets, as plain descriptor numbers: workers hold thousands of them in arrays.
public enum TCPSocket {
  /// Where a socket is bound.
  public enum Host: Sendable {
    /// 0.0.0.0, as vLLM's probe.
    case wildcard
    /// 127.0.0.1.
    case loopback
    /// 127.0.0.2: another address of this host, whose ports are free where the first one's are not.
    case secondLoopback
    /// 127.0.0.3.
    case thirdLoopback
    /// An IPv4 address, as a number.
    case address(UInt32)
    /// An IPv6 address, as a number.
    case ipv6(UInt128)

    /// The address in dotted form; an IPv6 address in brackets, as in a URI.
    public var text: String {
      if case .ipv6(let number) = self { return "[\(Self.groups(number))]" }
      let number = number
      return [24, 16, 8, 0].map { "\(number >> UInt32($0) & 0xff)" }.joined(separator: ".")
    }

    /// The address family of its sockets.
    var family: Int32 { if case .ipv6 = self { AF_INET6 } else { AF_INET } }

    /// The IPv4 address as a number; 0 for an IPv6 address.
    var number: UInt32 {
      switch self {
      case .wildcard, .ipv6: 0
      case .loopback: 0x7f00_0001
      case .secondLoopback: 0x7f00_0002
      case .thirdLoopback: 0x7f00_0003
      case .address(let number): number
      }
    }

    /// The kernel's own text of an IPv6 address (inet_ntop(3)).
    private static func groups(_ number: UInt128) -> String {
      var address = in6_addr(number)
      var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
      // Cannot fail: the family is known and the buffer long enough.
      _ = inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
      return text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }
  }

  /// Options that allow a port to be shared. Computed: a stored property costs each fresh API server a page fault.
  public struct Sharing: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    /// SO_REUSEADDR: may bind beside sockets that set it, too, and do not listen.
    public static var reuseAddress: Sharing { Sharing(rawValue: 1) }
    /// SO_REUSEPORT: may bind and listen beside sockets of the same user that set it, too.
    public static var reusePort: Sharing { Sharing(rawValue: 2) }
  }

  /// `IP_LOCAL_PORT_RANGE` of linux/in.h (Linux 6.3); glibc 2.36 does not know it.
  private static let localPortRangeOption: Int32 = 51

  /// A new close-on-exec socket.
  /// - Parameter host: what it will be bound or connected to, which determines its family.
  public static func open(
    nonBlocking: Bool = false, for host: Host = .wildcard
  ) throws(SystemError) -> Int32 {
    let flags =
      Int32(SOCK_CLOEXEC.rawValue) | (nonBlocking ? Int32(SOCK_NONBLOCK.rawValue) : 0)
    let socket =
      failing("socket") ?? Glibc.socket(host.family, Int32(SOCK_STREAM.rawValue) | flags, 0)
    guard socket >= 0 else { throw .current("socket") }
    return socket
  }

  /// Confines the ports that `bind(0)` gives this socket, without any privilege (ip(7), Linux 6.3). The kernel ignores
  /// limits that lie outside the namespace's own range.
  public static func confine(_ socket: Int32, to pool: ClosedRange<Int>) throws(SystemError) {
    var value = UInt32(pool.upperBound) << 16 | UInt32(pool.lowerBound)
    guard
      (failing("setsockopt")
        ?? setsockopt(socket, Int32(IPPROTO_IP), localPortRangeOption, &value, 4)) == 0
    else { throw .current("setsockopt(IP_LOCAL_PORT_RANGE)") }
  }

  /// Sets SO_REUSEADDR.
  public static func allowAddressReuse(_ socket: Int32) throws(SystemError) {
    var one: Int32 = 1
    guard (failing("setsockopt") ?? setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &one, 4)) == 0
    else { throw .current("setsockopt(SO_REUSEADDR)") }
  }

  /// Sets the options.
  public static func share(_ socket: Int32, _ options: Sharing) throws(SystemError) {
    if options.contains(.reuseAddress) { try allowAddressReuse(socket) }
    guard options.contains(.reusePort) else { return }
    var one: Int32 = 1
    guard (failing("setsockopt") ?? setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &one, 4)) == 0
    else { throw .current("setsockopt(SO_REUSEPORT)") }
  }

  /// `accept(2)`, close-on-exec.
  public static func accept(_ listener: Int32) throws(SystemError) -> Int32 {
    while true {
      let connection = failing("accept") ?? Glibc.accept(listener, nil, nil)
      if connection >= 0 {
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        return connection
      }
      if errno != EINTR { throw .current("accept") }
    }
  }

  /// Makes `close` send a reset, so that no TIME_WAIT is left on either side.
  public static func resetOnClose(_ socket: Int32) {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  /// The same for every TCP socket of this process, those of its libraries included.
  public static func resetAllOnClose() {
    for name in ProcessRecords.entries(of: "/proc/self/fd") {
      guard let descriptor = Int32(name) else { continue }
      var protocolNumber: Int32 = 0
      var size = socklen_t(MemoryLayout<Int32>.size)
      // Fails for what is not a socket.
      let code = getsockopt(descriptor, SOL_SOCKET, SO_PROTOCOL, &protocolNumber, &size)
      if code == 0 && protocolNumber == Int32(IPPROTO_TCP) { resetOnClose(descriptor) }
    }
  }

  /// Why `confine` cannot work here; nil if it can.
  public static func problemOfConfining() -> String? {
    do throws(SystemError) {
      let socket = Descriptor(owning: try open())
      try confine(socket.number, to: 40_000...40_001)
      return nil
    } catch {
      return error.description
    }
  }

  /// `bind(2)` to the port; 0 lets the kernel choose.
  public static func bind(_ socket: Int32, _ host: Host, port: UInt16) throws(SystemError) {
    guard (failing("bind") ?? withAddress(host, port, { Glibc.bind(socket, $0, $1) })) == 0
    else { throw .current("bind") }
  }

  /// `listen(2)`.
  public static func listen(_ socket: Int32, backlog: Int32 = 100) throws(SystemError) {
    guard (failing("listen") ?? Glibc.listen(socket, backlog)) == 0 else {
      throw .current("listen")
    }
  }

  /// `connect(2)`; true when connected, false when it continues in the background.
  public static func connect(
    _ socket: Int32, _ host: Host = .loopback, port: UInt16
  ) throws(SystemError) -> Bool {
    if (failing("connect") ?? withAddress(host, port, { Glibc.connect(socket, $0, $1) })) == 0 {
      return true
    }
    if errno == EINPROGRESS { return false }
    throw .current("connect")
  }

  /// Ends the connection and leaves a socket that can connect again (connect(2), AF_UNSPEC). The socket keeps its
  /// options and, if it was bound to a given port, that port. The other side gets a reset. A refused or unfinished
  /// connection is dropped.
  public static func disconnect(_ socket: Int32) throws(SystemError) {
    var nowhere = sockaddr()
    nowhere.sa_family = sa_family_t(AF_UNSPEC)
    guard Glibc.connect(socket, &nowhere, socklen_t(MemoryLayout<sockaddr>.size)) == 0
    else { throw .current("connect(AF_UNSPEC)") }
  }

  /// The local port, by `getsockname(2)`.
  public static func port(of socket: Int32) throws(SystemError) -> UInt16 {
    // The port is at the same place in both families' addresses; the kernel cuts what does not fit.
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &size) }
    }
    guard (failing("getsockname") ?? result) == 0 else { throw .current("getsockname") }
    return UInt16(bigEndian: address.sin_port)
  }

  /// The inode of an open socket, by which the kernel's socket records and /proc name it; 0 if there is none.
  public static func inode(of socket: Int32) -> UInt64 {
    var status = stat()
    return fstat(socket, &status) == 0 ? UInt64(status.st_ino) : 0
  }

  /// Whether this process's descriptor is still the listening socket with that inode.
  public static func isOpen(_ socket: Int32, inode: UInt64) -> Bool {
    self.inode(of: socket) == inode
  }

  private static func withAddress(
    _ host: Host, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    if case .ipv6(let number) = host {
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      address.sin6_addr = in6_addr(number)
      return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
        }
      }
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = host.number.bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}

extension in6_addr {
  /// The address as a number, its first byte the highest.
  init(_ number: UInt128) {
    self.init()
    withUnsafeMutableBytes(of: &self) { target in
      withUnsafeBytes(of: number.bigEndian) { target.copyMemory(from: $0) }
    }
  }
}
