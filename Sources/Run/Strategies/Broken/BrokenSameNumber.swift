internal import PlanModel
internal import PortModel
internal import StrategyKit

/// One port for all endpoints.
struct BrokenSameNumber: BrokenStrategy {
  static let caughtAs = "lost-to-self"
  static let descriptor = broken(
    "broken-same-number", "all addresses of the launch get one number", depths: [.allocate, .bind])

  init(options: OptionValues) {}

  func allocate(_ launch: Launch) throws(StageFailure) {
    let port = try launch.probe()
    for address in 0..<launch.addresses { launch.decide(port, for: address) }
  }

  func bind(_ binder: Binder) { binder.bindRequested() }
}
