internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
internal import Messaging
internal import PlanModel
internal import PortModel
internal import RunContract
internal import StartupProtocol
internal import Strategies
internal import Syscalls

/// An API server after its bind: hears every engine core, has one request answered by each, and goes on until it
/// is ended.
struct ServingRole {
  let region: SharedRegion
  let launch: Int
  let server: Int
  let slot: Int
  /// API servers of the launch.
  let servers: Int
  let addresses: LaunchAddresses
  /// The listener for the front end; -1 if the launch has no HTTP.
  let httpListener: Int32
  /// The pipe whose end says that the measurement begins; -1 if there is none.
  let measurement: Int32

  /// Identity of a launch of this trial: what tells its messages from another one's.
  static func identity(_ region: SharedRegion, launch: Int) -> Int64 {
    var generator = SeededGenerator(
      trialSeed: region.pointer.pointee.trial_seed, for: .launchIdentity, UInt64(launch))
    return Int64(bitPattern: generator.next() >> 1)
  }

  private func nonces() -> [Int64] {
    (0..<addresses.startup.engines).map { engine in
      var generator = SeededGenerator(
        trialSeed: region.pointer.pointee.trial_seed, for: .engineRequest,
        UInt64(slot) << 16 | UInt64(engine))
      return Int64(bitPattern: generator.next() >> 1)
    }
  }

  func run(_ router: borrowing Socket, _ pull: borrowing Socket) throws {
    try run(try Context(ioThreads: 1), router, pull)
  }

  /// The context is lent: a value of its kind may end with its last use, and would wait for its sockets.
  private func run(
    _ context: borrowing Context, _ router: borrowing Socket, _ pull: borrowing Socket
  ) throws {
    let record = region.serving(slot)
    let startup = addresses.startup
    let launchIdentity = Self.identity(region, launch: launch)
    let pairs = (0..<startup.engines).filter {
      startup.isPair(server: server, engine: $0, of: servers)
    }
    var book = ServingBook(
      launch: launchIdentity, server: server, nonces: nonces(), engines: Set(pairs))
    var extra = ExtraRequests(launch: launchIdentity, server: server, engines: pairs)
    let frontEnd = startFrontEnd(launchIdentity)
    let statistics = try Socket(.xsub, in: context)
    if startup.hasCoordinator {
      try statistics.connect(to: addresses.statistics)
      try statistics.send([CoordinatorBook.subscription])
    }
    var poll = Poll()
    poll.add(router)
    poll.add(pull)
    if let frontEnd { poll.add(descriptor: frontEnd.channel) }
    if startup.hasCoordinator { poll.add(statistics) }
    var isAwaitingMeasurement = measurement >= 0
    if isAwaitingMeasurement { poll.add(descriptor: measurement) }
    let limit = UInt64(startup.clientTimeoutMilliseconds) * 1_000_000
    var deadline = MonotonicClock.now() + limit
    while true {
      let now = MonotonicClock.now()
      if !book.isServed && now >= deadline {
        fail((book.hasHeardAll ? BS_STAGE_SERVE : BS_STAGE_READINESS), ETIMEDOUT)
      }
      let left = book.isServed ? -1 : Int((deadline - now + 999_999) / 1_000_000)
      guard poll.wait(milliseconds: left) else { continue }
      while startup.hasCoordinator, try statistics.receiveFrame() != nil {}
      while let frames = try router.receiveMessage() {
        switch hear(frames, &book) {
        case .expected(let engine):
          mark(engine, in: bs_heard_of(record))
          deadline = MonotonicClock.now() + limit
          if book.hasHeardAll {
            record.pointee.heard_ns = MonotonicClock.now()
            for engine in pairs {
              try router.send([
                EngineIdentity.bytes(engine), EchoMessage.requestType,
                book.request(for: engine).encoded,
              ])
            }
            // As vLLM, whose HTTP server starts once its engine client is there.
            _ = frontEnd?.send(FrontEndRecord(.open))
          }
        case .stranger: record.pointee.strangers += 1
        case .repeated: break
        }
      }
      while let frame = try pull.receiveFrame() {
        if let answer = extra.take(frame) {
          if let id = answer.id {
            _ = frontEnd?.send(
              FrontEndRecord(
                .answer, number: UInt32(answer.engine), id: id, value: answer.nonce))
          } else {
            try measure(&extra, router)
          }
          continue
        }
        switch book.take(frame) {
        case .expected(let engine):
          mark(engine, in: bs_answered_of(record))
          deadline = MonotonicClock.now() + limit
          if book.isServed {
            record.pointee.served_ns = MonotonicClock.now()
            bs_store(bs_served_word(record), 1)
            kill(getppid(), SIGCHLD)
          }
        case .stranger: record.pointee.strangers += 1
        case .repeated: break
        }
      }
      if let frontEnd, poll.isReadable(2) { try take(frontEnd, &extra, router) }
      // The pipe has ended: the launcher has everybody measure.
      if isAwaitingMeasurement, poll.isReadable(poll.count - 1) {
        isAwaitingMeasurement = false
        poll.removeLast()
        record.pointee.measured_from_ns = MonotonicClock.now()
        let first = share * server + min(server, startup.requests % servers)
        extra.plan(
          share + (server < startup.requests % servers ? 1 : 0), firstNumber: first)
        for _ in 0..<max(1, startup.requestConnections / servers) {
          try measure(&extra, router)
        }
      }
    }
  }

  /// Of the measurement's requests, without the remainder.
  private var share: Int { addresses.startup.requests / servers }

  /// The API server's own HTTP front end, which ends with it; nil if the launch has no HTTP.
  private func startFrontEnd(_ identity: Int64) -> FrontEndProcess? {
    guard httpListener >= 0 else { return nil }
    do throws(SystemError) {
      let process = try FrontEndProcess(
        .serve(launch: identity, server: server), listener: httpListener)
      region.serving(slot).pointee.frontend_pid = process.pid
      return process
    } catch { fail(BS_STAGE_HOST, error.code) }
  }

  /// Passes what came in over HTTP on to engine cores.
  private func take(
    _ frontEnd: FrontEndProcess, _ extra: inout ExtraRequests, _ router: borrowing Socket
  ) throws {
    for message in frontEnd.receive() where message.kind == .request {
      guard let request = extra.add(nonce: message.value, id: message.id) else {
        _ = frontEnd.send(FrontEndRecord(.refusal, id: message.id))
        continue
      }
      try send(request, router)
    }
    // In vLLM it is the same process.
    if frontEnd.hasEnded { fail(BS_STAGE_HTTP, EPIPE) }
  }

  /// Sends the measurement's next request; notes the end when the last one was answered.
  private func measure(_ extra: inout ExtraRequests, _ router: borrowing Socket) throws {
    if let request = extra.next() { return try send(request, router) }
    let record = region.serving(slot)
    guard extra.isDone, bs_load(bs_measured_word(record)) == 0 else { return }
    record.pointee.measured_until_ns = MonotonicClock.now()
    bs_store(bs_measured_word(record), 1)
    kill(getppid(), SIGCHLD)
  }

  private func send(_ request: EchoMessage, _ router: borrowing Socket) throws {
    pause(milliseconds: addresses.startup.requestMilliseconds)
    try router.send([
      EngineIdentity.bytes(request.engine), EchoMessage.requestType, request.encoded,
    ])
  }

  private func fail(_ stage: bs_stage, _ code: Int32) -> Never {
    let record = region.serving(slot)
    record.pointee.stage = stage.rawValue
    record.pointee.error = code
    record.pointee.failed_ns = MonotonicClock.now()
    _exit(1)
  }

  private func hear(_ frames: [[UInt8]], _ book: inout ServingBook) -> ServingBook.Finding {
    guard frames.count == 2 else { return .stranger }
    if frames[1].isEmpty { return book.hear(identity: frames[0], launch: nil) }
    guard let launch = MessagePack(frames[1])?["launch"]?.integerValue else { return .stranger }
    return book.hear(identity: frames[0], launch: launch)
  }

  private func mark(_ engine: Int, in words: UnsafeMutablePointer<UInt64>) {
    words[engine / 64] |= 1 << UInt64(engine % 64)
  }
}
