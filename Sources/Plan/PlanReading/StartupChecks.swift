internal import JSON
internal import PlanModel
internal import PortModel

/// Checks of depth `startup`.
extension ScenarioChecks {
  func checkStartup() {
    let startup = self.startup
    checkNodes(of: startup)
    checkSplit(of: startup)
    checkServicePorts(of: startup)
    if startup.usesPaths && !isStored { checkPaths(of: startup) }
    checkGroup(of: startup)
    if startup.isHybrid { checkHybrid(startup) }
  }

  private func checkNodes(of startup: Startup) {
    let node = scenario.node
    if settings.sockets != .zmq { node.report("depth \"startup\" requires \"sockets\": \"zmq\"") }
    if settings.workers != .fresh {
      node.report("depth \"startup\" requires \"workers\": \"fresh\"")
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

  /// Each node but the head node must have an engine core; on the head node there may be none.
  private func checkSplit(of startup: Startup) {
    let (others, remote) = (startup.nodes - 1, startup.engines - startup.localEngines)
    // On a single node another launcher may have all of them.
    let isSplit = others == 0 ? remote == 0 || startup.localEngines == 0 : remote >= others
    if !isSplit {
      scenario.node.report(
        "\(startup.localEngines) of \(startup.engines) engine cores are on the head node, and of \(others) other "
          + "nodes each needs one")
    } else if startup.isHybrid && startup.localEngines == 0 {
      scenario.node.report("\"hybrid_lb\" needs engine cores on every node, the head node too")
    }
  }

  /// On one node vLLM's client addresses and its handshake are paths: a plan that is about their ports means two nodes.
  private func checkPaths(of startup: Startup) {
    let advice = "give \"startup\" the key \"nodes\": 2"
    let places = settings.places
    let binding = running.filter {
      vocabulary.strategy(named: $0.name)?.collisionModel != .noPort
    }.map { "\"\($0.label)\"" }
    if !binding.isEmpty && !startup.isHybrid {
      let node = places["startup.nodes"] ?? places["startup"] ?? places["depth"] ?? scenario.node
      node.report(
        "scenario \"\(scenario.name)\" has one node, where vLLM's client addresses are paths, and its strategies bind "
          + "ports (\(binding.joined(separator: ", "))): \(advice), or choose \"ipc-path\"")
    }
    let given = [("orphan", startup.hasOrphan), ("shares_rpc_port", startup.sharesRPCPort)]
    for (key, isGiven) in given where isGiven {
      (places["startup.\(key)"] ?? scenario.node).report(
        "scenario \"\(scenario.name)\" has one node, where vLLM's handshake is a path and has no port for "
          + "\"\(key)\": \(advice)")
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
    if startup.usesIPv6 {
      node.report("\"dp_group\" is not modelled with \"ipv6\": the group meets over IPv4")
    }
    if startup.workerRendezvous != .none {
      node.report(
        "\"worker_rendezvous\" is for models without a data-parallel group: with \"dp_group\" the workers of all engine cores meet at its next port"
      )
    }
  }

  /// The launchers' own service ports must lie outside the pool and apart from each other.
  private func checkServicePorts(of startup: Startup) {
    let node = scenario.node
    let pool = settings.pool.low...settings.pool.high
    let handshake =
      startup.usesPaths
      ? nil : startup.rpcPort...startup.rpcPort + settings.topology.launches - 1
    if let handshake, handshake.overlaps(pool) {
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
    if let handshake, http.overlaps(handshake) {
      node.report("the HTTP ports \(http) are handshake ports, too")
    }
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
