internal import JSON
internal import PlanModel
internal import PortModel

/// Checks the values of a scenario against each other and against what its strategies, thieves and faults can do. Used
/// for a plan's scenarios, and for each arm of a stored plan.
struct ScenarioChecks {
  let scenario: Scenario
  let vocabulary: Vocabulary
  /// Whether the scenario is an arm of a stored run, which happened as it did.
  var isStored = false

  var settings: ScenarioSettings { scenario.settings }
  /// The start-up with its defaults filled in.
  var startup: Startup { settings.startup.resolved(apiServers: scenario.apiServers) }
  /// The strategies that run.
  var running: [Choice] {
    scenario.strategies.filter { scenario.skipped[$0.label] == nil }
  }

  /// Reports every contradiction at its place in the document.
  func report() {
    checkSizes()
    if settings.depth == .startup { checkStartup() }
    for strategy in running {
      guard let known = vocabulary.strategy(named: strategy.name) else { continue }
      checkFit(known)
      if known.takesCommand { checkDeadlines(strategy, known) }
    }
    checkFaults()
    checkDraws()
    checkTimes()
    checkExpectations()
  }

  /// The launches must fit into the shared region, and their ports into the pool.
  private func checkSizes() {
    let servers = settings.topology.launches * scenario.apiServers
    if servers > 4096 {
      scenario.node.report(
        "\(settings.topology.launches) launches of \(scenario.apiServers) API servers are \(servers); at most 4096 fit"
      )
    }
    let range = EphemeralRange(settings.pool.low...settings.pool.high)
    if settings.depth.binds && 2 * servers > range.capacity {
      scenario.node.report(
        "\(2 * servers) endpoints do not fit into a pool of \(range.capacity) ports")
    }
  }

  /// The strategy must be able to run at the depth, with the sockets and on the nodes of the scenario.
  private func checkFit(_ strategy: StrategyDescriptor) {
    func refuse(_ message: String) {
      scenario.node.report(
        message + "; choose others with \"strategies\", or give the reason under \"skip\"")
    }
    let name = "strategy \"\(strategy.name)\""
    // A strategy that can bind can start up.
    let needed = settings.depth == .startup ? Depth.bind : settings.depth
    if !strategy.depths.contains(needed) {
      refuse("\(name) has no depth \"\(settings.depth.rawValue)\"")
    }
    guard settings.depth.binds else { return }
    if settings.depth == .startup {
      let startup = self.startup
      if startup.nodes > 1 && !startup.isHybrid && strategy.collisionModel == .noPort {
        refuse("\(name) uses paths, which do not reach other nodes")
      }
      let servers = strategy.apiServers ?? scenario.apiServers
      if startup.isHybrid && servers % startup.nodes != 0 {
        refuse(
          "\(servers) API servers do not divide among \(startup.nodes) nodes, as \"hybrid_lb\" requires"
        )
      }
    }
    if !strategy.sockets.contains(settings.sockets) {
      refuse("\(name) does not support sockets \"\(settings.sockets.rawValue)\"")
    }
    if strategy.requirements.contains(.fullOwnershipCheck) && settings.ownershipCheck == .kernel
      && settings.depth == .bind
    {
      refuse(
        "\(name) needs the full ownership check: the kernel's record does not show its endpoints")
    }
  }

  /// An adapter's deadline must pass before the trial's deadline. Otherwise a late answer would look like a hang. How long
  /// it may take to start is not part of a trial's time.
  private func checkDeadlines(_ strategy: Choice, _ known: StrategyDescriptor) {
    let limit = settings.timeoutMilliseconds
    let phases =
      known.alwaysForces
      ? [["run_timeout_ms"]]
      : [
        ["allocate_timeout_ms"],
        ["bind_timeout_ms", OptionName.reportTimeoutMilliseconds],
        strategy.command?.forcing == nil
          ? ["release_timeout_ms"] : ["release_timeout_ms", "stop_timeout_ms"],
        ["stop_timeout_ms"],
      ]
    for phase in phases {
      let needed = strategy.options.filter { phase.contains($0.name) }.map(\.value).reduce(0, +)
      guard needed >= limit else { continue }
      scenario.node.report(
        "\(phase.joined(separator: " and ")) of \"\(strategy.label)\" are \(needed) ms together; they must be less than timeout_ms, \(limit)"
      )
    }
  }

  /// The thieves must draw as many ports as the window waits for.
  private func checkDraws() {
    guard !settings.hasUnreadThief else { return }
    var quota = 0
    for thief in settings.thieves {
      guard let known = vocabulary.thief(named: thief.name) else { continue }
      switch known.model {
      case .runsTheSameStart: quota += thief[OptionName.deployments] * thief[OptionName.addresses]
      case .holdsThroughWindow, .holdsOverIPv6, .scansFromBase: quota += thief[OptionName.ports]
      // The plan does not determine how many of their draws fall into the window.
      case .squats, .squatsOnEngines, .holdsThroughout, .connects, .holdsNoTCPPort, .leavesTimeWait,
        .holdsOtherAddress, .exhausts:
        continue
      // These draw without limit, or in numbers that the plan does not set.
      case .churns, .unmodelled: return
      }
    }
    let wanted = settings.window.foreignDraws
    if wanted > quota {
      scenario.node.report(
        "the window waits for \(wanted) foreign draws, but its thieves draw \(quota)")
    }
  }
}
