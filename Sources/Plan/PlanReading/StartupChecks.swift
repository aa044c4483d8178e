internal import JSON
internal import PlanModel

/// Checks of depth `startup`.
extension ScenarioChecks {
  func checkStartup() {
    let startup = self.startup
    checkNodes(of: startup)
    checkServicePorts(of: startup)
    if startup.isHybrid { checkHybrid(startup) }
  }

  private func checkNodes(of startup: Startup) {
    let node = scenario.node
    if settings.sockets != .zmq { node.report("depth \"startup\" requires \"sockets\": \"zmq\"") }
    if settings.workers != .fresh {
      node.report("depth \"startup\" requires \"workers\": \"fresh\"")
    }
    if startup.engines % startup.nodes != 0 {
      node.report("\(startup.engines) engine cores do not divide among \(startup.nodes) nodes")
    }
    if startup.apiServerNode >= startup.nodes {
      node.report("there is no node \(startup.apiServerNode) among \(startup.nodes)")
    }
    if settings.topology.launches * startup.engines > 4_096 {
      node.report(
        "\(settings.topology.launches) launches of \(startup.engines) engine cores; at most 4096 fit"
      )
    }
    if startup.usesIPv6 && (startup.nodes == 1 || startup.apiServerNode != 0) {
      node.report(
        "\"ipv6\" needs at least two nodes, and \"api_server_node\" 0: vLLM's addresses on one node are paths"
      )
    }
    if let reserved = startup.reservedPorts.first(where: { $0.node >= startup.nodes }) {
      node.report(
        "there is no node \(reserved.node) among \(startup.nodes), whose ports to reserve")
    }
  }

  /// The launchers' own service ports must lie outside the pool and apart from each other.
  private func checkServicePorts(of startup: Startup) {
    let node = scenario.node
    let pool = settings.pool.low...settings.pool.high
    let handshake = startup.rpcPort...startup.rpcPort + settings.topology.launches - 1
    if handshake.overlaps(pool) {
      node.report("the handshake ports \(handshake) lie in the pool")
    }
    checkSideChannel(of: startup)
    guard startup.http else {
      if startup.sharesHTTPPort || startup.hasHTTPOrphan {
        node.report("\"shares_http_port\" and \"http_orphan\" need \"http\": true")
      }
      return
    }
    let http = startup.httpPort...startup.httpPort(ofLaunch: settings.topology.launches - 1)
    if http.overlaps(pool) { node.report("the HTTP ports \(http) lie in the pool") }
    if http.overlaps(handshake) { node.report("the HTTP ports \(http) are handshake ports, too") }
  }

  private func checkSideChannel(of startup: Startup) {
    guard let first = startup.sideChannelPort(ofEngine: 0, launch: 0),
      let last = startup.sideChannelPort(
        ofEngine: startup.engines - 1, launch: settings.topology.launches - 1)
    else { return }
    let pool = settings.pool.low...settings.pool.high
    if first < 1_024 || last > 65_535 {
      scenario.node.report(
        "the side channels' ports \(first)...\(last) are not within 1024...65535")
    } else if (first...last).overlaps(pool) {
      scenario.node.report("the side channels' ports \(first)...\(last) lie in the pool")
    }
  }

  private func checkHybrid(_ startup: Startup) {
    if startup.backend == .ray || startup.apiServerNode != 0 {
      scenario.node.report("\"hybrid_lb\" has no backend \"ray\" and no \"api_server_node\"")
    }
    if startup.http && startup.nodes > 1 {
      scenario.node.report("\"hybrid_lb\" has an HTTP port on each node, and \"http\" has one")
    }
  }
}
