import RaceLedger
import TestSupport
import Testing

/// Where a thief holds a stolen number.
@Suite struct TheftTests {
  private static func address(_ bytes: [UInt8]) -> SocketAddress {
    SocketAddress(bytes: bytes, port: 40_001)
  }
  private static let v4 = address([127, 0, 0, 1])
  private static let v6 = address([UInt8](repeating: 0, count: 15) + [1])
  private static let anyV4 = address([0, 0, 0, 0])
  private static let anyV6 = address([UInt8](repeating: 0, count: 16))
  private static let lan = address([192, 0, 2, 7])
  private static let otherLoopback = address([127, 0, 0, 2])
  private static let mapped = address([UInt8](repeating: 0, count: 10) + [255, 255, 127, 0, 0, 1])

  @Test func `a number that loopback reaches is held in both families`() {
    for demanded in [Self.v4, Self.v6, Self.anyV4, Self.anyV6, Self.mapped] {
      for probed in [Self.v4, Self.v6, Self.anyV4, Self.anyV6, Self.lan] {
        let held = SocketAddress.ofTheft(demanded: demanded, probed: probed)
        #expect(held.contains(Self.v4) && held.contains(Self.v6), "\(demanded) \(probed)")
        #expect(held.first == demanded.exclusive)
        #expect(held.contains(probed.exclusive) && Set(held).count == held.count)
        #expect(!held.contains { $0.isWildcard })
      }
    }
    #expect(
      SocketAddress.ofTheft(demanded: Self.otherLoopback, probed: Self.v4)
        == [Self.otherLoopback, Self.v4, Self.v6])
  }

  @Test func `nothing beyond the victim's own address is held on a network`() {
    #expect(SocketAddress.ofTheft(demanded: Self.lan, probed: Self.lan) == [Self.lan])
  }

  @Test func `a derived number is held where the chosen one was`() {
    let probed = SocketAddress(bytes: [127, 0, 0, 1], port: 40_000)
    let held = SocketAddress.ofTheft(demanded: Self.anyV6, probed: probed)
    #expect(held == [Self.v6, Self.v4])
  }

  @Test func `a finding says where the thief holds its port`() {
    var ledger = Ledger()
    ledger.add(.sample { $0.wasStolen = true })
    ledger.add(.sample())
    ledger.stole(ledger.findings[0].key, holding: [Self.v4, Self.v6])
    #expect(ledger.findings.map(\.thiefAddresses) == [[Self.v4, Self.v6], []])
    ledger.stole(PortKey(namespace: 1, transport: .udp, port: 40_001), holding: [Self.v4])
    #expect(ledger.findings[0].thiefAddresses.count == 2)
  }
}
