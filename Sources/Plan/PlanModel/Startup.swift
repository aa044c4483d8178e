// Its settings are generated: Generated/StartupKeys.swift.

extension Startup {
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
