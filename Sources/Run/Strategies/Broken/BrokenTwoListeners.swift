internal import PlanModel
internal import StrategyKit
internal import Syscalls

/// Two sockets listen on one port.
struct BrokenTwoListeners: BrokenStrategy {
  static let caughtAs = "split-brain"
  static let descriptor = broken(
    "broken-two-listeners", "the launcher listens beside the API server on the same port",
    depths: [.bind])

  init(options: OptionValues) {}

  func allocate(_ launch: Launch) throws(StageFailure) {
    for address in 0..<launch.addresses {
      let (socket, port) = try launch.open(on: .loopback, sharing: .reusePort, listens: true)
      launch.keep(socket, port: port)
      launch.decide(port, for: address)
    }
  }

  func bind(_ binder: Binder) {
    for role in EndpointRole.allCases {
      guard binder.bind(role, port: binder.requested(role), sharing: .reusePort) else { return }
    }
  }
}
