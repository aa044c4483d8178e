/// How the rest of one launch's start-up went: coordinator, handshake, and what the launcher noticed.
public struct StartupRecord: Sendable, Equatable, Codable {
  /// Who the launcher noticed to have failed.
  public enum Casualty: String, Sendable, Codable, CaseIterable {
    /// Nobody.
    case none
    /// API server number `casualtyNumber`.
    case apiServer = "api-server"
    /// Engine core number `casualtyNumber`.
    case engine
    /// The coordinator.
    case coordinator
    /// The launcher itself.
    case launcher
  }
  /// Number of the launch.
  public var launch: Int
  /// Address that endpoints are bound to, in dotted form.
  public var host: String
  /// Port of the handshake; 0 if it was not bound.
  public var handshakePort: UInt16
  /// When the handshake was bound.
  public var handshakeBound: UInt64
  /// Coordinator's process id, 0 if there is none.
  public var coordinatorPid: Int32
  /// Coordinator's ports towards the engine cores; 0 for paths.
  public var coordinatorPorts: [UInt16]
  /// When the coordinator was started.
  public var coordinatorStarted: UInt64
  /// When the coordinator had bound, in time or not.
  public var coordinatorBound: UInt64
  /// When the launcher took its report; 0 if it gave up.
  public var coordinatorReported: UInt64
  /// Wait status of a coordinator that died by itself; nil while it lived.
  public var coordinatorDied: Int32?
  /// When every engine core was READY.
  public var enginesReady: UInt64
  /// When every API server was served by every engine core.
  public var served: UInt64
  /// When the launcher noticed that the launch has failed; 0 if it did not.
  public var noticed: UInt64
  /// Who it noticed.
  public var casualty: Casualty
  /// Which of them, -1 where that does not apply.
  public var casualtyNumber: Int
  /// The HTTP port that the launcher bound for its API servers; 0 if it did not.
  public var httpPort: UInt16
  /// When it was bound.
  public var httpBound: UInt64
  /// When every API server had answered a request over HTTP; 0 if they did not.
  public var httpAnswered: UInt64
  /// Requests that the HTTP client had sent by then, or when it gave up.
  public var httpRequests: Int
  /// Answers over HTTP that were not of this launch.
  public var httpStrangers: Int
  /// Requests of the measurement, all answered; 0 if there was none.
  public var measuredRequests: Int
  /// How long they took in nanoseconds.
  public var measured: UInt64
  /// Number of the launch in its row, from 0; the records of the trial are this launch's.
  public var serial: Int
  /// The launchers on the nodes 1, 2, ...
  public var headless: [HeadlessRecord]

  public init(
    launch: Int, host: String = "127.0.0.1", handshakePort: UInt16 = 0, handshakeBound: UInt64 = 0,
    coordinatorPid: Int32 = 0, coordinatorPorts: [UInt16] = [0, 0], coordinatorStarted: UInt64 = 0,
    coordinatorBound: UInt64 = 0, coordinatorReported: UInt64 = 0, coordinatorDied: Int32? = nil,
    enginesReady: UInt64 = 0, served: UInt64 = 0, noticed: UInt64 = 0, casualty: Casualty = .none,
    casualtyNumber: Int = -1, httpPort: UInt16 = 0, httpBound: UInt64 = 0,
    httpAnswered: UInt64 = 0, httpRequests: Int = 0, httpStrangers: Int = 0,
    measuredRequests: Int = 0, measured: UInt64 = 0, serial: Int = 0,
    headless: [HeadlessRecord] = []
  ) {
    self.httpPort = httpPort
    self.httpBound = httpBound
    self.httpAnswered = httpAnswered
    self.httpRequests = httpRequests
    self.httpStrangers = httpStrangers
    self.measuredRequests = measuredRequests
    self.measured = measured
    self.serial = serial
    self.headless = headless
    self.launch = launch
    self.host = host
    self.handshakePort = handshakePort
    self.handshakeBound = handshakeBound
    self.coordinatorPid = coordinatorPid
    self.coordinatorPorts = coordinatorPorts
    self.coordinatorStarted = coordinatorStarted
    self.coordinatorBound = coordinatorBound
    self.coordinatorReported = coordinatorReported
    self.coordinatorDied = coordinatorDied
    self.enginesReady = enginesReady
    self.served = served
    self.noticed = noticed
    self.casualty = casualty
    self.casualtyNumber = casualtyNumber
  }
}

/// The launcher of one launch on another node than the head node, as `vllm serve --headless`: the parent of the
/// engine cores there.
public struct HeadlessRecord: Sendable, Equatable, Codable {
  /// Process id, 0 if it was not started.
  public var pid: Int32
  /// When it began.
  public var started: UInt64
  /// When it noticed that one of its engine cores had died; 0 if it did not.
  public var noticed: UInt64
  /// Rank of that engine core; -1 if there is none.
  public var casualty: Int
  /// Wait status if it ended by itself; nil while it lived.
  public var died: Int32?

  public init(
    pid: Int32, started: UInt64 = 0, noticed: UInt64 = 0, casualty: Int = -1, died: Int32? = nil
  ) {
    self.pid = pid
    self.started = started
    self.noticed = noticed
    self.casualty = casualty
    self.died = died
  }
}

/// What one engine core did. Times are 0 until it has come to that.
public struct EngineRecord: Sendable, Equatable, Codable {
  /// Launch it belongs to.
  public var launch: Int
  /// Its rank, from 0.
  public var engine: Int
  /// The node it runs on.
  public var node: Int
  /// Process id.
  public var pid: Int32
  /// When its process began.
  public var started: UInt64
  /// When it had the addresses.
  public var initialised: UInt64
  /// When it had loaded.
  public var loaded: UInt64
  /// When its sockets were connected and its first messages sent.
  public var connected: UInt64
  /// When it was READY.
  public var ready: UInt64
  /// Addresses with port 0 that it was told to connect to.
  public var placeholders: Int
  /// Requests of its own launch that it answered.
  public var requests: Int
  /// Requests that were not for it or not of its launch.
  public var strangers: Int
  /// errno that ended it, 0 if none.
  public var errno: Int32
  /// Stage of `errno`.
  public var stage: Stage
  /// Wait status if it died by itself; nil while it lived.
  public var died: Int32?

  public init(
    launch: Int, engine: Int, node: Int = 0, pid: Int32, started: UInt64 = 0,
    initialised: UInt64 = 0, loaded: UInt64 = 0, connected: UInt64 = 0, ready: UInt64 = 0,
    placeholders: Int = 0, requests: Int = 0, strangers: Int = 0, errno: Int32 = 0,
    stage: Stage = .none, died: Int32? = nil
  ) {
    self.launch = launch
    self.engine = engine
    self.node = node
    self.pid = pid
    self.started = started
    self.initialised = initialised
    self.loaded = loaded
    self.connected = connected
    self.ready = ready
    self.placeholders = placeholders
    self.requests = requests
    self.strangers = strangers
    self.errno = errno
    self.stage = stage
    self.died = died
  }
}

/// What one API server heard of the engine cores. Times are 0 until it has come to that.
public struct ServingRecord: Sendable, Equatable, Codable {
  /// Launch it belongs to.
  public var launch: Int
  /// Number within the launch.
  public var server: Int
  /// When every engine core had been heard.
  public var heard: UInt64
  /// When every engine core had answered a request.
  public var served: UInt64
  /// When its first answer over HTTP had come; 0 if none did.
  public var httpAnswered: UInt64
  /// Process id of its HTTP front end, 0 if there is none.
  public var frontEndPid: Int32
  /// When it gave up.
  public var failed: UInt64
  /// Engine cores that were not heard.
  public var unheard: [Int]
  /// Engine cores that did not answer.
  public var unanswered: [Int]
  /// Messages that were not of this launch.
  public var strangers: Int
  /// errno that ended it, 0 if none.
  public var errno: Int32
  /// Stage of `errno`.
  public var stage: Stage

  public init(
    launch: Int, server: Int, heard: UInt64 = 0, served: UInt64 = 0, failed: UInt64 = 0,
    unheard: [Int] = [], unanswered: [Int] = [], strangers: Int = 0, errno: Int32 = 0,
    stage: Stage = .none, httpAnswered: UInt64 = 0, frontEndPid: Int32 = 0
  ) {
    self.httpAnswered = httpAnswered
    self.frontEndPid = frontEndPid
    self.launch = launch
    self.server = server
    self.heard = heard
    self.served = served
    self.failed = failed
    self.unheard = unheard
    self.unanswered = unanswered
    self.strangers = strangers
    self.errno = errno
    self.stage = stage
  }
}
