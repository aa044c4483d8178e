import CZeroMQ
import Foundation
import History
import Judging
import LinuxFacts
import PlanModel
import StartupProtocol
import TestSupport
import Testing

@testable import Messaging

/// The model's side of the claims: from its processes, its messages, its defaults, its sockets and its texts.
enum ModelClaims {
  static func all(_ variant: Startup.Variant) throws -> [String: Value] {
    var claims: [String: Value] = [:]
    for claim in try Findings.ofModel(variant).claims { claims[claim.name] = claim.value }
    let groups = [
      messages, stranger(variant), timeouts(variant), try options(), try lingers(), texts(variant),
    ]
    for group in groups { claims.merge(group) { _, later in later } }
    return claims
  }

  static var messages: [String: Value] {
    [
      "coordinator: its READY": .text(String(decoding: CoordinatorBook.ready, as: UTF8.self)),
      "engine core: subscription": .bytes(CoordinatorBook.subscription),
      "engine core: identity": .bytes(EngineIdentity.bytes(1)),
    ]
  }

  /// What an API server makes of the first frame of another launch's engine core, whose rank it waits for.
  static func stranger(_ variant: Startup.Variant) -> [String: Value] {
    let startup = Startup(variant: variant, engines: 1)
    var book = ServingBook(
      launch: 1, server: 0, nonces: [7], checksCoordinator: startup.checksCoordinator)
    // The empty frame of v0.19 names no launch.
    let finding = book.hear(identity: EngineIdentity.bytes(0), launch: variant == .v019 ? nil : 2)
    return [
      "API server: a first frame of another launch": .text(
        finding == .otherCoordinator(engine: 0) ? "the API server ends" : "taken")
    ]
  }

  static func timeouts(_ variant: Startup.Variant) -> [String: Value] {
    let startup = Startup(variant: variant, engines: 1)
    return [
      "timeout: coordinator": .number(startup.coordinatorTimeoutMilliseconds),
      "timeout: init message": .number(startup.initTimeoutMilliseconds),
      "timeout: an engine core's first message": .number(startup.clientTimeoutMilliseconds),
    ]
  }

  // MARK: Sockets

  private static let kinds: [(name: String, kind: Messaging.Socket.Kind)] = [
    ("ROUTER", .router), ("PULL", .pull), ("DEALER", .dealer), ("PUSH", .push), ("XPUB", .xpub),
    ("XSUB", .xsub),
  ]

  /// What libzmq says of a new socket, where that is not its default.
  static func options() throws -> [String: Value] {
    let context = try Context(ioThreads: 1)
    var claims: [String: Value] = [:]
    for (name, kind) in kinds {
      let made = try Messaging.Socket(kind, in: context)
      let plain = zmq_socket(context.handle, kind.code)!
      defer { zmq_close(plain) }
      var changed = [
        ("RCVHWM", ZMQ_RCVHWM), ("SNDHWM", ZMQ_SNDHWM), ("RCVBUF", ZMQ_RCVBUF),
        ("SNDBUF", ZMQ_SNDBUF),
      ].compactMap { option -> String? in
        let value = read(option.1, of: made.pollHandle)
        return value == read(option.1, of: plain) ? nil : "\(option.0)=\(value)"
      }
      // It cannot be read back.
      if kind == .xpub, try passesEverySubscription(context) { changed.append("XPUB_VERBOSE=1") }
      claims["options: \(name)"] = .texts(changed.sorted())
    }
    let pull = try Messaging.Socket(.pull, in: context)
    claims["options: PULL's buffer on a large host"] = .number(
      Int(read(ZMQ_RCVBUF, of: pull.pollHandle)))
    claims["linger: where none is given"] = .number(Int(read(ZMQ_LINGER, of: pull.pollHandle)))
    // A host without IPv6 refuses the connect; the option is set before.
    _ = try? pull.connect(to: "tcp://[::1]:1")
    claims["options: IPv6 for an IPv6 head"] = .number(Int(read(ZMQ_IPV6, of: pull.pollHandle)))
    return claims
  }

  private static func read(_ option: Int32, of socket: UnsafeMutableRawPointer) -> Int32 {
    var value: Int32 = 0
    var size = MemoryLayout<Int32>.size
    #expect(zmq_getsockopt(socket, option, &value, &size) == 0)
    return value
  }

  /// Two subscribers send the same subscription, then one of their own each: then all that is passed on has come.
  private static func passesEverySubscription(_ context: borrowing Context) throws -> Bool {
    let publisher = try Messaging.Socket(.xpub, in: context)
    try publisher.bind(to: "inproc://subscriptions")
    let first = try Messaging.Socket(.xsub, in: context)
    let second = try Messaging.Socket(.xsub, in: context)
    try first.connect(to: "inproc://subscriptions")
    try second.connect(to: "inproc://subscriptions")
    try first.send([[1, 0]])
    try first.send([[1, 1]])
    try second.send([[1, 0]])
    try second.send([[1, 2]])
    var poll = Poll()
    poll.add(publisher)
    var received: [[UInt8]] = []
    while !received.contains([1, 1]) || !received.contains([1, 2]) {
      guard poll.wait(milliseconds: 60_000) else { throw TestFailure("no subscription came") }
      while let frame = try publisher.receiveFrame() { received.append(frame) }
    }
    return received.count { $0 == [1, 0] } == 2
  }

  /// Times that no call shows, where the sources have them.
  static func lingers() throws -> [String: Value] {
    let workers = Built.repository + "/Sources/Run/Workers/"
    func number(_ file: String, _ pattern: Regex<(Substring, Substring)>) throws -> Value {
      let text = try String(contentsOfFile: workers + file, encoding: .utf8)
      let found = text.matches(of: pattern).map { $0.1.replacing("_", with: "") }
      guard let first = found.first, Set(found).count == 1, let number = Int(first) else {
        throw TestFailure("\(file) has \(found) where one number was expected")
      }
      return .number(number)
    }
    let shutdown = try number(
      "StartupLauncher.swift", /shutdownNanoseconds: UInt64 = ([\d_]+)_000_000\n/)
    return [
      "linger: an engine core's handshake": try number(
        "EngineRole.swift", /Socket\(\s*\.dealer[^)]*\)?[^)]*lingerMilliseconds: ([\d_]+)\)/),
      "linger: an engine core's outputs": try number(
        "EngineRole.swift", /Socket\(\s*\.push[^)]*lingerMilliseconds: ([\d_]+)\)/),
      "timeout: shutdown": shutdown,
    ]
  }

  // MARK: Texts

  /// What "the user sees" in histories of failed launches.
  static func texts(_ variant: Startup.Variant) -> [String: Value] {
    let late = LinuxErrno.timedOut
    let rows: [(String, (inout TrialHistory) -> Void)] = [
      (
        "an API server died",
        {
          $0.lose(1, to: Holder(kind: .thief, index: 0, pid: 7, sources: .kernel))
          $0.servers[1].died = 256
          $0.startups[0].noticed = TrialHistory.start + 300_000_000
          $0.startups[0].casualty = .apiServer
          $0.startups[0].casualtyNumber = 1
        }
      ),
      (
        "an engine core died",
        {
          $0.engines[1].died = 256
          $0.startups[0].noticed = TrialHistory.start + 300_000_000
          $0.startups[0].casualty = .engine
          $0.startups[0].casualtyNumber = 1
          $0.startups[0].enginesReady = 0
          $0.startups[0].served = 0
        }
      ),
      (
        "no init message",
        {
          $0.engines[1].errno = late
          $0.engines[1].stage = .handshake
          $0.startups[0].served = 0
        }
      ),
      (
        "no first message",
        {
          $0.servings[1] = ServingRecord(
            launch: 0, server: 1, failed: TrialHistory.start + 8_000_000, unheard: [2],
            unanswered: [2], errno: late, stage: .readiness)
          $0.startups[0].served = 0
        }
      ),
      (
        "the coordinator is late",
        {
          $0.launches[0].errno = late
          $0.launches[0].stage = .coordinator
          $0.startups[0].coordinatorReported = 0
          $0.startups[0].coordinatorBound = 0
          $0.startNoServers()
        }
      ),
      (
        "the coordinator died",
        {
          $0.launches[0].errno = 32
          $0.launches[0].stage = .coordinator
        }
      ),
    ]
    let arm = Arm.sample(depth: .startup) { $0.startup = Startup(variant: variant, engines: 3) }
    var claims: [String: Value] = [:]
    for (name, change) in rows {
      let launch = TrialJudge(arm: arm).judge(TrialHistory(arm, change).events).launches[0]
      let parts = launch.evidence.components(separatedBy: "the user sees: ")
      claims["text: \(name)"] = .text(parts.count == 2 ? parts[1] : launch.evidence)
    }
    return claims
  }
}
