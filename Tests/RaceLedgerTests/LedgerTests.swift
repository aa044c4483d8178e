import RaceLedger
import Testing

/// The rules by which a re-bind is judged, told to the ledger without a kernel.
@Suite struct LedgerTests {
  private let key = PortKey(namespace: 1, transport: .tcp, port: 40_001)
  private let here = SocketAddress(bytes: [127, 0, 0, 1], port: 40_001)

  private func party(_ pid: Int32, _ words: [String] = ["prog"]) -> Party {
    Party(pid: pid, tid: pid, thread: "prog", arguments: words, descriptor: 3)
  }

  private func probe(_ cookie: UInt64, pid: Int32 = 10, at: UInt64 = 100) -> Holding {
    Holding(cookie: cookie, address: here, party: party(pid), origin: .bindZero, openedAt: at)
  }

  /// A re-bind with these answers of the kernel; returns the verdict.
  @discardableResult
  private func rebind(
    _ ledger: inout Ledger, free: Bool, reuse: Bool = false, openFree: Bool? = nil, result: Int32,
    cookie: UInt64 = 99, at: UInt64 = 1_000
  ) -> RaceKind? {
    guard let question = ledger.question(key, address: here),
      let assessment = ledger.assess(
        question,
        Ledger.Answers(
          isFree: free, isFreeWithReuse: reuse, openAddressesAreFree: openFree ?? free),
        by: party(20), at: at)
    else { return nil }
    return ledger.concluded(
      assessment, result: result, cookie: cookie, isAddressInUse: result == 98
    ).map { ledger.findings[$0].kind }
  }

  private func destroy(_ ledger: inout Ledger, _ cookie: UInt64, peer: UInt16 = 0, at: UInt64) {
    ledger.destroyed(cookie: cookie, key: key, peerPort: peer, at: at) { _ in false }
  }

  @Test func `a port that nobody chose is not asked about`() {
    #expect(Ledger().question(key, address: here) == nil)
  }

  @Test func `released and bound again is a race, with the window`() {
    var ledger = Ledger()
    ledger.opened(key, probe(1))
    destroy(&ledger, 1, at: 400)
    #expect(rebind(&ledger, free: true, result: 0) == .race)
    #expect(ledger.findings[0].window == 600)
    #expect(ledger.findings[0].probe.release == .closed)
  }

  @Test func `an event that comes late is dated before the re-bind`() {
    var ledger = Ledger()
    ledger.opened(key, probe(1))
    #expect(rebind(&ledger, free: true, result: 0) == .race)
    #expect(ledger.findings[0].isAwaitingRelease)
    destroy(&ledger, 1, at: 1_500)
    #expect(ledger.findings[0].window == 0)
    #expect(!ledger.findings[0].isAwaitingRelease)
  }

  @Test func `another address of a kept port is no race`() {
    var ledger = Ledger()
    ledger.opened(key, probe(1))
    #expect(rebind(&ledger, free: true, openFree: false, result: 0) == .reservation)
    #expect(ledger.findings.filter(\.kind.isRace).isEmpty)
  }

  @Test func `a client's own port is told as coincidence, however late that is known`() {
    var early = Ledger()
    early.opened(key, probe(1))
    destroy(&early, 1, peer: 80, at: 400)
    #expect(rebind(&early, free: true, result: 0) == .clientPort)
    var late = Ledger()
    late.opened(key, probe(1))
    #expect(rebind(&late, free: true, result: 0) == .race)
    destroy(&late, 1, peer: 80, at: 1_200)
    #expect(late.findings[0].kind == .clientPort)
  }

  @Test func `a port that served connections is a restart`() {
    var ledger = Ledger()
    ledger.opened(key, probe(1))
    ledger.listened(cookie: 1)
    destroy(&ledger, 7, peer: 50_000, at: 300)
    destroy(&ledger, 1, at: 400)
    #expect(rebind(&ledger, free: false, reuse: true, result: 0) == .restart)
    #expect(ledger.findings[0].proof == .reuseOnly)
  }

  @Test func `a taken port is a collision, a held one is not`() {
    var held = Ledger()
    held.opened(key, probe(1))
    #expect(rebind(&held, free: false, result: 98) == .stillHeld)
    var taken = Ledger()
    taken.opened(key, probe(1))
    destroy(&taken, 1, at: 400)
    #expect(rebind(&taken, free: false, result: 98) == .collision)
  }

  @Test func `the second owner of a port is what makes a duplicate`() {
    var ledger = Ledger()
    ledger.opened(key, probe(1))
    destroy(&ledger, 1, at: 200)
    ledger.opened(key, probe(2, pid: 11, at: 300))
    destroy(&ledger, 2, at: 400)
    #expect(ledger.findings.isEmpty, "churn alone is held back")
    #expect(rebind(&ledger, free: true, result: 0, cookie: 3) == .race)
    #expect(rebind(&ledger, free: false, result: 98, cookie: 4) == .duplicate)
    #expect(ledger.findings[1].otherProbe?.cookie == 1)
  }

  @Test func `re-binds are counted, and a new probe starts again`() {
    var ledger = Ledger()
    ledger.opened(key, probe(1))
    destroy(&ledger, 1, at: 200)
    rebind(&ledger, free: true, result: 0, cookie: 2)
    destroy(&ledger, 2, at: 1_100)
    rebind(&ledger, free: true, result: 0, cookie: 3, at: 1_200)
    #expect(ledger.findings.map(\.rebind) == [1, 2])
    destroy(&ledger, 3, at: 1_300)
    ledger.opened(key, probe(4, at: 1_400))
    #expect(ledger.rebinds(key) == 0)
  }
}

@Suite struct PolicyTests {
  @Test func `a place does not depend on numbers, folders and random names`() {
    func place(_ pid: Int32, _ words: [String]) -> String {
      var ledger = Ledger()
      let key = PortKey(namespace: 1, transport: .tcp, port: 40_001)
      let address = SocketAddress(bytes: [127, 0, 0, 1], port: 40_001)
      let party = Party(
        pid: pid, tid: pid, thread: "x", arguments: words, descriptor: 3)
      ledger.opened(
        key, Holding(cookie: 1, address: address, party: party, origin: .bindZero, openedAt: 1))
      let question = ledger.question(key, address: address)!
      return ledger.assess(
        question, Ledger.Answers(isFree: true, openAddressesAreFree: true), by: party, at: 2)!.place
    }
    let one = place(1, ["/usr/bin/python3", "-m", "kernel", "-f", "/tmp/tmpab1x.json"])
    #expect(one == place(2, ["/opt/python3", "-m", "kernel", "-f", "/tmp/tmpq_9.json"]))
    #expect(one != place(1, ["/usr/bin/python3", "-m", "other"]))
  }

  @Test func `injection rules are read strictly`() throws {
    func number(_ name: String) -> Int32? { name == "EADDRINUSE" ? 98 : nil }
    var rule = try InjectRule(
      parsing: "bind:errno=EADDRINUSE,nth=2,port=8000-8010,delay=5ms,process=py",
      errorNumber: number)
    #expect(rule.error == 98 && rule.delay == 5_000_000)
    func strikes(_ port: UInt16) -> Bool {
      rule.strikes(.bind, port: port, thread: "python", command: "x")
    }
    #expect([8_001, 80, 8_002, 8_003].map(strikes) == [false, false, true, false])
    for text in ["bind", "bind:nth=0,errno=1", "bind:port=9-8,errno=1", "bind:errno=EWHAT"] {
      #expect(throws: InjectRule.Mistake.self) {
        try InjectRule(parsing: text, errorNumber: number)
      }
    }
  }

  @Test func `durations are read with their unit`() {
    #expect(parseDuration("500us") == 500_000)
    #expect(parseDuration("50ms") == 50_000_000)
    #expect(parseDuration("2s") == 2_000_000_000)
    #expect(parseDuration("3") == 3_000_000)
    #expect(parseDuration("x") == nil)
    #expect(parseDuration("-1s") == nil)
  }

  @Test func `addresses are written as usual`() {
    func v6(_ tail: [UInt8]) -> String {
      SocketAddress(bytes: [UInt8](repeating: 0, count: 16 - tail.count) + tail, port: 5)
        .description
    }
    #expect(v6([1]) == "[::1]:5")
    #expect(v6([]) == "[::]:5")
    #expect(SocketAddress(bytes: [0, 0, 0, 0], port: 5).exclusive.description == "127.0.0.1:5")
  }
}
