internal import Glibc
internal import PlanModel
internal import StrategyKit

/// A child that hangs.
struct BrokenHang: BrokenStrategy {
  static let caughtAs = "timeout"
  static let descriptor = broken(
    "broken-hang", "the API server never finishes binding", depths: [.bind])

  init(options: OptionValues) {}

  func allocate(_ launch: Launch) { Self.decideUndrawnNumbers(launch) }

  func bind(_ binder: Binder) {
    while true { pause() }
  }
}
