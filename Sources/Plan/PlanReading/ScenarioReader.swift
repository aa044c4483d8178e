internal import JSON
internal import PlanModel
internal import Theory

/// A scenario as read from the plan.
struct Scenario {
  var node: PlanNode
  var name: String
  var nameNode: PlanNode?
  var why: String
  var settings: ScenarioSettings
  /// API servers of each launch, as the plan has them.
  var apiServers: Int { settings.topology.apiServers }
  var trials: Int
  /// Whether each strategy has a forced row, too.
  var isForced = false
  var strategies: [Choice]
  /// Where the plan's strategies are in the document, by label.
  var strategyNodes: [String: PlanNode]
  var expectations: [String: (Expectation, PlanNode)]
  var published: [String: [PublishedFigure]]
  var skipped: [String: String]
}

/// Reads one scenario and spells out its arms.
struct ScenarioReader {
  let vocabulary: Vocabulary
  /// The plan's strategies.
  let strategies: [Choice]
  /// Where each of them is in the document, by label.
  let strategyNodes: [String: PlanNode]
  private let choices: [String: Choice]

  /// - Parameter strategies: the plan's, with where each is in the document.
  init(vocabulary: Vocabulary, strategies: [(choice: Choice, node: PlanNode)]) {
    self.vocabulary = vocabulary
    self.strategies = strategies.map(\.choice)
    func byLabel<Value>(_ values: [Value]) -> [String: Value] {
      Dictionary(
        zip(strategies.map(\.choice.label), values), uniquingKeysWith: { first, _ in first })
    }
    strategyNodes = byLabel(strategies.map(\.node))
    choices = byLabel(self.strategies)
  }

  /// Reads the scenario's object; nil if it has too many errors to go on.
  func read(_ node: PlanNode, defaults: ScenarioSettings) -> Scenario? {
    guard let object = node.object(keys: ScenarioKeys.names + SettingsKeys.names) else {
      return nil
    }
    var settings = defaults
    settings.read(object, vocabulary: vocabulary)
    let nameNode = object.required("name")
    let name = nameNode?.string() ?? ""
    if let nameNode, name.isEmpty, nameNode.string() != nil { nameNode.report("the name is empty") }
    let chosen = object["strategies"].map(subset) ?? strategies
    let trials = settings.trials
    if !settings.givesTrials {
      node.reportMissing(
        ["\(node.path).trials", "defaults.trials"],
        "the key \"trials\" is missing here and in the defaults")
    }
    if !settings.givesAPIServers {
      node.reportMissing(
        [node.path, "defaults"].flatMap { ["\($0).topology", "\($0).topology.api_servers"] },
        "\"topology.api_servers\" is missing here and in the defaults")
    }
    guard let trials, settings.topology.apiServers > 0 else { return nil }
    let isForced = object["forced"]?.boolean() ?? false
    if isForced && !settings.depth.binds {
      object["forced"]?.report(
        "nothing is bound at depth \"\(settings.depth.rawValue)\", so no loss can be forced")
    }
    let forced = chosen.filter { isForced && ForcedRow.exists(for: $0) }
    reportClashes(forced, object["forced"])
    let labels = (chosen.map(\.label) + forced.map { ForcedRow.label(of: $0.label) })
    var scenario = Scenario(
      node: node, name: name, nameNode: nameNode, why: object["why"]?.string() ?? "",
      settings: settings, trials: trials, isForced: isForced, strategies: chosen,
      strategyNodes: strategyNodes,
      expectations: object["expect"].map(ExpectationReader(labels: labels).read) ?? [:],
      published: object["published"].map { published($0, chosen) } ?? [:],
      skipped: object["skip"].map { skipped($0, labels) } ?? [:])
    solveIntensity(&scenario)
    ScenarioChecks(scenario: scenario, vocabulary: vocabulary).report()
    return scenario
  }

  /// A row's label must not be the one of another row's forced row.
  private func reportClashes(_ forced: [Choice], _ node: PlanNode?) {
    let labels = Set(strategies.map(\.label))
    for strategy in forced where labels.contains(ForcedRow.label(of: strategy.label)) {
      node?.report(
        "the forced row of \"\(strategy.label)\" would be called \"\(ForcedRow.label(of: strategy.label))\", and another strategy is"
      )
    }
  }

  /// The arms: one for each strategy, then the forced ones.
  func arms(of scenario: Scenario, first: Int) -> [Arm] {
    let rows = ownArms(of: scenario, first: first)
    return rows + forcedArms(of: scenario, beside: rows, first: first + rows.count)
  }

  private func ownArms(of scenario: Scenario, first: Int) -> [Arm] {
    let settings = scenario.settings
    return scenario.strategies.enumerated().map { offset, strategy in
      var trial = settings.trial
      if let apiServers = vocabulary.strategy(named: strategy.name)?.apiServers {
        trial.topology.apiServers = apiServers
      }
      return Arm(
        index: first + offset, scenario: scenario.name, why: scenario.why, strategy: strategy,
        settings: trial,
        startup: trial.depth == .startup
          ? settings.startup.resolved(apiServers: scenario.apiServers) : nil,
        thieves: settings.thieves, faults: settings.faults.map(\.planned),
        trials: scenario.trials,
        expectation: (scenario.expectations[strategy.label] ?? scenario.expectations["*"])?.0,
        published: scenario.published[strategy.label] ?? [],
        skipReason: scenario.skipped[strategy.label])
    }
  }

  private func subset(_ node: PlanNode) -> [Choice] {
    let labels = strategies.map(\.label)
    var chosen: [Choice] = []
    var seen: Set<String> = []
    for element in node.elements() ?? [] {
      guard let label = element.string() else { continue }
      guard let strategy = choices[label] else {
        element.report(
          "\"\(label)\" is not among the plan's strategies: \(labels.joined(separator: ", "))",
          suggestion: Suggestion.closest(to: label, among: labels))
        continue
      }
      if seen.insert(label).inserted {
        chosen.append(strategy)
      } else {
        element.report("\"\(label)\" is listed twice")
      }
    }
    return chosen
  }

  /// Reasons by label. These arms are rows of the matrix, but do not run.
  private func skipped(_ node: PlanNode, _ labels: [String]) -> [String: String] {
    guard let object = node.freeObject() else { return [:] }
    var result: [String: String] = [:]
    let known = Set(labels)
    for member in object.members {
      let inner = object.child(member)
      guard let reason = inner.string() else { continue }
      if reason.isEmpty { inner.report("expected the reason, found an empty string") }
      if !known.contains(member.key) {
        object.reportUnknownRow(member, among: labels)
      }
      result[member.key] = reason
    }
    return result
  }

  private func published(_ node: PlanNode, _ chosen: [Choice]) -> [String: [PublishedFigure]] {
    var result: [String: [PublishedFigure]] = [:]
    let labels = chosen.map(\.label)
    let known = Set(labels)
    for element in node.elements() ?? [] {
      guard let keys = PublishedKeys(element), let label = keys.strategy,
        let failures = keys.failures, let outOf = keys.outOf, let source = keys.source
      else { continue }
      if !known.contains(label) {
        keys.object["strategy"]?.report(
          "no strategy \"\(label)\" in this scenario",
          suggestion: Suggestion.closest(to: label, among: labels))
      }
      let figure = PublishedFigure(
        failures: failures, outOf: outOf, per: keys.per, sharesHost: keys.sharesHost, source: source
      )
      figure.report(at: element)
      result[label, default: []].append(figure)
    }
    return result
  }

  /// Solves for the intensity of the thief that has a target failure rate: the value with the nearest predicted rate
  /// per launch. All strategies of the scenario meet the same thief. The target applies to the must-fail control or, if
  /// there is none, to the first strategy whose rate depends on the intensity.
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
}

extension PlanNode {
  /// A member of an object, if the value is an object and has it.
  subscript(key: String) -> PlanNode? {
    guard case .object(let members) = value.content,
      let member = members.first(where: { $0.key == key })
    else { return nil }
    return PlanNode(value: member.value, path: child(key), collector: collector)
  }
}

extension PlanObject {
  /// Reports a key that should be the label of a row.
  func reportUnknownRow(_ member: JSONValue.Member, among labels: [String], or rest: String = "") {
    node.collector.report(
      "no strategy \"\(member.key)\" in this scenario; there are "
        + labels.joined(separator: ", ") + rest,
      at: member.position, path: node.child(member.key),
      suggestion: Suggestion.closest(to: member.key, among: labels))
  }
}

extension PublishedFigure {
  /// Reports a figure that is not a share.
  func report(at node: PlanNode) {
    if failures > outOf { node.report("\(failures) failures out of \(outOf) are impossible") }
  }
}
