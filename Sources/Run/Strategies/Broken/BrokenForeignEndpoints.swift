internal import CLinuxShims
internal import CSharedRegion
internal import PlanModel
internal import RunContract
internal import StrategyKit

/// Engine cores get the addresses of another launch.
struct BrokenForeignEndpoints: BrokenStrategy {
  static let caughtAs = "cross-talk"
  static let descriptor = broken(
    "broken-foreign-endpoints",
    "every launch is advertised with the next launch's ports, a single one with its neighbours'",
    depths: [.bind])

  init(options: OptionValues) {}

  func allocate(_ launch: Launch) { launch.leaveToBinders() }

  /// Each launch can compute the others' endpoints.
  private static func port(slot: Int, _ role: EndpointRole) -> UInt16 {
    UInt16(firstUndrawnPort + 2 * slot + role.rawValue)
  }

  static let handover = Handover(hasChannel: true)

  func bind(_ binder: Binder) {
    for role in EndpointRole.allCases {
      guard binder.bind(role, port: Self.port(slot: binder.slot, role)) else { return }
    }
    binder.report()
  }

  func collect(_ launch: Launch) throws(StageFailure) {
    try launch.collectReports(timeoutMilliseconds: 10_000)
    let launches = launch.order.launches
    for server in 0..<launch.servers {
      let slot =
        launches > 1
        ? (launch.slot(of: server) + launch.servers) % (launches * launch.servers)
        : (server + 1) % launch.servers
      launch.endpoint(server).pointee.advertised = Self.port(slot: slot, .input)
      launch.endpoint(launch.servers + server).pointee.advertised = Self.port(slot: slot, .output)
    }
  }
}
