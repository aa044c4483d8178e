import ForcedCalls
import RaceLedger
import TestSupport
import Testing

/// What a refused connect means for a bind of that number.
@Suite struct LookUpTests {
  private static let key = PortKey(namespace: 1, transport: .tcp, port: 8_000)
  private static let here = SocketAddress(bytes: [127, 0, 0, 1], port: 8_000)
  private static let client = Party.sample(["client"], pid: 10) { $0.ancestors = [5] }

  private static func ledger(configured: Set<UInt16> = []) -> Ledger {
    var ledger = Ledger(configured: configured)
    ledger.lookedUp(key, Ledger.LookUp(client, here, at: 1_000, newestProcess: 90))
    return ledger
  }

  @Test func `the same thread, or a later child, has looked the number up`() {
    let sameThread = Party.sample(pid: 10)
    let otherThread = Party.sample(pid: 10) { $0.tid = 11 }
    let child = Party.sample(pid: 20) { $0.ancestors = [15, 10, 5] }
    let sibling = Party.sample(pid: 21) { $0.ancestors = [5] }
    let cases: [(Party, Bool, RaceKind)] = [
      (sameThread, false, .lookedUp), (otherThread, false, .refusedBefore),
      (child, true, .lookedUp), (child, false, .refusedBefore), (sibling, true, .refusedBefore),
    ]
    for (party, beganLater, kind) in cases {
      let source = Self.ledger().source(
        of: Self.key, lookedUpFor: party, beganLater: beganLater)
      #expect(source?.kind == kind, "\(party.pid) \(party.tid) \(beganLater)")
      #expect(source?.holding.party == Self.client)
    }
    let given = Self.ledger(configured: [8_000])
    #expect(
      given.source(of: Self.key, lookedUpFor: sameThread, beganLater: false)?.kind
        == .refusedBefore)
    let other = PortKey(namespace: 1, transport: .tcp, port: 8_001)
    #expect(
      Self.ledger().source(of: other, lookedUpFor: sameThread, beganLater: false) == nil)
  }

  @Test func `the window begins at the look-up, and a note has none to steal`() throws {
    for (party, isStolen) in [(Self.client, true), (.sample(pid: 30), false)] {
      var ledger = Self.ledger()
      let source = try #require(
        ledger.source(of: Self.key, lookedUpFor: party, beganLater: false))
      let assessment = ledger.assess(
        source, Self.key, address: Self.here, isFree: true, by: party, at: 1_700)
      #expect(assessment.window == 700)
      var policy = StealPolicy(mode: .lazy)
      let wants = policy.wants(assessment)
      #expect(wants == isStolen)
      let concluded = ledger.concluded(assessment, result: 0, cookie: 2, isAddressInUse: false)
      let finding = ledger.findings[try #require(concluded)]
      #expect(finding.kind.isRace == isStolen && finding.window == 700)
      #expect(finding.place == assessment.place && !finding.isAwaitingRelease)
    }
  }
}
