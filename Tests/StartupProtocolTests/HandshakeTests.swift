@testable import StartupProtocol
import Testing

@Suite struct MessagePackTests {
  /// Known answers from the MessagePack specification's formats and msgpack-python's documentation.
  @Test(
    arguments: [
      (MessagePack.null, [0xc0]), (.boolean(true), [0xc3]), (.boolean(false), [0xc2]),
      (.integer(0), [0x00]), (.integer(127), [0x7f]), (.integer(128), [0xcc, 0x80]),
      (.integer(255), [0xcc, 0xff]), (.integer(256), [0xcd, 0x01, 0x00]),
      (.integer(65_536), [0xce, 0x00, 0x01, 0x00, 0x00]),
      (.integer(4_294_967_296), [0xcf, 0, 0, 0, 1, 0, 0, 0, 0]), (.integer(-1), [0xff]),
      (.integer(-32), [0xe0]), (.integer(-33), [0xd0, 0xdf]), (.integer(-128), [0xd0, 0x80]),
      (.integer(-129), [0xd1, 0xff, 0x7f]), (.integer(-32_769), [0xd2, 0xff, 0xff, 0x7f, 0xff]),
      (.integer(.min), [0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0]), (.text(""), [0xa0]),
      (.text("ab"), [0xa2, 0x61, 0x62]), (.bytes([1, 2]), [0xc4, 0x02, 0x01, 0x02]),
      (.array([.integer(1), .null]), [0x92, 0x01, 0xc0]),
      (
        .record([("compact", .boolean(true)), ("schema", .integer(0))]),
        [
          0x82, 0xa7, 0x63, 0x6f, 0x6d, 0x70, 0x61, 0x63, 0x74, 0xc3, 0xa6, 0x73, 0x63, 0x68, 0x65,
          0x6d, 0x61, 0x00,
        ]
      ),
    ] as [(MessagePack, [UInt8])])
  func `values are written as the specification says, and read back`(
    _ value: MessagePack, _ bytes: [UInt8]
  ) {
    #expect(value.encoded == bytes)
    #expect(MessagePack(bytes) == value)
  }

  @Test(arguments: [31, 32, 255, 256, 65_535, 65_536])
  func `long texts, bytes, arrays and maps come back`(_ length: Int) {
    let values: [MessagePack] = [
      .text(String(repeating: "x", count: length)), .bytes(Array(repeating: 7, count: length)),
      .array(Array(repeating: .integer(3), count: length)),
      .map((0..<length).map { MessagePack.Pair(.integer(Int64($0)), .null) }),
    ]
    for value in values { #expect(MessagePack(value.encoded) == value) }
  }

  @Test func `what is cut, followed by more or not of the subset is refused`() {
    let whole = EngineAddresses(inputs: ["tcp://h:1"], outputs: ["tcp://h:2"]).encoded
    for length in 0..<whole.count { #expect(MessagePack(whole.prefix(length)) == nil) }
    #expect(MessagePack(whole + [0]) == nil)
    #expect(MessagePack([0xca, 0, 0, 0, 0]) == nil, "a float")
    #expect(MessagePack([0xc1]) == nil, "never used")
    #expect(MessagePack([0xa1, 0xff]) == nil, "not UTF-8")
    #expect(MessagePack([0xdd, 0xff, 0xff, 0xff, 0xff]) == nil, "a length that cannot be")
    #expect(MessagePack(Array(repeating: 0x91, count: 100) + [0]) == nil, "too deep")
    #expect(MessagePack(Array(repeating: 0x91, count: 15) + [0]) != nil)
    #expect(MessagePack(Array(repeating: 0x91, count: 16) + [0]) == nil, "just too deep")
    #expect(MessagePack([0xcf, 0x7f] + Array(repeating: 0xff, count: 7)) == .integer(.max))
    #expect(
      MessagePack([0xcf, 0x80] + Array(repeating: 0, count: 7)) == nil, "more than an Int64 holds")
  }
}

@Suite struct HandshakeBookTests {
  private func frame(
    _ status: EngineStatus.Status, local: Bool = true, hash: Int64? = nil
  ) -> [UInt8] {
    EngineStatus(status, isLocal: local, isHeadless: !local, configurationHash: hash).encoded
  }

  @Test func `engine cores go from new by HELLO to connected and by READY to ready`() throws {
    var book = HandshakeBook(engines: 2, localEngines: 1, configurationHash: 7)
    same(try book.receive(identity: [0, 0], frame(.hello)), .initialise(rank: 0))
    #expect(
      try book.receive(identity: [1, 0], frame(.hello, local: false)) == .initialise(rank: 1))
    same(try book.receive(identity: [0, 0], frame(.ready, hash: 7)), .noteReady(rank: 0))
    #expect(!book.isComplete)
    let last = frame(.ready, local: false, hash: 7)
    same(try book.receive(identity: [1, 0], last), .noteReady(rank: 1))
    #expect(book.isComplete)
  }

  @Test func `everything else is what the launcher raises for`() {
    func violation(
      _ identity: [UInt8], _ frames: [[UInt8]]
    ) -> HandshakeBook.Violation? {
      var book = HandshakeBook(engines: 2, localEngines: 1, configurationHash: 7)
      do throws(HandshakeBook.Violation) {
        for frame in frames { _ = try book.receive(identity: identity, frame) }
        return nil
      } catch { return error }
    }
    #expect(violation([2, 0], [frame(.hello)]) == .unknownIdentity)
    #expect(violation([0], [frame(.hello)]) == .unknownIdentity)
    #expect(violation([0, 0], [[0xc0]]) == .unreadable)
    #expect(violation([0, 0], [frame(.hello, local: false)]) == .misplaced(rank: 0))
    #expect(violation([1, 0], [frame(.hello)]) == .misplaced(rank: 1))
    for isLocal in [true, false] {
      let frame = EngineStatus(.hello, isLocal: isLocal, isHeadless: isLocal).encoded
      let rank = isLocal ? 0 : 1
      #expect(violation(EngineIdentity.bytes(rank), [frame]) == .misplaced(rank: rank))
    }
    #expect(violation([0, 0], [frame(.ready, hash: 7)]) == .outOfOrder(rank: 0))
    #expect(violation([0, 0], [frame(.hello), frame(.hello)]) == .outOfOrder(rank: 0))
    #expect(
      violation([0, 0], [frame(.hello), frame(.ready, hash: 8)]) == .configurationMismatch(rank: 0))
    #expect(
      violation([0, 0], [frame(.hello), frame(.ready)]) == .configurationMismatch(rank: 0))
  }

  /// "Remote engine must not use --headless in external or hybrid dp lb mode", and the reverse.
  @Test(arguments: [true, false])
  func `an engine core of another node is headless, unless load balancing is hybrid`(
    _ isHybrid: Bool
  ) {
    for isHeadless in [true, false] {
      var book = HandshakeBook(
        engines: 2, localEngines: 1, remoteIsHeadless: !isHybrid, configurationHash: 7)
      let hello = EngineStatus(.hello, isLocal: false, isHeadless: isHeadless).encoded
      let answer = try? book.receive(identity: [1, 0], hello)
      #expect(answer == (isHeadless == isHybrid ? nil : .initialise(rank: 1)))
    }
  }

  @Test func `the coordinator says READY once, when the last engine core has subscribed`() {
    var book = CoordinatorBook(engines: 2)
    same(book.receive([1]), false)
    same(book.receive([0]), false)
    same(book.receive([1]), true)
    same(book.receive([1]), false)
  }

  @Test func `an API server is served when every engine core was heard and has echoed its nonce`() {
    var book = ServingBook(launch: 5, server: 1, nonces: [11, 12])
    same(book.hear(identity: [1, 0], launch: nil), .expected(engine: 1))
    same(book.hear(identity: [1, 0], launch: 5), .repeated(engine: 1))
    same(book.hear(identity: [2, 0], launch: 5), .stranger)
    #expect(!book.hasHeardAll)
    same(book.hear(identity: [0, 0], launch: 5), .expected(engine: 0))
    #expect(book.hasHeardAll)
    same(book.take(book.request(for: 0).encoded), .expected(engine: 0))
    same(book.take(EchoMessage(launch: 5, server: 0, engine: 1, nonce: 12).encoded), .stranger)
    same(book.take(EchoMessage(launch: 5, server: 1, engine: 1, nonce: 11).encoded), .stranger)
    same(book.take([]), .stranger)
    #expect(!book.isServed)
    same(book.take(book.request(for: 1).encoded), .expected(engine: 1))
    #expect(book.isServed)
  }

  /// As in vLLM, which looks at an identity and at a request's id, and has its own engine core of that rank refused.
  @Test func `an engine core of another launch is taken for the own one of its rank, and noted`() {
    var book = ServingBook(launch: 5, server: 1, nonces: [11, 12])
    same(book.hear(identity: [0, 0], launch: 6), .foreign(engine: 0))
    var checking = ServingBook(launch: 5, server: 1, nonces: [11], checksCoordinator: true)
    same(checking.hear(identity: [0, 0], launch: 6), .otherCoordinator(engine: 0))
    same(book.hear(identity: [0, 0], launch: 5), .repeated(engine: 0))
    same(book.hear(identity: [1, 0], launch: 5), .expected(engine: 1))
    #expect(book.hasHeardAll)
    same(
      book.take(EchoMessage(launch: 6, server: 1, engine: 0, nonce: 11).encoded),
      .foreign(engine: 0))
    same(book.take(book.request(for: 0).encoded), .repeated(engine: 0))
    same(book.take(book.request(for: 1).encoded), .expected(engine: 1))
    #expect(book.isServed)
  }

  @Test func `an API server that has to do with some engine cores is served by these`() {
    var book = ServingBook(launch: 5, server: 1, nonces: [11, 12, 13], engines: [1])
    same(book.hear(identity: [0, 0], launch: 5), .stranger)
    same(book.hear(identity: [1, 0], launch: 5), .expected(engine: 1))
    #expect(book.hasHeardAll)
    same(book.take(book.request(for: 2).encoded), .stranger)
    same(book.take(book.request(for: 1).encoded), .expected(engine: 1))
    #expect(book.isServed)
  }

  @Test func `further requests go to the engine cores in turn and are told apart by nonce`() throws
  {
    var extra = ExtraRequests(launch: 5, server: 1, engines: [4, 6])
    let added = [extra.add(nonce: 100, id: 1), extra.add(nonce: 101, id: 2)]
    let (first, second) = (try #require(added[0]), try #require(added[1]))
    #expect([first.engine, second.engine] == [6, 4])
    same(extra.add(nonce: 100, id: 3), nil)
    var wrong = first
    wrong.engine = 4
    same(extra.take(wrong.encoded), nil)
    wrong = first
    wrong.server = 2
    same(extra.take(wrong.encoded), nil)
    same(extra.take(first.encoded), ExtraRequests.Answer(engine: 6, nonce: 100, id: 1))
    same(extra.take(first.encoded), nil)
    // Now that it is answered it may come again, and whoever answers it is believed.
    same(extra.add(nonce: 100, id: 4)?.nonce, 100)
    var foreign = EchoMessage(launch: 6, server: 1, engine: 6, nonce: 100)
    same(
      extra.take(foreign.encoded),
      ExtraRequests.Answer(engine: 6, nonce: 100, id: 4, isOwn: false))
    foreign.nonce = 101
    foreign.engine = 4
    same(extra.take(foreign.encoded)?.isOwn, false)
  }

  @Test func `a measurement is done when all its requests are answered, whatever HTTP does`() {
    var extra = ExtraRequests(launch: 5, server: 0, engines: [0, 1])
    same(extra.add(nonce: 9, id: 1)?.nonce, 9)
    #expect(extra.isDone)
    extra.plan(3, firstNumber: 20)
    let requests = [extra.next(), extra.next(), extra.next()].compactMap { $0 }
    same(extra.next(), nil)
    #expect(requests.count == 3)
    #expect(Set(requests.map(\.nonce)).count == 3 && requests.allSatisfy { $0.nonce < 0 })
    for request in requests {
      #expect(!extra.isDone)
      same(extra.take(request.encoded)?.nonce, request.nonce)
    }
    #expect(extra.isDone)
  }

  @Test func `API servers measure with nonces of their own`() {
    func nonces(
      _ server: Int, _ count: Int, firstNumber: Int, launch: Int64 = 5
    ) -> [Int64] {
      var extra = ExtraRequests(launch: launch, server: server, engines: [0, 1])
      extra.plan(count, firstNumber: firstNumber)
      return (0..<count).compactMap { _ in extra.next()?.nonce }
    }
    let all = nonces(0, 3, firstNumber: 0) + nonces(1, 2, firstNumber: 3)
    #expect(Set(all).count == 5, "\(all)")
    let others = nonces(0, 5, firstNumber: 0, launch: .max)
    #expect(Set(all).isDisjoint(with: others) && others.allSatisfy { $0 < 0 }, "\(others)")
    #expect(all.allSatisfy { $0 < 0 }, "front ends' nonces are not negative")
  }

  @Test func `init messages come back, with and without a coordinator`() {
    let plain = EngineAddresses(inputs: ["tcp://h:1", "ipc:///x"], outputs: ["tcp://h:2", "a"])
    #expect(EngineAddresses(plain.encoded) == plain)
    var full = plain
    full.coordinatorInput = "tcp://h:3"
    full.coordinatorOutput = "tcp://h:4"
    full.statistics = "ipc:///s"
    #expect(EngineAddresses(full.encoded) == full)
    #expect(EngineAddresses(EngineAddresses(inputs: ["a"], outputs: []).encoded) == nil)
    for (inputs, outputs) in [
      ([.text("a"), .null], [.text("b")]), ([.text("a")], [.integer(1), .text("b")]),
    ] as [([MessagePack], [MessagePack])] {
      let message = MessagePack.record([
        ("addresses", .record([("inputs", .array(inputs)), ("outputs", .array(outputs))]))
      ])
      #expect(EngineAddresses(message.encoded) == nil, "an address that is no text")
    }
  }

  @Test func `an identity is the rank in two bytes, low byte first`() {
    #expect(EngineIdentity.bytes(258) == [2, 1])
    #expect(EngineIdentity.rank([2, 1]) == 258)
    #expect(EngineIdentity.rank([1]) == nil)
    #expect(EngineIdentity.rank([1, 0, 0]) == nil)
  }
}

/// `#expect` cannot take a call that changes its receiver.
private func same<Value: Equatable>(
  _ found: Value, _ expected: Value, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found == expected, sourceLocation: sourceLocation)
}
