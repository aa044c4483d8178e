public import PlanModel
internal import PortModel
public import StrategyKit

/// `InheritedListener` for API servers that already run: the listeners are passed through a Unix socket (SCM_RIGHTS,
/// unix(7)).
public struct InheritedListenerPassed: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "inherited-listener-passed",
    summary: "as inherited-listener, with the sockets passed through a Unix socket (SCM_RIGHTS)",
    origin: "vllm-project/vllm#54113, #36330 (merged for groups)",
    options: ListenerHandover.options,
    collisionModel: .heldFromTheStart, depths: [.bind],
    traits: StrategyTraits(
      cooperation: .binder, isKnownBeforehand: true, worksAcrossHosts: false, failure: .closed,
      weakness:
        "needs a channel to a process that already runs, on one host; a leaked copy keeps the port for ever"
    ))

  public static let handover = Handover(sockets: .passed)

  private let listeners: ListenerHandover

  public init(options: OptionValues) { listeners = ListenerHandover(options) }

  public func allocate(_ launch: Launch) throws(StageFailure) { try listeners.allocate(launch) }

  public func bind(_ binder: Binder) { listeners.bind(binder) }

  public func release(_ launch: Launch) { listeners.release(launch) }
}
