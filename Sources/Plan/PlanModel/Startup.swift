// Its settings are generated: Generated/PlanTypes.swift.

extension Startup {
  /// The strategy that a launch runs with, if not the arm's own.
  public var overridingStrategy: String? { isHybrid ? "ipc-path" : nil }

  /// The node of an API server.
  /// - Parameter count: API servers of the launch.
  public func node(ofServer server: Int, of count: Int) -> Int {
    isHybrid ? server / max(1, count / nodes) : apiServerNode
  }

  /// Whether an API server works with an engine core.
  /// - Parameter count: API servers of the launch.
  public func isPair(server: Int, engine: Int, of count: Int) -> Bool {
    !isHybrid || node(ofServer: server, of: count) == node(ofEngine: engine)
  }

  /// The ranks of a node's engine cores. The head node has the first ones; the other nodes share the rest, in blocks that
  /// differ by one at most, the larger ones first.
  public func ranks(onNode node: Int) -> Range<Int> {
    let local = min(localEngines, engines)
    // On a single node a second launcher may have started them.
    guard nodes > 1 else { return node == 0 ? 0..<engines : 0..<0 }
    guard node > 0 else { return 0..<local }
    let (size, larger) = (engines - local).quotientAndRemainder(dividingBy: nodes - 1)
    let first = local + (node - 1) * size + min(node - 1, larger)
    return first..<first + size + (node <= larger ? 1 : 0)
  }

  /// Whether the HTTP listener of a launch sets SO_REUSEPORT.
  /// - Parameter servers: API servers of the launch.
  public func reusesHTTPPort(servers: Int) -> Bool {
    switch httpReusePort {
    case .variant: variant == .v019 || servers > 1
    case .always: true
    case .never: false
    }
  }

  /// The HTTP port of a launch.
  public func httpPort(ofLaunch launch: Int) -> Int { httpPort + (sharesHTTPPort ? 0 : launch) }

  /// The port of an engine core's side channel; nil if there is none.
  public func sideChannelPort(ofEngine rank: Int, launch: Int) -> Int? {
    guard sideChannelPort != 0 else { return nil }
    let first = sharesSideChannel ? 0 : launch * engines
    return sideChannelPort + (first + rank) * sideChannelStride
  }

  /// The node that an engine core runs on.
  public func node(ofEngine rank: Int) -> Int {
    (1..<max(1, nodes)).first { ranks(onNode: $0).contains(rank) } ?? 0
  }

  /// Whether vLLM gives client addresses and handshake paths: the launcher has all engine cores. If it has none, they are
  /// another launcher's, even on a single node.
  public var usesPaths: Bool { nodes == 1 && localEngines > 0 }

  /// Whether an API server ends when an engine core's first frame names another coordinator than its own: 0.32.0 asserts
  /// that the addresses are equal (`_apply_ready_response`), 0.19.1 has none in the frame.
  public var checksCoordinator: Bool { variant == .fixed && hasCoordinator }

  /// How the data-parallel group really gets its ports: vLLM's launcher holds a store only beside engine cores of its
  /// own (`local_engine_count > 0`).
  public var effectiveGroup: Group {
    group == .coordStore && localEngines == 0 ? .list : group
  }

  /// Whether the engine cores can never meet: engine core 0 listens on its own node, and all of them, itself included,
  /// dial the launcher's.
  public var hasLostMaster: Bool { group != .none && localEngines == 0 && nodes > 1 }

  /// Whether a timeout is below the duration of the healthy work that it limits, or the plan provokes another failure
  /// than a port collision. Theory then makes no prediction.
  public var breaksModel: Bool {
    backend == .ray || sharesRPCPort || sharesHTTPPort || hasOrphan || hasHTTPOrphan
      || apiServerNode != 0 || isHybrid || sideChannelPort != 0
      || serialLaunches > 1 || !reservedPorts.isEmpty || hasLostMaster
      || (hasCoordinator
        && Double(coordinatorTimeoutMilliseconds) <= coordinatorImportMilliseconds)
      || Double(clientTimeoutMilliseconds) <= loadMilliseconds
      || Double(initTimeoutMilliseconds) <= importMilliseconds
  }
}

/// Ports that the kernel of one node reserves.
public struct NodeReservation: Sendable, Equatable, Codable {
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
