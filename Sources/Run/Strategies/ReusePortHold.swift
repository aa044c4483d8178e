public import PlanModel
internal import PortModel
public import StrategyKit
internal import Syscalls

/// The launcher holds each number with SO_REUSEPORT, and the API server binds beside it with the same option
/// (rejected by llm-d with data, not taken by pytorch#169142). libzmq does not set it: the API server makes
/// the socket itself and lets libzmq adopt it.
///
/// A process of the same user that sets SO_REUSEPORT shares the port, and its traffic. If the holder listens, too
/// (`holder_listens`), the kernel gives it a share of the connections, which are never accepted.
public struct ReusePortHold: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "reuseport-hold",
    summary: "launcher holds each number with SO_REUSEPORT, the API server binds beside it",
    origin: "llm-d-router#2081, pytorch#169142",
    options: [
      OptionDescriptor(
        name: "holder_listens", defaultValue: 0, range: 0...1,
        summary: "1: the holder listens, too, and swallows connections", breaksModel: true)
    ],
    collisionModel: .heldWithReusePort, depths: [.bind],
    traits: StrategyTraits(
      cooperation: .binder, isKnownBeforehand: true, worksAcrossHosts: false, failure: .silent,
      weakness: "a process of the same user that sets SO_REUSEPORT shares the port unnoticed"))

  private let holderListens: Bool

  public init(options: OptionValues) { holderListens = options["holder_listens"] != 0 }

  public func allocate(_ launch: Launch) throws(StageFailure) {
    for address in 0..<launch.addresses {
      let (socket, port) = try launch.open(
        on: launch.host, sharing: .reusePort, listens: holderListens)
      launch.keep(socket, port: port)
      launch.decide(port, for: address)
    }
  }

  public func bind(_ binder: Binder) {
    for role in EndpointRole.allCases {
      let port = binder.requested(role)
      guard binder.bind(role, port: port, sharing: .reusePort) else { return }
    }
  }
}
