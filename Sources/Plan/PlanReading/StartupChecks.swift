internal import JSON
internal import PlanModel

/// Checks of depth `startup`.
extension ScenarioChecks {
  func checkStartup() {
    let startup = self.startup
    checkNodes(of: startup)
    checkServicePorts(of: startup)
    checkGroup(of: startup)
    if startup.isHybrid { checkHybrid(startup) }
  }

  private func checkNodes(of startup: Startup) {
    let node = scenario.node
    if settings.sockets != .zmq { node.report("depth \"startup\" requires \"sockets\": \"zmq\"") }
    if settings.workers != .fresh {
      node.report("depth \"startup\" requires \"workers\": \"fresh\"")
    }
    if startup.isHeadEmpty {
      if startup.engines % (startup.nodes - 1) != 0 {
        node.report(
          "\(startup.engines) engine cores do not divide among the \(startup.nodes - 1) nodes besides the head node"
        )
      }
    } else if startup.engines % startup.nodes != 0 {
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
    if let reserved = startup.reservedPorts.first(where: { $0.node >= startup.nodes }) {
      node.report(
        "there is no node \(reserved.node) among \(startup.nodes), whose ports to reserve")
    }
  }

  /// What engine cores bind besides their endpoints must fit the kind of model.
  private func checkGroup(of startup: Startup) {
    let node = scenario.node
    if startup.group == .none {
      if startup.isReinitialised {
        node.report("\"reinit\" forms the data-parallel group anew, and \"dp_group\" is \"none\"")
      }
      return
    }
    if startup.engines < 2 { node.report("\"dp_group\" needs at least two engine cores") }
    if startup.workerRendezvous != .none {
      node.report(
        "\"worker_rendezvous\" is for models without a data-parallel group: with \"dp_group\" the workers of all engine cores meet at its next port"
      )
    }
    if startup.isHybrid && startup.isHeadEmpty {
      node.report("\"hybrid_lb\" needs engine cores on the head node")
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
    guard startup.http else { return }
    let http = startup.httpPort...startup.httpPort + settings.topology.launches - 1
    if http.overlaps(pool) { node.report("the HTTP ports \(http) lie in the pool") }
    if http.overlaps(handshake) { node.report("the HTTP ports \(http) are handshake ports, too") }
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
