internal import PlanModel
internal import StrategyKit
internal import Syscalls

/// A process listens, but does not answer.
struct BrokenDeafListener: BrokenStrategy {
  static let caughtAs = "timeout"
  static let descriptor = broken(
    "broken-deaf-listener",
    "the API server claims ports that another process listens on and never serves", depths: [.bind])

  init(options: OptionValues) {}

  func allocate(_ launch: Launch) throws(StageFailure) {
    for address in 0..<launch.addresses {
      let (socket, port) = try launch.open(on: .loopback, listens: true)
      launch.keep(socket, port: port)
      launch.decide(port, for: address)
    }
  }

  func bind(_ binder: Binder) {
    for role in EndpointRole.allCases { binder.pretend(role, port: binder.requested(role)) }
  }
}
