internal import PlanModel
internal import StrategyKit
internal import Syscalls

/// A listening socket that no process closes outlives the trial.
struct BrokenLeftListener: BrokenStrategy {
  static let caughtAs = "leaked"
  static let descriptor = broken(
    "broken-left-listener", "the launcher leaves a listener behind", depths: [.bind])

  init(options: OptionValues) {}

  func allocate(_ launch: Launch) throws(StageFailure) {
    Self.decideUndrawnNumbers(launch)
    _ = try launch.open(on: .loopback, listens: true)
  }

  func bind(_ binder: Binder) { binder.bindRequested() }
}
