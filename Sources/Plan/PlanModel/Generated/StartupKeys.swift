// Made by `make generate` from Sources/Schema/Definitions; change that.
// swift-format-ignore-file
/// The launch beyond the API servers' binds, at depth `startup`: engine cores, coordinator, handshake, until a request is served. Times stand for work that needs no port (imports, model load, compilation); they are compressed by default and can be set to what the field measures (5 to 25 s between choice and bind).
public struct Startup: Sendable, Equatable, Codable {
  /// In which order vLLM does things, and whom its launcher watches while the engine cores start.
  public var variant: Startup.Variant
  /// How engine cores get their addresses; ray: copied into them before the API servers start, without a handshake.
  public var backend: Startup.Backend
  /// Engine cores of each launch (data-parallel size). 1...256.
  public var engines: Int
  /// Hosts: the head node and the others, with `engines / nodes` engine cores each. 1...16.
  public var nodes: Int
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
  /// Handshake port of the first launch (`data_parallel_rpc_port`); parallel launches count up. Unit: port. 1024...65000.
  public var rpcPort: Int
  /// Whether parallel launches use the same handshake port.
  public var sharesRPCPort: Bool
  /// Whether an orphan of an earlier launch still holds the handshake port; of serial launches, the first one leaves it.
  public var hasOrphan: Bool
  /// The node that the API servers run on. Launcher and probes stay on node 0: on any other, a number is probed on the wrong host. 0...15.
  public var apiServerNode: Int
  /// Ports that a service of its own holds on each node but node 0. Unit: ports. 0...16000.
  public var nodePorts: Int
  /// Ports of a node that its kernel gives to nobody who asks for any (`ip_local_reserved_ports`).
  public var reservedPorts: [NodeReservation]
  /// vLLM's `--data-parallel-hybrid-lb`: API servers and engine cores of a node have only to do with one another, over paths, whatever the strategy.
  public var isHybrid: Bool
  /// Launches one after the other in a trial, each on what the one before left; the first that fails ends the row. Each counts. Unit: launches. 1...1000.
  public var serialLaunches: Int
  /// Whether a launch is ready only when every API server has answered POST /v1/chat/completions over the HTTP listener that all share.
  public var http: Bool
  /// HTTP port of the first launch; parallel launches count up. Unit: port. 1024...65000.
  public var httpPort: Int
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
    nodePorts: Int = 0,
    reservedPorts: [NodeReservation] = [],
    isHybrid: Bool = false,
    serialLaunches: Int = 1,
    http: Bool = false,
    httpPort: Int = 8_000,
    httpTimeoutMilliseconds: Int = 5_000,
    requests: Int = 0,
    requestConnections: Int = 32,
    requestMilliseconds: Double = 0
  ) {
    self.variant = variant
    self.backend = backend
    self.engines = engines
    self.nodes = nodes
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
    self.nodePorts = nodePorts
    self.reservedPorts = reservedPorts
    self.isHybrid = isHybrid
    self.serialLaunches = serialLaunches
    self.http = http
    self.httpPort = httpPort
    self.httpTimeoutMilliseconds = httpTimeoutMilliseconds
    self.requests = requests
    self.requestConnections = requestConnections
    self.requestMilliseconds = requestMilliseconds
  }
}
