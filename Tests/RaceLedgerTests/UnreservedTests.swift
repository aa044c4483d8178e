import ForcedCalls
import RaceLedger
import TestSupport
import Testing

/// Numbers that are bound where nothing reserved them.
@Suite struct UnreservedTests {
  private static let getter = Party.sample(pid: 10) { $0.ancestors = [5, 1_000] }
  private static func holding(_ cookie: UInt64, _ port: UInt16, by party: Party) -> Holding {
    Holding(
      cookie: cookie, address: SocketAddress(bytes: [127, 0, 0, 1], port: port), party: party,
      origin: .bindZero, openedAt: 100)
  }
  private static func key(_ port: UInt16, _ transport: Transport = .tcp) -> PortKey {
    PortKey(namespace: 1, transport: transport, port: port)
  }

  /// TCP 40001 was handed out.
  private static func ledger(configured: Set<UInt16> = []) -> Ledger {
    var ledger = Ledger(configured: configured)
    ledger.opened(key(40_001), holding(1, 40_001, by: getter))
    return ledger
  }

  @Test func `a number of the other protocol is known whether it is held or was let go`() throws {
    var ledger = Self.ledger()
    for _ in 0..<2 {
      let source = try #require(ledger.source(of: Self.key(40_001, .udp), for: Self.getter))
      #expect(source.kind == .crossProtocol && source.holding.cookie == 1)
      ledger.destroyed(cookie: 1, key: Self.key(40_001), peerPort: 0, at: 200) { _ in false }
    }
    var client = Self.ledger()
    client.destroyed(cookie: 1, key: Self.key(40_001), peerPort: 80, at: 200) { _ in false }
    #expect(client.source(of: Self.key(40_001, .udp), for: Self.getter) == nil)
    let elsewhere = PortKey(namespace: 2, transport: .udp, port: 40_001)
    #expect(Self.ledger().source(of: elsewhere, for: Self.getter) == nil)
  }

  private static func derived(
    _ port: UInt16, by party: Party = getter, _ ledger: Ledger = ledger()
  ) -> RaceKind? { ledger.source(of: key(port), for: party)?.kind }

  @Test func `a number is derived at the usual distances, of either protocol`() throws {
    for offset in [1, 2, 3, 4, -1, -2, 100, 1_000, 10_000] {
      let port = UInt16(40_001 + offset)
      #expect(Self.derived(port) == .derived, "\(offset)")
      #expect(Self.ledger().source(of: Self.key(port, .udp), for: Self.getter)?.kind == .derived)
    }
    for offset in [5, -3, 101, 9_999, -10_000] {
      #expect(Self.derived(UInt16(40_001 + offset)) == nil, "\(offset)")
    }
    // Below the smallest and above the largest number there is nothing.
    #expect(Self.derived(80) == nil && Self.derived(65_535) == nil)
  }

  @Test func `a number near somebody else's is a note, and a given one is nothing`() {
    let child = Party.sample(pid: 11) { $0.ancestors = [10, 5, 1_000] }
    let sibling = Party.sample(pid: 12) { $0.ancestors = [5, 1_000] }
    let stranger = Party.sample(pid: 13) { $0.ancestors = [6, 1_000] }
    let shell = Party.sample(pid: 5) { $0.ancestors = [1_000] }
    #expect(
      [child, sibling, stranger, shell].map { Self.derived(40_002, by: $0) }
        == [.derived, .derived, .nearNumber, .derived])
    #expect(
      [child, sibling, stranger, shell].map { Self.derived(40_004, by: $0) }
        == [.derived, nil, nil, nil])
    #expect(Self.derived(40_002, Self.ledger(configured: [40_002])) == nil)
    #expect(!RaceKind.nearNumber.isRace && !RaceKind.nearNumber.isWindow)
  }

  @Test func `in a small pool nothing is near by intention`() {
    let ledger = Self.ledger()
    let party = Self.getter
    #expect(ledger.source(of: Self.key(40_002), for: party, pool: Ledger.smallestPool) != nil)
    #expect(ledger.source(of: Self.key(40_002), for: party, pool: Ledger.smallestPool - 1) == nil)
  }

  @Test func `who bound the chosen number again may derive from it`() throws {
    var ledger = Self.ledger()
    ledger.destroyed(cookie: 1, key: Self.key(40_001), peerPort: 0, at: 200) { _ in false }
    let server = Party.sample(pid: 40) { $0.ancestors = [6] }
    let question = try #require(
      ledger.question(
        Self.key(40_001), address: SocketAddress(bytes: [127, 0, 0, 1], port: 40_001)))
    let assessment = try #require(
      ledger.assess(
        question, Ledger.Answers(isFree: true, openAddressesAreFree: true), by: server, at: 300))
    ledger.concluded(assessment, result: 0, cookie: 2, isAddressInUse: false)
    #expect(Self.derived(50_001, by: server, ledger) == .derived)
  }

  @Test func `among many chosen numbers only those in use count`() {
    var ledger = Self.ledger()
    for number in 0..<UInt16(64) {
      ledger.opened(
        Self.key(20_000 + 50 * number),
        Self.holding(UInt64(100 + number), 20_000 + 50 * number, by: Self.getter))
    }
    #expect(Self.derived(40_003, ledger) == .derived)
    ledger.destroyed(cookie: 1, key: Self.key(40_001), peerPort: 0, at: 200) { _ in false }
    #expect(Self.derived(40_003, ledger) == nil)
  }

  /// The finding of a bind to 40,001 + `offset`.
  private static func bind(_ offset: UInt16, isFree: Bool, result: Int32) throws -> Finding? {
    var ledger = ledger()
    let key = key(40_001 + offset)
    let source = try #require(ledger.source(of: key, for: getter))
    let assessment = ledger.assess(
      source, key, address: SocketAddress(bytes: [127, 0, 0, 1], port: key.port), isFree: isFree,
      by: getter, at: 500)
    var policy = StealPolicy(mode: .lazy)
    let wants = policy.wants(assessment)
    #expect(wants == isFree)
    let index = ledger.concluded(
      assessment, result: result, cookie: 2, isAddressInUse: result == 98)
    #expect(ledger.newest(key)?.origin == (result == 0 ? .byNumber : nil))
    let finding = index.map { ledger.findings[$0] }
    #expect(finding.map { $0.place == assessment.place } ?? true)
    #expect(finding?.isAwaitingRelease != true)
    return finding
  }

  @Test func `a free number that nothing reserved is proved, a taken one is told`() throws {
    let free = try #require(try Self.bind(2, isFree: true, result: 0))
    #expect(free.kind == .derived && free.offset == 2 && free.proof == .plainSocket)
    #expect(free.canBeStolen && free.summary.contains("prog -> prog, number +2 ["))
    let next = try #require(try Self.bind(1, isFree: true, result: 0))
    #expect(next.place != free.place, "each distance is a place of its own")
    let taken = try #require(try Self.bind(2, isFree: false, result: 98))
    #expect(taken.kind == .derived && taken.proof == .kernel && !taken.canBeStolen)
    // The socket shares the number: nothing is known.
    #expect(try Self.bind(2, isFree: false, result: 0) == nil)
  }

  @Test func `a kept number at another address was never reserved there`() throws {
    var ledger = Self.ledger()
    let v6 = SocketAddress(bytes: [UInt8](repeating: 0, count: 15) + [1], port: 40_001)
    let question = try #require(ledger.question(Self.key(40_001), address: v6))
    let assessment = try #require(
      ledger.assess(
        question, Ledger.Answers(isFree: true, openAddressesAreFree: false), by: Self.getter,
        at: 500))
    var policy = StealPolicy(mode: .lazy)
    let wants = policy.wants(assessment)
    #expect(wants)
    let concluded = ledger.concluded(
      assessment, result: 0, cookie: 2, isAddressInUse: false)
    let index = try #require(concluded)
    #expect(ledger.findings[index].kind == .crossAddress)
    #expect(ledger.findings[index].place == assessment.place)
    #expect(!ledger.findings[index].isAwaitingRelease)
  }
}
