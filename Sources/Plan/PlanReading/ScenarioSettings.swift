internal import JSON
internal import PlanModel
internal import PortModel

/// The settings that a scenario shares with the plan's `defaults`; what is not given keeps its value.
@dynamicMemberLookup
struct ScenarioSettings {
  /// What happens in each trial. The number of API servers is 0 until the plan gives it.
  var trial = TrialSettings(topology: Topology(apiServers: 0))
  var startup = StartupSettings()
  var thieves: [Choice] = []
  /// Where each of them is in the plan.
  var thiefNodes: [PlanNode] = []
  /// Whether a thief of the list could not be read. The draws of the others are then not compared with the window.
  var hasUnreadThief = false
  var faults: [(planned: PlannedFault, node: PlanNode)] = []
  var trials: Int?
  /// Whether the plan gives them, even if with errors.
  var givesTrials = false
  var givesAPIServers = false
  /// Where settings that take time, and their limit, are in the plan, by their paths within a scenario.
  var places: [String: PlanNode] = [:]

  subscript<Value>(dynamicMember path: WritableKeyPath<TrialSettings, Value>) -> Value {
    get { trial[keyPath: path] }
    set { trial[keyPath: path] = newValue }
  }

  private static let placed = [
    ["timeout_ms"], ["barrier", "arrival_skew_us"], ["window", "foreign_draws"],
    ["startup", "import_ms"], ["startup", "load_ms"], ["startup", "coordinator_import_ms"],
    ["depth"], ["startup"], ["startup", "nodes"], ["startup", "orphan"],
    ["startup", "shares_rpc_port"],
  ]

  mutating func read(_ object: PlanObject, vocabulary: Vocabulary) {
    trial.read(object)
    if let node = object["startup"] { startup.read(node) }
    if let node = object["thieves"] { readThieves(node, vocabulary) }
    if let node = object["faults"] { readFaults(node, vocabulary) }
    givesTrials = givesTrials || object["trials"] != nil
    givesAPIServers = givesAPIServers || object["topology"]?["api_servers"] != nil
    if let count = object["trials"]?.integer(PlanLimits.trials) { trials = count }
    for path in Self.placed {
      let outer = object[path[0]]
      if let node = path.count == 1 ? outer : outer?[path[1]] {
        places[path.joined(separator: ".")] = node
      }
    }
  }

  private mutating func readFaults(_ node: PlanNode, _ vocabulary: Vocabulary) {
    faults = []
    // An empty list removes the faults of `defaults`.
    if case .array(let elements) = node.value.content, elements.isEmpty { return }
    let reader = ChoiceReader(
      kind: "fault", known: vocabulary.faults.map { ($0.name, $0.options) })
    guard let nodes = node.elements() else { return }
    for node in node.limited(nodes, to: PlanLimits.faults, "faults") {
      // The reader of the choice checks which keys are allowed.
      guard let object = node.freeObject() else { continue }
      let choice = reader.read(node, nameKey: "kind", keys: FaultKeys.names)
      let keys = FaultKeys(object)
      guard let point = keys.point, let choice else { continue }
      faults.append(
        (
          PlannedFault(
            kind: choice, point: point, launch: keys.launch, index: keys.index, node: keys.node,
            probability: keys.probability, every: keys.every), node
        ))
    }
  }

  private mutating func readThieves(_ node: PlanNode, _ vocabulary: Vocabulary) {
    guard case .array(let elements) = node.value.content, elements.isEmpty else {
      guard let nodes = node.elements() else { return }
      let read = node.limited(nodes, to: PlanLimits.thieves, "thieves").compactMap { node in
        readThief(node, vocabulary).map { ($0, node) }
      }
      (thieves, thiefNodes) = (read.map(\.0), read.map(\.1))
      hasUnreadThief = thieves.count < nodes.count
      return
    }
    // An empty list removes the thieves of `defaults`.
    (thieves, thiefNodes) = ([], [])
    hasUnreadThief = false
  }

  /// A thief. One with a target failure rate gets the least intensity here; the scenario solves for it later.
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
    guard var choice = reader.read(node, nameKey: "kind", keys: ThiefKeys.names)
    else { return nil }
    guard let target else { return choice }
    guard let rate = target.number(PlanLimits.thiefTargetFailureRate) else { return nil }
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

extension PortPool {
  mutating func read(_ node: PlanNode) {
    guard let object = node.object(keys: PoolKeys.names) else { return }
    switch (object["range"], object["slots"]) {
    case (let range?, nil):
      guard let ends = range.elements() else { return }
      guard ends.count == 2 else {
        range.report("expected the first and the last port, found \(ends.count) elements")
        return
      }
      guard let first = ends[0].integer(PlanLimits.poolPort),
        let last = ends[1].integer(PlanLimits.poolPort)
      else { return }
      guard first < last else {
        range.report("expected the first port to be below the last, found \(first) and \(last)")
        return
      }
      (low, high) = (first, last)
    case (nil, let slots?):
      // bind(0) of a TCP socket chooses among the ports at an odd distance from the low end first.
      if let count = slots.integer(PlanLimits.poolSlots) {
        self = PortPool()
        high = low + 2 * count - 1
      }
    default:
      node.report("expected either \"range\" or \"slots\"")
    }
  }
}

extension PlanNode {
  /// As many elements as are allowed; an error is reported if there are more.
  func limited(
    _ elements: [PlanNode], to limits: ClosedRange<Int>, _ what: String
  ) -> ArraySlice<PlanNode> {
    check(elements.count, limits, what)
    return elements.prefix(limits.upperBound)
  }

  /// Reports a list that has more elements than allowed.
  func check(_ count: Int, _ limits: ClosedRange<Int>, _ what: String) {
    if count > limits.upperBound {
      report("expected at most \(limits.upperBound) \(what), found \(count)")
    }
  }
}
