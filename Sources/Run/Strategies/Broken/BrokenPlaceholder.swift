internal import PlanModel
internal import PortModel
internal import StrategyKit

/// The peers get the wildcard port 0: connecting to it never fails and never succeeds.
struct BrokenPlaceholder: BrokenStrategy {
  static let caughtAs = "placeholder-leak"
  static let descriptor = broken("broken-placeholder", "the peers are told port 0", depths: [.bind])

  init(options: OptionValues) {}

  func allocate(_ launch: Launch) { launch.leaveToBinders() }

  func bind(_ binder: Binder) {
    _ = binder.bind(.input, port: 0) && binder.bind(.output, port: 0)
  }
}
