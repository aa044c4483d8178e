// Made by `make generate` from Sources/Schema/Definitions; change that.
// swift-format-ignore-file
internal import PlanModel

/// The settings of `startup` in a plan; what is not given keeps its value.
struct StartupSettings {
  static let keys = [
    "variant",
    "backend",
    "engines",
    "nodes",
    "coordinator",
    "import_ms",
    "coordinator_import_ms",
    "load_ms",
    "coordinator_timeout_ms",
    "init_timeout_ms",
    "client_timeout_ms",
    "rpc_port",
    "shares_rpc_port",
    "orphan",
    "api_server_node",
    "node_ports",
    "reserved_ports",
    "hybrid_lb",
    "serial_launches",
    "http",
    "http_port",
    "http_timeout_ms",
    "requests",
    "request_connections",
    "request_ms",
  ]

  /// All of them, where they were resolved before.
  private let known: Startup?
  private var variant: Startup.Variant?
  private var backend: Startup.Backend?
  private var engines: Int?
  private var nodes: Int?
  private var hasCoordinator: Bool?
  private var importMilliseconds: Double?
  private var coordinatorImportMilliseconds: Double?
  private var loadMilliseconds: Double?
  private var coordinatorTimeoutMilliseconds: Int?
  private var initTimeoutMilliseconds: Int?
  private var clientTimeoutMilliseconds: Int?
  private var rpcPort: Int?
  private var sharesRPCPort: Bool?
  private var hasOrphan: Bool?
  private var apiServerNode: Int?
  private var nodePorts: Int?
  private var reservedPorts: [NodeReservation]?
  private var isHybrid: Bool?
  private var serialLaunches: Int?
  private var http: Bool?
  private var httpPort: Int?
  private var httpTimeoutMilliseconds: Int?
  private var requests: Int?
  private var requestConnections: Int?
  private var requestMilliseconds: Double?

  /// Nothing given.
  init() { known = nil }

  /// As they were resolved before, whatever is read.
  init(_ startup: Startup) { known = startup }

  mutating func read(_ node: PlanNode) {
    guard let object = node.object(keys: Self.keys) else { return }
    if let value = object["variant"]?.word(Startup.Variant.self) { variant = value }
    if let value = object["backend"]?.word(Startup.Backend.self) { backend = value }
    if let value = object["engines"]?.integer(1...256) { engines = value }
    if let value = object["nodes"]?.integer(1...16) { nodes = value }
    if let value = object["coordinator"]?.boolean() { hasCoordinator = value }
    if let value = object["import_ms"]?.number(0...3600000) { importMilliseconds = value }
    if let value = object["coordinator_import_ms"]?.number(0...3600000) { coordinatorImportMilliseconds = value }
    if let value = object["load_ms"]?.number(0...3600000) { loadMilliseconds = value }
    if let value = object["coordinator_timeout_ms"]?.integer(1...3600000) { coordinatorTimeoutMilliseconds = value }
    if let value = object["init_timeout_ms"]?.integer(1...3600000) { initTimeoutMilliseconds = value }
    if let value = object["client_timeout_ms"]?.integer(1...3600000) { clientTimeoutMilliseconds = value }
    if let value = object["rpc_port"]?.integer(1024...65000) { rpcPort = value }
    if let value = object["shares_rpc_port"]?.boolean() { sharesRPCPort = value }
    if let value = object["orphan"]?.boolean() { hasOrphan = value }
    if let value = object["api_server_node"]?.integer(0...15) { apiServerNode = value }
    if let value = object["node_ports"]?.integer(0...16000) { nodePorts = value }
    if let value = object["reserved_ports"]?.reservations() { reservedPorts = value }
    if let value = object["hybrid_lb"]?.boolean() { isHybrid = value }
    if let value = object["serial_launches"]?.integer(1...1000) { serialLaunches = value }
    if let value = object["http"]?.boolean() { http = value }
    if let value = object["http_port"]?.integer(1024...65000) { httpPort = value }
    if let value = object["http_timeout_ms"]?.integer(1...3600000) { httpTimeoutMilliseconds = value }
    if let value = object["requests"]?.integer(0...1000000) { requests = value }
    if let value = object["request_connections"]?.integer(1...1024) { requestConnections = value }
    if let value = object["request_ms"]?.number(0...60000) { requestMilliseconds = value }
  }

  /// - Parameter apiServers: of a launch.
  func resolved(apiServers: Int) -> Startup {
    if let known { return known }
    return Startup(
      variant: variant ?? .fixed,
      backend: backend ?? .spawn,
      engines: engines ?? min(apiServers, 256),
      nodes: nodes ?? 1,
      hasCoordinator: hasCoordinator ?? true,
      importMilliseconds: importMilliseconds ?? 5,
      coordinatorImportMilliseconds: coordinatorImportMilliseconds ?? 1,
      loadMilliseconds: loadMilliseconds ?? 20,
      coordinatorTimeoutMilliseconds: coordinatorTimeoutMilliseconds,
      initTimeoutMilliseconds: initTimeoutMilliseconds ?? 300_000,
      clientTimeoutMilliseconds: clientTimeoutMilliseconds ?? 600_000,
      rpcPort: rpcPort ?? 29_550,
      sharesRPCPort: sharesRPCPort ?? false,
      hasOrphan: hasOrphan ?? false,
      apiServerNode: apiServerNode ?? 0,
      nodePorts: nodePorts ?? 0,
      reservedPorts: reservedPorts ?? [],
      isHybrid: isHybrid ?? false,
      serialLaunches: serialLaunches ?? 1,
      http: http ?? false,
      httpPort: httpPort ?? 8_000,
      httpTimeoutMilliseconds: httpTimeoutMilliseconds ?? 5_000,
      requests: requests ?? 0,
      requestConnections: requestConnections ?? 32,
      requestMilliseconds: requestMilliseconds ?? 0)
  }

  /// What the numbers of a stored one may be, by property.
  static let storedLimits: [(path: String, limits: StoredLimits)] = [
    ("engines", .whole(1...256)),
    ("nodes", .whole(1...16)),
    ("importMilliseconds", .real(0...3600000)),
    ("coordinatorImportMilliseconds", .real(0...3600000)),
    ("loadMilliseconds", .real(0...3600000)),
    ("coordinatorTimeoutMilliseconds", .whole(1...3600000)),
    ("initTimeoutMilliseconds", .whole(1...3600000)),
    ("clientTimeoutMilliseconds", .whole(1...3600000)),
    ("rpcPort", .whole(1024...65000)),
    ("apiServerNode", .whole(0...15)),
    ("nodePorts", .whole(0...16000)),
    ("serialLaunches", .whole(1...1000)),
    ("httpPort", .whole(1024...65000)),
    ("httpTimeoutMilliseconds", .whole(1...3600000)),
    ("requests", .whole(0...1000000)),
    ("requestConnections", .whole(1...1024)),
    ("requestMilliseconds", .real(0...60000)),
  ]
}
