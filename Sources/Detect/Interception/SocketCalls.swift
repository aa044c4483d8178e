internal import CInterception
internal import Glibc
internal import RaceLedger

/// A socket of the tree, as a duplicate that the supervisor owns for a short time.
struct Duplicate: ~Copyable {
  let number: Int32
  let transport: Transport
  let isIPv6: Bool

  /// Takes over a descriptor. Nil, and the descriptor is closed, if it is not a TCP or UDP socket.
  init?(owning number: Int32) {
    func option(_ name: Int32) -> Int32? {
      var value: Int32 = 0
      var size = socklen_t(4)
      return getsockopt(number, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
    }
    let domain = option(SO_DOMAIN)
    let transport: Transport? =
      switch option(SO_PROTOCOL) {
      case Int32(IPPROTO_TCP): .tcp
      case Int32(IPPROTO_UDP): .udp
      default: nil
      }
    guard let transport, domain == AF_INET || domain == AF_INET6 else {
      close(number)
      return nil
    }
    self.number = number
    self.transport = transport
    isIPv6 = domain == AF_INET6
  }

  deinit { close(number) }

  var cookie: UInt64 { pt_socket_cookie(number) }
  var namespace: UInt64 { pt_namespace_cookie(number) }

  var reusesAddress: Bool { isSet(SO_REUSEADDR) }
  var reusesPort: Bool { isSet(SO_REUSEPORT) }
  var isIPv6Only: Bool { isIPv6 && isSet(IPV6_V6ONLY, of: Int32(IPPROTO_IPV6)) }

  private func isSet(_ option: Int32, of level: Int32 = SOL_SOCKET) -> Bool {
    var value: Int32 = 0
    var size = socklen_t(4)
    return getsockopt(number, level, option, &value, &size) == 0 && value != 0
  }

  /// The local address, nil for an error.
  var address: SocketAddress? {
    var bytes = [UInt8](repeating: 0, count: 128)
    var size = socklen_t(128)
    let result = bytes.withUnsafeMutableBytes {
      getsockname(number, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &size)
    }
    return result == 0 ? SocketAddress(socketBytes: bytes) : nil
  }

  /// Executes bind(2) with the caller's own bytes. 0 or an errno.
  func bind(_ bytes: [UInt8]) -> Int32 {
    let result = bytes.withUnsafeBytes {
      Glibc.bind(
        number, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
    }
    return result == 0 ? 0 : errno
  }

  /// Executes listen(2). 0 or an errno.
  func listen(_ backlog: Int32) -> Int32 { Glibc.listen(number, backlog) == 0 ? 0 : errno }
}

extension SocketAddress {
  /// From the bytes of a sockaddr_in or sockaddr_in6; AF_UNSPEC counts as IPv4, as in the kernel. Nil for others.
  init?(socketBytes bytes: [UInt8]) {
    guard bytes.count >= 8 else { return nil }
    let family = Int32(UInt16(bytes[0]) | UInt16(bytes[1]) << 8)
    let port = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    switch family {
    case AF_INET, AF_UNSPEC: self.init(bytes: Array(bytes[4..<8]), port: port)
    case AF_INET6 where bytes.count >= 24:
      let scope =
        bytes.count >= 28 ? bytes[24..<28].reversed().reduce(0) { $0 << 8 | UInt32($1) } : 0
      self.init(bytes: Array(bytes[8..<24]), port: port, scope: scope)
    default: return nil
    }
  }

  /// The bytes of a sockaddr for it.
  var socketBytes: [UInt8] {
    let family = UInt16(isIPv6 ? AF_INET6 : AF_INET)
    let head: [UInt8] = [
      UInt8(family & 0xff), UInt8(family >> 8), UInt8(port >> 8), UInt8(port & 0xff),
    ]
    if !isIPv6 { return head + bytes + [UInt8](repeating: 0, count: 8) }
    let scopeBytes = (0..<4).map { UInt8(truncatingIfNeeded: scope >> (8 * UInt32($0))) }
    return head + [0, 0, 0, 0] + bytes + scopeBytes
  }
}

/// The same sockaddr with another port.
func replacingPort(_ bytes: [UInt8], with port: UInt16) -> [UInt8] {
  var bytes = bytes
  bytes[2] = UInt8(port >> 8)
  bytes[3] = UInt8(port & 0xff)
  return bytes
}
