internal import JSON
internal import PlanModel

/// Checks of the faults.
extension ScenarioChecks {
  /// Rejects a fault that can never be injected.
  func checkFaults() {
    for (fault, node) in settings.faults {
      guard let known = vocabulary.fault(named: fault.kind.name) else { continue }
      let at = node["at"] ?? node
      if !settings.depth.binds {
        node.report("depth \"\(settings.depth.rawValue)\" has no faults")
      }
      if !known.points.contains(fault.point) {
        let points = InjectionPoint.allCases.filter(known.points.contains).map(\.rawValue)
        at.report(
          "fault \"\(known.name)\" cannot be injected there, only at \(points.joined(separator: ", "))"
        )
      }
      if fault.point.needsStartup && settings.depth != .startup {
        at.report("only depth \"startup\" comes to \(fault.point.rawValue)")
      }
      if known.needsFreshWorkers && settings.workers == .pooled {
        node.report(
          "what fault \"\(known.name)\" does lasts as long as its process: workers must be fresh")
      }
      if let launch = fault.launch, launch >= settings.topology.launches {
        (node["launch"] ?? node).report(
          "there is no launch \(launch); there are \(settings.topology.launches), counted from 0")
      }
      if let place = fault.node { checkNode(place, fault, node) }
      checkVictim(fault, node)
    }
  }

  /// Checks that the victim exists in every arm: some strategies set their own number of API servers.
  private func checkVictim(_ fault: PlannedFault, _ node: PlanNode) {
    guard let index = fault.index else { return }
    let report = node["index"] ?? node
    let role = fault.point.role
    let victims =
      switch role {
      case .launcher: 1
      case .apiServer: scenario.apiServers
      case .engineCore: startup.engines
      }
    if index >= victims {
      report.report(
        "there is no \(role.rawValue) \(index); a launch has \(victims), counted from 0")
      return
    }
    guard role == .apiServer else { return }
    for strategy in running {
      guard let own = vocabulary.strategy(named: strategy.name)?.apiServers, index >= own else {
        continue
      }
      report.report(
        "there is no \(role.rawValue) \(index) with \"\(strategy.label)\"; its launches have \(own), counted from 0; "
          + "choose other strategies with \"strategies\", or give the reason under \"skip\"")
    }
  }

  private func checkNode(
    _ place: Int, _ fault: PlannedFault, _ node: PlanNode
  ) {
    let nodes = startup.nodes
    let report = node["node"] ?? node
    if fault.point.role != .engineCore {
      report.report("only engine cores are on several nodes, not the \(fault.point.role.rawValue)")
    } else if fault.index != nil {
      report.report("expected \"index\" or \"node\", not both")
    } else if place >= nodes {
      report.report("there is no node \(place); there are \(nodes), counted from 0")
    } else if startup.ranks(onNode: place).isEmpty {
      report.report("node \(place) has no engine core")
    }
  }
}
