/// The launcher's record of its engine cores, as a pure state machine: NEW, CONNECTED after HELLO, READY. For another
/// order, an unknown identity, or a wrong place or configuration vLLM raises an error.
public struct HandshakeBook: Sendable {
  /// State of an engine core.
  public enum State: Sendable, Equatable {
    case new
    case connected
    case ready
  }

  /// Why the launcher raises an error.
  public enum Violation: Error, Equatable {
    /// No engine core has this identity.
    case unknownIdentity
    /// The message is not a status message.
    case unreadable
    /// The engine core reports a wrong place.
    case misplaced(rank: Int)
    /// HELLO twice, READY before HELLO, READY twice.
    case outOfOrder(rank: Int)
    /// Its configuration differs.
    case configurationMismatch(rank: Int)
  }

  /// How to react to a message.
  public enum Answer: Sendable, Equatable {
    /// Send the init message to the engine core.
    case initialise(rank: Int)
    /// Nothing; it is ready.
    case noteReady(rank: Int)
  }

  /// States by rank.
  public private(set) var states: [State]
  /// How many are READY.
  public private(set) var readyCount = 0
  private let localEngines: Int
  private let remoteIsHeadless: Bool
  private let configurationHash: Int64?

  /// - Parameters:
  ///   - engines: engine cores of the launch, at least 1.
  ///   - localEngines: this many engine cores, the first ones, run on the launcher's node.
  ///   - remoteIsHeadless: whether the others must be headless. With hybrid load balancing they must not be.
  ///   - configurationHash: the hash that every READY must carry; nil with a single engine.
  public init(
    engines: Int, localEngines: Int, remoteIsHeadless: Bool = true, configurationHash: Int64?
  ) {
    states = Array(repeating: .new, count: engines)
    self.localEngines = localEngines
    self.remoteIsHeadless = remoteIsHeadless
    self.configurationHash = configurationHash
  }

  /// Whether every engine core is READY.
  public var isComplete: Bool { readyCount == states.count }

  /// Takes a message from a DEALER.
  /// - Throws: what the launcher raises for.
  public mutating func receive(
    identity: some Collection<UInt8>, _ frame: some Collection<UInt8>
  ) throws(Violation) -> Answer {
    guard let rank = EngineIdentity.rank(identity), states.indices.contains(rank) else {
      throw .unknownIdentity
    }
    guard let status = EngineStatus(frame) else { throw .unreadable }
    let isLocal = rank < localEngines
    guard status.isLocal == isLocal, status.isHeadless == (!isLocal && remoteIsHeadless) else {
      throw .misplaced(rank: rank)
    }
    switch (states[rank], status.status) {
    case (.new, .hello):
      states[rank] = .connected
      return .initialise(rank: rank)
    case (.connected, .ready):
      guard status.configurationHash == configurationHash else {
        throw .configurationMismatch(rank: rank)
      }
      states[rank] = .ready
      readyCount += 1
      return .noteReady(rank: rank)
    default:
      throw .outOfOrder(rank: rank)
    }
  }
}

/// The coordinator's book, pure: it publishes READY to the engine cores when all of them have subscribed.
public struct CoordinatorBook: Sendable {
  /// The subscription of engine cores.
  public static let subscription: [UInt8] = [1]
  /// The message that they get when all have subscribed.
  public static let ready: [UInt8] = Array("READY".utf8)

  private let engines: Int
  private var subscribed = 0
  private var isDone = false

  public init(engines: Int) { self.engines = engines }

  /// Takes what arrived on the XPUB towards the engine cores; true when READY must be published now.
  public mutating func receive(_ frame: some Collection<UInt8>) -> Bool {
    guard frame.elementsEqual(Self.subscription), !isDone else { return false }
    subscribed += 1
    isDone = subscribed == engines
    return isDone
  }
}

/// What one API server has received and which answers it got, pure.
public struct ServingBook: Sendable {
  /// What an arriving frame means.
  public enum Finding: Sendable, Equatable {
    /// As expected.
    case expected(engine: Int)
    /// Expected, but it came from an engine core of another launch, which vLLM does not notice.
    case foreign(engine: Int)
    /// The first frame of an engine core with another coordinator, which vLLM 0.32.0 notices.
    case otherCoordinator(engine: Int)
    /// Not expected from anybody.
    case stranger
    /// Already received or answered.
    case repeated(engine: Int)
  }

  private let launch: Int64
  private let server: Int
  private let nonces: [Int64]
  private let checksCoordinator: Bool
  /// Ranks of the engine cores with which this API server works.
  public let engines: Set<Int>
  private var heard: Set<Int> = []
  private var answered: Set<Int> = []

  /// - Parameters:
  ///   - nonces: one for each engine core of the launch.
  ///   - engines: ranks of the engine cores with which this API server works; all if nil.
  ///   - checksCoordinator: `Startup.checksCoordinator`.
  public init(
    launch: Int64, server: Int, nonces: [Int64], engines: Set<Int>? = nil,
    checksCoordinator: Bool = false
  ) {
    self.checksCoordinator = checksCoordinator
    self.engines = engines ?? Set(nonces.indices)
    self.launch = launch
    self.server = server
    self.nonces = nonces
  }

  /// Whether every identity was received.
  public var hasHeardAll: Bool { heard.count == engines.count }
  /// Whether every engine core has answered.
  public var isServed: Bool { answered.count == engines.count }

  /// An engine core's first frame: empty, or a ready record that names its launch, where vLLM's names the address of the
  /// launch's coordinator. Apart from that vLLM looks at the identity alone.
  public mutating func hear(
    identity: some Collection<UInt8>, launch: Int64?
  ) -> Finding {
    guard let rank = EngineIdentity.rank(identity), engines.contains(rank) else {
      return .stranger
    }
    guard heard.insert(rank).inserted else { return .repeated(engine: rank) }
    if launch == nil || launch == self.launch { return .expected(engine: rank) }
    return checksCoordinator ? .otherCoordinator(engine: rank) : .foreign(engine: rank)
  }

  /// The request for an engine core.
  public func request(for engine: Int) -> EchoMessage {
    EchoMessage(launch: launch, server: server, engine: engine, nonce: nonces[engine])
  }

  /// An echo that arrived on the PULL. As vLLM, which knows a request by its id alone, it takes the answer of whoever
  /// got the request.
  public mutating func take(_ frame: some Collection<UInt8>) -> Finding {
    guard let echo = EchoMessage(frame), engines.contains(echo.engine), echo.server == server,
      echo.nonce == nonces[echo.engine]
    else { return .stranger }
    guard answered.insert(echo.engine).inserted else { return .repeated(engine: echo.engine) }
    return echo.launch == launch ? .expected(engine: echo.engine) : .foreign(engine: echo.engine)
  }
}
