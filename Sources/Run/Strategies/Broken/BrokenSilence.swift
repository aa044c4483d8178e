internal import PlanModel
internal import PortModel
internal import StrategyKit

/// A report that never comes.
struct BrokenSilence: BrokenStrategy {
  static let caughtAs = "timeout"
  static let descriptor = broken("broken-silence", "the API server never reports", depths: [.bind])

  static let handover = Handover(hasChannel: true)

  init(options: OptionValues) {}

  func allocate(_ launch: Launch) { launch.leaveToBinders() }

  func bind(_ binder: Binder) {
    _ = binder.bind(.input, port: 0) && binder.bind(.output, port: 0)
  }

  func collect(_ launch: Launch) throws(StageFailure) {
    try launch.collectReports(timeoutMilliseconds: 50)
  }
}
