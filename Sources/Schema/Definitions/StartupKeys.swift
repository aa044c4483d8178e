/// The keys of `startup`.
extension PlanSections {
  private static let stepTime = PlanKey.Kind.milliseconds(0...3_600_000)
  private static let timeLimit = PlanKey.Kind.whole(1...3_600_000)
  private static let servicePort = PlanKey.Kind.whole(1_024...65_000)

  private static let startupSummary = """
    The launch beyond the API servers' binds, at depth `startup`: engine cores, coordinator, handshake, until a request \
    is served. Times stand for work that needs no port (imports, model load, compilation); they are compressed by \
    default and can be set to what the field measures (5 to 25 s between choice and bind).
    """

  static let startup = PlanSection(
    "startup", type: "Startup", prefix: "startup", .startup, startupSummary, startupKeys)

  private static let startupKeys = [
    PlanKey(
      "variant", "variant", .word("Startup.Variant"), .value(".fixed"),
      "In which order vLLM does things, and whom its launcher watches while the engine cores start."
    ),
    PlanKey(
      "backend", "backend", .word("Startup.Backend"), .value(".spawn"),
      "How engine cores get their addresses; ray: copied into actors, for all of which the launcher waits before it starts the API servers, without a handshake."
    ),
    PlanKey(
      "engines", "engines", .whole(1...256),
      .computed("min(apiServers, 256)", "as many as API servers"),
      "Engine cores of each launch (data-parallel size)."),
    PlanKey(
      "nodes", "nodes", .whole(1...16), .value("1"),
      "Hosts: the head node and the others, each with at least one engine core. On one node client addresses and handshake are paths, as in vLLM: there is no port to lose, and strategies that bind ports are refused."
    ),
    PlanKey(
      "local_engines", "localEngines", .whole(0...256),
      // Values of a stored plan are checked later: nothing here may trap.
      .computed(
        "engines / max(nodes, 1) + (engines % max(nodes, 1) == 0 ? 0 : 1)",
        "`engines` / `nodes`, rounded up"),
      "Engine cores on the head node (`--data-parallel-size-local`); the other nodes share the rest evenly, the first ones take what is left over. With 0 on a single node a second, headless launcher has them, and addresses are ports again."
    ),
    PlanKey(
      "dp_group", "group", .word("Startup.Group"), .value(".none"),
      "How the engine cores of a mixture-of-experts model get the ports of their data-parallel group, and their workers those of theirs."
    ),
    PlanKey(
      "dp_ports", "groupPorts", .whole(1...Slots.limit("BS_MAX_GROUP_PORTS")), .value("5"),
      unit: "ports",
      "Ports that the launcher probes for the data-parallel group before any address."
    ),
    PlanKey(
      "worker_rendezvous", "workerRendezvous", .word("Startup.WorkerRendezvous"), .value(".none"),
      "Where the workers of one engine core meet when the model has no data-parallel group."),
    PlanKey(
      "reinit", "isReinitialised", .flag, .value("false"),
      "Whether the data-parallel group is formed anew once the launch is served, as after a fault: engine core 0 probes one port for the group and one for the workers, and all bind or dial them when the old group is down."
    ),
    PlanKey(
      "teardown_ms", "teardownMilliseconds", stepTime, .value("1"), unit: "ms",
      "What an engine core does between the new ports and the new group."),
    PlanKey(
      "coordinator", "hasCoordinator", .flag, .value("true"), "Whether there is a DP coordinator."),
    PlanKey(
      "import_ms", "importMilliseconds", stepTime, .value("5"), unit: "ms",
      "What an API server does between its start and its first bind."),
    PlanKey(
      "coordinator_import_ms", "coordinatorImportMilliseconds", stepTime, .value("1"), unit: "ms",
      "What the coordinator does between its start and its bind."),
    PlanKey(
      "load_ms", "loadMilliseconds", stepTime, .value("20"), unit: "ms",
      "Model load and compilation of an engine core."),
    // vllm-project/vllm#37452 came with 30 s, #42343 raised it.
    PlanKey(
      "coordinator_timeout_ms", "coordinatorTimeoutMilliseconds", timeLimit,
      .computed(
        "variant == .v019 ? 30_000 : 120_000", "30000 in variant v0.19, else 120000"), unit: "ms",
      "How long the launcher waits for the coordinator's addresses."),
    PlanKey(
      "init_timeout_ms", "initTimeoutMilliseconds", timeLimit, .value("300_000"), unit: "ms",
      "How long an engine core waits for the init message."),
    PlanKey(
      "client_timeout_ms", "clientTimeoutMilliseconds", timeLimit, .value("600_000"), unit: "ms",
      "How long an API server waits for each engine core's first message."),
    PlanKey(
      "rpc_port", "rpcPort", servicePort, .value("29_550"), unit: "port",
      "Handshake port of the first launch (`data_parallel_rpc_port`); parallel launches count up. On one node the handshake has none."
    ),
    PlanKey(
      "shares_rpc_port", "sharesRPCPort", .flag, .value("false"),
      "Whether parallel launches use the same handshake port."),
    PlanKey(
      "orphan", "hasOrphan", .flag, .value("false"),
      "Whether an orphan of an earlier launch still holds the handshake port; of serial launches, the first one leaves it."
    ),
    PlanKey(
      "api_server_node", "apiServerNode", .whole(0...15), .value("0"),
      "The node that the API servers run on. Launcher and probes stay on node 0: on any other, a number is probed on the wrong host."
    ),
    PlanKey(
      "ipv6", "usesIPv6", .flag, .value("false"),
      "Whether the nodes are known by IPv6 addresses, at which handshake, coordinator and API servers bind. vLLM probes over IPv4 all the same. Needs at least two nodes."
    ),
    PlanKey(
      "side_channel_port", "sideChannelPort", .whole(0...65_000), .value("0"), unit: "port",
      "Base of a KV connector's side channel: the engine core of rank n binds this port + n * `side_channel_stride` on its node once it has loaded, and hangs if it cannot, as with NIXL; 0 for none."
    ),
    PlanKey(
      "side_channel_stride", "sideChannelStride", .whole(1...64), .value("1"), unit: "ports",
      "Distance of two engine cores' side channels: 1 with NIXL, the tensor-parallel size with Mooncake."
    ),
    PlanKey(
      "shares_side_channel", "sharesSideChannel", .flag, .value("true"),
      "Whether parallel launches have one base, which is vLLM's default; otherwise each has the ports after those of the launch before it."
    ),
    PlanKey(
      "node_ports", "nodePorts", .whole(0...16_000), .value("0"), unit: "ports",
      "Number of ports that a separate service holds on each node but node 0."),
    PlanKey(
      "reserved_ports", "reservedPorts",
      .list("reservation", type: "NodeReservation", 0...Slots.limit("BS_MAX_RESERVATIONS")),
      .value("[]"),
      "Ports of a node that its kernel does not choose by itself (`ip_local_reserved_ports`)."
    ),
    PlanKey(
      "hybrid_lb", "isHybrid", .flag, .value("false"),
      "vLLM's `--data-parallel-hybrid-lb`: API servers and engine cores of a node have only to do with one another, over paths, whatever the strategy. The coordinator's three ports are the kernel's choice."
    ),
    PlanKey(
      "serial_launches", "serialLaunches", .whole(1...1_000), .value("1"), unit: "launches",
      "Launches one after the other in a trial, each on what the one before left; the first that fails ends the row. Each counts."
    ),
    PlanKey(
      "http", "http", .flag, .value("false"),
      "Whether a launch is ready only when every API server has answered POST /v1/chat/completions over the HTTP listener that all share."
    ),
    PlanKey(
      "http_port", "httpPort", servicePort, .value("8_000"), unit: "port",
      "HTTP port of the first launch; parallel launches count up."),
    PlanKey(
      "shares_http_port", "sharesHTTPPort", .flag, .value("false"),
      "Whether parallel launches use the same HTTP port. Their clients then wait for one another: each asks while all that are served listen."
    ),
    PlanKey(
      "http_reuse_port", "httpReusePort", .word("Startup.PortReuse"), .value(".variant"),
      "Whether the HTTP listener sets SO_REUSEPORT beside SO_REUSEADDR."),
    PlanKey(
      "http_orphan", "hasHTTPOrphan", .flag, .value("false"),
      "Whether an API server of an earlier launch still listens on the HTTP port, with the same socket options, and answers 503; of serial launches, the first one leaves it."
    ),
    PlanKey(
      "http_timeout_ms", "httpTimeoutMilliseconds", timeLimit, .value("5_000"), unit: "ms",
      "How long it may take until every API server has answered over HTTP."),
    PlanKey(
      "requests", "requests", .whole(0...1_000_000), .value("0"), unit: "requests",
      "Requests by which requests per second are measured once a launch is served, over HTTP or, without it, by the API servers themselves; 0: not measured."
    ),
    PlanKey(
      "request_connections", "requestConnections", .whole(1...1_024), .value("32"),
      "How many of them are under way at once."),
    PlanKey(
      "request_ms", "requestMilliseconds", .milliseconds(0...60_000), .value("0"), unit: "ms",
      "What an API server does for each request on its one thread; a pause, as if each API server had a processor of its own."
    ),
  ]
}
