internal import JSON
internal import PlanModel

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
