public import PlanModel
internal import PortModel
public import StrategyKit

/// `SingleAPIServer` as vLLM 0.32.0 runs it: the process binds port 0 for both addresses and reads the ports, before it
/// starts anything else. There is no window.
public struct SingleAPIServerWildcard: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "single-api-server-wildcard",
    summary: "the launcher is the only API server: it binds :0 twice, before anything starts",
    origin: "vLLM 0.32.0 with --api-server-count 1",
    collisionModel: .heldFromTheStart, depths: [.bind], apiServers: 1,
    traits: StrategyTraits(
      cooperation: .nobody, isKnownBeforehand: true, worksAcrossHosts: false, failure: .closed,
      weakness: "one process serves all HTTP requests"))

  public static let handover = Handover(sockets: .inherited)

  public init(options: OptionValues) {}

  public func allocate(_ launch: Launch) throws(StageFailure) {
    for address in 0..<launch.addresses { try launch.bindAndHandOver(0, for: address) }
  }

  public func bind(_ binder: Binder) { binder.adoptBoth() }
}
