internal import JSON
public import PlanModel
/// Reads a plan, version 1: strict decoding, defaults filled in, arms spelled out.
public struct PlanLoader {
  /// Version of the plan format that this loader reads.
  public static let version = 1

  private let vocabulary: Vocabulary
  private let collector: ErrorCollector
  private let folder: String

  /// Reads a plan.
  /// - Parameters:
  ///   - bytes: the file's content.
  ///   - file: its name, for messages.
  ///   - vocabulary: the strategies and thieves that a plan may name.
  ///   - folder: the plan's own folder, in which the commands of `exec` strategies run.
  /// - Throws: all errors of the plan.
  public static func load(
    _ bytes: some Collection<UInt8>, file: String, vocabulary: Vocabulary, folder: String = "."
  ) throws(PlanErrors) -> ResolvedPlan {
    let bytes = Array(bytes)
    let collector = ErrorCollector(file: file, bytes: bytes)
    let loader = PlanLoader(vocabulary: vocabulary, collector: collector, folder: folder)
    var plan: ResolvedPlan?
    do throws(JSONSyntaxError) {
      let root = try JSONParser.parse(bytes)
      plan = loader.plan(PlanNode(value: root, path: "", collector: collector))
    } catch {
      collector.report(error.message, at: error.position, path: "")
    }
    if let failure = collector.failure { throw failure }
    guard let plan else { preconditionFailure("no plan, and no reason for it") }
    return plan
  }

  private func plan(_ node: PlanNode) -> ResolvedPlan? {
    guard let root = node.object(keys: PlanKeys.names) else { return nil }
    _ = root["$schema"]?.string()
    if let version = root.required("version"), let number = version.integer(0...Int.max),
      number != Self.version
    {
      version.report("this bindstorm reads plans of version \(Self.version)")
    }
    let name = root.required("name").flatMap(planName) ?? ""
    let title = root["title"]?.string() ?? name
    let seed = root["seed"].map { $0.unsigned() ?? 0 } ?? 1
    let budget = root["budget_seconds"]?.number(PlanLimits.planBudgetSeconds)
    var defaults = ScenarioSettings()
    if let object = root["defaults"]?.object(keys: SettingsKeys.names) {
      defaults.read(object, vocabulary: vocabulary)
    }
    let strategies = strategies(root.required("strategies"))
    reportDuplicates(strategies.map { ($0.choice.label, $0.node) }, of: "strategy")
    var arms: [Arm] = []
    var names: [(String, PlanNode)] = []
    let reader = ScenarioReader(vocabulary: vocabulary, strategies: strategies)
    var size = 0
    for node in root.required("scenarios")?.elements() ?? [] {
      guard let scenario = reader.read(node, defaults: defaults) else { continue }
      if let name = scenario.nameNode { names.append((scenario.name, name)) }
      let further = reader.arms(of: scenario, first: arms.count)
      size += further.map(\.storedSize).reduce(0, +)
      guard size <= Arm.mostStored else {
        node.report(
          "the plan is too large: up to here its arms, each with the texts of its scenario, take more than \(Arm.mostStored >> 20) MiB; use fewer scenarios or strategies, or shorter texts"
        )
        break
      }
      arms += further
    }
    reportDuplicates(names, of: "scenario")
    leaveOutRepetitions(&arms)
    return ResolvedPlan(
      version: Self.version, name: name, title: title, seed: seed, arms: arms,
      budgetSeconds: budget)
  }

  /// A program that is a whole launch by itself meets nothing of a scenario but its pool and its limits of time: where these
  /// are the same, and the same is demanded, it runs in the first of the scenarios alone.
  private func leaveOutRepetitions(_ arms: inout [Arm]) {
    for index in arms.indices {
      let arm = arms[index]
      guard vocabulary.strategy(named: arm.strategy.name)?.alwaysForces == true,
        arm.skipReason == nil
      else { continue }
      let first = arms[..<index].first { other in
        other.strategy == arm.strategy && other.pool == arm.pool && other.trials == arm.trials
          && other.timeoutMilliseconds == arm.timeoutMilliseconds
          && other.expectation == arm.expectation && other.skipReason == nil
      }
      guard let first else { continue }
      arms[index].skipReason =
        "runs in scenario \"\(first.scenario)\": nothing of this scenario would reach its program"
    }
  }

  private func strategies(_ node: PlanNode?) -> [(choice: Choice, node: PlanNode)] {
    guard let node, let elements = node.elements() else { return [] }
    return node.limited(elements, to: PlanLimits.planStrategies, "strategies").compactMap(strategy)
  }

  /// The name is also the name of a folder.
  private func planName(_ node: PlanNode) -> String? {
    guard let name = node.string() else { return nil }
    let isFirst = { (scalar: Unicode.Scalar) in
      ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
    }
    guard let first = name.unicodeScalars.first, isFirst(first), name.utf8.count <= 64,
      name.unicodeScalars.allSatisfy({ isFirst($0) || "._-".unicodeScalars.contains($0) })
    else {
      node.report(
        "expected 1 to 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit, found \(node.value.kind)"
      )
      return nil
    }
    return name
  }

  private func strategy(_ node: PlanNode) -> (choice: Choice, node: PlanNode)? {
    let reader = ChoiceReader(
      kind: "strategy",
      known: vocabulary.strategies.map { ($0.name, $0.options) })
    guard var choice = reader.read(node, nameKey: "name", keys: StrategyKeys.names),
      let known = vocabulary.strategy(named: choice.name)
    else { return nil }
    let command = node["command"]
    switch (known.takesCommand, command) {
    case (true, let command?):
      guard let words = words(of: command) else { return nil }
      let forcing = node["check"].flatMap(ForcingReader().read)
      choice.command = AdapterCommand(
        words: words, folder: folder, forcing: forcing ?? (known.alwaysForces ? Forcing() : nil))
      let size = choice.command!.bytes.count
      if size > AdapterCommand.largestSize {
        command.report(
          "the command, \"check\" and the plan's folder take \(size) bytes; at most \(AdapterCommand.largestSize) fit"
        )
        return nil
      }
    case (true, nil):
      node.report("strategy \"\(choice.name)\" needs the key \"command\"")
      return nil
    case (false, let command?):
      let takers = vocabulary.strategies.filter(\.takesCommand).map(\.name)
      command.report(
        "strategy \"\(choice.name)\" takes no command; these do: \(takers.joined(separator: ", "))")
      return nil
    case (false, nil):
      node["check"]?.report(
        "strategy \"\(choice.name)\" runs no program whose calls could be forced")
    }
    return (choice, node)
  }

  /// The program and its arguments.
  private func words(of node: PlanNode) -> [String]? {
    guard let elements = node.elements(), !elements.isEmpty else { return nil }
    let words = elements.compactMap { element -> String? in
      guard let word = element.string() else { return nil }
      if word.utf8.contains(0) {
        element.report("a command's words cannot hold the character U+0000")
        return nil
      }
      return word
    }
    guard words.count == elements.count else { return nil }
    if words[0].isEmpty {
      elements[0].report("expected the program, found an empty string")
      return nil
    }
    return words
  }

  private func reportDuplicates(_ names: [(String, PlanNode)], of kind: String) {
    var seen: Set<String> = []
    for (name, node) in names where !seen.insert(name).inserted {
      node.report("another \(kind) is called \"\(name)\" already")
    }
  }
}

/// Reads a strategy or a thief: a name, or an object with name, label and options.
struct ChoiceReader {
  let kind: String
  let known: [(name: String, options: [OptionDescriptor])]

  /// - Parameter keys: all keys of the object. The caller reads those that are not the name, the label or the options.
  func read(_ node: PlanNode, nameKey: String, keys: [String]) -> Choice? {
    if case .string = node.value.content { return choice(node, label: nil, options: nil, at: node) }
    let misplaced = misplacedOptions(node, nameKey, keys)
    guard let object = node.object(keys: keys + misplaced),
      let name = object.required(nameKey)
    else { return nil }
    for option in misplaced {
      object[option]?.report("\"\(option)\" is an option", suggestion: "options.\(option)")
    }
    return choice(
      name, label: object["label"], options: object["options"], at: node, misplaced: misplaced)
  }

  /// Options that stand beside `options` and not in it: one mistake, where an unknown key and a missing option would be
  /// two.
  private func misplacedOptions(_ node: PlanNode, _ nameKey: String, _ keys: [String]) -> [String] {
    guard case .string(let name)? = node[nameKey]?.value.content,
      let found = known.first(where: { $0.name == name })
    else { return [] }
    return found.options.map(\.name).filter { !keys.contains($0) && node[$0] != nil }
  }

  private func choice(
    _ nameNode: PlanNode, label: PlanNode?, options: PlanNode?, at node: PlanNode,
    misplaced: [String] = []
  ) -> Choice? {
    guard let name = nameNode.string() else { return nil }
    guard let found = known.first(where: { $0.name == name }) else {
      let near = Suggestion.closest(to: name, among: known.map(\.name))
      // A list of all would hide the suggestion.
      let all = near == nil ? "; there are \(known.map(\.name).joined(separator: ", "))" : ""
      nameNode.report("there is no \(kind) \"\(name)\"\(all)", suggestion: near)
      return nil
    }
    let given = options?.object(keys: found.options.map(\.name))
    let values = found.options.compactMap { option -> OptionValue? in
      if let value = given?[option.name] {
        return number(value, option).map { OptionValue(name: option.name, value: $0) }
      }
      guard let value = option.defaultValue else {
        if !misplaced.contains(option.name), options == nil || given != nil {
          let place = options ?? node
          place.reportMissing(
            [place.child(option.name)],
            "\(kind) \"\(name)\" needs the option \"\(option.name)\" (\(option.summary))")
        }
        return nil
      }
      return OptionValue(name: option.name, value: value)
    }
    guard values.count == found.options.count else { return nil }
    if let label, !isLabel(label) { return nil }
    return Choice(name: name, label: label?.string() ?? name, options: values)
  }

  /// Whether it can name a row. `*` means all rows that a scenario's `expect` does not name.
  private func isLabel(_ node: PlanNode) -> Bool {
    guard let text = node.string() else { return false }
    if text.isEmpty { node.report("the label is empty") }
    if text == "*" { node.report("\"*\" cannot be a label: in \"expect\" it stands for the rest") }
    return !text.isEmpty && text != "*"
  }

  /// A number, or one of the option's words.
  private func number(_ value: PlanNode, _ option: OptionDescriptor) -> Int? {
    guard !option.words.isEmpty, case .string(let text) = value.value.content else {
      return value.integer(option.range)
    }
    guard let place = option.words.firstIndex(of: text) else {
      value.report(
        "expected one of \(option.words.joined(separator: ", ")), found \"\(text)\"",
        suggestion: Suggestion.closest(to: text, among: option.words))
      return nil
    }
    return option.range.lowerBound + place
  }
}
