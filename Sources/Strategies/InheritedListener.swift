internal import CLinuxShims
public import Planning
internal import PortModel

/// vllm-project/vllm#54113: the launcher binds and listens before anything starts, hands the listening
/// socket on, and closes its own copy once that is done; the API server adopts it (`ZMQ_USE_FD`).
///
/// Fresh API servers inherit the descriptors by fork, pooled ones get them by SCM_RIGHTS. The launcher
/// must listen: libzmq aborts the process when it adopts a socket that is only bound.
public struct InheritedListener: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "inherited-listener",
    summary: "launcher binds and listens, API server adopts the socket (vLLM #54113)",
    collisionModel: .heldFromTheStart, depths: [.bind])

  public static let handover = Handover.listeners

  public init(options: [Int]) {}

  public func allocate(_ launch: Launch) throws(StageFailure) {
    for number in 0..<launch.addresses {
      let port = try launch.makeListener(number)
      launch.endpoint(number).pointee.requested = port
      launch.endpoint(number).pointee.advertised = port
    }
  }

  public func bind(_ binder: Binder) {
    guard binder.adopt(.input) else { return }
    _ = binder.adopt(.output)
  }
}
