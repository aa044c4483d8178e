import Glibc
import PlanModel
import PortModel
import RunContract
import Syscalls
import Testing

@Suite(.serialized) struct ControlMessageTests {
  /// Both ends of a channel, closed with it.
  final class Ends {
    let a: Int32
    let b: Int32
    init() throws {
      let channel = try Channel.make()
      (a, b) = (channel.parent, channel.child)
    }
    deinit {
      closeDescriptor(a)
      closeDescriptor(b)
    }
  }

  @Test func `messages come out as they went in`() throws {
    let ends = try Ends()
    let messages = [
      ControlMessage(.done), ControlMessage(.failed, text: "why not: ünïcode\n"),
      ControlMessage(.setPool, [32_768, 60_999]),
      ControlMessage(.identify, (0..<4_000).map { Int64($0) }, text: "last"),
      ControlMessage(.listSockets, [.min, .max, -1, 0]),
    ]
    for message in messages {
      try message.send(over: ends.a)
      #expect(try ControlMessage.receive(from: ends.b) == message)
    }
  }

  @Test func `a longer text is cut to what one datagram holds`() throws {
    let ends = try Ends()
    try ControlMessage(.failed, [7], text: String(repeating: "x", count: 100_000)).send(
      over: ends.a)
    let received = try #require(try ControlMessage.receive(from: ends.b))
    #expect(received.values == [7])
    #expect(received.text == String(repeating: "x", count: 65_536 - 16))
  }

  @Test func `the end of the other side is no message`() throws {
    let channel = try Channel.make()
    closeDescriptor(channel.child)
    #expect(try ControlMessage.receive(from: channel.parent) == nil)
    #expect(throws: SystemError("send", code: EPIPE)) {
      try ControlMessage(.done).send(over: channel.parent)
    }
    closeDescriptor(channel.parent)
  }

  /// Each is what a broken worker host might send.
  @Test(
    arguments: [
      ("shorter than its head", [1, 0, 0, 0]),
      ("of no known kind", [99, 0, 0, 0, 0, 0, 0, 0]),
      ("with fewer values than it says", [0, 0, 0, 0, 2, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
      ("with an impossible count", [0, 0, 0, 0, 255, 255, 255, 255]),
    ] as [(String, [UInt8])])
  func `a malformed message is an error`(what: String, bytes: [UInt8]) throws {
    let ends = try Ends()
    #expect(send(ends.a, bytes, bytes.count, 0) == bytes.count)
    let failure = #expect(throws: SystemError.self) { try ControlMessage.receive(from: ends.b) }
    #expect(failure?.code == EBADMSG, "\(what)")
  }
}

@Suite struct NonceTests {
  @Test func `every endpoint of a trial is sent another number, and none is 0`() {
    var seen: Set<UInt64> = []
    for slot in 0..<4_096 {
      for endpoint in 0...1 {
        let nonce = Nonce(trialSeed: 1, slot: slot, endpoint: endpoint)
        #expect(nonce.value != 0 && nonce.answeredBy == 0)
        seen.insert(nonce.value)
      }
    }
    #expect(seen.count == 2 * 4_096)
  }

  /// What is drawn for another purpose must not say what an endpoint was sent: among others, how long a binder waits.
  @Test func `a nonce is drawn from no other purpose's stream`() {
    let others =
      SeedPurpose.OfTrial.allCases.filter { $0 != .nonce }.flatMap { purpose in
        (0..<64).map { SeededGenerator(trialSeed: 1, for: purpose, $0) }
      } + (0..<64).map { SeededGenerator(seed: 1 &+ $0) }
    let drawn = Set(
      others.map { other in
        var generator = other
        return generator.next() | 1
      })
    for slot in 0..<32 {
      for endpoint in 0...1 {
        #expect(!drawn.contains(Nonce(trialSeed: 1, slot: slot, endpoint: endpoint).value))
      }
    }
  }

  @Test func `an answer names who answers, over the wire`() {
    let question = Nonce(trialSeed: 9, slot: 3, endpoint: 1)
    let answer = question.answer(by: 3)
    #expect(answer.value == question.value && answer.answeredBy == 4)
    let read = answer.withBytes { bytes -> Nonce? in
      #expect(bytes.count == Nonce.size)
      return Nonce(bytes)
    }
    #expect(read == answer)
  }

  @Test func `who answers is known by the question's own answer alone`() {
    let question = Nonce(trialSeed: 9, slot: 3, endpoint: 1)
    for slot in [0, 3, 7] {
      #expect(question.answerer(question.answer(by: slot), servers: 8) == slot)
    }
    // No nonce, an echo, slots that are not there, another endpoint's, another trial's.
    let others = [
      nil, question, question.answer(by: 8), question.answer(by: 65_534),
      Nonce(trialSeed: 9, slot: 3, endpoint: 0).answer(by: 3),
      Nonce(trialSeed: 8, slot: 3, endpoint: 1).answer(by: 3),
    ]
    for answer in others { #expect(question.answerer(answer, servers: 8) == nil) }
  }

  @Test(
    arguments: [[], [1], Array(repeating: 0, count: 16), Array(repeating: 1, count: 17)]
      as [[UInt8]])
  func `anything else on the wire is no nonce`(bytes: [UInt8]) {
    #expect(bytes.withUnsafeBytes { Nonce($0) } == nil)
  }
}

@Suite struct OrderTests {
  static let arm = Arm(
    index: 3, scenario: "s",
    strategy: Choice(name: "x", label: "x", options: [OptionValue(name: "a", value: -5)]),
    depth: .allocate, topology: Topology(launches: 64, apiServers: 64),
    pool: PortPool(low: 1_024, high: 65_535),
    window: Window(milliseconds: 3_600_000, foreignDraws: 60_000),
    barrier: Barrier(kind: .sleep, arrivalSkewMicroseconds: 60_000_000), workers: .pooled,
    sockets: .tcp, ownershipCheck: .kernel, timeoutMilliseconds: 3_600_000,
    thieves: [
      Choice(name: "t", label: "t", options: [OptionValue(name: "p", value: 60_000)]),
      Choice(name: "u", label: "u"),
    ], trials: 1)

  @Test(arguments: [true, false])
  func `a worker reads the order that was written`(confines: Bool) throws {
    let region = SharedRegion.privateCopy()
    defer { region.deallocate() }
    Order(arm: Self.arm, strategy: 2, thieves: [1, 0], confinesSockets: confines).write(
      to: region)
    let order = WorkerOrder(region)
    #expect(order.strategy == 2)
    #expect(order.strategyOptions.first == -5)
    #expect(order.depth == .allocate)
    #expect(order.sockets == .tcp)
    #expect(order.workers == .pooled)
    #expect(order.ownershipCheck == .kernel)
    #expect(order.barrier == Self.arm.barrier)
    #expect(order.launches == 64 && order.serversPerLaunch == 64)
    #expect(order.timeoutMilliseconds == 3_600_000)
    #expect(order.settings == Self.arm.settings)
    #expect(order.confinedTo == (confines ? 1_024...65_535 : nil))
    #expect(order.thieves.map(\.index) == [1, 0])
    #expect(order.thieves[0].options.first == 60_000)
  }

  /// One setting at a time, so that none stands in another's place.
  @Test func `a worker reads the start-up that was written`() {
    let plain = Startup(engines: 4, nodes: 2)
    let changes: [(inout Startup) -> Void] = [
      { _ in }, { $0.variant = .v019 }, { $0.backend = .ray }, { $0.engines = 6 },
      { $0.nodes = 1 }, { $0.hasCoordinator = false }, { $0.importMilliseconds = 0.5 },
      { $0.coordinatorImportMilliseconds = 0.25 }, { $0.loadMilliseconds = 1.5 },
      { $0.coordinatorTimeoutMilliseconds = 7 }, { $0.initTimeoutMilliseconds = 8 },
      { $0.clientTimeoutMilliseconds = 9 }, { $0.rpcPort = 2_000 }, { $0.sharesRPCPort = true },
      { $0.hasOrphan = true }, { $0.apiServerNode = 1 }, { $0.nodePorts = 3 },
      { $0.isHybrid = true }, { $0.serialLaunches = 5 }, { $0.http = true },
      { $0.httpPort = 3_000 }, { $0.httpTimeoutMilliseconds = 11 }, { $0.requests = 12 },
      { $0.requestConnections = 13 }, { $0.requestMilliseconds = 0.125 },
      { $0.group = .list }, { $0.group = .coordStore },
      { $0.groupPorts = 6 }, { $0.workerRendezvous = .port }, { $0.workerRendezvous = .file },
      { $0.isReinitialised = true }, { $0.teardownMilliseconds = 2.5 },
      {
        $0.reservedPorts = [
          NodeReservation(node: 1, low: 40_000, high: 41_000),
          NodeReservation(node: 0, low: 7, high: 8),
        ]
      },
    ]
    for change in changes {
      var arm = Self.arm
      var startup = plain
      change(&startup)
      arm.depth = .startup
      arm.startup = startup
      let region = SharedRegion.privateCopy()
      defer { region.deallocate() }
      Order(arm: arm, strategy: 2, thieves: [1, 0], confinesSockets: false).write(to: region)
      #expect(WorkerOrder(region).startup == startup)
    }
  }

  @Test func `two mappings of one region are the same memory`() throws {
    let file = try SharedRegion.makeFile()
    let (one, other) = (
      try SharedRegion(mapping: file.number), try SharedRegion(mapping: file.number)
    )
    #expect(one.pointer != other.pointer)
    one.setClaim(77, on: 65_535)
    #expect(other.claim(on: 65_535) == 77)
    #expect(other.claim(on: 65_534) == 0)
  }

  @Test func `a wait for a command ends at once when it is there, and else with its time`() {
    let memory = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
    defer { memory.deallocate() }
    memory.pointee = 8
    let word = CommandWord(memory)
    #expect(word.value == 8)
    #expect(!word.wait(differsFrom: 8, timeoutNanoseconds: 1_000_000))
    memory.pointee = 9
    #expect(word.wait(differsFrom: 8))
  }
}
