import RaceLedger
import TestSupport
import Testing

/// Numbers that the program chose by itself: what was a trial of a number, and what was a server on its port.
@Suite struct ByNumberTests {
  private static let longest: UInt64 = 300_000_000
  private static let parent = Party.sample(pid: 10)
  private static let child = Party.sample(["server"], pid: 20) { $0.ancestors = [10] }
  private static let stranger = Party.sample(["other"], pid: 30) { $0.ancestors = [1_000] }

  private static func key(_ transport: Transport = .tcp) -> PortKey {
    PortKey(namespace: 1, transport: transport, port: 8_000)
  }
  private static let here = SocketAddress(bytes: [127, 0, 0, 1], port: 8_000)

  /// A holding by number from time 1,000 on.
  private static func opened(
    _ transport: Transport = .tcp, by party: Party = parent, configured: Set<UInt16> = []
  ) -> Ledger {
    var ledger = Ledger(configured: configured)
    ledger.opened(
      key(transport),
      Holding(cookie: 1, address: here, party: party, origin: .byNumber, openedAt: 1_000))
    return ledger
  }

  private static func release(
    _ ledger: inout Ledger, _ transport: Transport = .tcp, cookie: UInt64 = 1,
    after nanoseconds: UInt64, processEnded: Bool = false, peer: UInt16 = 0
  ) {
    ledger.destroyed(
      cookie: cookie, key: key(transport), peerPort: peer, at: 1_000 + nanoseconds
    ) { _ in processEnded }
  }

  /// The verdict on a bind of that number, nil for none.
  private static func bind(
    _ ledger: inout Ledger, _ transport: Transport = .tcp, by party: Party = child,
    isFree: Bool = true, cookie: UInt64 = 2
  ) throws -> RaceKind? {
    let question = try #require(ledger.question(key(transport), address: here))
    let assessment = try #require(
      ledger.assess(
        question, Ledger.Answers(isFree: isFree, openAddressesAreFree: isFree), by: party,
        at: 2_000_000_000))
    return ledger.concluded(
      assessment, result: isFree ? 0 : 98, cookie: cookie, isAddressInUse: !isFree
    ).map { ledger.findings[$0].kind }
  }

  @Test func `a TCP number that was bound and let go without listening was a trial`() throws {
    for (ended, configured) in [(false, []), (true, []), (false, [8_000])] as [(Bool, Set<UInt16>)]
    {
      var ledger = Self.opened(configured: configured)
      Self.release(&ledger, after: 60_000_000_000, processEnded: ended)
      #expect(try Self.bind(&ledger) == .race, "\(ended) \(configured)")
      #expect(ledger.findings[0].rebind == 1 && ledger.findings[0].proof == .plainSocket)
    }
  }

  @Test(arguments: [Transport.tcp, .udp])
  func `a listener or UDP socket was a trial if it was closed at once, unless the number was given`(
    _ transport: Transport
  ) throws {
    for (nanoseconds, ended, configured, verdict) in [
      (Self.longest - 1, false, [], .race), (Self.longest, false, [], nil),
      (1, true, [], nil), (1, false, [8_000], nil), (1, false, [8_001], .race),
    ] as [(UInt64, Bool, Set<UInt16>, RaceKind?)] {
      var ledger = Self.opened(transport, configured: configured)
      ledger.listened(cookie: 1)
      Self.release(&ledger, transport, after: nanoseconds, processEnded: ended)
      #expect(
        try Self.bind(&ledger, transport) == verdict, "\(nanoseconds) \(ended) \(configured)")
    }
  }

  @Test func `a server that served, and a client, were no trials`() throws {
    var server = Self.opened()
    server.listened(cookie: 1)
    Self.release(&server, cookie: 77, after: 1, peer: 50_000)
    Self.release(&server, after: 2)
    #expect(try Self.bind(&server) == nil)
    var client = Self.opened()
    Self.release(&client, after: 2, peer: 80)
    #expect(try Self.bind(&client) == nil)
  }

  @Test func `a server that starts again begins a new history`() throws {
    var ledger = Self.opened()
    ledger.listened(cookie: 1)
    Self.release(&ledger, after: Self.longest)
    #expect(try Self.bind(&ledger) == nil)
    #expect(ledger.newest(Self.key())?.origin == .byNumber)
    #expect(ledger.rebinds(Self.key()) == 0)
    // That one does not listen: it is a trial.
    Self.release(&ledger, cookie: 2, after: 3 * Self.longest)
    #expect(try Self.bind(&ledger, cookie: 3) == .race)
    #expect(ledger.newest(Self.key())?.origin == .rebind(1))
  }

  @Test func `several trials of one number are told apart`() throws {
    var ledger = Self.opened()
    Self.release(&ledger, after: 1)
    #expect(try Self.bind(&ledger, by: Self.parent) == .race)
    Self.release(&ledger, cookie: 2, after: 3_000_000_000)
    #expect(try Self.bind(&ledger, cookie: 3) == .race)
    for cookie in UInt64(3)...6 {
      Self.release(&ledger, cookie: cookie, after: 3_000_000_000)
      #expect(try Self.bind(&ledger, cookie: cookie + 1) == .race)
    }
    #expect(ledger.findings.map(\.rebind) == [1, 2, 3, 4, 4, 4])
  }

  @Test func `who loses a number that it tried has collided, who meets a taken one scans on`()
    throws
  {
    for (party, verdict) in [
      (Self.parent, .collision), (Self.child, .collision), (Self.stranger, nil),
    ] as [(Party, RaceKind?)] {
      var ledger = Self.opened()
      Self.release(&ledger, after: 1)
      #expect(try Self.bind(&ledger, by: party, isFree: false) == verdict, "\(party.pid)")
    }
    var held = Self.opened()
    #expect(try Self.bind(&held, by: Self.stranger, isFree: false) == nil)
    var used = Self.opened()
    Self.release(&used, after: 1)
    #expect(try Self.bind(&used) == .race)
    #expect(try Self.bind(&used, by: Self.parent, isFree: false, cookie: 3) == nil)
  }

  @Test func `workers that share a fixed port are nothing`() throws {
    var ledger = Self.opened()
    ledger.listened(cookie: 1)
    let question = try #require(ledger.question(Self.key(), address: Self.here))
    let assessment = try #require(
      ledger.assess(
        question, Ledger.Answers(isFree: false, openAddressesAreFree: false), by: Self.child,
        at: 2_000))
    #expect(ledger.concluded(assessment, result: 0, cookie: 2, isAddressInUse: false) == nil)
  }

  @Test func `an eager thief comes after probes alone`() throws {
    var ledger = Self.opened()
    Self.release(&ledger, after: 1)
    #expect(ledger.wasProbe(try #require(ledger.newest(Self.key()))))
    var server = Self.opened()
    server.listened(cookie: 1)
    Self.release(&server, after: Self.longest)
    #expect(!server.wasProbe(try #require(server.newest(Self.key()))))
  }

  @Test func `a number is not taken for one that the kernel chose`() throws {
    var ledger = Self.opened()
    #expect(!ledger.isHandedOut(Self.key()))
    #expect(ledger.outstanding(namespace: 1, transport: .tcp, isIPv6: false).isEmpty)
    ledger.opened(
      Self.key(),
      Holding(cookie: 9, address: Self.here, party: Self.parent, origin: .bindZero, openedAt: 2_000)
    )
    #expect(ledger.isHandedOut(Self.key()))
  }
}
