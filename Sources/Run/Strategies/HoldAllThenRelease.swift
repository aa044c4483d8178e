internal import Glibc
public import PlanModel
internal import PortModel
public import StrategyKit
internal import Syscalls

/// Holds every probe socket until the whole batch is allocated, then closes them all (vllm-project/vllm#45064). No port
/// occurs twice in one launch, but nothing reserves the ports after the close.
public struct HoldAllThenRelease: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "hold-all-then-release",
    summary: "holds all probe sockets while it allocates, closes them before the API servers bind",
    origin: "vllm-project/vllm#45064",
    collisionModel: .distinctProbes, depths: [.allocate, .bind],
    traits: StrategyTraits(
      cooperation: .nobody, isKnownBeforehand: true, worksAcrossHosts: true, failure: .closed,
      weakness: "the window from close to bind is as long as before"))

  public init(options: OptionValues) {}

  public func allocate(_ launch: Launch) throws(StageFailure) {
    var held: [Int32] = []
    defer { for socket in held { closeDescriptor(socket) } }
    for address in 0..<launch.addresses {
      let (socket, port) = try launch.open()
      held.append(socket)
      launch.decide(port, for: address)
    }
  }

  public func bind(_ binder: Binder) { binder.bindRequested() }
}
