internal import CLinuxShims
internal import Glibc
public import PlanModel
internal import PortModel
public import StrategyKit
internal import Syscalls

/// The driver probes on its own host, the binder binds on another one (class III of RFC vllm-project/vllm#51275, merged
/// fix #50969). A port that is free on one host may be in use on the other.
///
/// The driver's host is 127.0.0.2, the binder's 127.0.0.1: two addresses of one host have separate ports, as two hosts
/// have.
public struct WrongHostProbe: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "wrong-host-probe",
    summary: "launcher probes on another address than the API server binds",
    origin: "RFC vllm-project/vllm#51275 class III, #50969; cosmos-rl#704",
    collisionModel: .probedElsewhere, depths: [.bind],
    traits: StrategyTraits(
      cooperation: .nobody, isKnownBeforehand: true, worksAcrossHosts: false, failure: .closed,
      weakness: "what is in use on the binder's host is never seen, however short the window"))

  public init(options: OptionValues) {}

  public func allocate(_ launch: Launch) throws(StageFailure) {
    for address in 0..<launch.addresses {
      let (socket, port) = try launch.open(on: .secondLoopback)
      closeDescriptor(socket)
      launch.decide(port, for: address)
    }
  }

  public func bind(_ binder: Binder) { binder.bindRequested() }
}
