public import PlanModel
internal import PortModel
public import StrategyKit

/// The process that will bind holds the probe socket, closes it and binds at once (vllm-project/vllm#28636, #31230).
/// The window is reduced to the time between its own close and its own bind.
///
/// This requires that one process probes and binds. Here the API server inherits the probe socket, and the launcher
/// closes its copy when the API server has started, which has the same effect.
public struct HoldUntilBind: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "hold-until-bind",
    summary: "keeps the probe socket open until just before the bind",
    origin: "vllm-project/vllm#28636, #31230; verl#7504",
    collisionModel: .unmodelled, depths: [.bind],
    traits: StrategyTraits(
      cooperation: .binder, isKnownBeforehand: true, worksAcrossHosts: false, failure: .closed,
      weakness: "a window of microseconds is left, which a busy host hits"))

  public static let handover = Handover(sockets: .inherited)

  public init(options: OptionValues) {}

  public func allocate(_ launch: Launch) throws(StageFailure) {
    for address in 0..<launch.addresses {
      let (socket, port) = try launch.open()
      launch.decide(port, for: address)
      launch.handOver(socket, port: port, for: address)
    }
  }

  public func bind(_ binder: Binder) {
    for role in EndpointRole.allCases {
      binder.closeHanded(role)
      guard binder.bind(role, port: binder.requested(role)) else { return }
    }
  }
}
