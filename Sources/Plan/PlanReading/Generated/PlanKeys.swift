// Made by `make generate` from Sources/Schema/Definitions; change that.
// swift-format-ignore-file
// Long because it is generated.
internal import ForcedCalls
internal import PlanModel

/// Least and greatest numbers of a plan's settings, and how many elements its lists may have.
enum PlanLimits {
  static let poolPort = 1_024...65_535
  static let planBudgetSeconds = 0.1...10000000.0
  static let planStrategies = 1...1_024
  static let timeoutMilliseconds = 10...3_600_000
  static let thieves = 0...64
  static let faults = 0...16
  static let trials = 1...10_000_000
  static let topologyLaunches = 1...64
  static let topologyApiServers = 1...4_096
  static let poolSlots = 1...16_384
  static let windowMilliseconds = 0.0...3_600_000.0
  static let windowForeignDraws = 0...60_000
  static let barrierArrivalSkewMicroseconds = 0...60_000_000
  static let startupEngines = 1...256
  static let startupNodes = 1...16
  static let startupLocalEngines = 0...256
  static let startupGroupPorts = 1...8
  static let startupTeardownMilliseconds = 0.0...3_600_000.0
  static let startupImportMilliseconds = 0.0...3_600_000.0
  static let startupCoordinatorImportMilliseconds = 0.0...3_600_000.0
  static let startupLoadMilliseconds = 0.0...3_600_000.0
  static let startupCoordinatorTimeoutMilliseconds = 1...3_600_000
  static let startupInitTimeoutMilliseconds = 1...3_600_000
  static let startupClientTimeoutMilliseconds = 1...3_600_000
  static let startupRpcPort = 1_024...65_000
  static let startupApiServerNode = 0...15
  static let startupSideChannelPort = 0...65_000
  static let startupSideChannelStride = 1...64
  static let startupNodePorts = 0...16_000
  static let startupReservedPorts = 0...16
  static let startupSerialLaunches = 1...1_000
  static let startupHttpPort = 1_024...65_000
  static let startupHttpTimeoutMilliseconds = 1...3_600_000
  static let startupRequests = 0...1_000_000
  static let startupRequestConnections = 1...1_024
  static let startupRequestMilliseconds = 0.0...60_000.0
  static let reservationNode = 0...15
  static let forcingMax = 0...1_000_000
  static let forcingRebind = 1...1_000
  static let forcingMinWindowMilliseconds = 0...3_600_000
  static let injectionDelayMilliseconds = 1...3_600_000
  static let injectionNth = 1...1_000_000
  static let thiefTargetFailureRate = 0.0...1.0
  static let faultLaunch = 0...63
  static let faultIndex = 0...4_095
  static let faultNode = 0...15
  static let faultProbability = 0.0...1.0
  static let faultEvery = 1...10_000_000
  static let expectationFailureRateAtMost = 0.0...1.0
  static let expectationFailureRateAtLeast = 0.0...1.0
  static let expectationLikeLevel = 0.0...0.5
  static let expectationLikeWithin = 0.0...1.0
  static let expectationBetterBy = 0.0...1.0
  static let expectationAssumedRate = 0.0...1.0
  static let expectationConfidence = 0.5...0.999999
  static let expectationSequentialRate = 0.0...1.0
  static let expectationFalseAlarm = 1e-06...0.49
  static let publishedFailures = 0...1_000_000_000
  static let publishedOutOf = 1...1_000_000_000
}

/// The keys of `plan`.
enum PlanKeys {
  static let names = [
    "$schema",
    "version",
    "name",
    "title",
    "seed",
    "budget_seconds",
    "defaults",
    "strategies",
    "scenarios",
  ]
}

/// The keys of `scenario`.
enum ScenarioKeys {
  static let names = [
    "name",
    "why",
    "strategies",
    "expect",
    "forced",
    "published",
    "skip",
  ]
}

/// The keys of `settings`.
enum SettingsKeys {
  static let names = [
    "depth",
    "topology",
    "pool",
    "window",
    "barrier",
    "workers",
    "sockets",
    "ownership_check",
    "timeout_ms",
    "startup",
    "thieves",
    "faults",
    "trials",
  ]
}

extension TrialSettings {
  mutating func read(_ object: PlanObject) {
    if let value = object["depth"]?.word(Depth.self) { depth = value }
    if let node = object["topology"] { topology.read(node) }
    if let node = object["pool"] { pool.read(node) }
    if let node = object["window"] { window.read(node) }
    if let node = object["barrier"] { barrier.read(node) }
    if let value = object["workers"]?.word(WorkerKind.self) { workers = value }
    if let value = object["sockets"]?.word(SocketKind.self) { sockets = value }
    if let value = object["ownership_check"]?.word(OwnershipCheck.self) { ownershipCheck = value }
    if let value = object["timeout_ms"]?.integer(PlanLimits.timeoutMilliseconds) { timeoutMilliseconds = value }
  }
}

/// The keys of `topology`.
enum TopologyKeys {
  static let names = [
    "launches",
    "api_servers",
  ]
}

extension Topology {
  mutating func read(_ node: PlanNode) {
    guard let object = node.object(keys: TopologyKeys.names) else { return }
    if let value = object["launches"]?.integer(PlanLimits.topologyLaunches) { launches = value }
    if let value = object["api_servers"]?.integer(PlanLimits.topologyApiServers) { apiServers = value }
  }
}

/// The keys of `pool`.
enum PoolKeys {
  static let names = [
    "range",
    "slots",
  ]
}

/// The keys of `window`.
enum WindowKeys {
  static let names = [
    "milliseconds",
    "foreign_draws",
  ]
}

extension Window {
  mutating func read(_ node: PlanNode) {
    guard let object = node.object(keys: WindowKeys.names) else { return }
    if let value = object["milliseconds"]?.number(PlanLimits.windowMilliseconds) { milliseconds = value }
    if let value = object["foreign_draws"]?.integer(PlanLimits.windowForeignDraws) { foreignDraws = value }
  }
}

/// The keys of `barrier`.
enum BarrierKeys {
  static let names = [
    "kind",
    "arrival_skew_us",
  ]
}

extension Barrier {
  mutating func read(_ node: PlanNode) {
    guard let object = node.object(keys: BarrierKeys.names) else { return }
    if let value = object["kind"]?.word(Barrier.Kind.self) { kind = value }
    if let value = object["arrival_skew_us"]?.integer(PlanLimits.barrierArrivalSkewMicroseconds) { arrivalSkewMicroseconds = value }
  }
}

/// The keys of `startup`.
enum StartupKeys {
  static let names = [
    "variant",
    "backend",
    "engines",
    "nodes",
    "local_engines",
    "dp_group",
    "dp_ports",
    "worker_rendezvous",
    "reinit",
    "teardown_ms",
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
    "ipv6",
    "side_channel_port",
    "side_channel_stride",
    "shares_side_channel",
    "node_ports",
    "reserved_ports",
    "hybrid_lb",
    "serial_launches",
    "http",
    "http_port",
    "shares_http_port",
    "http_reuse_port",
    "http_orphan",
    "http_timeout_ms",
    "requests",
    "request_connections",
    "request_ms",
  ]
}

/// The settings of `startup` in a plan; what is not given keeps its value.
struct StartupSettings {
  /// All of them, where they were resolved before.
  private let known: Startup?
  private var variant: Startup.Variant?
  private var backend: Startup.Backend?
  private var engines: Int?
  private var nodes: Int?
  private var localEngines: Int?
  private var group: Startup.Group?
  private var groupPorts: Int?
  private var workerRendezvous: Startup.WorkerRendezvous?
  private var isReinitialised: Bool?
  private var teardownMilliseconds: Double?
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
  private var usesIPv6: Bool?
  private var sideChannelPort: Int?
  private var sideChannelStride: Int?
  private var sharesSideChannel: Bool?
  private var nodePorts: Int?
  private var reservedPorts: [NodeReservation]?
  private var isHybrid: Bool?
  private var serialLaunches: Int?
  private var http: Bool?
  private var httpPort: Int?
  private var sharesHTTPPort: Bool?
  private var httpReusePort: Startup.PortReuse?
  private var hasHTTPOrphan: Bool?
  private var httpTimeoutMilliseconds: Int?
  private var requests: Int?
  private var requestConnections: Int?
  private var requestMilliseconds: Double?

  /// Nothing given.
  init() { known = nil }

  /// As they were resolved before, whatever is read.
  init(_ startup: Startup) { known = startup }

  mutating func read(_ node: PlanNode) {
    guard let object = node.object(keys: StartupKeys.names) else { return }
    if let value = object["variant"]?.word(Startup.Variant.self) { variant = value }
    if let value = object["backend"]?.word(Startup.Backend.self) { backend = value }
    if let value = object["engines"]?.integer(PlanLimits.startupEngines) { engines = value }
    if let value = object["nodes"]?.integer(PlanLimits.startupNodes) { nodes = value }
    if let value = object["local_engines"]?.integer(PlanLimits.startupLocalEngines) { localEngines = value }
    if let value = object["dp_group"]?.word(Startup.Group.self) { group = value }
    if let value = object["dp_ports"]?.integer(PlanLimits.startupGroupPorts) { groupPorts = value }
    if let value = object["worker_rendezvous"]?.word(Startup.WorkerRendezvous.self) { workerRendezvous = value }
    if let value = object["reinit"]?.boolean() { isReinitialised = value }
    if let value = object["teardown_ms"]?.number(PlanLimits.startupTeardownMilliseconds) { teardownMilliseconds = value }
    if let value = object["coordinator"]?.boolean() { hasCoordinator = value }
    if let value = object["import_ms"]?.number(PlanLimits.startupImportMilliseconds) { importMilliseconds = value }
    if let value = object["coordinator_import_ms"]?.number(PlanLimits.startupCoordinatorImportMilliseconds) { coordinatorImportMilliseconds = value }
    if let value = object["load_ms"]?.number(PlanLimits.startupLoadMilliseconds) { loadMilliseconds = value }
    if let value = object["coordinator_timeout_ms"]?.integer(PlanLimits.startupCoordinatorTimeoutMilliseconds) { coordinatorTimeoutMilliseconds = value }
    if let value = object["init_timeout_ms"]?.integer(PlanLimits.startupInitTimeoutMilliseconds) { initTimeoutMilliseconds = value }
    if let value = object["client_timeout_ms"]?.integer(PlanLimits.startupClientTimeoutMilliseconds) { clientTimeoutMilliseconds = value }
    if let value = object["rpc_port"]?.integer(PlanLimits.startupRpcPort) { rpcPort = value }
    if let value = object["shares_rpc_port"]?.boolean() { sharesRPCPort = value }
    if let value = object["orphan"]?.boolean() { hasOrphan = value }
    if let value = object["api_server_node"]?.integer(PlanLimits.startupApiServerNode) { apiServerNode = value }
    if let value = object["ipv6"]?.boolean() { usesIPv6 = value }
    if let value = object["side_channel_port"]?.integer(PlanLimits.startupSideChannelPort) { sideChannelPort = value }
    if let value = object["side_channel_stride"]?.integer(PlanLimits.startupSideChannelStride) { sideChannelStride = value }
    if let value = object["shares_side_channel"]?.boolean() { sharesSideChannel = value }
    if let value = object["node_ports"]?.integer(PlanLimits.startupNodePorts) { nodePorts = value }
    if let value = object["reserved_ports"]?.reservations() { reservedPorts = value }
    if let value = object["hybrid_lb"]?.boolean() { isHybrid = value }
    if let value = object["serial_launches"]?.integer(PlanLimits.startupSerialLaunches) { serialLaunches = value }
    if let value = object["http"]?.boolean() { http = value }
    if let value = object["http_port"]?.integer(PlanLimits.startupHttpPort) { httpPort = value }
    if let value = object["shares_http_port"]?.boolean() { sharesHTTPPort = value }
    if let value = object["http_reuse_port"]?.word(Startup.PortReuse.self) { httpReusePort = value }
    if let value = object["http_orphan"]?.boolean() { hasHTTPOrphan = value }
    if let value = object["http_timeout_ms"]?.integer(PlanLimits.startupHttpTimeoutMilliseconds) { httpTimeoutMilliseconds = value }
    if let value = object["requests"]?.integer(PlanLimits.startupRequests) { requests = value }
    if let value = object["request_connections"]?.integer(PlanLimits.startupRequestConnections) { requestConnections = value }
    if let value = object["request_ms"]?.number(PlanLimits.startupRequestMilliseconds) { requestMilliseconds = value }
  }

  /// - Parameter apiServers: of a launch.
  func resolved(apiServers: Int) -> Startup {
    if let known { return known }
    return Startup(
      variant: variant ?? .fixed,
      backend: backend ?? .spawn,
      engines: engines ?? min(apiServers, 256),
      nodes: nodes ?? 1,
      localEngines: localEngines,
      group: group ?? .none,
      groupPorts: groupPorts ?? 5,
      workerRendezvous: workerRendezvous ?? .none,
      isReinitialised: isReinitialised ?? false,
      teardownMilliseconds: teardownMilliseconds ?? 1,
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
      usesIPv6: usesIPv6 ?? false,
      sideChannelPort: sideChannelPort ?? 0,
      sideChannelStride: sideChannelStride ?? 1,
      sharesSideChannel: sharesSideChannel ?? true,
      nodePorts: nodePorts ?? 0,
      reservedPorts: reservedPorts ?? [],
      isHybrid: isHybrid ?? false,
      serialLaunches: serialLaunches ?? 1,
      http: http ?? false,
      httpPort: httpPort ?? 8_000,
      sharesHTTPPort: sharesHTTPPort ?? false,
      httpReusePort: httpReusePort ?? .variant,
      hasHTTPOrphan: hasHTTPOrphan ?? false,
      httpTimeoutMilliseconds: httpTimeoutMilliseconds ?? 5_000,
      requests: requests ?? 0,
      requestConnections: requestConnections ?? 32,
      requestMilliseconds: requestMilliseconds ?? 0)
  }
}

/// The keys of `reservation`.
/// A value that is absent or wrong is its standard or nil. What is wrong is reported.
struct ReservationKeys {
  static let names = [
    "node",
    "range",
  ]

  let object: PlanObject
  let node: Int?
  let range: PlanNode?

  /// Nil, after a report, for anything but an object with keys that are known.
  init?(_ node: PlanNode) {
    guard let object = node.object(keys: Self.names) else { return nil }
    self.init(object)
  }

  init(_ object: PlanObject) {
    self.object = object
    node = object.required("node")?.integer(PlanLimits.reservationNode)
    range = object["range"]
  }
}

/// The keys of `strategy`.
enum StrategyKeys {
  static let names = [
    "name",
    "label",
    "command",
    "check",
    "options",
  ]
}

/// The keys of `forcing`.
/// A value that is absent or wrong is its standard or nil. What is wrong is reported.
struct ForcingKeys {
  static let names = [
    "steal",
    "max",
    "rebind",
    "min_window_ms",
    "only",
    "inject",
  ]

  let object: PlanObject
  let steal: StealMode
  let max: Int
  let rebind: Int?
  let minWindowMilliseconds: Int
  let only: PlanNode?
  let inject: PlanNode?

  /// Nil, after a report, for anything but an object with keys that are known.
  init?(_ node: PlanNode) {
    guard let object = node.object(keys: Self.names) else { return nil }
    self.init(object)
  }

  init(_ object: PlanObject) {
    self.object = object
    steal = object["steal"]?.word(StealMode.self) ?? .lazy
    max = object["max"]?.integer(PlanLimits.forcingMax) ?? 1
    rebind = object["rebind"]?.integer(PlanLimits.forcingRebind)
    minWindowMilliseconds = object["min_window_ms"]?.integer(PlanLimits.forcingMinWindowMilliseconds) ?? 0
    only = object["only"]
    inject = object["inject"]
  }
}

/// The keys of `injection`.
/// A value that is absent or wrong is its standard or nil. What is wrong is reported.
struct InjectionKeys {
  static let names = [
    "call",
    "errno",
    "delay_ms",
    "nth",
    "ports",
    "process",
  ]

  let object: PlanObject
  let call: InjectedCall?
  let error: PlanNode?
  let delayMilliseconds: Int
  let nth: Int?
  let ports: PlanNode?
  let process: PlanNode?

  /// Nil, after a report, for anything but an object with keys that are known.
  init?(_ node: PlanNode) {
    guard let object = node.object(keys: Self.names) else { return nil }
    self.init(object)
  }

  init(_ object: PlanObject) {
    self.object = object
    call = object.required("call")?.word(InjectedCall.self)
    error = object["errno"]
    delayMilliseconds = object["delay_ms"]?.integer(PlanLimits.injectionDelayMilliseconds) ?? 0
    nth = object["nth"]?.integer(PlanLimits.injectionNth)
    ports = object["ports"]
    process = object["process"]
  }
}

/// The keys of `thief`.
enum ThiefKeys {
  static let names = [
    "kind",
    "label",
    "target_failure_rate",
    "options",
  ]
}

/// The keys of `fault`.
/// A value that is absent or wrong is its standard or nil. What is wrong is reported.
struct FaultKeys {
  static let names = [
    "kind",
    "at",
    "label",
    "options",
    "launch",
    "index",
    "node",
    "probability",
    "every",
  ]

  let object: PlanObject
  let kind: PlanNode?
  let point: InjectionPoint?
  let label: PlanNode?
  let options: PlanNode?
  let launch: Int?
  let index: Int?
  let node: Int?
  let probability: Double
  let every: Int

  /// Nil, after a report, for anything but an object with keys that are known.
  init?(_ node: PlanNode) {
    guard let object = node.object(keys: Self.names) else { return nil }
    self.init(object)
  }

  init(_ object: PlanObject) {
    self.object = object
    kind = object["kind"]
    point = object.required("at")?.word(InjectionPoint.self)
    label = object["label"]
    options = object["options"]
    launch = object["launch"]?.integer(PlanLimits.faultLaunch)
    index = object["index"]?.integer(PlanLimits.faultIndex)
    node = object["node"]?.integer(PlanLimits.faultNode)
    probability = object["probability"]?.number(PlanLimits.faultProbability) ?? 1
    every = object["every"]?.integer(PlanLimits.faultEvery) ?? 1
  }
}

/// The keys of `expectation`.
enum ExpectationKeys {
  static let names = [
    "failure_rate_at_most",
    "failure_rate_at_least",
    "like",
    "like_level",
    "like_within",
    "better_than",
    "better_by",
    "assumed_rate",
    "confidence",
    "sequential_rate",
    "false_alarm",
    "must_fail_control",
    "why",
  ]
}

extension Expectation {
  /// What an object with known keys demands. What is wrong is reported.
  init(_ object: PlanObject) {
    self.init(
      failureRateAtMost: object["failure_rate_at_most"]?.number(PlanLimits.expectationFailureRateAtMost),
      failureRateAtLeast: object["failure_rate_at_least"]?.number(PlanLimits.expectationFailureRateAtLeast),
      like: object["like"]?.string(),
      likeLevel: object["like_level"]?.number(PlanLimits.expectationLikeLevel),
      likeWithin: object["like_within"]?.number(PlanLimits.expectationLikeWithin),
      betterThan: object["better_than"]?.string(),
      betterBy: object["better_by"]?.number(PlanLimits.expectationBetterBy),
      assumedRate: object["assumed_rate"]?.number(PlanLimits.expectationAssumedRate),
      confidence: object["confidence"]?.number(PlanLimits.expectationConfidence) ?? 0.95,
      sequentialRate: object["sequential_rate"]?.number(PlanLimits.expectationSequentialRate),
      falseAlarm: object["false_alarm"]?.number(PlanLimits.expectationFalseAlarm),
      isMustFailControl: object["must_fail_control"]?.boolean() ?? false,
      why: object["why"]?.string() ?? "")
  }
}

/// The keys of `published`.
/// A value that is absent or wrong is its standard or nil. What is wrong is reported.
struct PublishedKeys {
  static let names = [
    "strategy",
    "failures",
    "out_of",
    "per",
    "shared_host",
    "source",
  ]

  let object: PlanObject
  let strategy: String?
  let failures: Int?
  let outOf: Int?
  let per: PublishedFigure.Unit
  let sharesHost: Bool
  let source: String?

  /// Nil, after a report, for anything but an object with keys that are known.
  init?(_ node: PlanNode) {
    guard let object = node.object(keys: Self.names) else { return nil }
    self.init(object)
  }

  init(_ object: PlanObject) {
    self.object = object
    strategy = object.required("strategy")?.string()
    failures = object.required("failures")?.integer(PlanLimits.publishedFailures)
    outOf = object.required("out_of")?.integer(PlanLimits.publishedOutOf)
    per = object["per"]?.word(PublishedFigure.Unit.self) ?? .launch
    sharesHost = object["shared_host"]?.boolean() ?? false
    source = object.required("source")?.string()
  }
}

/// What the numbers of a stored plan may be, by property.
enum StoredNumbers {
  static let settings: [StoredNumber] = [
    StoredNumber("topology.launches", .whole(1...64)),
    StoredNumber("topology.apiServers", .whole(1...4_096)),
    StoredNumber("pool.low", .whole(1_024...65_535)),
    StoredNumber("pool.high", .whole(1_024...65_535)),
    StoredNumber("window.milliseconds", .real(0.0...3_600_000.0)),
    StoredNumber("window.foreignDraws", .whole(0...60_000)),
    StoredNumber("barrier.arrivalSkewMicroseconds", .whole(0...60_000_000)),
    StoredNumber("timeoutMilliseconds", .whole(10...3_600_000)),
  ]
  static let startup: [StoredNumber] = [
    StoredNumber("engines", .whole(1...256)),
    StoredNumber("nodes", .whole(1...16)),
    StoredNumber("localEngines", .whole(0...256)),
    StoredNumber("groupPorts", .whole(1...8)),
    StoredNumber("teardownMilliseconds", .real(0.0...3_600_000.0)),
    StoredNumber("importMilliseconds", .real(0.0...3_600_000.0)),
    StoredNumber("coordinatorImportMilliseconds", .real(0.0...3_600_000.0)),
    StoredNumber("loadMilliseconds", .real(0.0...3_600_000.0)),
    StoredNumber("coordinatorTimeoutMilliseconds", .whole(1...3_600_000)),
    StoredNumber("initTimeoutMilliseconds", .whole(1...3_600_000)),
    StoredNumber("clientTimeoutMilliseconds", .whole(1...3_600_000)),
    StoredNumber("rpcPort", .whole(1_024...65_000)),
    StoredNumber("apiServerNode", .whole(0...15)),
    StoredNumber("sideChannelPort", .whole(0...65_000)),
    StoredNumber("sideChannelStride", .whole(1...64)),
    StoredNumber("nodePorts", .whole(0...16_000)),
    StoredNumber("serialLaunches", .whole(1...1_000)),
    StoredNumber("httpPort", .whole(1_024...65_000)),
    StoredNumber("httpTimeoutMilliseconds", .whole(1...3_600_000)),
    StoredNumber("requests", .whole(0...1_000_000)),
    StoredNumber("requestConnections", .whole(1...1_024)),
    StoredNumber("requestMilliseconds", .real(0.0...60_000.0)),
  ]
  static let reservation: [StoredNumber] = [
    StoredNumber("node", .whole(0...15)),
    StoredNumber("low", .whole(1...65_535)),
    StoredNumber("high", .whole(1...65_535)),
  ]
  static let forcing: [StoredNumber] = [
    StoredNumber("max", .whole(0...1_000_000)),
    StoredNumber("rebind", .whole(1...1_000)),
    StoredNumber("minWindowMilliseconds", .whole(0...3_600_000)),
  ]
  static let injection: [StoredNumber] = [
    StoredNumber("delayMilliseconds", .whole(0...3_600_000)),
    StoredNumber("nth", .whole(1...1_000_000)),
  ]
  static let fault: [StoredNumber] = [
    StoredNumber("launch", .whole(0...63)),
    StoredNumber("index", .whole(0...4_095)),
    StoredNumber("node", .whole(0...15)),
    StoredNumber("probability", .real(0.0...1.0)),
    StoredNumber("every", .whole(1...10_000_000)),
  ]
  static let expectation: [StoredNumber] = [
    StoredNumber("failureRateAtMost", .real(0.0...1.0)),
    StoredNumber("failureRateAtLeast", .real(0.0...1.0)),
    StoredNumber("likeLevel", .real(0.0...0.5)),
    StoredNumber("likeWithin", .real(0.0...1.0)),
    StoredNumber("betterBy", .real(0.0...1.0)),
    StoredNumber("assumedRate", .real(0.0...1.0)),
    StoredNumber("confidence", .real(0.5...0.999999)),
    StoredNumber("sequentialRate", .real(0.0...1.0)),
    StoredNumber("falseAlarm", .real(1e-06...0.49)),
  ]
  static let published: [StoredNumber] = [
    StoredNumber("failures", .whole(0...1_000_000_000)),
    StoredNumber("outOf", .whole(1...1_000_000_000)),
  ]
}
