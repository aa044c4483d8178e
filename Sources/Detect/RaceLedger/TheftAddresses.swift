extension SocketAddress {
  /// Where a thief holds a number that was probed at one address and demanded at another: at both of them. If either can
  /// be reached by loopback, also at the loopback address of each family, since a program that falls back from [::] to
  /// 0.0.0.0, or binds localhost twice, would have had it there. Addresses of other hosts are never bound, nor
  /// others of this host.
  public static func ofTheft(demanded: SocketAddress, probed: SocketAddress) -> [SocketAddress] {
    var addresses = [demanded.exclusive, probed.with(port: demanded.port).exclusive]
    if addresses.contains(where: \.isLoopback) {
      addresses += [
        SocketAddress(bytes: [127, 0, 0, 1], port: demanded.port),
        SocketAddress(bytes: [UInt8](repeating: 0, count: 15) + [1], port: demanded.port),
      ]
    }
    return addresses.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// 127.0.0.0/8, the same in an IPv6 socket's form (::ffff:127.0.0.1, as Java binds it), or ::1.
  public var isLoopback: Bool {
    guard isIPv6 else { return bytes[0] == 127 }
    let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 255 && bytes[11] == 255
    return isMapped ? bytes[12] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1
  }
}
