import RaceLedger
import TestSupport
import Testing

/// Shapes besides probe and re-bind, told to the ledger without a kernel.
@Suite struct ShapeTests {
  private static let loopback: [UInt8] = [127, 0, 0, 1]

  private func key(_ port: UInt16 = 40_001, _ transport: Transport = .tcp) -> PortKey {
    PortKey(namespace: 1, transport: transport, port: port)
  }

  private func address(_ port: UInt16 = 40_001) -> SocketAddress {
    SocketAddress(bytes: Self.loopback, port: port)
  }

  private func holding(
    _ cookie: UInt64, pid: Int32 = 10, _ origin: Holding.Origin = .bindZero, at: UInt64 = 100
  ) -> Holding {
    Holding(
      cookie: cookie, address: address(), party: .sample(pid: pid), origin: origin, openedAt: at)
  }

  private func assess(
    _ ledger: Ledger, free: Bool, openFree: Bool? = nil, by pid: Int32 = 20, at: UInt64 = 1_000
  ) throws -> Ledger.Assessment {
    let question = try #require(ledger.question(key(), address: address()))
    return try #require(
      ledger.assess(
        question, Ledger.Answers(isFree: free, openAddressesAreFree: openFree ?? free),
        by: .sample(pid: pid), at: at))
  }

  /// A bind by number; returns its verdict.
  @discardableResult
  private func bind(
    _ ledger: inout Ledger, free: Bool, result: Int32 = 0, cookie: UInt64, by pid: Int32 = 20,
    owner: Owner? = nil
  ) throws -> RaceKind? {
    let assessment = try assess(ledger, free: free, by: pid)
    return ledger.concluded(
      assessment, result: result, cookie: cookie, owner: owner, isAddressInUse: result == 98
    ).map { ledger.findings[$0].kind }
  }

  private func destroy(_ ledger: inout Ledger, _ cookie: UInt64, at: UInt64 = 200) {
    ledger.destroyed(cookie: cookie, key: key(), peerPort: 0, at: at) { _ in false }
  }

  // MARK: Live twins

  @Test func `a twin is told with both sockets`() throws {
    var ledger = Ledger()
    ledger.opened(key(40_001, .udp), holding(1))
    ledger.opened(key(40_001, .udp), holding(2, pid: 11, at: 300))
    let owner = Owner(isInTree: false, pid: 7, command: "other")
    ledger.hasTwin(cookie: 2, holding(1), owner: owner)
    let finding = try #require(ledger.findings.first)
    #expect(finding.kind == .liveTwin && finding.kind.isRace && finding.proof == .kernel)
    #expect(finding.probe.cookie == 1 && finding.rebinder.pid == 11)
    #expect(finding.reboundAt == 300 && finding.owner == owner && finding.result == 0)
    // A socket is no twin of itself, and one that nobody knows has none.
    ledger.hasTwin(cookie: 2, holding(2), owner: nil)
    ledger.hasTwin(cookie: 3, holding(1), owner: nil)
    #expect(ledger.findings.count == 1)
  }

  @Test func `only open datagram sockets that were handed out can get a twin, newest first`() {
    var ledger = Ledger()
    ledger.opened(key(1, .udp), holding(1, at: 1))
    ledger.opened(key(2, .udp), holding(2, at: 2))
    ledger.opened(key(3, .tcp), holding(3))
    ledger.opened(key(4, .udp), holding(4, .rebind(1)))
    ledger.opened(key(5, .udp), holding(5))
    ledger.destroyed(cookie: 5, key: key(5, .udp), peerPort: 0, at: 9) { _ in false }
    func ports(_ namespace: UInt64 = 1, isIPv6: Bool = false) -> [UInt16] {
      ledger.liveDatagramPorts(namespace: namespace, isIPv6: isIPv6).map(\.port)
    }
    #expect(ports() == [2, 1])
    #expect(ports(2) == [] && ports(isIPv6: true) == [])
  }

  // MARK: Shared ports

  /// Two hand-outs, both released; the first bind takes one of them.
  @Test func `a second hand-out makes the second bind a second owner, error or not`() throws {
    for result: Int32 in [0, 98] {
      var ledger = Ledger()
      ledger.opened(key(), holding(1))
      destroy(&ledger, 1)
      ledger.opened(key(), holding(2, pid: 11, at: 300))
      destroy(&ledger, 2, at: 400)
      #expect(try bind(&ledger, free: true, cookie: 3, by: 10) == .race)
      #expect(try bind(&ledger, free: false, result: result, cookie: 4, by: 11) == .duplicate)
      let second = try #require(ledger.findings.last)
      #expect(second.otherProbe?.cookie == 1)
      // The first owner has the port: nothing was released, now or when it ends.
      #expect(second.probe.release == nil && !second.isAwaitingRelease)
      destroy(&ledger, 3, at: 2_000)
      #expect(ledger.findings.last?.probe.release == nil && ledger.findings.last?.window == nil)
    }
  }

  @Test func `one hand-out and several listeners are a pool`() throws {
    var ledger = Ledger()
    ledger.opened(key(), holding(1))
    destroy(&ledger, 1)
    #expect(try bind(&ledger, free: true, cookie: 3) == .race)
    for worker: UInt64 in 4...6 {
      #expect(try bind(&ledger, free: false, cookie: worker, by: Int32(worker)) == .pool)
    }
    #expect(ledger.findings.filter(\.kind.isRace).count == 1)
  }

  @Test func `a hand-out that is open reserves the port, whoever else has it`() throws {
    var ledger = Ledger()
    ledger.opened(key(), holding(1))
    #expect(try bind(&ledger, free: false, cookie: 2) == .reservation)
    #expect(try bind(&ledger, free: false, cookie: 3) == .reservation)
  }

  @Test func `sharing with somebody else is told if it is not of the tree`() throws {
    let foreign = Owner(isInTree: false, pid: 7, command: "other")
    let own = Owner(isInTree: true, pid: 7, command: "other")
    let thief = Owner(isInTree: false, isThief: true, pid: 7, command: "thief")
    for (owner, kind) in [(foreign, .shared), (own, .pool), (thief, nil), (nil, nil)]
      as [(Owner?, RaceKind?)]
    {
      var ledger = Ledger()
      ledger.opened(key(), holding(1))
      destroy(&ledger, 1)
      #expect(try assess(ledger, free: false).sharesWithUnknown)
      #expect(try bind(&ledger, free: false, cookie: 2, owner: owner) == kind)
    }
    var held = Ledger()
    held.opened(key(), holding(1))
    #expect(try !assess(held, free: false).sharesWithUnknown)
    destroy(&held, 1)
    #expect(try !assess(held, free: true).sharesWithUnknown)
  }

  @Test func `who inherited the socket keeps the port, for its program it is released`() throws {
    func verdict(_ owner: Owner?) throws -> (RaceKind?, Holding.Release?) {
      var ledger = Ledger()
      ledger.opened(key(), holding(1))
      let kind = try bind(&ledger, free: false, result: 98, cookie: 0, owner: owner)
      return (kind, ledger.findings.last?.probe.release)
    }
    func owner(_ pid: Int32, _ change: (inout Owner) -> Void = { _ in }) -> Owner {
      var owner = Owner(isInTree: true, pid: pid, command: "sleep")
      change(&owner)
      return owner
    }
    #expect(try verdict(owner(30)) == (.collision, .inherited))
    // The prober, the re-binder itself, a stranger, a connection, nobody.
    for other in [
      owner(10), owner(20), owner(30) { $0.isInTree = false }, owner(30) { $0.peer = "x" }, nil,
    ] {
      #expect(try verdict(other) == (.stillHeld, nil), "\(String(describing: other))")
    }
  }

  // MARK: Numbers that no bind chose

  private func ended(
    _ ports: inout LocalPorts, _ port: UInt16, _ transport: Transport = .udp, party: Party? = nil,
    isUnconnected: Bool = false
  ) {
    ports.ended(
      key(port, transport), cookie: UInt64(port), address: address(port), party: party,
      isUnconnected: isUnconnected, at: 500)
  }

  @Test func `the number of a socket that ended is a hand-out, as far as it is no chance`() throws {
    var ports = LocalPorts()
    #expect(ports.origin(of: key(1, .udp), pool: 28_232) == nil)
    for port: UInt16 in 1...40 { ended(&ports, port) }
    // Of 28,232 ports the last 28 are less than 1/1000.
    func isCertain(_ port: UInt16, pool: Int = 28_232) throws -> Bool {
      try !#require(ports.origin(of: key(port, .udp), pool: pool)).wasClient
    }
    #expect(try isCertain(40) && isCertain(13) && !isCertain(12))
    #expect(try isCertain(40, pool: 1_000) && !isCertain(40, pool: 999))
    let origin = try #require(ports.origin(of: key(40, .udp), pool: 28_232))
    #expect(origin.origin == .implicit && origin.isHandedOut && origin.party == .unseen)
    #expect(origin.releasedAt == 500 && origin.release == .closed)
    // The same number again is the newest one.
    ended(&ports, 1)
    #expect(try isCertain(1))
    // Each number that the program binds by itself is a further chance.
    for port: UInt16 in 300...326 { ports.wasBound(key(port, .udp)) }
    ports.wasBound(key(326, .udp))
    ports.wasBound(key(327, .tcp))
    #expect(try isCertain(1) && !isCertain(40))
    ports.wasBound(key(327, .udp))
    #expect(try !isCertain(1))
    for port: UInt16 in 1_000...1_064 { ended(&ports, port) }
    #expect(ports.origin(of: key(1, .udp), pool: 60_000) == nil, "65 newer ones")
  }

  @Test func `connect takes every second port, a known client is certain`() throws {
    var ports = LocalPorts()
    for port: UInt16 in 1...15 { ended(&ports, port, .tcp) }
    func isClient(_ port: UInt16) -> Bool? {
      ports.origin(of: key(port, .tcp), pool: 28_232)?.wasClient
    }
    #expect(isClient(2) == false && isClient(1) == true)
    #expect(ports.origin(of: key(2, .udp), pool: 28_232) == nil)
    ended(&ports, 99, .tcp, party: .sample())
    for port: UInt16 in 1...15 { ended(&ports, port, .tcp) }
    #expect(isClient(99) == false)
  }

  @Test func `connections of a server have its number, they chose none`() {
    var ports = LocalPorts()
    ended(&ports, 1, .tcp)
    ports.wasBound(key(1, .tcp))
    ended(&ports, 1, .tcp)
    #expect(ports.isBound(key(1, .tcp)) && ports.origin(of: key(1, .tcp), pool: 28_232) == nil)
    // Of a server that was not seen, the listening socket ends too.
    ended(&ports, 2, .tcp)
    ended(&ports, 2, .tcp, isUnconnected: true)
    #expect(ports.origin(of: key(2, .tcp), pool: 28_232) == nil)
    // A datagram socket that only sends has no peer.
    ended(&ports, 3, .udp, isUnconnected: true)
    #expect(ports.origin(of: key(3, .udp), pool: 28_232) != nil)
  }

  @Test func `a connection to itself is told with its client, if that was seen`() {
    var ledger = Ledger()
    ledger.connectedToItself(key(), cookie: 1, address: address(), party: nil, at: 5)
    ledger.connectedToItself(key(), cookie: 1, address: address(), party: .sample(), at: 5)
    #expect(ledger.findings.map(\.kind) == [.selfConnect, .selfConnect])
    #expect(ledger.findings.map(\.rebinder) == [.unseen, .sample()])
    #expect(ledger.findings[0].kind.isRace && ledger.findings[0].probe.origin == .implicit)
  }

  // MARK: Dead numbers

  @Test func `a number is dead when it was handed out, and everything on it is gone`() {
    var ledger = Ledger()
    #expect(!ledger.isDead(key()))
    ledger.opened(key(), holding(1))
    #expect(!ledger.isDead(key()))
    destroy(&ledger, 1)
    #expect(ledger.isDead(key()))
    ledger.opened(key(), holding(2, .rebind(1)))
    #expect(!ledger.isDead(key()))
    ledger.destroyed(cookie: 2, key: key(), peerPort: 80, at: 300) { _ in false }
    #expect(!ledger.isDead(key()), "a client's own")
  }

  @Test func `connects that nobody follows with a server are told, the first of each number`()
    throws
  {
    var ledger = Ledger()
    ledger.opened(key(), holding(1))
    destroy(&ledger, 1)
    let assessment = try assess(ledger, free: true)
    var ports = DeadPorts()
    #expect(!ports.knows(key()))
    ports.connected(assessment, to: address(), isAnsweredByThief: false)
    ports.connected(try assess(ledger, free: true, by: 99), to: address(), isAnsweredByThief: true)
    #expect(ports.knows(key()) && ports.findings.count == 1)
    let finding = try #require(ports.findings.first)
    #expect(finding.kind == .deadPort && finding.rebinder.pid == 20 && !finding.wasStolen)
    #expect(finding.proof == .duringConnect && finding.place == assessment.place)
    ports.hasServer(key())
    #expect(ports.findings.isEmpty && !ports.knows(key()))
    ports.connected(assessment, to: address(), isAnsweredByThief: true)
    #expect(ports.findings.first?.wasStolen == true && ports.findings.first?.proof == .thief)
  }
}
