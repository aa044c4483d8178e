// Made by `make generate` from Sources/Schema/Definitions; change that.
// swift-format-ignore-file
// Long because it is generated.
/// How far a trial goes.
public enum Depth: String, Sendable, Codable, CaseIterable {
  /// Addresses are allocated and compared; nothing is bound for good.
  case allocate
  /// Every API server really binds and listens on its two endpoints.
  case bind
  /// The whole start-up with coordinator and engine cores, until every API server has had a request answered by every engine core.
  case startup
}

/// What the API servers' endpoints are made of.
public enum SocketKind: String, Sendable, Codable, CaseIterable {
  /// libzmq ROUTER and PULL with vLLM's options.
  case zmq
  /// Plain TCP listening sockets.
  case tcp
}

/// Where the API server processes come from.
public enum WorkerKind: String, Sendable, Codable, CaseIterable {
  /// A new process per API server per trial.
  case fresh
  /// Processes are kept and reused between trials, with clean state each time.
  case pooled
}

/// How the harness checks who owns an endpoint.
public enum OwnershipCheck: String, Sendable, Codable, CaseIterable {
  /// A nonce is sent to every advertised endpoint and must be answered by its owner.
  case full
  /// The kernel's record of listening sockets must name the owner's socket, and only that.
  case kernel
  /// Only the binder's own word; for benchmarks.
  case off
}

extension Barrier {
/// What the binders wait in.
public enum Kind: String, Sendable, Codable, CaseIterable {
  /// A futex that the harness wakes.
  case futex
  /// Spin with `sched_yield` up to a CLOCK_MONOTONIC deadline.
  case spin
  /// `clock_nanosleep(TIMER_ABSTIME)` up to a deadline.
  case sleep
}
}

extension Startup {
/// In which order vLLM does things, and whom its launcher watches.
public enum Variant: String, Sendable, Codable, CaseIterable {
  /// v0.19.x: API servers are not watched while engine cores start.
  case v019 = "v0.19"
  /// After vllm-project/vllm#42585, #43864 and #43417: it does watch them.
  case fixed
}
}

extension Startup {
/// How engine cores get their addresses.
public enum Backend: String, Sendable, Codable, CaseIterable {
  /// By the handshake, after the API servers were started.
  case spawn
  /// As with Ray: copied into the actors; the API servers are started when all actors have loaded. There is no handshake.
  case ray
}
}

extension Startup {
/// Whether the HTTP listener sets SO_REUSEPORT.
public enum PortReuse: String, Sendable, Codable, CaseIterable {
  /// As vLLM: always in variant `v0.19`, otherwise with more than one API server.
  case variant
  /// Yes.
  case always
  /// No.
  case never
}
}

extension Startup {
/// How the data-parallel group of the engine cores gets its ports.
public enum Group: String, Sendable, Codable, CaseIterable {
  /// There is no group, as with dense models.
  case none
  /// v0.19: the launcher's list. Engine core 0 binds the first number and retries with the next one; all others dial the first.
  case list
  /// v0.32: engine core 0 binds port 0 and publishes it through a store that the launcher holds; without engine cores on the head node as `list`.
  case coordStore = "coord-store"
}
}

extension Startup {
/// Where the workers of one engine core meet.
public enum WorkerRendezvous: String, Sendable, Codable, CaseIterable {
  /// Not modelled.
  case none
  /// v0.19: at a port that the engine core probes before its load and its worker binds after it.
  case port
  /// v0.32: at a file (vllm-project/vllm#50999).
  case file
}
}

/// A place in the start-up at which a fault can be injected, in the order in which a launch passes them.
public enum InjectionPoint: String, Sendable, Codable, CaseIterable {
  /// The launcher has allocated: probed numbers are released.
  case afterProbe = "after-probe"
  /// The launcher has started its API servers and has not closed what it handed to them.
  case afterSpawn = "after-spawn"
  /// An API server is about to bind or adopt its input.
  case beforeInputBind = "before-input-bind"
  /// Its input listens; it is about to bind or adopt its output.
  case beforeOutputBind = "before-output-bind"
  /// The output's socket is bound and does not listen yet. libzmq does both in one call: there the socket is made by hand and adopted.
  case betweenBindAndListen = "between-bind-and-listen"
  /// Both endpoints listen, and the report is about to be made.
  case beforeReport = "before-report"
  /// Half of the report is written. The other half follows when the fault is over.
  case midReport = "mid-report"
  /// The report is made.
  case afterReport = "after-report"
  /// An API server has done its part of the bind.
  case afterReady = "after-ready"
  /// The launcher is about to send an engine core its addresses.
  case beforeHandshakeReply = "before-handshake-reply"
  /// An engine core has its addresses and is about to connect.
  case beforeEngineConnect = "before-engine-connect"
}

extension PublishedFigure {
/// What one observation was.
public enum Unit: String, Sendable, Codable, CaseIterable {
  /// One launch.
  case launch
  /// One trial: one launch or several parallel ones, failed when any failed.
  case trial
}
}

/// What happens in each trial of a scenario, and how often. `trials` and `topology.api_servers` must be given, here or in `defaults`.
public struct TrialSettings: Sendable, Equatable, Codable {
  /// How far a trial goes.
  public var depth: Depth
  /// Processes of one trial.
  public var topology: Topology
  /// The ephemeral ports of the trial's network namespace.
  public var pool: PortPool
  /// Between allocation and barrier.
  public var window: Window
  /// How the binders are released together.
  public var barrier: Barrier
  /// Where the API server processes come from.
  public var workers: WorkerKind
  /// What the API servers' endpoints are made of.
  public var sockets: SocketKind
  /// How the harness checks who owns an endpoint. At depth `startup` the served requests are the check.
  public var ownershipCheck: OwnershipCheck
  /// Longest time of a phase of a trial. Unit: ms. 10...3600000.
  public var timeoutMilliseconds: Int

  public init(
    depth: Depth = .bind,
    topology: Topology,
    pool: PortPool = PortPool(),
    window: Window = Window(),
    barrier: Barrier = Barrier(),
    workers: WorkerKind = .fresh,
    sockets: SocketKind = .zmq,
    ownershipCheck: OwnershipCheck = .full,
    timeoutMilliseconds: Int = 10_000
  ) {
    self.depth = depth
    self.topology = topology
    self.pool = pool
    self.window = window
    self.barrier = barrier
    self.workers = workers
    self.sockets = sockets
    self.ownershipCheck = ownershipCheck
    self.timeoutMilliseconds = timeoutMilliseconds
  }
}

/// Processes of one trial.
public struct Topology: Sendable, Equatable, Codable {
  /// Parallel launches that share the host. 1...64.
  public var launches: Int
  /// API servers of each launch; each has two endpoints. 1...4096.
  public var apiServers: Int

  public init(
    launches: Int = 1,
    apiServers: Int
  ) {
    self.launches = launches
    self.apiServers = apiServers
  }
}

/// The range of ephemeral ports (`ip_local_port_range`), both ends included: one of the two keys. Without either 32768 to 60999, as the kernel has it.
public struct PortPool: Sendable, Equatable, Codable {
  /// First port. Unit: port. 1024...65535.
  public var low: Int
  /// Last port. Unit: port. 1024...65535.
  public var high: Int

  public init(
    low: Int = 32_768,
    high: Int = 60_999
  ) {
    self.low = low
    self.high = high
  }
}

/// What lies between the release of the probed ports and their re-bind. Both conditions must be met before the barrier opens.
public struct Window: Sendable, Equatable, Codable {
  /// Least length. Unit: ms. 0...3600000.
  public var milliseconds: Double
  /// Least number of ports that thieves must have drawn since the addresses were allocated. Unit: ports. 0...60000.
  public var foreignDraws: Int

  public init(
    milliseconds: Double = 0,
    foreignDraws: Int = 0
  ) {
    self.milliseconds = milliseconds
    self.foreignDraws = foreignDraws
  }
}

/// How the binders are released together.
public struct Barrier: Sendable, Equatable, Codable {
  /// What they wait in.
  public var kind: Barrier.Kind
  /// Each binder starts after a further seeded uniform delay of 0 to this many microseconds. Unit: us. 0...60000000.
  public var arrivalSkewMicroseconds: Int

  public init(
    kind: Barrier.Kind = .futex,
    arrivalSkewMicroseconds: Int = 0
  ) {
    self.kind = kind
    self.arrivalSkewMicroseconds = arrivalSkewMicroseconds
  }
}

/// The launch beyond the API servers' binds, at depth `startup`: engine cores, coordinator, handshake, until a request is served. Times stand for work that needs no port (imports, model load, compilation); they are compressed by default and can be set to what the field measures (5 to 25 s between choice and bind).
public struct Startup: Sendable, Equatable, Codable {
  /// In which order vLLM does things, and whom its launcher watches while the engine cores start.
  public var variant: Startup.Variant
  /// How engine cores get their addresses; ray: copied into actors, for all of which the launcher waits before it starts the API servers, without a handshake.
  public var backend: Startup.Backend
  /// Engine cores of each launch (data-parallel size). 1...256.
  public var engines: Int
  /// Hosts: the head node and the others, each with at least one engine core. On one node client addresses and handshake are paths, as in vLLM: there is no port to lose, and strategies that bind ports are refused. 1...16.
  public var nodes: Int
  /// Engine cores on the head node (`--data-parallel-size-local`); the other nodes share the rest evenly, the first ones take what is left over. With 0 on a single node a second, headless launcher has them, and addresses are ports again. 0...256.
  public var localEngines: Int
  /// How the engine cores of a mixture-of-experts model get the ports of their data-parallel group, and their workers those of theirs.
  public var group: Startup.Group
  /// Ports that the launcher probes for the data-parallel group before any address. Unit: ports. 1...8.
  public var groupPorts: Int
  /// Where the workers of one engine core meet when the model has no data-parallel group.
  public var workerRendezvous: Startup.WorkerRendezvous
  /// Whether the data-parallel group is formed anew once the launch is served, as after a fault: engine core 0 probes one port for the group and one for the workers, and all bind or dial them when the old group is down.
  public var isReinitialised: Bool
  /// What an engine core does between the new ports and the new group. Unit: ms. 0...3600000.
  public var teardownMilliseconds: Double
  /// Whether there is a DP coordinator.
  public var hasCoordinator: Bool
  /// What an API server does between its start and its first bind. Unit: ms. 0...3600000.
  public var importMilliseconds: Double
  /// What the coordinator does between its start and its bind. Unit: ms. 0...3600000.
  public var coordinatorImportMilliseconds: Double
  /// Model load and compilation of an engine core. Unit: ms. 0...3600000.
  public var loadMilliseconds: Double
  /// How long the launcher waits for the coordinator's addresses. Unit: ms. 1...3600000.
  public var coordinatorTimeoutMilliseconds: Int
  /// How long an engine core waits for the init message. Unit: ms. 1...3600000.
  public var initTimeoutMilliseconds: Int
  /// How long an API server waits for each engine core's first message. Unit: ms. 1...3600000.
  public var clientTimeoutMilliseconds: Int
  /// Handshake port of the first launch (`data_parallel_rpc_port`); parallel launches count up. On one node the handshake has none. Unit: port. 1024...65000.
  public var rpcPort: Int
  /// Whether parallel launches use the same handshake port.
  public var sharesRPCPort: Bool
  /// Whether an orphan of an earlier launch still holds the handshake port; of serial launches, the first one leaves it.
  public var hasOrphan: Bool
  /// The node that the API servers run on. Launcher and probes stay on node 0: on any other, a number is probed on the wrong host. 0...15.
  public var apiServerNode: Int
  /// Whether the nodes are known by IPv6 addresses, at which handshake, coordinator and API servers bind. vLLM probes over IPv4 all the same. Needs at least two nodes.
  public var usesIPv6: Bool
  /// Base of a KV connector's side channel: the engine core of rank n binds this port + n * `side_channel_stride` on its node once it has loaded, and hangs if it cannot, as with NIXL; 0 for none. Unit: port. 0...65000.
  public var sideChannelPort: Int
  /// Distance of two engine cores' side channels: 1 with NIXL, the tensor-parallel size with Mooncake. Unit: ports. 1...64.
  public var sideChannelStride: Int
  /// Whether parallel launches have one base, which is vLLM's default; otherwise each has the ports after those of the launch before it.
  public var sharesSideChannel: Bool
  /// Number of ports that a separate service holds on each node but node 0. Unit: ports. 0...16000.
  public var nodePorts: Int
  /// Ports of a node that its kernel does not choose by itself (`ip_local_reserved_ports`).
  public var reservedPorts: [NodeReservation]
  /// vLLM's `--data-parallel-hybrid-lb`: API servers and engine cores of a node have only to do with one another, over paths, whatever the strategy. The coordinator's three ports are the kernel's choice.
  public var isHybrid: Bool
  /// Launches one after the other in a trial, each on what the one before left; the first that fails ends the row. Each counts. Unit: launches. 1...1000.
  public var serialLaunches: Int
  /// Whether a launch is ready only when every API server has answered POST /v1/chat/completions over the HTTP listener that all share.
  public var http: Bool
  /// HTTP port of the first launch; parallel launches count up. Unit: port. 1024...65000.
  public var httpPort: Int
  /// Whether parallel launches use the same HTTP port. Their clients then wait for one another: each asks while all that are served listen.
  public var sharesHTTPPort: Bool
  /// Whether the HTTP listener sets SO_REUSEPORT beside SO_REUSEADDR.
  public var httpReusePort: Startup.PortReuse
  /// Whether an API server of an earlier launch still listens on the HTTP port, with the same socket options, and answers 503; of serial launches, the first one leaves it.
  public var hasHTTPOrphan: Bool
  /// How long it may take until every API server has answered over HTTP. Unit: ms. 1...3600000.
  public var httpTimeoutMilliseconds: Int
  /// Requests by which requests per second are measured once a launch is served, over HTTP or, without it, by the API servers themselves; 0: not measured. Unit: requests. 0...1000000.
  public var requests: Int
  /// How many of them are under way at once. 1...1024.
  public var requestConnections: Int
  /// What an API server does for each request on its one thread; a pause, as if each API server had a processor of its own. Unit: ms. 0...60000.
  public var requestMilliseconds: Double

  public init(
    variant: Startup.Variant = .fixed,
    backend: Startup.Backend = .spawn,
    engines: Int,
    nodes: Int = 1,
    localEngines: Int? = nil,
    group: Startup.Group = .none,
    groupPorts: Int = 5,
    workerRendezvous: Startup.WorkerRendezvous = .none,
    isReinitialised: Bool = false,
    teardownMilliseconds: Double = 1,
    hasCoordinator: Bool = true,
    importMilliseconds: Double = 5,
    coordinatorImportMilliseconds: Double = 1,
    loadMilliseconds: Double = 20,
    coordinatorTimeoutMilliseconds: Int? = nil,
    initTimeoutMilliseconds: Int = 300_000,
    clientTimeoutMilliseconds: Int = 600_000,
    rpcPort: Int = 29_550,
    sharesRPCPort: Bool = false,
    hasOrphan: Bool = false,
    apiServerNode: Int = 0,
    usesIPv6: Bool = false,
    sideChannelPort: Int = 0,
    sideChannelStride: Int = 1,
    sharesSideChannel: Bool = true,
    nodePorts: Int = 0,
    reservedPorts: [NodeReservation] = [],
    isHybrid: Bool = false,
    serialLaunches: Int = 1,
    http: Bool = false,
    httpPort: Int = 8_000,
    sharesHTTPPort: Bool = false,
    httpReusePort: Startup.PortReuse = .variant,
    hasHTTPOrphan: Bool = false,
    httpTimeoutMilliseconds: Int = 5_000,
    requests: Int = 0,
    requestConnections: Int = 32,
    requestMilliseconds: Double = 0
  ) {
    self.variant = variant
    self.backend = backend
    self.engines = engines
    self.nodes = nodes
    self.localEngines = localEngines ?? (engines / max(nodes, 1) + (engines % max(nodes, 1) == 0 ? 0 : 1))
    self.group = group
    self.groupPorts = groupPorts
    self.workerRendezvous = workerRendezvous
    self.isReinitialised = isReinitialised
    self.teardownMilliseconds = teardownMilliseconds
    self.hasCoordinator = hasCoordinator
    self.importMilliseconds = importMilliseconds
    self.coordinatorImportMilliseconds = coordinatorImportMilliseconds
    self.loadMilliseconds = loadMilliseconds
    self.coordinatorTimeoutMilliseconds = coordinatorTimeoutMilliseconds ?? (variant == .v019 ? 30_000 : 120_000)
    self.initTimeoutMilliseconds = initTimeoutMilliseconds
    self.clientTimeoutMilliseconds = clientTimeoutMilliseconds
    self.rpcPort = rpcPort
    self.sharesRPCPort = sharesRPCPort
    self.hasOrphan = hasOrphan
    self.apiServerNode = apiServerNode
    self.usesIPv6 = usesIPv6
    self.sideChannelPort = sideChannelPort
    self.sideChannelStride = sideChannelStride
    self.sharesSideChannel = sharesSideChannel
    self.nodePorts = nodePorts
    self.reservedPorts = reservedPorts
    self.isHybrid = isHybrid
    self.serialLaunches = serialLaunches
    self.http = http
    self.httpPort = httpPort
    self.sharesHTTPPort = sharesHTTPPort
    self.httpReusePort = httpReusePort
    self.hasHTTPOrphan = hasHTTPOrphan
    self.httpTimeoutMilliseconds = httpTimeoutMilliseconds
    self.requests = requests
    self.requestConnections = requestConnections
    self.requestMilliseconds = requestMilliseconds
  }

  /// A key that is absent has its default: earlier builds did not store it.
  public init(from decoder: any Decoder) throws {
    let stored = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      variant: try stored.decodeIfPresent(Startup.Variant.self, forKey: .variant) ?? .fixed,
      backend: try stored.decodeIfPresent(Startup.Backend.self, forKey: .backend) ?? .spawn,
      engines: try stored.decode(Int.self, forKey: .engines),
      nodes: try stored.decodeIfPresent(Int.self, forKey: .nodes) ?? 1,
      localEngines: try stored.decodeIfPresent(Int.self, forKey: .localEngines),
      group: try stored.decodeIfPresent(Startup.Group.self, forKey: .group) ?? .none,
      groupPorts: try stored.decodeIfPresent(Int.self, forKey: .groupPorts) ?? 5,
      workerRendezvous: try stored.decodeIfPresent(Startup.WorkerRendezvous.self, forKey: .workerRendezvous) ?? .none,
      isReinitialised: try stored.decodeIfPresent(Bool.self, forKey: .isReinitialised) ?? false,
      teardownMilliseconds: try stored.decodeIfPresent(Double.self, forKey: .teardownMilliseconds) ?? 1,
      hasCoordinator: try stored.decodeIfPresent(Bool.self, forKey: .hasCoordinator) ?? true,
      importMilliseconds: try stored.decodeIfPresent(Double.self, forKey: .importMilliseconds) ?? 5,
      coordinatorImportMilliseconds: try stored.decodeIfPresent(Double.self, forKey: .coordinatorImportMilliseconds) ?? 1,
      loadMilliseconds: try stored.decodeIfPresent(Double.self, forKey: .loadMilliseconds) ?? 20,
      coordinatorTimeoutMilliseconds: try stored.decodeIfPresent(Int.self, forKey: .coordinatorTimeoutMilliseconds),
      initTimeoutMilliseconds: try stored.decodeIfPresent(Int.self, forKey: .initTimeoutMilliseconds) ?? 300_000,
      clientTimeoutMilliseconds: try stored.decodeIfPresent(Int.self, forKey: .clientTimeoutMilliseconds) ?? 600_000,
      rpcPort: try stored.decodeIfPresent(Int.self, forKey: .rpcPort) ?? 29_550,
      sharesRPCPort: try stored.decodeIfPresent(Bool.self, forKey: .sharesRPCPort) ?? false,
      hasOrphan: try stored.decodeIfPresent(Bool.self, forKey: .hasOrphan) ?? false,
      apiServerNode: try stored.decodeIfPresent(Int.self, forKey: .apiServerNode) ?? 0,
      usesIPv6: try stored.decodeIfPresent(Bool.self, forKey: .usesIPv6) ?? false,
      sideChannelPort: try stored.decodeIfPresent(Int.self, forKey: .sideChannelPort) ?? 0,
      sideChannelStride: try stored.decodeIfPresent(Int.self, forKey: .sideChannelStride) ?? 1,
      sharesSideChannel: try stored.decodeIfPresent(Bool.self, forKey: .sharesSideChannel) ?? true,
      nodePorts: try stored.decodeIfPresent(Int.self, forKey: .nodePorts) ?? 0,
      reservedPorts: try stored.decodeIfPresent([NodeReservation].self, forKey: .reservedPorts) ?? [],
      isHybrid: try stored.decodeIfPresent(Bool.self, forKey: .isHybrid) ?? false,
      serialLaunches: try stored.decodeIfPresent(Int.self, forKey: .serialLaunches) ?? 1,
      http: try stored.decodeIfPresent(Bool.self, forKey: .http) ?? false,
      httpPort: try stored.decodeIfPresent(Int.self, forKey: .httpPort) ?? 8_000,
      sharesHTTPPort: try stored.decodeIfPresent(Bool.self, forKey: .sharesHTTPPort) ?? false,
      httpReusePort: try stored.decodeIfPresent(Startup.PortReuse.self, forKey: .httpReusePort) ?? .variant,
      hasHTTPOrphan: try stored.decodeIfPresent(Bool.self, forKey: .hasHTTPOrphan) ?? false,
      httpTimeoutMilliseconds: try stored.decodeIfPresent(Int.self, forKey: .httpTimeoutMilliseconds) ?? 5_000,
      requests: try stored.decodeIfPresent(Int.self, forKey: .requests) ?? 0,
      requestConnections: try stored.decodeIfPresent(Int.self, forKey: .requestConnections) ?? 32,
      requestMilliseconds: try stored.decodeIfPresent(Double.self, forKey: .requestMilliseconds) ?? 0)
  }
}

/// What the plan demands of an arm.
public struct Expectation: Sendable, Equatable, Codable {
  /// The failure rate must be shown to be at most this, at `confidence`. It counts launches that recovered: their port was lost, though they came up after a retry. Between 0.0 and 1.0. Nil: no such demand.
  public var failureRateAtMost: Double?
  /// The failure rate must be shown to be at least this, at `confidence`. It counts launches that recovered. Between 0.0 and 1.0. Nil: no such demand.
  public var failureRateAtLeast: Double?
  /// Label of another strategy in this scenario. The rates must not be told apart (Fisher's exact test, two-sided, at `like_level`), and a difference of more than `like_within` must be ruled out. Nil: no such demand.
  public var like: String?
  /// With `like`: level of the test. If the rates are equal, the row is not as expected with at most this probability. Between 0.0 and 0.5.
  public var likeLevel: Double?
  /// With `like`: largest difference of the two rates that passes. As long as a larger one is not ruled out at `confidence` (two one-sided tests), the row is undecided. Between 0.0 and 1.0.
  public var likeWithin: Double?
  /// Label of another strategy in this scenario. This one's rate must be shown to be lower: exact one-sided test (Fisher's; with `better_by` the unconditional one) at level 1 - `confidence`, adjusted for all comparisons of the plan that demand it (Holm). Nil: no such demand.
  public var betterThan: String?
  /// With `better_than`: the rate must be shown to be lower by more than this. Between 0.0 and 1.0. Nil: any difference.
  public var betterBy: Double?
  /// For `plan --odds` alone, where theory has no rate: the rate of trials in which a launch fails if everything is right, measured or computed elsewhere; `why` says which. 0.0...1.0. Nil: 1 for a demand of at least something, else the launch's own collisions.
  public var assumedRate: Double?
  /// Of the exact one-sided bounds, and 1 - the level of `better_than`. 0.5...0.999999.
  public var confidence: Double
  /// A rate at which the demand is clearly met. With it the row ends as soon as a sequential test (Wald's SPRT) between this rate and the demanded one has decided, after `trials` at most. 0.0...1.0. Nil: a fixed number of trials.
  public var sequentialRate: Double?
  /// With `sequential_rate`: probability at most of deciding against the demand at that rate. 1e-06...0.49.
  public var falseAlarm: Double?
  /// The scenario's must-fail control: if it does not fail as demanded, the scenario proves nothing.
  public var isMustFailControl: Bool
  /// Why this is expected.
  public var why: String

  public init(
    failureRateAtMost: Double? = nil,
    failureRateAtLeast: Double? = nil,
    like: String? = nil,
    likeLevel: Double? = nil,
    likeWithin: Double? = nil,
    betterThan: String? = nil,
    betterBy: Double? = nil,
    assumedRate: Double? = nil,
    confidence: Double = 0.95,
    sequentialRate: Double? = nil,
    falseAlarm: Double? = nil,
    isMustFailControl: Bool = false,
    why: String = ""
  ) {
    self.failureRateAtMost = failureRateAtMost
    self.failureRateAtLeast = failureRateAtLeast
    self.like = like
    self.likeLevel = likeLevel ?? (like == nil ? nil : Self.defaultLikeLevel)
    self.likeWithin = likeWithin ?? (like == nil ? nil : Self.defaultLikeWithin)
    self.betterThan = betterThan
    self.betterBy = betterBy
    self.assumedRate = assumedRate
    self.confidence = confidence
    self.sequentialRate = sequentialRate
    self.falseAlarm = falseAlarm ?? (sequentialRate == nil ? nil : Self.defaultFalseAlarm)
    self.isMustFailControl = isMustFailControl
    self.why = why
  }
}

extension Arm {
  /// How far a trial goes.
  @inlinable public var depth: Depth {
    get { settings.depth }
    set { settings.depth = newValue }
  }
  /// Processes of one trial.
  @inlinable public var topology: Topology {
    get { settings.topology }
    set { settings.topology = newValue }
  }
  /// The ephemeral ports of the trial's network namespace.
  @inlinable public var pool: PortPool {
    get { settings.pool }
    set { settings.pool = newValue }
  }
  /// Between allocation and barrier.
  @inlinable public var window: Window {
    get { settings.window }
    set { settings.window = newValue }
  }
  /// How the binders are released together.
  @inlinable public var barrier: Barrier {
    get { settings.barrier }
    set { settings.barrier = newValue }
  }
  /// Where the API server processes come from.
  @inlinable public var workers: WorkerKind {
    get { settings.workers }
    set { settings.workers = newValue }
  }
  /// What the API servers' endpoints are made of.
  @inlinable public var sockets: SocketKind {
    get { settings.sockets }
    set { settings.sockets = newValue }
  }
  /// How the harness checks who owns an endpoint. At depth `startup` the served requests are the check.
  @inlinable public var ownershipCheck: OwnershipCheck {
    get { settings.ownershipCheck }
    set { settings.ownershipCheck = newValue }
  }
  /// Longest time of a phase of a trial. Unit: ms. 10...3600000.
  @inlinable public var timeoutMilliseconds: Int {
    get { settings.timeoutMilliseconds }
    set { settings.timeoutMilliseconds = newValue }
  }

  public init(
    index: Int, scenario: String, why: String = "", strategy: Choice,
    depth: Depth = .bind,
    topology: Topology,
    pool: PortPool = PortPool(),
    window: Window = Window(),
    barrier: Barrier = Barrier(),
    workers: WorkerKind = .fresh,
    sockets: SocketKind = .zmq,
    ownershipCheck: OwnershipCheck = .full,
    timeoutMilliseconds: Int = 10_000,
    startup: Startup? = nil, thieves: [Choice] = [], faults: [PlannedFault] = [], trials: Int,
    expectation: Expectation? = nil, published: [PublishedFigure] = [],
    skipReason: String? = nil
  ) {
    self.init(
      index: index, scenario: scenario, why: why, strategy: strategy,
      settings: TrialSettings(
        depth: depth,
        topology: topology,
        pool: pool,
        window: window,
        barrier: barrier,
        workers: workers,
        sockets: sockets,
        ownershipCheck: ownershipCheck,
        timeoutMilliseconds: timeoutMilliseconds),
      startup: startup, thieves: thieves, faults: faults, trials: trials,
      expectation: expectation, published: published, skipReason: skipReason)
  }
}
