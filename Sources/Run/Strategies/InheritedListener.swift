public import PlanModel
internal import PortModel
public import StrategyKit

/// vllm-project/vllm#54113: the launcher binds and listens before anything starts and records the address; the API
/// server inherits the descriptor and adopts it (`ZMQ_USE_FD`); the launcher closes its copy when the API server has
/// started. The port is bound the whole time.
public struct InheritedListener: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "inherited-listener",
    summary: "launcher binds and listens, the forked API server adopts the socket",
    origin: "vllm-project/vllm#54113, #36330 (merged for groups)",
    options: ListenerHandover.options,
    collisionModel: .heldFromTheStart, depths: [.bind],
    traits: StrategyTraits(
      cooperation: .binder, isKnownBeforehand: true, worksAcrossHosts: false, failure: .closed,
      weakness:
        "only where the launcher is the parent, on one host; a leaked copy keeps the port for ever")
  )

  public static let handover = Handover(sockets: .inherited)

  private let listeners: ListenerHandover

  public init(options: OptionValues) { listeners = ListenerHandover(options) }

  public func allocate(_ launch: Launch) throws(StageFailure) { try listeners.allocate(launch) }

  public func bind(_ binder: Binder) { listeners.bind(binder) }

  public func release(_ launch: Launch) { listeners.release(launch) }
}
