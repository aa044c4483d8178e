// Made by `make generate` from Sources/Schema/Definitions; change that.
// swift-format-ignore-file
// Long because it is generated.
internal import CSharedRegion
public import PlanModel

extension TrialSettings {
  /// The order's part of them.
  var order: bs_settings_order {
    var order = bs_settings_order()
    order.depth = UInt32(Depth.allCases.firstIndex(of: depth)!)
    order.topology_launches = UInt32(topology.launches)
    order.topology_api_servers = UInt32(topology.apiServers)
    order.pool_low = UInt32(pool.low)
    order.pool_high = UInt32(pool.high)
    order.window_milliseconds = UInt32(window.milliseconds * 1_000)
    order.window_foreign_draws = UInt32(window.foreignDraws)
    order.barrier_kind = UInt32(Barrier.Kind.allCases.firstIndex(of: barrier.kind)!)
    order.barrier_arrival_skew_microseconds = UInt32(barrier.arrivalSkewMicroseconds)
    order.workers = UInt32(WorkerKind.allCases.firstIndex(of: workers)!)
    order.sockets = UInt32(SocketKind.allCases.firstIndex(of: sockets)!)
    order.ownership_check = UInt32(OwnershipCheck.allCases.firstIndex(of: ownershipCheck)!)
    order.timeout_milliseconds = UInt32(timeoutMilliseconds)
    return order
  }

  /// Reads them from an order.
  init(_ order: bs_settings_order) {
    self.init(
      depth: Depth.allCases[Int(order.depth)],
      topology: Topology(launches: Int(order.topology_launches), apiServers: Int(order.topology_api_servers)),
      pool: PortPool(low: Int(order.pool_low), high: Int(order.pool_high)),
      window: Window(milliseconds: Double(order.window_milliseconds) / 1_000, foreignDraws: Int(order.window_foreign_draws)),
      barrier: Barrier(kind: Barrier.Kind.allCases[Int(order.barrier_kind)], arrivalSkewMicroseconds: Int(order.barrier_arrival_skew_microseconds)),
      workers: WorkerKind.allCases[Int(order.workers)],
      sockets: SocketKind.allCases[Int(order.sockets)],
      ownershipCheck: OwnershipCheck.allCases[Int(order.ownership_check)],
      timeoutMilliseconds: Int(order.timeout_milliseconds))
  }
}

extension Startup {
  /// The order's part of it.
  var order: bs_startup_order {
    var order = bs_startup_order()
    order.variant = UInt32(Startup.Variant.allCases.firstIndex(of: variant)!)
    order.backend = UInt32(Startup.Backend.allCases.firstIndex(of: backend)!)
    order.engines = UInt32(engines)
    order.nodes = UInt32(nodes)
    order.local_engines = UInt32(localEngines)
    order.group = UInt32(Startup.Group.allCases.firstIndex(of: group)!)
    order.group_ports = UInt32(groupPorts)
    order.worker_rendezvous = UInt32(Startup.WorkerRendezvous.allCases.firstIndex(of: workerRendezvous)!)
    order.is_reinitialised = isReinitialised ? 1 : 0
    order.teardown_us = UInt32(teardownMilliseconds * 1_000)
    order.has_coordinator = hasCoordinator ? 1 : 0
    order.import_us = UInt32(importMilliseconds * 1_000)
    order.coordinator_import_us = UInt32(coordinatorImportMilliseconds * 1_000)
    order.load_us = UInt32(loadMilliseconds * 1_000)
    order.coordinator_timeout_milliseconds = UInt32(coordinatorTimeoutMilliseconds)
    order.init_timeout_milliseconds = UInt32(initTimeoutMilliseconds)
    order.client_timeout_milliseconds = UInt32(clientTimeoutMilliseconds)
    order.rpc_port = UInt32(rpcPort)
    order.shares_r_p_c_port = sharesRPCPort ? 1 : 0
    order.has_orphan = hasOrphan ? 1 : 0
    order.api_server_node = UInt32(apiServerNode)
    order.uses_i_pv6 = usesIPv6 ? 1 : 0
    order.side_channel_port = UInt32(sideChannelPort)
    order.side_channel_stride = UInt32(sideChannelStride)
    order.shares_side_channel = sharesSideChannel ? 1 : 0
    order.node_ports = UInt32(nodePorts)
    order.reserved_ports_count = NodeReservation.write(reservedPorts, to: bs_reservations_of(&order))
    order.is_hybrid = isHybrid ? 1 : 0
    order.serial_launches = UInt32(serialLaunches)
    order.http = http ? 1 : 0
    order.http_port = UInt32(httpPort)
    order.shares_h_t_t_p_port = sharesHTTPPort ? 1 : 0
    order.http_reuse_port = UInt32(Startup.PortReuse.allCases.firstIndex(of: httpReusePort)!)
    order.has_h_t_t_p_orphan = hasHTTPOrphan ? 1 : 0
    order.http_timeout_milliseconds = UInt32(httpTimeoutMilliseconds)
    order.requests = UInt32(requests)
    order.request_connections = UInt32(requestConnections)
    order.request_us = UInt32(requestMilliseconds * 1_000)
    return order
  }

  /// Reads it from an order.
  init(_ original: bs_startup_order) {
    var order = original
    self.init(
      variant: Startup.Variant.allCases[Int(order.variant)],
      backend: Startup.Backend.allCases[Int(order.backend)],
      engines: Int(order.engines),
      nodes: Int(order.nodes),
      localEngines: Int(order.local_engines),
      group: Startup.Group.allCases[Int(order.group)],
      groupPorts: Int(order.group_ports),
      workerRendezvous: Startup.WorkerRendezvous.allCases[Int(order.worker_rendezvous)],
      isReinitialised: order.is_reinitialised != 0,
      teardownMilliseconds: Double(order.teardown_us) / 1_000,
      hasCoordinator: order.has_coordinator != 0,
      importMilliseconds: Double(order.import_us) / 1_000,
      coordinatorImportMilliseconds: Double(order.coordinator_import_us) / 1_000,
      loadMilliseconds: Double(order.load_us) / 1_000,
      coordinatorTimeoutMilliseconds: Int(order.coordinator_timeout_milliseconds),
      initTimeoutMilliseconds: Int(order.init_timeout_milliseconds),
      clientTimeoutMilliseconds: Int(order.client_timeout_milliseconds),
      rpcPort: Int(order.rpc_port),
      sharesRPCPort: order.shares_r_p_c_port != 0,
      hasOrphan: order.has_orphan != 0,
      apiServerNode: Int(order.api_server_node),
      usesIPv6: order.uses_i_pv6 != 0,
      sideChannelPort: Int(order.side_channel_port),
      sideChannelStride: Int(order.side_channel_stride),
      sharesSideChannel: order.shares_side_channel != 0,
      nodePorts: Int(order.node_ports),
      reservedPorts: NodeReservation.read(order.reserved_ports_count, from: bs_reservations_of(&order)),
      isHybrid: order.is_hybrid != 0,
      serialLaunches: Int(order.serial_launches),
      http: order.http != 0,
      httpPort: Int(order.http_port),
      sharesHTTPPort: order.shares_h_t_t_p_port != 0,
      httpReusePort: Startup.PortReuse.allCases[Int(order.http_reuse_port)],
      hasHTTPOrphan: order.has_h_t_t_p_orphan != 0,
      httpTimeoutMilliseconds: Int(order.http_timeout_milliseconds),
      requests: Int(order.requests),
      requestConnections: Int(order.request_connections),
      requestMilliseconds: Double(order.request_us) / 1_000)
  }
}

extension WorkerOrder {
  /// How far a trial goes.
  @inlinable public var depth: Depth { settings.depth }
  /// Processes of one trial.
  @inlinable public var topology: Topology { settings.topology }
  /// The ephemeral ports of the trial's network namespace.
  @inlinable public var pool: PortPool { settings.pool }
  /// Between allocation and barrier.
  @inlinable public var window: Window { settings.window }
  /// How the binders are released together.
  @inlinable public var barrier: Barrier { settings.barrier }
  /// Where the API server processes come from.
  @inlinable public var workers: WorkerKind { settings.workers }
  /// What the API servers' endpoints are made of.
  @inlinable public var sockets: SocketKind { settings.sockets }
  /// How the harness checks who owns an endpoint. At depth `startup` the served requests are the check.
  @inlinable public var ownershipCheck: OwnershipCheck { settings.ownershipCheck }
  /// Longest time of a phase of a trial. Unit: ms. 10...3600000.
  @inlinable public var timeoutMilliseconds: Int { settings.timeoutMilliseconds }
}

extension BindingOrder {
  /// How far a trial goes.
  @inlinable public var depth: Depth { settings.depth }
  /// Processes of one trial.
  @inlinable public var topology: Topology { settings.topology }
  /// The ephemeral ports of the trial's network namespace.
  @inlinable public var pool: PortPool { settings.pool }
  /// Between allocation and barrier.
  @inlinable public var window: Window { settings.window }
  /// How the binders are released together.
  @inlinable public var barrier: Barrier { settings.barrier }
  /// Where the API server processes come from.
  @inlinable public var workers: WorkerKind { settings.workers }
  /// What the API servers' endpoints are made of.
  @inlinable public var sockets: SocketKind { settings.sockets }
  /// How the harness checks who owns an endpoint. At depth `startup` the served requests are the check.
  @inlinable public var ownershipCheck: OwnershipCheck { settings.ownershipCheck }
  /// Longest time of a phase of a trial. Unit: ms. 10...3600000.
  @inlinable public var timeoutMilliseconds: Int { settings.timeoutMilliseconds }
}
