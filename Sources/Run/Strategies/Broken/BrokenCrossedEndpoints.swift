internal import CLinuxShims
internal import CSharedRegion
internal import PlanModel
internal import RunContract
internal import StrategyKit

/// The wrong API server answers.
struct BrokenCrossedEndpoints: BrokenStrategy {
  static let caughtAs = "cross-talk"
  static let descriptor = broken(
    "broken-crossed-endpoints", "every API server is advertised with its neighbour's ports",
    depths: [.bind])

  static let handover = Handover(hasChannel: true)

  init(options: OptionValues) {}

  func allocate(_ launch: Launch) { launch.leaveToBinders() }

  func bind(_ binder: Binder) {
    guard binder.bind(.input, port: 0), binder.bind(.output, port: 0) else { return }
    binder.report()
  }

  func collect(_ launch: Launch) throws(StageFailure) {
    try launch.collectReports(timeoutMilliseconds: 10_000)
    let ports = (0..<launch.addresses).map { launch.endpoint($0).pointee.advertised }
    let servers = launch.servers
    for server in 0..<servers {
      let next = (server + 1) % servers
      launch.endpoint(server).pointee.advertised = ports[next]
      launch.endpoint(servers + server).pointee.advertised = ports[servers + next]
    }
  }
}
