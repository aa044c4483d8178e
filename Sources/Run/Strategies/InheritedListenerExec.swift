public import PlanModel
internal import PortModel
public import StrategyKit

/// `InheritedListener` for programs that are started by exec, such as vLLM's "spawn" or a Rust front end: the
/// descriptors keep fixed numbers across exec.
public struct InheritedListenerExec: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "inherited-listener-exec",
    summary: "as inherited-listener, through fork and exec of a new program",
    origin: "vllm-project/vllm#54113, #36330 (merged for groups)",
    options: ListenerHandover.options,
    collisionModel: .heldFromTheStart, depths: [.bind],
    traits: StrategyTraits(
      cooperation: .binder, isKnownBeforehand: true, worksAcrossHosts: false, failure: .closed,
      weakness:
        "every descriptor number must survive exec, close-on-exec must be lifted for these alone; a leaked copy keeps the port for ever"
    ))

  public static let handover = Handover(sockets: .inherited, start: .exec)

  private let listeners: ListenerHandover

  public init(options: OptionValues) { listeners = ListenerHandover(options) }

  public func allocate(_ launch: Launch) throws(StageFailure) { try listeners.allocate(launch) }

  public func bind(_ binder: Binder) { listeners.bind(binder) }

  public func release(_ launch: Launch) { listeners.release(launch) }
}
