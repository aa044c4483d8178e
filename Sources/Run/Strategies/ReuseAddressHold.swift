internal import Glibc
public import PlanModel
internal import PortModel
public import StrategyKit
internal import Syscalls

/// The launcher holds each port with a socket that sets SO_REUSEADDR and never listens; the API server, whose libzmq
/// sets it, too, binds over it (SkyRL#1302, PrimeIntellect#1012).
///
/// The socket blocks plain binds and `bind(0)`. A process that sets SO_REUSEADDR and asks for the port gets it, and
/// once that process listens, the API server fails.
public struct ReuseAddressHold: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "reuseaddr-hold",
    summary: "launcher holds each number with SO_REUSEADDR, the API server binds over it",
    origin: "SkyRL#1302, PrimeIntellect#1012",
    collisionModel: .heldWithReuseAddress, depths: [.bind],
    traits: StrategyTraits(
      cooperation: .binder, isKnownBeforehand: true, worksAcrossHosts: false, failure: .closed,
      weakness: "any process that sets SO_REUSEADDR and asks for the number gets in"))

  public init(options: OptionValues) {}

  public func allocate(_ launch: Launch) throws(StageFailure) {
    for address in 0..<launch.addresses {
      let (socket, port) = try launch.open(sharing: .reuseAddress)
      launch.keep(socket, port: port)
      launch.decide(port, for: address)
    }
  }

  public func bind(_ binder: Binder) { binder.bindRequested() }
}
