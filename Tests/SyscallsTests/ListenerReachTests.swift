import Glibc
import Testing

@testable import Syscalls

/// The rules of `Listener`, held to a table. `KernelReachTests` holds them to the running kernel.
@Suite struct ListenerReachTests {
  @Test func `a host is written as in a URI, and is the address that the kernel lists`() {
    #expect(TCPSocket.Host.loopback.text == "127.0.0.1")
    #expect(TCPSocket.Host.ipv6(1).text == "[::1]")
    let node = NodeAddress.host(ofNode: 2, in: 3, usesIPv6: true)
    #expect(node.text == "[fd00:66::3]")
    #expect(HostAddress(node) == HostAddress(ipv6: NodeAddress.ipv6(of: 2)))
    #expect(NodeAddress.host(ofNode: 2, in: 3, usesIPv6: false).text == "10.66.0.3")
    #expect(NodeAddress.host(ofNode: 0, in: 1, usesIPv6: false).text == "127.0.0.1")
  }

  /// Where a test's socket listens.
  struct Place: Sendable, CustomStringConvertible {
    var description: String
    var family = AF_INET
    var address: [UInt8]
    var isOnly = false
    var device = ""
  }

  /// Of a node's address.
  static let bridge = "bs-test"
  private static let node: [UInt8] = [10, 66, 0, 1]
  private static let one: [UInt8] = [UInt8](repeating: 0, count: 15) + [1]
  private static func mapped(_ address: [UInt8]) -> [UInt8] {
    [UInt8](repeating: 0, count: 10) + [0xff, 0xff] + address
  }

  static let places = [
    Place(description: "127.0.0.1", address: [127, 0, 0, 1]),
    Place(description: "127.0.0.2", address: [127, 0, 0, 2]),
    Place(description: "10.66.0.1", address: node),
    Place(description: "0.0.0.0", address: [0, 0, 0, 0]),
    Place(description: "0.0.0.0%lo", address: [0, 0, 0, 0], device: "lo"),
    Place(description: "0.0.0.0%br", address: [0, 0, 0, 0], device: bridge),
    Place(description: "127.0.0.1%br", address: [127, 0, 0, 1], device: bridge),
    Place(description: "::1", family: AF_INET6, address: one),
    Place(description: ":: dual-stack", family: AF_INET6, address: .init(repeating: 0, count: 16)),
    Place(
      description: ":: V6ONLY", family: AF_INET6, address: .init(repeating: 0, count: 16),
      isOnly: true),
    Place(description: "::ffff:127.0.0.1", family: AF_INET6, address: mapped([127, 0, 0, 1])),
    Place(description: "::ffff:0.0.0.0", family: AF_INET6, address: mapped([0, 0, 0, 0])),
  ]
  static let promised = [
    Place(description: "127.0.0.1", address: [127, 0, 0, 1]),
    Place(description: "127.0.0.2", address: [127, 0, 0, 2]),
    Place(description: "10.66.0.1", address: node),
    Place(description: "::1", family: AF_INET6, address: one),
    Place(description: "::ffff:127.0.0.1", family: AF_INET6, address: mapped([127, 0, 0, 1])),
  ]

  /// Which listeners a connection may reach, alone and beside others: the rules in words, by hand. For each promised
  /// address the best ones come first; those on one line are equals.
  static let ranks: [(promised: String, listeners: [[String]])] = [
    (
      "127.0.0.1",
      [
        ["127.0.0.1"], ["::ffff:127.0.0.1"], ["0.0.0.0", "0.0.0.0%lo"],
        [":: dual-stack", "::ffff:0.0.0.0"],
      ]
    ),
    (
      "127.0.0.2",
      [["127.0.0.2"], ["0.0.0.0", "0.0.0.0%lo"], [":: dual-stack", "::ffff:0.0.0.0"]]
    ),
    (
      "10.66.0.1",
      [["10.66.0.1"], ["0.0.0.0", "0.0.0.0%br"], [":: dual-stack", "::ffff:0.0.0.0"]]
    ),
    ("::1", [["::1"], [":: dual-stack", ":: V6ONLY"]]),
    (
      "::ffff:127.0.0.1",
      [
        ["127.0.0.1"], ["::ffff:127.0.0.1"], ["0.0.0.0", "0.0.0.0%lo"],
        [":: dual-stack", "::ffff:0.0.0.0"],
      ]
    ),
  ]

  static func host(_ place: Place) -> HostAddress {
    let number = place.address.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
    return place.family == AF_INET
      ? HostAddress(ipv4: UInt32(number)) : HostAddress(ipv6: number)
  }

  /// - Parameter bridge: index of the bridge.
  static func target(_ place: Place, port: UInt16 = 80, bridge: UInt32 = 7) -> PromisedAddress {
    PromisedAddress(host(place), port: port, device: place.address == node ? bridge : nil)
  }

  static func listener(_ place: Place, port: UInt16 = 80) -> Listener {
    let device: UInt32 = place.device.isEmpty ? 0 : place.device == bridge ? 7 : 1
    return Listener(
      port: port, isIPv6: place.family == AF_INET6, address: host(place),
      isIPv6Only: place.isOnly, device: device)
  }

  @Test func `every pair of listeners is ranked as the table says`() throws {
    for row in Self.ranks {
      let promised = try #require(Self.promised.first { $0.description == row.promised })
      let target = Self.target(promised)
      let rank = { (place: Place) in row.listeners.firstIndex { $0.contains(place.description) } }
      for first in Self.places {
        let one = Self.listener(first)
        #expect(
          one.receives(connectionTo: target) == (rank(first) != nil), "\(first), \(row.promised)")
        #expect(!Self.listener(first, port: 81).receives(connectionTo: target))
        for second in Self.places {
          let best = [rank(first), rank(second)].compactMap(\.self).min()
          let expected = [first, second].filter { best != nil && rank($0) == best }
          let reached = Listener.reached([first, second], connectionTo: target) {
            Self.listener($0)
          }
          #expect(reached.map(\.description) == expected.map(\.description), "\(row.promised)")
        }
      }
    }
  }

  @Test
  func `a socket covers an address whatever its device, and is reached where that is not known`() {
    let (bound, node) = (Self.listener(Self.places[5]), Self.host(Self.promised[2]))
    #expect(bound.device == 7)
    #expect(bound.covers(node) && bound.covers(HostAddress(.loopback)))
    #expect(!bound.covers(HostAddress(ipv6: 1)))
    #expect(bound.receives(connectionTo: PromisedAddress(node, port: 80)))
    #expect(!bound.receives(connectionTo: PromisedAddress(node, port: 80, device: 8)))
    #expect(!bound.receives(connectionTo: PromisedAddress(HostAddress(.loopback), port: 80)))
  }

  @Test func `addresses are the same in either notation`() {
    #expect(HostAddress(ipv6: 0xffff_7f00_0001) == HostAddress(.loopback))
    #expect(HostAddress(ipv6: 0x7f00_0001) != HostAddress(.loopback))
    #expect(HostAddress(ipv6: 1).isIPv6 && !HostAddress(ipv6: 1).isWildcard)
    #expect(HostAddress(ipv6: 0).isIPv6 && HostAddress(ipv6: 0).isWildcard)
    #expect(HostAddress(.wildcard).isWildcard)
  }
}
