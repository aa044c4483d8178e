internal import Glibc
internal import PlanModel
internal import StrategyKit

/// A child that dies.
struct BrokenDeath: BrokenStrategy {
  static let caughtAs = "child-died"
  static let descriptor = broken(
    "broken-death", "the API server exits before it binds", depths: [.bind])

  init(options: OptionValues) {}

  func allocate(_ launch: Launch) { Self.decideUndrawnNumbers(launch) }

  func bind(_ binder: Binder) { _exit(3) }
}
