internal import JSON
internal import PlanModel
internal import PortModel
internal import Statistics
internal import Theory

/// Reads one scenario and spells out its arms.
struct ScenarioReader {
  let vocabulary: Vocabulary
  /// The plan's strategies.
  let strategies: [Choice]
  /// Where each of them stands in the plan, by label.
  let strategyNodes: [String: PlanNode]

  /// A scenario as read.
  struct Scenario {
    var node: PlanNode
    var name: String
    var nameNode: PlanNode?
    var why: String
    var settings: ScenarioSettings
    var apiServers: Int
    var trials: Int
    var strategies: [Choice]
    var expectations: [String: (Expectation, PlanNode)]
    var published: [String: [PublishedFigure]]
    var skipped: [String: String]
  }

  /// Reads the scenario's object; nil if too much is wrong to go on.
  func read(_ node: PlanNode, defaults: ScenarioSettings) -> Scenario? {
    let keys =
      ["name", "why", "strategies"] + ScenarioSettings.keys + ["expect", "published", "skip"]
    guard let object = node.object(keys: keys) else { return nil }
    var settings = defaults
    settings.read(object, vocabulary: vocabulary)
    let nameNode = object.required("name")
    let name = nameNode?.string() ?? ""
    if let nameNode, name.isEmpty, nameNode.string() != nil { nameNode.report("the name is empty") }
    let chosen = object["strategies"].map(subset) ?? strategies
    let trials = settings.trials
    if !settings.givesTrials {
      node.report("the key \"trials\" is missing here and in the defaults")
    }
    if !settings.givesAPIServers {
      node.report("\"topology.api_servers\" is missing here and in the defaults")
    }
    guard let trials, let apiServers = settings.apiServers else { return nil }
    var scenario = Scenario(
      node: node, name: name, nameNode: nameNode, why: object["why"]?.string() ?? "",
      settings: settings, apiServers: apiServers, trials: trials, strategies: chosen,
      expectations: object["expect"].map { expectations($0, chosen) } ?? [:],
      published: object["published"].map { published($0, chosen) } ?? [:],
      skipped: object["skip"].map { skipped($0, chosen) } ?? [:])
    solveIntensity(&scenario)
    check(scenario)
    return scenario
  }

  /// The arms: one for each strategy.
  func arms(of scenario: Scenario, first: Int) -> [Arm] {
    let settings = scenario.settings
    return scenario.strategies.enumerated().map { offset, strategy in
      let apiServers =
        vocabulary.strategy(named: strategy.name)?.apiServers ?? scenario.apiServers
      return Arm(
        index: first + offset, scenario: scenario.name, why: scenario.why, strategy: strategy,
        depth: settings.depth,
        topology: Topology(
          launches: settings.launches, apiServers: apiServers),
        pool: settings.pool, window: settings.window, barrier: settings.barrier,
        workers: settings.workers, sockets: settings.sockets,
        ownershipCheck: settings.ownershipCheck,
        startup: settings.depth == .startup
          ? settings.startup.resolved(apiServers: scenario.apiServers) : nil,
        thieves: settings.thieves, faults: settings.faults.map(\.planned),
        trials: scenario.trials, timeoutMilliseconds: settings.timeoutMilliseconds,
        expectation: (scenario.expectations[strategy.label] ?? scenario.expectations["*"])?.0,
        published: scenario.published[strategy.label] ?? [],
        skipReason: scenario.skipped[strategy.label])
    }
  }

  private func subset(_ node: PlanNode) -> [Choice] {
    let labels = strategies.map(\.label)
    var chosen: [Choice] = []
    for element in node.elements() ?? [] {
      guard let label = element.string() else { continue }
      guard let strategy = strategies.first(where: { $0.label == label }) else {
        element.report(
          "\"\(label)\" is not among the plan's strategies: \(labels.joined(separator: ", "))",
          suggestion: Suggestion.closest(to: label, among: labels))
        continue
      }
      if chosen.contains(strategy) {
        element.report("\"\(label)\" stands here twice")
      } else {
        chosen.append(strategy)
      }
    }
    return chosen
  }

  private func expectations(
    _ node: PlanNode, _ chosen: [Choice]
  ) -> [String: (Expectation, PlanNode)] {
    guard let object = node.freeObject() else { return [:] }
    var result: [String: (Expectation, PlanNode)] = [:]
    let labels = chosen.map(\.label)
    for member in object.members {
      guard let inner = object[member.key] else { continue }
      if member.key != "*" && !labels.contains(member.key) {
        node.collector.report(
          "no strategy \"\(member.key)\" in this scenario; there are \(labels.joined(separator: ", ")), and * for the rest",
          at: member.position, path: inner.path,
          suggestion: Suggestion.closest(to: member.key, among: labels))
        continue
      }
      guard let expectation = expectation(inner) else { continue }
      if let like = expectation.like, !labels.contains(like) || like == member.key {
        (inner["like"] ?? inner).report(
          "expected the label of another strategy in this scenario, found \"\(like)\"; there are "
            + labels.filter { $0 != member.key }.joined(separator: ", "),
          suggestion: Suggestion.closest(to: like, among: labels.filter { $0 != member.key }))
      }
      result[member.key] = (expectation, inner)
    }
    // The rest, for which "*" stands, must not contain the row that it is compared with.
    if let (rest, node) = result["*"], let like = rest.like, labels.contains(like),
      result[like] == nil
    {
      (node["like"] ?? node).report(
        "\"*\" stands for \"\(like)\" as well, which would be compared with itself; give \"\(like)\" a demand of its own"
      )
    }
    return result
  }

  /// Reasons by label: these arms stand in the matrix, but do not run.
  private func skipped(_ node: PlanNode, _ chosen: [Choice]) -> [String: String] {
    guard let object = node.freeObject() else { return [:] }
    var result: [String: String] = [:]
    let labels = chosen.map(\.label)
    for member in object.members {
      guard let inner = object[member.key], let reason = inner.string() else { continue }
      if reason.isEmpty { inner.report("expected the reason, found an empty string") }
      if !labels.contains(member.key) {
        node.collector.report(
          "no strategy \"\(member.key)\" in this scenario; there are \(labels.joined(separator: ", "))",
          at: member.position, path: inner.path,
          suggestion: Suggestion.closest(to: member.key, among: labels))
      }
      result[member.key] = reason
    }
    return result
  }

  private func expectation(_ node: PlanNode) -> Expectation? {
    let keys = [
      "failure_rate_at_most", "failure_rate_at_least", "like", "like_within", "confidence",
      "must_fail_control", "why",
    ]
    guard let object = node.object(keys: keys) else { return nil }
    let expectation = Expectation(
      failureRateAtMost: object["failure_rate_at_most"]?.number(PlanLimits.share),
      failureRateAtLeast: object["failure_rate_at_least"]?.number(PlanLimits.share),
      like: object["like"]?.string(), likeWithin: object["like_within"]?.number(PlanLimits.share),
      confidence: object["confidence"]?.number(PlanLimits.confidence) ?? 0.95,
      isMustFailControl: object["must_fail_control"]?.boolean() ?? false,
      why: object["why"]?.string() ?? "")
    if let least = expectation.failureRateAtLeast, let most = expectation.failureRateAtMost,
      least > most
    {
      node.report("expected at least \(least) and at most \(most) cannot both hold")
    }
    if expectation.isMustFailControl && expectation.failureRateAtLeast == nil {
      node.report("a must-fail control needs \"failure_rate_at_least\"")
    }
    if expectation.isMustFailControl && expectation.like != nil {
      node.report("a must-fail control is compared with no other row")
    }
    if let within = object["like_within"] {
      if object["like"] == nil { within.report("\"like_within\" needs \"like\"") }
      if expectation.likeWithin == 0 || expectation.likeWithin == 1 {
        within.report("expected a difference of rates between 0 and 1")
      }
    }
    let trivial = "no rate can miss this: it demands nothing"
    if expectation.failureRateAtMost == 1 { object["failure_rate_at_most"]?.report(trivial) }
    if expectation.failureRateAtLeast == 0 { object["failure_rate_at_least"]?.report(trivial) }
    if ["failure_rate_at_most", "failure_rate_at_least", "like"].allSatisfy({ object[$0] == nil }) {
      node.report("expected \"failure_rate_at_most\", \"failure_rate_at_least\" or \"like\"")
    }
    return expectation
  }

  private func published(_ node: PlanNode, _ chosen: [Choice]) -> [String: [PublishedFigure]] {
    var result: [String: [PublishedFigure]] = [:]
    let labels = chosen.map(\.label)
    for element in node.elements() ?? [] {
      guard
        let object = element.object(keys: ["strategy", "failures", "out_of", "per", "source"]),
        let strategy = object.required("strategy"), let label = strategy.string(),
        let failures = object.required("failures")?.integer(PlanLimits.publishedFailures),
        let outOf = object.required("out_of")?.integer(PlanLimits.publishedOutOf),
        let source = object.required("source")?.string()
      else { continue }
      if !labels.contains(label) {
        strategy.report(
          "no strategy \"\(label)\" in this scenario",
          suggestion: Suggestion.closest(to: label, among: labels))
      }
      if failures > outOf {
        element.report("\(failures) failures out of \(outOf) cannot be")
      }
      let per = object["per"].map { $0.word(PublishedFigure.Unit.self) ?? .launch } ?? .launch
      result[label, default: []].append(
        PublishedFigure(failures: failures, outOf: outOf, per: per, source: source))
    }
    return result
  }

  /// What no single value can tell.
  func check(_ scenario: Scenario) {
    let settings = scenario.settings
    let servers = settings.launches * scenario.apiServers
    if servers > 4096 {
      scenario.node.report(
        "\(settings.launches) launches of \(scenario.apiServers) API servers are \(servers); at most 4096 fit"
      )
    }
    let range = EphemeralRange(settings.pool.low...settings.pool.high)
    if settings.depth.binds && 2 * servers > range.capacity {
      scenario.node.report(
        "\(2 * servers) endpoints do not fit into a pool of \(range.capacity) ports")
    }
    if settings.depth == .startup { checkStartup(scenario) }
    for strategy in scenario.strategies where scenario.skipped[strategy.label] == nil {
      guard let known = vocabulary.strategy(named: strategy.name) else { continue }
      checkFit(known, scenario)
      if known.takesCommand { checkDeadlines(strategy, known, scenario) }
    }
    checkFaults(scenario)
    checkDraws(scenario)
    checkTimes(scenario)
    checkExpectations(scenario)
  }

  /// What a strategy cannot do.
  private func checkFit(_ strategy: StrategyDescriptor, _ scenario: Scenario) {
    let settings = scenario.settings
    let hint = "; choose others with \"strategies\", or give the reason under \"skip\""
    // What binds can start up.
    let needed = settings.depth == .startup ? Depth.bind : settings.depth
    if !strategy.depths.contains(needed) {
      scenario.node.report(
        "strategy \"\(strategy.name)\" has no depth \"\(settings.depth.rawValue)\"\(hint)")
    }
    guard settings.depth.binds else { return }
    let startup = settings.startup.resolved(apiServers: scenario.apiServers)
    if settings.depth == .startup && startup.nodes > 1 && !startup.isHybrid
      && strategy.collisionModel == .noPort
    {
      scenario.node.report(
        "strategy \"\(strategy.name)\" uses paths, which do not reach other nodes\(hint)")
    }
    let servers = strategy.apiServers ?? scenario.apiServers
    if settings.depth == .startup && startup.isHybrid && servers % startup.nodes != 0 {
      scenario.node.report(
        "\(servers) API servers do not divide among \(startup.nodes) nodes, as \"hybrid_lb\" wants\(hint)"
      )
    }
    if !strategy.sockets.contains(settings.sockets) {
      scenario.node.report(
        "strategy \"\(strategy.name)\" has no sockets \"\(settings.sockets.rawValue)\"\(hint)")
    }
    if strategy.requirements.contains(.fullOwnershipCheck) && settings.ownershipCheck == .kernel
      && settings.depth == .bind
    {
      scenario.node.report(
        "strategy \"\(strategy.name)\" needs the full ownership check, the kernel's record does not show its endpoints\(hint)"
      )
    }
  }

  private func checkStartup(_ scenario: Scenario) {
    let settings = scenario.settings
    let startup = settings.startup.resolved(apiServers: scenario.apiServers)
    let node = scenario.node
    if settings.sockets != .zmq { node.report("depth \"startup\" has no sockets \"tcp\"") }
    if settings.workers != .fresh { node.report("depth \"startup\" has no pooled workers") }
    if startup.engines % startup.nodes != 0 {
      node.report("\(startup.engines) engine cores do not divide among \(startup.nodes) nodes")
    }
    if startup.apiServerNode >= startup.nodes {
      node.report("there is no node \(startup.apiServerNode) among \(startup.nodes)")
    }
    if settings.launches * startup.engines > 4_096 {
      node.report(
        "\(settings.launches) launches of \(startup.engines) engine cores; at most 4096 fit")
    }
    let lastPort = startup.rpcPort + settings.launches - 1
    if startup.rpcPort <= settings.pool.high && lastPort >= settings.pool.low {
      node.report("the handshake ports \(startup.rpcPort)...\(lastPort) lie in the pool")
    }
    if startup.http {
      let last = startup.httpPort + settings.launches - 1
      if startup.httpPort <= settings.pool.high && last >= settings.pool.low {
        node.report("the HTTP ports \(startup.httpPort)...\(last) lie in the pool")
      }
      if startup.httpPort <= lastPort && last >= startup.rpcPort {
        node.report("the HTTP ports \(startup.httpPort)...\(last) are handshake ports, too")
      }
    }
    if let reserved = startup.reservedPorts.first(where: { $0.node >= startup.nodes }) {
      node.report(
        "there is no node \(reserved.node) among \(startup.nodes), whose ports to reserve")
    }
    if startup.isHybrid && (startup.backend == .ray || startup.apiServerNode != 0) {
      node.report("\"hybrid_lb\" has no backend \"ray\" and no \"api_server_node\"")
    }
    if startup.isHybrid && startup.http && startup.nodes > 1 {
      node.report("\"hybrid_lb\" has an HTTP port on each node, and \"http\" has one")
    }
  }

  /// An adapter's deadline must pass before the trial's, or its lateness would not be told from a hang.
  private func checkDeadlines(
    _ strategy: Choice, _ known: StrategyDescriptor, _ scenario: Scenario
  ) {
    let limit = scenario.settings.timeoutMilliseconds
    let phases =
      known.alwaysForces
      ? [["run_timeout_ms"]]
      : [
        ["hello_timeout_ms", "allocate_timeout_ms"], ["bind_timeout_ms", "report_timeout_ms"],
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

  /// A fault that can never be injected is a mistake in the plan.
  private func checkFaults(_ scenario: Scenario) {
    let settings = scenario.settings
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
      if let launch = fault.launch, launch >= settings.launches {
        (node["launch"] ?? node).report(
          "there is no launch \(launch); there are \(settings.launches), counted from 0")
      }
      if let place = fault.node { checkNode(place, fault, node, scenario) }
      checkVictim(fault, node, scenario)
    }
  }

  /// The victim must be there in every arm: some strategies have a number of API servers of their own.
  private func checkVictim(_ fault: PlannedFault, _ node: PlanNode, _ scenario: Scenario) {
    guard let index = fault.index else { return }
    let report = node["index"] ?? node
    let role = fault.point.role
    let victims =
      switch role {
      case .launcher: 1
      case .apiServer: scenario.apiServers
      case .engineCore:
        scenario.settings.startup.resolved(apiServers: scenario.apiServers).engines
      }
    if index >= victims {
      report.report(
        "there is no \(role.rawValue) \(index); a launch has \(victims), counted from 0")
      return
    }
    guard role == .apiServer else { return }
    for strategy in scenario.strategies where scenario.skipped[strategy.label] == nil {
      guard let own = vocabulary.strategy(named: strategy.name)?.apiServers, index >= own else {
        continue
      }
      report.report(
        "there is no \(role.rawValue) \(index) with \"\(strategy.label)\"; its launches have \(own), counted from 0; "
          + "choose other strategies with \"strategies\", or give the reason under \"skip\"")
    }
  }

  private func checkNode(
    _ place: Int, _ fault: PlannedFault, _ node: PlanNode, _ scenario: Scenario
  ) {
    let nodes = scenario.settings.startup.resolved(apiServers: scenario.apiServers).nodes
    let report = node["node"] ?? node
    if fault.point.role != .engineCore {
      report.report("only engine cores are on several nodes, not the \(fault.point.role.rawValue)")
    } else if fault.index != nil {
      report.report("expected \"index\" or \"node\", not both")
    } else if place >= nodes {
      report.report("there is no node \(place); there are \(nodes), counted from 0")
    }
  }

  /// Solves for the intensity of the thief that has a target failure rate: the value with the nearest predicted
  /// rate per launch. All strategies of the scenario meet the same thief; the rate is that of the must-fail
  /// control or, where there is none, of the first strategy whose rate the intensity moves.
  private func solveIntensity(_ scenario: inout Scenario) {
    let thieves = scenario.settings.thieves
    let targets = thieves.indices.filter { thieves[$0].targetFailureRate != nil }
    guard let index = targets.first else { return }
    let node = scenario.settings.thiefNodes[index]["target_failure_rate"]!
    if targets.count > 1 {
      node.report("only one thief of a scenario can be solved for")
      return
    }
    let thief = thieves[index]
    guard let known = vocabulary.thief(named: thief.name), let intensity = known.intensity,
      let range = known.options.first(where: { $0.name == intensity })?.range,
      let target = thief.targetFailureRate
    else { return }
    let solver = IntensitySolver(
      arms: arms(of: scenario, first: 0), thief: index, intensity: intensity, range: range,
      vocabulary: vocabulary)
    switch solver.solve(target) {
    case .solved(let value):
      let place = thief.options.firstIndex { $0.name == intensity }!
      scenario.settings.thieves[index].options[place].value = value
    case .unsolvable(let problem): node.report(problem)
    }
  }

  private func checkDraws(_ scenario: Scenario) {
    guard !scenario.settings.hasUnreadThief else { return }
    let thieves = scenario.settings.thieves
    var quota = 0
    for thief in thieves {
      guard let known = vocabulary.thief(named: thief.name) else { continue }
      switch known.model {
      case .churns: return
      case .holdsThroughWindow: quota += thief["ports"]
      case .runsTheSameStart: quota += thief["deployments"] * thief["addresses"]
      case .holdsOverIPv6, .scansFromBase: quota += thief["ports"]
      // How many draws of these fall into the window, the plan alone does not say.
      case .squats, .holdsThroughout, .connects, .holdsNoTCPPort, .leavesTimeWait,
        .holdsOtherAddress, .exhausts:
        continue
      case .unmodelled: return
      }
    }
    let wanted = scenario.settings.window.foreignDraws
    if wanted > quota {
      scenario.node.report(
        "the window waits for \(wanted) foreign draws, but its thieves draw \(quota)")
    }
  }

  /// A demand that the trials cannot show even if all go well is a mistake in the plan.
  ///
  /// Launches of one trial are not independent: with L of them a rate of at most p per launch is shown by trials
  /// in which none fails, and one of at least p by trials in which any does, at a rate of L·p. That two rows differ
  /// by no more than p needs as many in each as show a rate of at most p.
  private func checkExpectations(_ scenario: Scenario) {
    let settings = scenario.settings
    let row =
      settings.depth == .startup
      ? settings.startup.resolved(apiServers: scenario.apiServers).serialLaunches : 1
    let launches = settings.launches * row
    let unit = launches > 1 ? "trials" : "launches"
    for (expectation, node) in scenario.expectations.values {
      // Two rows that never fail differ by less than the upper bound of each.
      for (bound, name) in [
        (
          expectation.likeWithin.flatMap { $0 > 0 ? $0 : nil },
          "like_within \(expectation.likeWithin ?? 0)"
        ),
        (expectation.failureRateAtMost, "failure_rate_at_most"),
        (
          expectation.failureRateAtLeast.map { max(0, 1 - Double(launches) * $0) },
          "failure_rate_at_least"
        ),
      ] {
        guard let bound, bound < 1 else { continue }
        if bound <= 0 {
          let value =
            name == "failure_rate_at_most" || launches == 1
            ? (name == "failure_rate_at_most" ? "0" : "1")
            : "\(expectation.failureRateAtLeast ?? 1)"
          node.report("\(name) \(value) cannot be shown by any number of \(unit)")
          continue
        }
        let needed = SampleSize.cleanRuns(
          toClaimAtMost: bound, confidence: expectation.confidence)
        if Double(scenario.trials) < needed {
          node.report(
            "\(name) cannot be shown at confidence \(expectation.confidence) by \(scenario.trials) \(unit), whatever they do; it needs \(Self.whole(needed))"
          )
        }
      }
    }
  }

  private static func whole(_ number: Double) -> String {
    Int(exactly: number).map { "\($0)" } ?? "\(number)"
  }
}

extension PlanNode {
  /// A member of an object, if this is one and has it.
  subscript(key: String) -> PlanNode? {
    guard case .object(let members) = value.content,
      let member = members.first(where: { $0.key == key })
    else { return nil }
    return PlanNode(value: member.value, path: child(key), collector: collector)
  }
}
