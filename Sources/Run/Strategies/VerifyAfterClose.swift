public import PlanModel
internal import PortModel
public import StrategyKit

/// Probe-then-bind that checks again before it passes the ports on (emqx#17694): a port that can no longer be bound is
/// replaced. It detects an early loss. From the second check to the bind the window is open as before.
public struct VerifyAfterClose: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "verify-after-close",
    summary: "probe-then-bind that checks every number once more before handing it on",
    origin: "emqx#17694",
    options: [
      OptionDescriptor(
        name: "rounds", defaultValue: 3, range: 1...100,
        summary: "how often it replaces what was lost and looks again")
    ],
    collisionModel: .distinctProbes, depths: [.allocate, .bind],
    traits: StrategyTraits(
      cooperation: .nobody, isKnownBeforehand: true, worksAcrossHosts: true, failure: .closed,
      weakness: "the window begins again with the last look"))

  private let rounds: Int

  public init(options: OptionValues) { rounds = options["rounds"] }

  public func allocate(_ launch: Launch) throws(StageFailure) {
    var ports: [UInt16] = []
    for _ in 0..<launch.addresses { ports.append(try launch.probe()) }
    for _ in 0..<rounds {
      var seen: Set<UInt16> = []
      let lost = ports.indices.filter {
        !seen.insert(ports[$0]).inserted || !launch.isFree(ports[$0])
      }
      if lost.isEmpty { break }
      for address in lost { ports[address] = try launch.probe() }
    }
    for (address, port) in ports.enumerated() { launch.decide(port, for: address) }
  }

  public func bind(_ binder: Binder) { binder.bindRequested() }
}
