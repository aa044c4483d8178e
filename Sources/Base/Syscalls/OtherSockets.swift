internal import Glibc

/// IPv4 UDP sockets: their ports are independent of TCP's.
public enum DatagramSocket {
  /// A new close-on-exec socket.
  public static func open() throws(SystemError) -> Int32 {
    let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let socket = Glibc.socket(AF_INET, kind, 0)
    guard socket >= 0 else { throw .current("socket(UDP)") }
    return socket
  }
}

/// IPv6 TCP sockets on the wildcard address.
public enum SixSocket {
  /// A new close-on-exec socket.
  /// - Parameter only: sets IPV6_V6ONLY. Without it the socket is dual-stack: bound to [::] it also holds its port for
  ///   IPv4 (ipv6(7)).
  public static func open(only: Bool) throws(SystemError) -> Int32 {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let socket = Glibc.socket(AF_INET6, kind, 0)
    guard socket >= 0 else { throw .current("socket(IPv6)") }
    var value: Int32 = only ? 1 : 0
    guard setsockopt(socket, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &value, 4) == 0 else {
      let error = SystemError.current("setsockopt(IPV6_V6ONLY)")
      closeDescriptor(socket)
      throw error
    }
    return socket
  }

  /// `bind(2)` to [::] and the port; 0 lets the kernel choose.
  public static func bindWildcard(_ socket: Int32, port: UInt16) throws(SystemError) {
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in6>.size)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.bind(socket, $0, size) }
    }
    guard result == 0 else { throw .current("bind([::])") }
  }
}
