internal import JSON
internal import PlanModel
internal import PortModel

/// The settings that a scenario shares with the plan's `defaults`; what is not given keeps its value.
struct ScenarioSettings {
  static let keys = [
    "depth", "topology", "pool", "window", "barrier", "workers", "sockets", "ownership_check",
    "startup", "thieves", "faults", "trials", "timeout_ms",
  ]

  var depth = Depth.bind
  var launches = 1
  var apiServers: Int?
  var pool = PortPool()
  var window = Window()
  var barrier = Barrier()
  var workers = WorkerKind.fresh
  var sockets = SocketKind.zmq
  var ownershipCheck = OwnershipCheck.full
  var startup = StartupSettings()
  var thieves: [Choice] = []
  /// Where each of them stands in the plan.
  var thiefNodes: [PlanNode] = []
  /// Whether a thief of the list could not be read: what the rest draw says nothing then.
  var hasUnreadThief = false
  var faults: [(planned: PlannedFault, node: PlanNode)] = []
  var trials: Int?
  /// Whether the plan gives them, if only wrongly.
  var givesTrials = false
  var givesAPIServers = false
  var timeoutMilliseconds = 10_000
  /// Where settings that take time, and their limit, stand in the plan; by their paths within a scenario.
  var places: [String: PlanNode] = [:]

  private static let placed = [
    ["timeout_ms"], ["barrier", "arrival_skew_us"], ["window", "foreign_draws"],
    ["startup", "import_ms"], ["startup", "load_ms"], ["startup", "coordinator_import_ms"],
  ]

  mutating func read(_ object: PlanObject, vocabulary: Vocabulary) {
    set(&depth, object["depth"]?.word(Depth.self))
    if let node = object["topology"], let inner = node.object(keys: ["launches", "api_servers"]) {
      set(&launches, inner["launches"]?.integer(PlanLimits.launches))
      if let count = inner["api_servers"]?.integer(PlanLimits.apiServers) { apiServers = count }
    }
    if let node = object["pool"] { readPool(node) }
    if let node = object["window"],
      let inner = node.object(keys: ["milliseconds", "foreign_draws"])
    {
      set(&window.milliseconds, inner["milliseconds"]?.number(PlanLimits.windowMilliseconds))
      set(&window.foreignDraws, inner["foreign_draws"]?.integer(PlanLimits.foreignDraws))
    }
    if let node = object["barrier"], let inner = node.object(keys: ["kind", "arrival_skew_us"]) {
      set(&barrier.kind, inner["kind"]?.word(Barrier.Kind.self))
      set(
        &barrier.arrivalSkewMicroseconds,
        inner["arrival_skew_us"]?.integer(PlanLimits.arrivalSkewMicroseconds))
    }
    set(&workers, object["workers"]?.word(WorkerKind.self))
    set(&sockets, object["sockets"]?.word(SocketKind.self))
    set(&ownershipCheck, object["ownership_check"]?.word(OwnershipCheck.self))
    if let node = object["startup"] { startup.read(node) }
    if let node = object["thieves"] { readThieves(node, vocabulary) }
    if let node = object["faults"] { readFaults(node, vocabulary) }
    givesTrials = givesTrials || object["trials"] != nil
    givesAPIServers = givesAPIServers || object["topology"]?["api_servers"] != nil
    if let count = object["trials"]?.integer(PlanLimits.trials) { trials = count }
    set(&timeoutMilliseconds, object["timeout_ms"]?.integer(PlanLimits.timeoutMilliseconds))
    for path in Self.placed {
      let outer = object[path[0]]
      if let node = path.count == 1 ? outer : outer?[path[1]] {
        places[path.joined(separator: ".")] = node
      }
    }
  }

  private func set<Value>(_ target: inout Value, _ value: Value?) {
    if let value { target = value }
  }

  private mutating func readPool(_ node: PlanNode) {
    guard let inner = node.object(keys: ["range", "slots"]) else { return }
    switch (inner["range"], inner["slots"]) {
    case (let range?, nil):
      guard let ends = range.elements() else { return }
      guard ends.count == 2 else {
        range.report("expected the first and the last port, found \(ends.count) elements")
        return
      }
      guard let low = ends[0].integer(PlanLimits.poolPort),
        let high = ends[1].integer(PlanLimits.poolPort)
      else { return }
      guard low < high else {
        range.report("expected the first port to be below the last, found \(low) and \(high)")
        return
      }
      pool = PortPool(low: low, high: high)
    case (nil, let slots?):
      // bind(0) serves every other port first.
      if let count = slots.integer(1...16_384) {
        pool = PortPool(low: 32_768, high: 32_768 + 2 * count - 1)
      }
    default:
      node.report("expected either \"range\" or \"slots\"")
    }
  }

  private mutating func readFaults(_ node: PlanNode, _ vocabulary: Vocabulary) {
    faults = []
    // An empty list switches the defaults' faults off.
    if case .array(let elements) = node.value.content, elements.isEmpty { return }
    let reader = ChoiceReader(
      kind: "fault", known: vocabulary.faults.map { ($0.name, $0.options) })
    guard let nodes = node.elements() else { return }
    if nodes.count > PlanLimits.mostFaults {
      node.report("expected at most \(PlanLimits.mostFaults) faults, found \(nodes.count)")
    }
    for node in nodes.prefix(PlanLimits.mostFaults) {
      let keys = ["at", "launch", "index", "node", "probability", "every"]
      // Which keys there may be is the choice's reader's to say.
      guard let object = node.freeObject() else { continue }
      let choice = reader.read(node, nameKey: "kind", extraKeys: keys)
      guard let point = object.required("at")?.word(InjectionPoint.self), let choice else {
        continue
      }
      faults.append(
        (
          PlannedFault(
            kind: choice, point: point, launch: object["launch"]?.integer(PlanLimits.faultLaunch),
            index: object["index"]?.integer(PlanLimits.faultIndex),
            node: object["node"]?.integer(PlanLimits.node),
            probability: object["probability"]?.number(PlanLimits.share) ?? 1,
            every: object["every"]?.integer(PlanLimits.every) ?? 1), node
        ))
    }
  }

  private mutating func readThieves(_ node: PlanNode, _ vocabulary: Vocabulary) {
    guard case .array(let elements) = node.value.content, elements.isEmpty else {
      guard let nodes = node.elements() else { return }
      if nodes.count > PlanLimits.mostThieves {
        node.report("expected at most \(PlanLimits.mostThieves) thieves, found \(nodes.count)")
      }
      let read = nodes.prefix(PlanLimits.mostThieves).compactMap { node in
        readThief(node, vocabulary).map { ($0, node) }
      }
      (thieves, thiefNodes) = (read.map(\.0), read.map(\.1))
      hasUnreadThief = thieves.count < nodes.count
      return
    }
    // An empty list switches the defaults' thieves off.
    (thieves, thiefNodes) = ([], [])
    hasUnreadThief = false
  }

  /// A thief. One with a target failure rate gets the least intensity for now; the scenario solves for it.
  private func readThief(_ node: PlanNode, _ vocabulary: Vocabulary) -> Choice? {
    let target = node["target_failure_rate"]
    let kind = node["kind"].flatMap { inner -> String? in
      if case .string(let name) = inner.value.content { return name }
      return nil
    }
    let intensity = kind.flatMap { vocabulary.thief(named: $0) }?.intensity
    let solved = target == nil ? nil : intensity
    let reader = ChoiceReader(
      kind: "thief",
      known: vocabulary.thieves.map { thief in
        (
          thief.name,
          thief.options.map { $0.name == solved ? $0.defaulting($0.range.lowerBound) : $0 }
        )
      })
    guard var choice = reader.read(node, nameKey: "kind", extraKeys: ["target_failure_rate"])
    else { return nil }
    guard let target else { return choice }
    guard let rate = target.number(PlanLimits.share) else { return nil }
    guard rate > 0 && rate < 1 else {
      target.report("expected a rate between 0 and 1, found \(rate)")
      return nil
    }
    guard let solved else {
      let solvable = vocabulary.thieves.filter { $0.intensity != nil }.map(\.name)
      target.report(
        "thief \"\(choice.name)\" has no intensity that theory could solve for; there are "
          + solvable.joined(separator: ", "))
      return nil
    }
    if let given = node["options"]?[solved] {
      given.report("give either \"\(solved)\" or \"target_failure_rate\", not both")
      return nil
    }
    choice.targetFailureRate = rate
    return choice
  }
}
