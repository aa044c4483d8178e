internal import CLinuxShims
internal import Glibc
internal import Handshake
internal import Launching
internal import Messaging
internal import Planning
internal import PortModel
internal import Strategies
internal import Syscalls

/// An API server after its bind: hears every engine core, has one request answered by each, and goes on until it
/// is ended.
struct ServingRole {
  let region: SharedRegion
  let launch: Int
  let server: Int
  let slot: Int
  let addresses: LaunchAddresses

  /// Identity of a launch of this trial: what tells its messages from another one's.
  static func identity(_ region: SharedRegion, launch: Int) -> Int64 {
    var generator = SeededGenerator(
      seed: region.pointer.pointee.trial_seed, path: 3, UInt64(launch))
    return Int64(bitPattern: generator.next() >> 1)
  }

  private func nonces() -> [Int64] {
    (0..<addresses.startup.engines).map { engine in
      var generator = SeededGenerator(
        seed: region.pointer.pointee.trial_seed, path: 4, UInt64(slot) << 16 | UInt64(engine))
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
    var book = ServingBook(
      launch: Self.identity(region, launch: launch), server: server, nonces: nonces())
    let statistics = try Socket(.xsub, in: context)
    if startup.hasCoordinator {
      try statistics.connect(to: addresses.statistics)
      try statistics.send([CoordinatorBook.subscription])
    }
    var poll = Poll()
    poll.add(router)
    poll.add(pull)
    if startup.hasCoordinator { poll.add(statistics) }
    let limit = UInt64(startup.clientTimeoutMilliseconds) * 1_000_000
    var deadline = MonotonicClock.now() + limit
    while true {
      let now = MonotonicClock.now()
      if !book.isServed && now >= deadline {
        record.pointee.stage =
          (book.hasHeardAll ? BS_STAGE_SERVE : BS_STAGE_READINESS).rawValue
        record.pointee.error = ETIMEDOUT
        record.pointee.failed_ns = now
        _exit(1)
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
            for engine in 0..<startup.engines {
              try router.send([
                EngineIdentity.bytes(engine), EchoMessage.requestType,
                book.request(for: engine).encoded,
              ])
            }
          }
        case .stranger: record.pointee.strangers += 1
        case .repeated: break
        }
      }
      while let frame = try pull.receiveFrame() {
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
    }
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
