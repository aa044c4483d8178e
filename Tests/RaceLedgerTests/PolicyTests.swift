import ForcedCalls
import RaceLedger
import Testing

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
    #expect(
      place(1, ["serve", "worker-17", "rank3"]) == place(2, ["serve", "worker-4", "rank12"]))
    #expect(place(1, ["serve", "--worker"]) != place(1, ["serve", "--client"]))
    #expect(place(1, ["python3.12", "x.py"]) == place(1, ["python3.9", "x.py"]))
    // Files of suppressions hold such names. FNV-1a of "tcp|x|x|1", 64 bits folded to 32.
    #expect(place(1, ["x"]) == "8cf29251")
  }

  @Test func `an eager thief comes after the releases that it is told to`() {
    func wants(
      _ policy: StealPolicy, rebinds: Int = 0, _ change: (inout Holding) -> Void = { _ in }
    ) -> Bool {
      let address = SocketAddress(bytes: [127, 0, 0, 1], port: 40_001)
      let party = Party(pid: 1, tid: 1, thread: "x", arguments: ["x"], descriptor: 3)
      var holding = Holding(
        cookie: 1, address: address, party: party, origin: .bindZero, openedAt: 1)
      change(&holding)
      return policy.wantsRelease(holding, rebinds: rebinds)
    }
    let second = StealPolicy(mode: .eager, rebind: 2)
    #expect((0...3).map { wants(second, rebinds: $0) } == [false, true, false, false])
    let any = StealPolicy(mode: .eager)
    #expect(wants(any) && wants(any, rebinds: 5))
    #expect(!wants(StealPolicy(mode: .lazy)) && !wants(StealPolicy(mode: .off)))
    #expect(!wants(any) { $0.served = true } && !wants(any) { $0.wasClient = true })
    // What a place or a window is, only the re-bind tells.
    #expect(!wants(StealPolicy(mode: .eager, only: "x")))
    #expect(!wants(StealPolicy(mode: .eager, minimumWindow: 1)))
    #expect(!wants(StealPolicy(mode: .eager, occurrence: 1)))
    var done = any
    done.stole()
    #expect(!wants(done))
  }

  @Test func `a thief takes windows from the least length on`() {
    var ledger = Ledger()
    let key = PortKey(namespace: 1, transport: .tcp, port: 40_001)
    let address = SocketAddress(bytes: [127, 0, 0, 1], port: 40_001)
    let party = Party(pid: 1, tid: 1, thread: "x", arguments: ["x"], descriptor: 3)
    ledger.opened(
      key, Holding(cookie: 1, address: address, party: party, origin: .bindZero, openedAt: 1))
    ledger.destroyed(cookie: 1, key: key, peerPort: 0, at: 100) { _ in false }
    let assessment = ledger.assess(
      ledger.question(key, address: address)!,
      Ledger.Answers(isFree: true, openAddressesAreFree: true), by: party, at: 150)!
    func wants(_ minimum: UInt64) -> Bool {
      var policy = StealPolicy(mode: .lazy, minimumWindow: minimum)
      return policy.wants(assessment)
    }
    #expect([49, 50, 51].map(wants) == [true, true, false])
    // The k-th window that the other settings select, and no other one.
    var third = StealPolicy(mode: .lazy, occurrence: 3)
    #expect((1...4).map { _ in third.wants(assessment) } == [false, false, true, false])
    var elsewhere = StealPolicy(mode: .lazy, only: "elsewhere", occurrence: 1)
    let isWanted = elsewhere.wants(assessment)
    #expect(!isWanted)
    var first = StealPolicy(mode: .lazy, only: assessment.place, occurrence: 1)
    #expect((1...2).map { _ in first.wants(assessment) } == [true, false])
  }

  @Test func `an injection strikes the n-th call that matches it`() {
    var rule = InjectRule(
      CallInjection(.bind, error: 98, nth: 2, ports: 8_000...8_010, process: "py"))
    func strikes(_ port: UInt16, _ thread: String = "python") -> Bool {
      rule.strikes(.bind, port: port, thread: thread, command: "x")
    }
    #expect([8_001, 80, 8_002, 8_003].map { strikes($0) } == [false, false, true, false])
    #expect(!strikes(8_001, "node") && rule.struck == 1)
  }

  @Test func `addresses are written as usual`() {
    func v6(_ tail: [UInt8]) -> String {
      SocketAddress(bytes: [UInt8](repeating: 0, count: 16 - tail.count) + tail, port: 5)
        .description
    }
    #expect(v6([1]) == "[::1]:5")
    #expect(v6([]) == "[::]:5")
    // Of two longest runs of zero groups the first is left out (RFC 5952, 4.2.3), and a run of one is not.
    #expect(v6([0x20, 1, 0, 8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]) == "[2001:8::1:0:0:1]:5")
    #expect(
      v6([0x20, 1, 0, 8, 0, 0, 0, 3, 0, 1, 0, 9, 0, 2, 0, 1]) == "[2001:8:0:3:1:9:2:1]:5")
    #expect(SocketAddress(bytes: [0, 0, 0, 0], port: 5).exclusive.description == "127.0.0.1:5")
  }
  @Test func `addresses exclude each other where they are equal or one is all`() {
    func address(_ last: UInt8, _ first: UInt8 = 127) -> SocketAddress {
      SocketAddress(bytes: [first, 0, 0, last], port: 5)
    }
    let (one, two, all) = (address(1), address(2), address(0, 0))
    #expect(one.overlaps(one) && one.overlaps(all) && all.overlaps(one) && all.overlaps(all))
    #expect(!one.overlaps(two))
  }

  @Test func `a command line of 120 characters is shown whole, a longer one is cut to that`() {
    func command(_ length: Int) -> String {
      Party(
        pid: 1, tid: 1, thread: "x", arguments: [String(repeating: "a", count: length)],
        descriptor: 3
      ).command
    }
    #expect(command(120) == String(repeating: "a", count: 120))
    #expect(command(121) == String(repeating: "a", count: 117) + "...")
  }
}
