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

  /// Number of engine cores on the head node; they have the first ranks.
  public var localEngines: Int { isHeadEmpty ? 0 : (engines + nodes - 1) / nodes }
  /// The node that an engine core runs on.
  public func node(ofEngine rank: Int) -> Int {
    isHeadEmpty ? 1 + rank / ((engines + nodes - 2) / (nodes - 1)) : rank / localEngines
  }
  /// Whether all engine cores are on other nodes than the head node.
  public var isHeadEmpty: Bool { !hasHeadEngines && nodes > 1 }
  /// How the data-parallel group really gets its ports: vLLM's launcher holds a store only beside engine cores of its
  /// own (`local_engine_count > 0`).
  public var effectiveGroup: Group {
    group == .coordStore && !hasHeadEngines ? .list : group
  }
  /// Whether the engine cores can never meet: engine core 0 listens on its own node, and all of them, itself included,
  /// dial the launcher's.
  public var hasLostMaster: Bool { group != .none && isHeadEmpty }
  /// Whether a timeout is below the duration of the healthy work that it limits, or the plan provokes another failure
  /// than a port collision. Theory then makes no prediction.
  public var breaksModel: Bool {
    backend == .ray || sharesRPCPort || hasOrphan || apiServerNode != 0 || isHybrid
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
