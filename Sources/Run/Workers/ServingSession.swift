internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
internal import Messaging
internal import PlanModel
internal import RunContract
internal import StartupProtocol
internal import Syscalls

/// One trial of a serving API server: its state about its engine cores, and each of its sources of input. The bound
/// sockets belong to the caller and are lent to each method.
final class ServingSession {
  private let role: ServingRole
  private let record: UnsafeMutablePointer<bs_serving>
  private let startup: Startup
  /// The engine cores that this API server works with.
  private let pairs: [Int]
  private var book: ServingBook
  private var extra: ExtraRequests
  /// The API server's own HTTP front end, which ends with it; nil if the launch has no HTTP.
  private let frontEnd: FrontEndProcess?
  private let statistics: Socket
  private var isAwaitingMeasurement: Bool
  /// How long to wait for the next engine core, in nanoseconds.
  private let limit: UInt64
  private var deadline: UInt64 = 0

  /// - Parameter context: of the socket to the coordinator; it must outlive this object.
  init(_ role: ServingRole, _ context: borrowing Context) throws {
    self.role = role
    record = role.region.serving(role.slot)
    let startup = role.addresses.startup
    self.startup = startup
    let identity = ServingRole.identity(role.region, launch: role.launch)
    let pairs = (0..<startup.engines).filter {
      startup.isPair(server: role.server, engine: $0, of: role.servers)
    }
    self.pairs = pairs
    book = ServingBook(
      launch: identity, server: role.server, nonces: role.nonces(), engines: Set(pairs),
      checksCoordinator: startup.checksCoordinator)
    extra = ExtraRequests(launch: identity, server: role.server, engines: pairs)
    frontEnd = role.startFrontEnd(identity)
    isAwaitingMeasurement = role.measurement >= 0
    limit = UInt64(startup.clientTimeoutMilliseconds) * 1_000_000
    statistics = try Socket(.xsub, in: context)
    if startup.hasCoordinator {
      let port = bs_coordinator_ports_of(role.region.startup(role.launch))[0]
      try statistics.connect(to: role.addresses.statistics(port: port))
      try statistics.send([CoordinatorBook.subscription])
    }
  }

  /// Serves until the process is ended.
  func run(_ router: borrowing Socket, _ pull: borrowing Socket) throws {
    var poll = Poll()
    poll.add(router)
    poll.add(pull)
    let requests = frontEnd.map { poll.add(descriptor: $0.channel) }
    if startup.hasCoordinator { poll.add(statistics) }
    let start = isAwaitingMeasurement ? poll.add(descriptor: role.measurement) : nil
    deadline = MonotonicClock.now() + limit
    while true {
      guard poll.wait(milliseconds: millisecondsLeft()) else { continue }
      try discardStatistics()
      try hearEngines(router)
      try takeAnswers(pull, router)
      if let requests, poll.isReadable(requests) { try takeHTTPRequests(router) }
      if isAwaitingMeasurement, let start, poll.isReadable(start) {
        poll.remove(start)
        try beginMeasurement(router)
      }
    }
  }

  /// How long to wait for input; -1 for ever, once every engine core has answered. Gives up when the time is over.
  private func millisecondsLeft() -> Int {
    if book.isServed { return -1 }
    let now = MonotonicClock.now()
    if now >= deadline {
      role.fail(
        book.hasHeardAll ? BS_STAGE_SERVE : BS_STAGE_READINESS, Descriptor.causeOfSilence())
    }
    return Int((deadline - now + 999_999) / 1_000_000)
  }

  /// The coordinator's counts, which are not used here.
  private func discardStatistics() throws {
    while startup.hasCoordinator, try statistics.receiveFrame() != nil {}
  }

  /// Records the engine cores that have reported ready. After the last one the requests start.
  ///
  /// As vLLM, which looks at nothing but the identity: the engine core of another launch counts as the own one of the
  /// same rank, and a message that it does not expect raises an error as long as it waits for one. What is not of this
  /// launch is counted for the harness's account only.
  private func hearEngines(_ router: borrowing Socket) throws {
    while let frames = try router.receiveMessage() {
      let hadHeardAll = book.hasHeardAll
      switch hear(frames) {
      case .expected(let engine): try note(engine, router)
      case .foreign(let engine):
        record.pointee.strangers += 1
        try note(engine, router)
      case .otherCoordinator, .stranger:
        record.pointee.strangers += 1
        if !hadHeardAll { role.fail(BS_STAGE_READINESS, EPROTO) }
      case .repeated: if !hadHeardAll { role.fail(BS_STAGE_READINESS, EPROTO) }
      }
    }
  }

  private func note(_ engine: Int, _ router: borrowing Socket) throws {
    mark(engine, in: bs_heard_of(record))
    deadline = MonotonicClock.now() + limit
    if book.hasHeardAll { try requestAnswers(router) }
  }

  private func hear(_ frames: [[UInt8]]) -> ServingBook.Finding {
    guard frames.count == 2 else { return .stranger }
    if frames[1].isEmpty { return book.hear(identity: frames[0], launch: nil) }
    guard let launch = MessagePack(frames[1])?["launch"]?.integerValue else { return .stranger }
    return book.hear(identity: frames[0], launch: launch)
  }

  private func requestAnswers(_ router: borrowing Socket) throws {
    record.pointee.heard_ns = MonotonicClock.now()
    for engine in pairs {
      try router.send([
        EngineIdentity.bytes(engine), EchoMessage.requestType, book.request(for: engine).encoded,
      ])
    }
    if let frontEnd { openFrontEnd(frontEnd) }
  }

  /// As vLLM, whose HTTP server starts, and only then listens, once its engine client is there.
  private func openFrontEnd(_ frontEnd: FrontEndProcess) {
    do throws(SystemError) { try TCPSocket.listen(role.httpListener, backlog: 2_048) } catch {
      role.fail(BS_STAGE_HTTP, error.code)
    }
    record.pointee.http_listened_ns = MonotonicClock.now()
    role.region.setClaim(
      bs_claim(BS_CLAIM_LAUNCHER, UInt32(role.launch)), on: role.addresses.httpPort)
    _ = frontEnd.send(FrontEndRecord(.open))
  }

  /// Takes the answers of engine cores: to the first request, to HTTP requests, or to the measurement.
  private func takeAnswers(_ pull: borrowing Socket, _ router: borrowing Socket) throws {
    while let frame = try pull.receiveFrame() {
      if let answer = extra.take(frame) {
        if !answer.isOwn { record.pointee.strangers += 1 }
        if let id = answer.id {
          _ = frontEnd?.send(
            FrontEndRecord(.answer, number: UInt32(answer.engine), id: id, value: answer.nonce))
        } else {
          try measureNext(router)
        }
        continue
      }
      switch book.take(frame) {
      case .expected(let engine): noteAnswer(of: engine)
      case .foreign(let engine):
        record.pointee.strangers += 1
        noteAnswer(of: engine)
      case .otherCoordinator, .stranger: record.pointee.strangers += 1
      case .repeated: break
      }
    }
  }

  private func noteAnswer(of engine: Int) {
    mark(engine, in: bs_answered_of(record))
    deadline = MonotonicClock.now() + limit
    guard book.isServed else { return }
    record.pointee.served_ns = MonotonicClock.now()
    bs_store(bs_served_word(record), 1)
    kill(getppid(), SIGCHLD)
  }

  /// Passes HTTP requests on to engine cores.
  private func takeHTTPRequests(_ router: borrowing Socket) throws {
    guard let frontEnd else { return }
    for message in frontEnd.receive() where message.kind == .request {
      guard let request = extra.add(nonce: message.value, id: message.id) else {
        _ = frontEnd.send(FrontEndRecord(.refusal, id: message.id))
        continue
      }
      try send(request, router)
    }
    // In vLLM it is the same process.
    if frontEnd.hasEnded { role.fail(BS_STAGE_HTTP, EPIPE) }
  }

  /// The pipe has ended: the launcher starts the measurement. Sends as many requests as may be open at once.
  private func beginMeasurement(_ router: borrowing Socket) throws {
    isAwaitingMeasurement = false
    record.pointee.measured_from_ns = MonotonicClock.now()
    let (server, servers) = (role.server, role.servers)
    // The remainder goes to the first API servers, one request each.
    let (share, remainder) = (startup.requests / servers, startup.requests % servers)
    extra.plan(
      share + (server < remainder ? 1 : 0), firstNumber: share * server + min(server, remainder))
    for _ in 0..<max(1, startup.requestConnections / servers) { try measureNext(router) }
  }

  /// Sends the measurement's next request; records the end when the last one was answered.
  private func measureNext(_ router: borrowing Socket) throws {
    if let request = extra.next() { return try send(request, router) }
    guard extra.isDone, bs_load(bs_measured_word(record)) == 0 else { return }
    record.pointee.measured_until_ns = MonotonicClock.now()
    bs_store(bs_measured_word(record), 1)
    kill(getppid(), SIGCHLD)
  }

  private func send(_ request: EchoMessage, _ router: borrowing Socket) throws {
    pause(milliseconds: startup.requestMilliseconds)
    try router.send([
      EngineIdentity.bytes(request.engine), EchoMessage.requestType, request.encoded,
    ])
  }

  private func mark(_ engine: Int, in words: UnsafeMutablePointer<UInt64>) {
    words[engine / 64] |= 1 << UInt64(engine % 64)
  }
}
