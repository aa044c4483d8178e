import RaceLedger
import Testing

/// The rules by which a re-bind is judged, told to the ledger without a kernel.
@Suite struct LedgerTests {
  private let key = PortKey(namespace: 1, transport: .tcp, port: 40_001)
  private let here = SocketAddress(bytes: [127, 0, 0, 1], port: 40_001)

  private func party(_ pid: Int32, _ words: [String] = ["prog"]) -> Party {
    Party(pid: pid, tid: pid, thread: "prog", arguments: words, descriptor: 3)
  }

  private func probe(
    _ cookie: UInt64, pid: Int32 = 10, at: UInt64 = 100, address: SocketAddress? = nil
  ) -> Holding {
    Holding(
      cookie: cookie, address: address ?? here, party: party(pid), origin: .bindZero, openedAt: at)
  }

  /// A re-bind with these answers of the kernel; returns the verdict.
  @discardableResult
  private func rebind(
    _ ledger: inout Ledger, free: Bool, reuse: Bool = false, openFree: Bool? = nil, result: Int32,
    cookie: UInt64 = 99, at: UInt64 = 1_000, address: SocketAddress? = nil, owner: Owner? = nil
  ) -> RaceKind? {
    guard let question = ledger.question(key, address: address ?? here),
      let assessment = ledger.assess(
        question,
        Ledger.Answers(
          isFree: free, isFreeWithReuse: reuse, openAddressesAreFree: openFree ?? free),
        by: party(20), at: at)
    else { return nil }
    return ledger.concluded(
      assessment, result: result, cookie: cookie, owner: owner, isAddressInUse: result == 98
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

  /// SO_REUSEADDR gets past a socket that is open and does not listen: that is what reserves the port.
  @Test func `a kept port that SO_REUSEADDR gets past is no race`() {
    var ledger = Ledger()
    ledger.opened(key, probe(1))
    #expect(
      rebind(&ledger, free: false, reuse: true, openFree: false, result: 0) == .reservation)
  }

  @Test func `a kept port is unreserved in the other address family, and reserved in its own`() {
    let v6 = SocketAddress(bytes: [UInt8](repeating: 0, count: 16), port: 40_001)
    let v4 = SocketAddress(bytes: [0, 0, 0, 0], port: 40_001)
    for (kept, bound, verdict) in [
      (v4, v6, .crossAddress), (v6, v4, .crossAddress), (v4, here, .reservation),
      (here, v4, .reservation),
    ] as [(SocketAddress, SocketAddress, RaceKind?)] {
      var ledger = Ledger()
      ledger.opened(key, probe(1, address: kept))
      #expect(
        rebind(&ledger, free: true, openFree: false, result: 0, address: bound) == verdict,
        "\(kept) \(bound)")
    }
  }

  @Test func `who binds again has not ended, whatever it is when the event is read`() {
    for (pid, release) in [(20, Holding.Release.closed), (10, .processEnded)] {
      var ledger = Ledger()
      ledger.opened(key, probe(1, pid: Int32(pid)))
      #expect(rebind(&ledger, free: true, result: 0) == .race)
      ledger.destroyed(cookie: 1, key: key, peerPort: 0, at: 1_500) { _ in true }
      #expect(ledger.findings[0].probe.release == release)
    }
  }

  @Test func `a retry on a port that a thief of ours holds was reported before`() {
    var ledger = Ledger()
    ledger.opened(key, probe(1))
    destroy(&ledger, 1, at: 400)
    let thief = Owner(isInTree: false, isThief: true, pid: 1, command: "thief")
    #expect(rebind(&ledger, free: false, result: 98, owner: thief) == nil)
    #expect(ledger.findings.isEmpty)
    var other = thief
    other.isThief = false
    #expect(rebind(&ledger, free: false, result: 98, owner: other) == .collision)
  }

  @Test func `a port that served has no second owner`() {
    for served in [true, false] {
      var ledger = Ledger()
      ledger.opened(key, probe(1))
      ledger.listened(cookie: 1)
      if served { destroy(&ledger, 7, peer: 50_000, at: 150) }
      destroy(&ledger, 1, at: 200)
      ledger.opened(key, probe(2, pid: 11, at: 300))
      destroy(&ledger, 2, at: 400)
      #expect(
        rebind(&ledger, free: false, result: 98, cookie: 4) == (served ? .collision : .duplicate))
    }
  }

  @Test func `only what was probed and let go can be handed out again`() {
    func outstanding(
      isIPv6: Bool = false, _ change: (inout Ledger) -> Void
    ) -> Bool {
      var ledger = Ledger()
      ledger.opened(key, probe(1))
      change(&ledger)
      let found = ledger.outstanding(namespace: 1, transport: .tcp, isIPv6: isIPv6)
      #expect(found.isEmpty || found == [key])
      return !found.isEmpty
    }
    #expect(outstanding { destroy(&$0, 1, at: 200) })
    #expect(!outstanding { _ in }, "it is open")
    #expect(!outstanding { destroy(&$0, 1, peer: 80, at: 200) }, "it was a client's")
    #expect(!outstanding(isIPv6: true) { destroy(&$0, 1, at: 200) }, "of the other family")
    #expect(
      !outstanding {
        $0.listened(cookie: 1)
        destroy(&$0, 7, peer: 50_000, at: 150)
        destroy(&$0, 1, at: 200)
      }, "it served")
    #expect(
      !outstanding {
        destroy(&$0, 1, at: 200)
        rebind(&$0, free: true, result: 0, cookie: 2)
        destroy(&$0, 2, at: 1_100)
      }, "it was bound by number since")
    var ledger = Ledger()
    ledger.opened(key, probe(1))
    destroy(&ledger, 1, at: 200)
    #expect(ledger.outstanding(namespace: 2, transport: .tcp, isIPv6: false).isEmpty)
    #expect(ledger.outstanding(namespace: 1, transport: .udp, isIPv6: false).isEmpty)
    // The newest comes first.
    let later = PortKey(namespace: 1, transport: .tcp, port: 40_003)
    ledger.opened(later, probe(3, at: 300))
    ledger.destroyed(cookie: 3, key: later, peerPort: 0, at: 400) { _ in false }
    #expect(ledger.outstanding(namespace: 1, transport: .tcp, isIPv6: false) == [later, key])
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
    // The first owner ends later: it had the port when the second one was refused.
    destroy(&ledger, 3, at: 5_000)
    #expect(ledger.findings[1].probe.release == nil && ledger.findings[1].window == nil)
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
