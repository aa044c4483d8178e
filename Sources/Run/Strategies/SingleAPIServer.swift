public import PlanModel
internal import PortModel
public import StrategyKit

/// The report's workaround, `--api-server-count 1`: two addresses instead of 2N. The race remains, with fewer ports to
/// lose, and one API server serves all clients.
public struct SingleAPIServer: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "single-api-server",
    summary: "probe-then-bind with one API server, whatever the scenario says",
    origin: "workaround of vllm-project/vllm#40443",
    collisionModel: .probeThenBind, depths: [.allocate, .bind], apiServers: 1,
    traits: StrategyTraits(
      cooperation: .nobody, isKnownBeforehand: true, worksAcrossHosts: true, failure: .closed,
      weakness: "the window stays, for 2 numbers instead of 2N; costs HTTP throughput"))

  public init(options: OptionValues) {}

  public func allocate(_ launch: Launch) throws(StageFailure) {
    for address in 0..<launch.addresses { launch.decide(try launch.probe(), for: address) }
  }

  public func bind(_ binder: Binder) { binder.bindRequested() }
}
