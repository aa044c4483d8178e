import Glibc
import RaceLedger
import Testing

@testable import Interception

/// Addresses as the caught calls hold them, linux/in.h and linux/in6.h.
@Suite struct AddressTests {
  private let v4: [UInt8] = [2, 0, 0x9c, 0x41, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
  private let v6: [UInt8] =
    [10, 0, 0x9c, 0x41, 0, 0, 0, 0, 0xfe, 0x80] + [UInt8](repeating: 0, count: 13) + [1]
    + [4, 3, 2, 1]

  @Test func `an address comes back from its bytes`() throws {
    let four = try #require(SocketAddress(socketBytes: v4))
    #expect(four == SocketAddress(bytes: [127, 0, 0, 1], port: 40_001))
    #expect(four.socketBytes == v4)
    let six = try #require(SocketAddress(socketBytes: v6))
    #expect(six.port == 40_001 && six.scope == 0x0102_0304 && six.bytes.prefix(2) == [0xfe, 0x80])
    #expect(six.socketBytes == v6)
    #expect(SocketAddress(socketBytes: Array(v6.prefix(24)))?.scope == 0, "of before RFC 2553")
  }

  @Test func `AF_UNSPEC is IPv4, and other families are none of ours`() {
    #expect(SocketAddress(socketBytes: [0, 0] + v4.dropFirst(2))?.isIPv6 == false)
    #expect(SocketAddress(socketBytes: [UInt8(AF_UNIX), 0] + v4.dropFirst(2)) == nil)
    #expect(SocketAddress(socketBytes: [2, 1] + v4.dropFirst(2)) == nil)
    #expect(SocketAddress(socketBytes: Array(v4.prefix(7))) == nil)
    #expect(SocketAddress(socketBytes: Array(v6.prefix(23))) == nil)
  }

  @Test func `a port is replaced in network order, and nothing else`() {
    #expect(replacingPort(v4, with: 0x1234) == v4.prefix(2) + [0x12, 0x34] + v4.dropFirst(4))
    #expect(SocketAddress(socketBytes: replacingPort(v6, with: 80))?.port == 80)
  }
}
