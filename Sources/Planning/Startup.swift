/// The rest of a launch at depth `startup`: engine cores, coordinator, handshake, until a request is served.
/// Times stand for work that needs no port (imports, model load, compilation); they are compressed by default
/// and can be set to what the field measures (5 to 25 s between choice and bind).
public struct Startup: Sendable, Equatable, Codable {
  /// In which order vLLM does things, and whom its launcher watches.
  public enum Variant: String, Sendable, Codable, CaseIterable {
    /// v0.19.x: while the engine cores start, nobody watches the API servers.
    case v019 = "v0.19"
    /// After vllm-project/vllm#42585, #43864 and #43417: it does watch them.
    case fixed
  }

  /// How engine cores get their addresses.
  public enum Backend: String, Sendable, Codable, CaseIterable {
    /// By the handshake, after the API servers were started.
    case spawn
    /// As with Ray: copied into the actors before the API servers are started; there is no handshake.
    case ray
  }

  /// Order of steps and supervision.
  public var variant: Variant
  /// How engine cores get their addresses.
  public var backend: Backend
  /// Engine cores of each launch (data-parallel size), 1...256.
  public var engines: Int
  /// Hosts, 1...16: the head node and the others, with `engines / nodes` engine cores each.
  public var nodes: Int
  /// Whether there is a DP coordinator.
  public var hasCoordinator: Bool
  /// What an API server does between its start and its first bind, in milliseconds.
  public var importMilliseconds: Double
  /// What the coordinator does between its start and its bind, in milliseconds.
  public var coordinatorImportMilliseconds: Double
  /// Model load and compilation of an engine core, in milliseconds.
  public var loadMilliseconds: Double
  /// How long the launcher waits for the coordinator's addresses.
  public var coordinatorTimeoutMilliseconds: Int
  /// How long an engine core waits for the init message.
  public var initTimeoutMilliseconds: Int
  /// How long an API server waits for each engine core's first message.
  public var clientTimeoutMilliseconds: Int
  /// Handshake port of the first launch (`data_parallel_rpc_port`).
  public var rpcPort: Int
  /// Whether parallel launches use the same handshake port, instead of consecutive ones.
  public var sharesRPCPort: Bool

  /// The node that the API servers run on. Launcher and probes stay on the head node: on any other, a number is
  /// probed on the wrong host.
  public var apiServerNode: Int
  /// Ports that a service of its own holds on each node but the head node.
  public var nodePorts: Int
  /// Whether an orphan of an earlier launch still holds the handshake port when this one starts. Of launches in a
  /// row, the first one leaves it.
  public var hasOrphan: Bool
  /// Ports of a node that its kernel gives to nobody who asks for any (`ip_local_reserved_ports`).
  public var reservedPorts: [NodeReservation]
  /// `--data-parallel-hybrid-lb`: API servers and engine cores of a node have only to do with one another, so that
  /// vLLM makes the client addresses paths, whatever it would else do.
  public var isHybrid: Bool
  /// Launches one after the other in one trial, each on what the one before has left behind; 1...1000. The first
  /// that fails ends the trial.
  public var serialLaunches: Int

  /// Whether launches are asked over HTTP, too: one `POST /v1/chat/completions` answered by every API server over
  /// the listener that they share.
  public var http: Bool
  /// The HTTP port of the first launch; parallel launches count up.
  public var httpPort: Int
  /// How long it may take until every API server has answered over HTTP.
  public var httpTimeoutMilliseconds: Int
  /// Requests by which requests per second are measured once a launch is served; 0 for no measurement.
  public var requests: Int
  /// How many of them are under way at once.
  public var requestConnections: Int
  /// What an API server does for each request on its one thread, in milliseconds; a pause, as if each API server
  /// had a core of its own.
  public var requestMilliseconds: Double

  /// The strategy that a launch runs with, if not the arm's own.
  public var overridingStrategy: String? { isHybrid ? "ipc-path" : nil }

  /// The node of an API server.
  /// - Parameter count: API servers of the launch.
  public func node(ofServer server: Int, of count: Int) -> Int {
    isHybrid ? server / max(1, count / nodes) : apiServerNode
  }

  /// Whether an API server has to do with an engine core.
  /// - Parameter count: API servers of the launch.
  public func isPair(server: Int, engine: Int, of count: Int) -> Bool {
    !isHybrid || node(ofServer: server, of: count) == node(ofEngine: engine)
  }

  /// Engine cores on the head node; the first ranks.
  public var localEngines: Int { (engines + nodes - 1) / nodes }
  /// The node that an engine core runs on.
  public func node(ofEngine rank: Int) -> Int { rank / localEngines }
  /// Whether a limit is below the time of the healthy work that it bounds, or something else than a collision
  /// of ports is set to go wrong: theory then has nothing to say.
  public var breaksModel: Bool {
    backend == .ray || sharesRPCPort || hasOrphan || apiServerNode != 0 || isHybrid
      || serialLaunches > 1 || !reservedPorts.isEmpty
      || (hasCoordinator
        && Double(coordinatorTimeoutMilliseconds) <= coordinatorImportMilliseconds)
      || Double(clientTimeoutMilliseconds) <= loadMilliseconds
      || Double(initTimeoutMilliseconds) <= importMilliseconds
  }

  public init(
    variant: Variant = .fixed, backend: Backend = .spawn, engines: Int, nodes: Int = 1,
    hasCoordinator: Bool = true, importMilliseconds: Double = 5,
    coordinatorImportMilliseconds: Double = 1, loadMilliseconds: Double = 20,
    coordinatorTimeoutMilliseconds: Int? = nil, initTimeoutMilliseconds: Int = 300_000,
    clientTimeoutMilliseconds: Int = 600_000, rpcPort: Int = 29_550, sharesRPCPort: Bool = false,
    hasOrphan: Bool = false, apiServerNode: Int = 0, nodePorts: Int = 0,
    reservedPorts: [NodeReservation] = [], isHybrid: Bool = false, serialLaunches: Int = 1,
    http: Bool = false, httpPort: Int = 8_000, httpTimeoutMilliseconds: Int = 5_000,
    requests: Int = 0, requestConnections: Int = 32, requestMilliseconds: Double = 0
  ) {
    self.reservedPorts = reservedPorts
    self.isHybrid = isHybrid
    self.serialLaunches = serialLaunches
    self.http = http
    self.httpPort = httpPort
    self.httpTimeoutMilliseconds = httpTimeoutMilliseconds
    self.requests = requests
    self.requestConnections = requestConnections
    self.requestMilliseconds = requestMilliseconds
    self.variant = variant
    self.backend = backend
    self.engines = engines
    self.nodes = nodes
    self.hasCoordinator = hasCoordinator
    self.importMilliseconds = importMilliseconds
    self.coordinatorImportMilliseconds = coordinatorImportMilliseconds
    self.loadMilliseconds = loadMilliseconds
    // vllm-project/vllm#37452 came with 30 s, #42343 raised it.
    self.coordinatorTimeoutMilliseconds =
      coordinatorTimeoutMilliseconds ?? (variant == .v019 ? 30_000 : 120_000)
    self.initTimeoutMilliseconds = initTimeoutMilliseconds
    self.clientTimeoutMilliseconds = clientTimeoutMilliseconds
    self.rpcPort = rpcPort
    self.sharesRPCPort = sharesRPCPort
    self.hasOrphan = hasOrphan
    self.apiServerNode = apiServerNode
    self.nodePorts = nodePorts
  }
}

/// Ports that the kernel of one node reserves.
public struct NodeReservation: Sendable, Equatable, Codable {
  /// Most of them in a plan.
  public static let limit = 16

  /// The node, 0 for the head node.
  public var node: Int
  /// First port.
  public var low: Int
  /// Last port.
  public var high: Int

  public init(node: Int, low: Int, high: Int) {
    self.node = node
    self.low = low
    self.high = high
  }
}

/// The settings of `startup` in a plan; what is not given keeps its value.
struct StartupSettings {
  static let keys = [
    "variant", "backend", "engines", "nodes", "coordinator", "import_ms", "coordinator_import_ms",
    "load_ms", "coordinator_timeout_ms", "init_timeout_ms", "client_timeout_ms", "rpc_port",
    "shares_rpc_port", "orphan", "api_server_node", "node_ports", "reserved_ports", "hybrid_lb",
    "serial_launches", "http", "http_port", "http_timeout_ms", "requests", "request_connections",
    "request_ms",
  ]

  /// All of them, where they were resolved before.
  private let known: Startup?

  /// Nothing given.
  init() { known = nil }

  /// As they were resolved before, whatever is read.
  init(_ startup: Startup) { known = startup }

  private var variant = Startup.Variant.fixed
  private var backend = Startup.Backend.spawn
  private var engines: Int?
  private var nodes = 1
  private var hasCoordinator = true
  private var importMilliseconds = 5.0
  private var coordinatorImportMilliseconds = 1.0
  private var loadMilliseconds = 20.0
  private var coordinatorTimeout: Int?
  private var initTimeout = 300_000
  private var clientTimeout = 600_000
  private var rpcPort = 29_550
  private var sharesRPCPort = false
  private var hasOrphan = false
  private var apiServerNode = 0
  private var nodePorts = 0
  private var reservedPorts: [NodeReservation] = []
  private var isHybrid = false
  private var serialLaunches = 1
  private var http = false
  private var httpPort = 8_000
  private var httpTimeout = 5_000
  private var requests = 0
  private var requestConnections = 32
  private var requestMilliseconds = 0.0

  mutating func read(_ node: PlanNode) {
    guard let object = node.object(keys: Self.keys) else { return }
    func set<Value>(_ target: inout Value, _ value: Value?) { if let value { target = value } }
    set(&variant, object["variant"]?.word(Startup.Variant.self))
    set(&backend, object["backend"]?.word(Startup.Backend.self))
    if let count = object["engines"]?.integer(PlanLimits.engines) { engines = count }
    set(&nodes, object["nodes"]?.integer(PlanLimits.nodes))
    set(&hasCoordinator, object["coordinator"]?.boolean())
    set(&importMilliseconds, object["import_ms"]?.number(PlanLimits.stepMilliseconds))
    set(
      &coordinatorImportMilliseconds,
      object["coordinator_import_ms"]?.number(PlanLimits.stepMilliseconds))
    set(&loadMilliseconds, object["load_ms"]?.number(PlanLimits.stepMilliseconds))
    if let limit = object["coordinator_timeout_ms"]?.integer(PlanLimits.limitMilliseconds) {
      coordinatorTimeout = limit
    }
    set(&initTimeout, object["init_timeout_ms"]?.integer(PlanLimits.limitMilliseconds))
    set(&clientTimeout, object["client_timeout_ms"]?.integer(PlanLimits.limitMilliseconds))
    set(&rpcPort, object["rpc_port"]?.integer(PlanLimits.servicePort))
    set(&sharesRPCPort, object["shares_rpc_port"]?.boolean())
    set(&hasOrphan, object["orphan"]?.boolean())
    set(&apiServerNode, object["api_server_node"]?.integer(PlanLimits.node))
    set(&nodePorts, object["node_ports"]?.integer(PlanLimits.nodePorts))
    if let list = object["reserved_ports"] { reservedPorts = reservations(list) }
    set(&isHybrid, object["hybrid_lb"]?.boolean())
    set(&serialLaunches, object["serial_launches"]?.integer(PlanLimits.serialLaunches))
    set(&http, object["http"]?.boolean())
    set(&httpPort, object["http_port"]?.integer(PlanLimits.servicePort))
    set(&httpTimeout, object["http_timeout_ms"]?.integer(PlanLimits.limitMilliseconds))
    set(&requests, object["requests"]?.integer(PlanLimits.requests))
    set(&requestConnections, object["request_connections"]?.integer(PlanLimits.requestConnections))
    set(&requestMilliseconds, object["request_ms"]?.number(PlanLimits.requestMilliseconds))
  }

  private func reservations(_ list: PlanNode) -> [NodeReservation] {
    // An empty list takes the defaults' reservations away.
    if case .array(let elements) = list.value.content, elements.isEmpty { return [] }
    guard let elements = list.elements() else { return [] }
    if elements.count > NodeReservation.limit {
      list.report("expected at most \(NodeReservation.limit) reservations, found \(elements.count)")
    }
    return elements.compactMap { element -> NodeReservation? in
      guard let object = element.object(keys: ["node", "range"]),
        let node = object.required("node")?.integer(PlanLimits.node),
        let range = object.required("range"), let ends = range.elements()
      else { return nil }
      guard ends.count == 2 else {
        range.report("expected the first and the last port, found \(ends.count) elements")
        return nil
      }
      guard let low = ends[0].integer(PlanLimits.reservedPort),
        let high = ends[1].integer(PlanLimits.reservedPort)
      else {
        return nil
      }
      guard low <= high else {
        range.report("expected the first port not to be above the last, found \(low) and \(high)")
        return nil
      }
      return NodeReservation(node: node, low: low, high: high)
    }
  }

  /// - Parameter apiServers: as many engine cores if the plan does not say, as vLLM's default is the other way
  ///   round.
  func resolved(apiServers: Int) -> Startup {
    if let known { return known }
    return Startup(
      variant: variant, backend: backend, engines: engines ?? min(apiServers, 256), nodes: nodes,
      hasCoordinator: hasCoordinator, importMilliseconds: importMilliseconds,
      coordinatorImportMilliseconds: coordinatorImportMilliseconds,
      loadMilliseconds: loadMilliseconds, coordinatorTimeoutMilliseconds: coordinatorTimeout,
      initTimeoutMilliseconds: initTimeout, clientTimeoutMilliseconds: clientTimeout,
      rpcPort: rpcPort, sharesRPCPort: sharesRPCPort, hasOrphan: hasOrphan,
      apiServerNode: apiServerNode, nodePorts: nodePorts, reservedPorts: reservedPorts,
      isHybrid: isHybrid, serialLaunches: serialLaunches, http: http, httpPort: httpPort,
      httpTimeoutMilliseconds: httpTimeout, requests: requests,
      requestConnections: requestConnections, requestMilliseconds: requestMilliseconds)
  }
}
