internal import JSON
public import PlanModel
internal import Statistics
internal import Theory

/// A stored run's plan (`resolved.json`). It is checked as strictly as a plan, because people edit it. Code that reads
/// a run can then rely on the same limits as for plans.
public enum StoredPlan {
  /// Reads a stored plan.
  /// - Parameters:
  ///   - file: its name, for messages.
  ///   - decode: makes a plan from JSON. A parameter, because PlanReading does not import Foundation.
  ///   - encode: the inverse. A key that it does not write again is a key that no plan has.
  /// - Throws: all errors of the plan.
  public static func read(
    _ bytes: [UInt8], file: String, vocabulary: Vocabulary,
    decode: ([UInt8]) throws -> ResolvedPlan, encode: (ResolvedPlan) throws -> [UInt8]
  ) throws(PlanErrors) -> ResolvedPlan {
    let collector = ErrorCollector(file: file, bytes: bytes)
    var plan: ResolvedPlan?
    do throws(JSONSyntaxError) {
      let root = PlanNode(value: try JSONParser.parse(bytes), path: "", collector: collector)
      plan = decoded(bytes, root, decode)
      if let plan {
        if let known = try? encode(plan) { root.reportUnknownKeys(try JSONParser.parse(known)) }
        StoredPlanChecker(vocabulary: vocabulary).check(plan, root)
      }
    } catch {
      collector.report(error.message, at: error.position, path: "")
    }
    if let failure = collector.failure { throw failure }
    guard let plan else { preconditionFailure("no plan, and no reason for it") }
    return plan
  }

  /// The plan; nil if the JSON has other keys or types, which is reported at the place.
  private static func decoded(
    _ bytes: [UInt8], _ root: PlanNode, _ decode: ([UInt8]) throws -> ResolvedPlan
  ) -> ResolvedPlan? {
    do {
      return try decode(bytes)
    } catch let DecodingError.keyNotFound(key, context) {
      node(root, context).report("the key \"\(key.stringValue)\" is missing here")
    } catch let DecodingError.typeMismatch(_, context),
      let DecodingError.valueNotFound(_, context),
      let DecodingError.dataCorrupted(context)
    {
      node(root, context).report(context.debugDescription)
    } catch {
      root.report("\(error)")
    }
    return nil
  }

  /// The place where decoding stopped.
  private static func node(_ root: PlanNode, _ context: DecodingError.Context) -> PlanNode {
    context.codingPath.reduce(root) { node, key in
      if let index = key.intValue {
        let elements = node.storedElements
        return elements.indices.contains(index) ? elements[index] : node
      }
      return node[key.stringValue] ?? node
    }
  }
}

extension PlanNode {
  /// The elements of an array, which may be empty.
  fileprivate var storedElements: [PlanNode] {
    guard case .array(let elements) = value.content else { return [] }
    return elements.enumerated().map {
      PlanNode(value: $0.element, path: "\(path)[\($0.offset)]", collector: collector)
    }
  }

  /// Reports each key that is missing when the same value is encoded again: a misspelt key would count as absent.
  fileprivate func reportUnknownKeys(_ known: JSONValue) {
    switch (value.content, known.content) {
    case (.object(let members), .object(let others)):
      for member in members {
        let inner = PlanNode(
          value: member.value, path: child(member.key), collector: collector)
        if let other = others.first(where: { $0.key == member.key }) {
          inner.reportUnknownKeys(other.value)
        } else if !inner.isNull {
          collector.report("unknown key \"\(member.key)\"", at: member.position, path: inner.path)
        }
      }
    case (.array, .array(let others)):
      for (element, other) in zip(storedElements, others) { element.reportUnknownKeys(other) }
    default: return
    }
  }

  fileprivate var isNull: Bool {
    if case .null = value.content { return true }
    return false
  }
}

/// The allowed values of a number in a stored plan.
enum StoredLimits {
  case whole(ClosedRange<Int>)
  case real(ClosedRange<Double>)
}

/// A number of a stored plan.
struct StoredNumber {
  /// The keys that lead to it.
  let path: [Substring]
  let limits: StoredLimits

  init(_ path: String, _ limits: StoredLimits) {
    self.path = path.split(separator: ".")
    self.limits = limits
  }
}

/// The checks: first each number alone, then combinations.
private struct StoredPlanChecker {
  let vocabulary: Vocabulary

  private func check(_ node: PlanNode?, _ numbers: [StoredNumber]) {
    guard let node else { return }
    for number in numbers {
      let found = number.path.reduce(Optional(node)) { $0?[String($1)] }
      guard let found, !found.isNull else { continue }
      switch number.limits {
      case .whole(let range): _ = found.integer(range)
      case .real(let range): _ = found.number(range)
      }
    }
  }

  func check(_ plan: ResolvedPlan, _ root: PlanNode) {
    if plan.version != PlanLoader.version {
      (root["version"] ?? root).report(
        "this bindstorm reads plans of version \(PlanLoader.version)")
    }
    check(root, [StoredNumber("budgetSeconds", .real(PlanLimits.planBudgetSeconds))])
    let rows = Dictionary(grouping: plan.arms, by: Row.init).mapValues(\.count)
    let nodes = root["arms"]?.storedElements ?? []
    if nodes.isEmpty { (root["arms"] ?? root).report("expected at least one arm, found none") }
    for (place, (arm, node)) in zip(plan.arms, nodes).enumerated() {
      if arm.index != place {
        (node["index"] ?? node).report("expected \(place), the arm's place, found \(arm.index)")
      }
      let before = root.collector.count
      checkNumbers(arm, node)
      checkChoices(arm, node)
      checkExpectation(arm, rows, node["expectation"] ?? node)
      // An arm that does not run may be one that cannot run.
      guard root.collector.count == before, arm.skipReason == nil else { continue }
      checkTogether(arm, node)
    }
  }

  private func checkNumbers(_ arm: Arm, _ node: PlanNode) {
    check(node, StoredNumbers.settings + [StoredNumber("trials", .whole(PlanLimits.trials))])
    check(node["expectation"], StoredNumbers.expectation)
    if arm.pool.low >= arm.pool.high {
      (node["pool"] ?? node).report(
        "expected the first port to be below the last, found \(arm.pool.low) and \(arm.pool.high)")
    }
    if (arm.depth == .startup) != (arm.startup != nil) {
      node.report("expected \"startup\" at depth \"startup\", and there alone")
    }
    check(node["startup"], StoredNumbers.startup)
    let reserved = node["startup"]?["reservedPorts"]
    for (item, found) in zip(reserved?.storedElements ?? [], arm.startup?.reservedPorts ?? []) {
      check(item, StoredNumbers.reservation)
      if found.low > found.high {
        item.report(
          "expected the first port not to be above the last, found \(found.low) and \(found.high)")
      }
    }
    reserved?.check(
      arm.startup?.reservedPorts.count ?? 0, PlanLimits.startupReservedPorts, "reservations")
    for (item, figure) in zip(node["published"]?.storedElements ?? [], arm.published) {
      check(item, StoredNumbers.published)
      figure.report(at: item)
    }
    node["thieves"]?.check(arm.thieves.count, PlanLimits.thieves, "thieves")
    node["faults"]?.check(arm.faults.count, PlanLimits.faults, "faults")
    for item in node["faults"]?.storedElements ?? [] { check(item, StoredNumbers.fault) }
  }

  private func checkChoices(_ arm: Arm, _ node: PlanNode) {
    let strategy = node["strategy"] ?? node
    let known = vocabulary.strategy(named: arm.strategy.name)
    check(arm.strategy, known?.options, "strategy", strategy)
    if let known { checkCommand(arm.strategy, known, strategy) }
    for (thief, item) in zip(arm.thieves, node["thieves"]?.storedElements ?? []) {
      check(thief, vocabulary.thief(named: thief.name)?.options, "thief", item)
      if let rate = thief.targetFailureRate, rate <= 0 || rate >= 1 {
        item["targetFailureRate"]?.report("expected a rate between 0 and 1, found \(rate)")
      }
    }
    for (fault, item) in zip(arm.faults, node["faults"]?.storedElements ?? []) {
      let kind = item["kind"] ?? item
      check(fault.kind, vocabulary.fault(named: fault.kind.name)?.options, "fault", kind)
    }
  }

  /// - Parameter known: the options that exist; nil if there is nothing of that name.
  private func check(
    _ choice: Choice, _ known: [OptionDescriptor]?, _ kind: String, _ node: PlanNode
  ) {
    guard let known else {
      (node["name"] ?? node).report("there is no \(kind) \"\(choice.name)\"")
      return
    }
    guard choice.options.map(\.name) == known.map(\.name) else {
      (node["options"] ?? node).report(
        "expected the options \(known.map(\.name).joined(separator: ", ")) of \(kind) \"\(choice.name)\", in this order"
      )
      return
    }
    for (option, item) in zip(known, node["options"]?.storedElements ?? []) {
      _ = item["value"]?.integer(option.range)
    }
  }

  private func checkCommand(_ choice: Choice, _ known: StrategyDescriptor, _ node: PlanNode) {
    guard known.takesCommand == (choice.command != nil) else {
      node.report(
        "strategy \"\(choice.name)\" \(known.takesCommand ? "needs a" : "takes no") command")
      return
    }
    guard let command = choice.command, let place = node["command"] else { return }
    if command.words.first?.isEmpty ?? true {
      (place["words"] ?? place).report("expected the program, found none")
    }
    if command.bytes.count > AdapterCommand.largestSize {
      place.report("the command takes more than \(AdapterCommand.largestSize) bytes")
    }
    check(place["forcing"], StoredNumbers.forcing)
    if known.alwaysForces && command.forcing == nil {
      place.report("strategy \"\(choice.name)\" needs \"forcing\"")
    }
    let items = place["forcing"]?["injections"]?.storedElements ?? []
    for item in items {
      check(item, StoredNumbers.injection)
      for port in item["ports"]?.storedElements ?? [] { _ = port.integer(0...65_535) }
    }
  }

  /// What names a row of a scenario.
  private struct Row: Hashable {
    var scenario: String
    var label: String

    init(_ arm: Arm) { self.init(scenario: arm.scenario, label: arm.strategy.label) }

    init(scenario: String, label: String) { (self.scenario, self.label) = (scenario, label) }
  }

  /// - Parameter rows: how often each label occurs.
  private func checkExpectation(_ arm: Arm, _ rows: [Row: Int], _ node: PlanNode) {
    guard let demand = arm.expectation else { return }
    let others = [("like", demand.like), ("betterThan", demand.betterThan)]
    let isCompared = others.contains { $0.1 != nil }
    if demand.failureRateAtMost == nil && demand.failureRateAtLeast == nil && !isCompared {
      node.report(
        "expected \"failureRateAtMost\", \"failureRateAtLeast\", \"like\" or \"betterThan\"")
    }
    if demand.isMustFailControl && (demand.failureRateAtLeast == nil || isCompared) {
      node.report(
        "a must-fail control needs \"failureRateAtLeast\", and is compared with no other row")
    }
    if others.allSatisfy({ $0.1 != nil }) {
      node.report("a row is compared with one other row: \"like\" or \"betterThan\"")
    }
    if (demand.like == nil) != (demand.likeWithin == nil) {
      node.report("\"like\" and \"likeWithin\" need each other")
    }
    // Runs of version 0.1 do not have the level.
    if demand.likeLevel != nil && demand.like == nil {
      node.report("\"likeLevel\" needs \"like\"")
    }
    if demand.betterBy != nil && demand.betterThan == nil {
      node.report("\"betterBy\" needs \"betterThan\"")
    }
    if (demand.sequentialRate == nil) != (demand.falseAlarm == nil) {
      node.report("\"sequentialRate\" and \"falseAlarm\" need each other")
    }
    if demand.sequentialRate != nil,
      isCompared || SequentialTest(demand, longest: max(1, arm.trials)) == nil
    {
      node.report(
        "\"sequentialRate\" needs one demanded rate, on whose good side it lies, a confidence above 0.5, and no other row"
      )
    }
    for case (let key, let label?) in others
    where rows[Row(scenario: arm.scenario, label: label), default: 0]
      <= (arm.strategy.label == label ? 1 : 0)
    {
      (node[key] ?? node).report("there is no other row \"\(label)\" in this scenario")
    }
  }

  /// Checks combinations of numbers in the same way as a plan's.
  private func checkTogether(_ arm: Arm, _ node: PlanNode) {
    var settings = ScenarioSettings()
    settings.trial = arm.settings
    if let startup = arm.startup { settings.startup = StartupSettings(startup) }
    settings.thieves = arm.thieves
    settings.thiefNodes = node["thieves"]?.storedElements ?? []
    settings.faults = zip(arm.faults, node["faults"]?.storedElements ?? []).map { ($0, $1) }
    let label = arm.strategy.label
    let scenario = Scenario(
      node: node, name: arm.scenario, nameNode: nil, why: arm.why, settings: settings,
      trials: arm.trials, strategies: [arm.strategy],
      strategyNodes: [label: node["strategy"] ?? node],
      expectations: arm.expectation.map { [label: ($0, node["expectation"] ?? node)] } ?? [:],
      published: [:], skipped: [:])
    ScenarioChecks(scenario: scenario, vocabulary: vocabulary, isStored: true).report()
  }
}
