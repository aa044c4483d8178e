internal import Glibc
internal import PlanModel
internal import PortModel
public import StrategyKit

/// A strategy that is wrong on purpose, so that a test can show that a checker detects it.
public protocol BrokenStrategy: Strategy {
  /// The outcome that its launches must have (raw value of `Judging.Outcome`).
  static var caughtAs: String { get }
}

extension BrokenStrategy {
  /// Below every pool: no process draws these ports, so that nothing else goes wrong than intended.
  static var firstUndrawnPort: Int { 20_000 }

  /// Chooses a different port for each address.
  static func decideUndrawnNumbers(_ launch: Launch) {
    for address in 0..<launch.addresses {
      launch.decide(
        UInt16(firstUndrawnPort + launch.number * launch.addresses + address), for: address)
    }
  }

  static func broken(
    _ name: String, _ summary: String, depths: Set<Depth>,
    sockets: Set<SocketKind> = Set(SocketKind.allCases)
  ) -> StrategyDescriptor {
    StrategyDescriptor(
      name: name, summary: summary, origin: "broken on purpose", collisionModel: .unmodelled,
      depths: depths, sockets: sockets,
      traits: StrategyTraits(
        cooperation: .nobody, isKnownBeforehand: false, worksAcrossHosts: false, failure: .either,
        weakness: "broken on purpose"))
  }
}

/// Strategies for tests of the checkers only. Plans cannot name them unless the environment variable
/// BINDSTORM_BROKEN_STRATEGIES is 1 in the harness and so in its workers.
public enum BrokenStrategies {
  /// Whether plans may name them.
  public static let areSwitchedOn =
    getenv("BINDSTORM_BROKEN_STRATEGIES").map {
      String(cString: $0) == "1"
    } ?? false

  /// One for each way in which a strategy can be wrong.
  public static let all: [any BrokenStrategy.Type] = [
    BrokenTwoListeners.self,
    BrokenCrossedEndpoints.self,
    BrokenForeignEndpoints.self,
    BrokenPlaceholder.self,
    BrokenLeftListener.self,
    BrokenEarlyReport.self,
    BrokenPhantomReport.self,
    BrokenSameNumber.self,
    BrokenDeafListener.self,
    BrokenSilence.self,
    BrokenDeath.self,
    BrokenHang.self,
  ]
}
