internal import ArgumentParser
internal import Judging
internal import PlanModel

/// `bindstorm list strategies|thieves|faults|outcomes|verdicts`
struct ListCommand: ParsableCommand {
  /// What can be listed.
  enum Subject: String, ExpressibleByArgument, CaseIterable {
    case strategies, thieves, faults, outcomes, verdicts
  }

  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract:
      "List the strategies, thieves or faults that a plan may name, or the outcomes and verdicts that a report names.",
    discussion: """
      EXAMPLES:
        bindstorm list strategies --long
        bindstorm list thieves --json
        bindstorm list outcomes
      """)

  @Argument(help: "strategies, thieves, faults, outcomes or verdicts.")
  var subject: Subject

  @Flag(
    help:
      "For strategies: where each comes from, what it needs, and how it fails. For thieves: how the model treats each, and which option target_failure_rate sets."
  )
  var long = false

  @Flag(
    help:
      "For strategies: a Markdown table of what each declares about itself. For outcomes and verdicts: the tables of the glossary."
  )
  var markdown = false

  @Flag(help: "Print JSON, with everything that --long shows.")
  var json = false

  func validate() throws {
    if json && (markdown || long) {
      throw ValidationError("--json has everything; remove --markdown and --long")
    }
    if markdown && ![.strategies, .outcomes, .verdicts].contains(subject) {
      throw ValidationError("--markdown is for strategies, outcomes and verdicts only")
    }
    if long && subject != .strategies && subject != .thieves {
      throw ValidationError("--long is for strategies and thieves only")
    }
  }

  func run() throws {
    try StandardStreams.printResult(
      json ? try StandardStreams.json(ListDocument(subject)) : text)
  }

  private var text: String {
    switch subject {
    case .strategies where markdown: return StrategyTable.text(vocabulary.strategies)
    case .outcomes: return markdown ? OutcomeList.markdown : OutcomeList.text
    case .verdicts: return markdown ? VerdictList.markdown : VerdictList.text
    case .strategies:
      let present = vocabulary.strategies.map { strategy in
        block(strategy.name, strategy.summary, strategy.options) + (long ? traits(strategy) : "")
      }
      let programs = ProgramRow.all.map { "\($0.name)\n    \($0.place)\n" }
      return present.joined() + "\nThrough the strategy exec, see Scenarios/real-code.json:\n"
        + programs.joined()
    case .thieves:
      return vocabulary.thieves.map { thief in
        block(thief.name, thief.summary, thief.options) + (long ? facts(thief) : "")
      }.joined()
    case .faults:
      return vocabulary.faults.map { fault in
        let all = InjectionPoint.allCases
        let points = all.filter(fault.points.contains).map(\.rawValue)
        let text = points.count == all.count ? "any point" : points.joined(separator: ", ")
        return block(fault.name, fault.summary, fault.options) + "    at: \(text)\n"
      }.joined()
        + "\nPoints, in the order in which a launch passes them: "
        + InjectionPoint.allCases.map(\.rawValue).joined(separator: ", ") + "\n"
    }
  }

  private func facts(_ thief: ThiefDescriptor) -> String {
    let needs = thief.requirements.map(\.rawValue).sorted()
    let lines = [
      ("model", thief.model.summary),
      (
        "target_failure_rate",
        thief.intensity.map { "solves for \($0)" } ?? "no intensity to solve for"
      ),
      ("needs", needs.isEmpty ? "nothing" : needs.joined(separator: ", ")),
    ]
    return lines.map { "    \($0): \($1)\n" }.joined()
  }

  private func traits(_ strategy: StrategyDescriptor) -> String {
    let traits = strategy.traits
    let needs = strategy.requirements.map(\.rawValue).sorted()
    let lines = [
      ("origin", strategy.origin),
      ("depths", strategy.depths.map(\.rawValue).sorted().joined(separator: ", ")),
      ("sockets", strategy.sockets.map(\.rawValue).sorted().joined(separator: ", ")),
      ("needs root", traits.needsRoot ? "yes" : "no"),
      ("needs", needs.isEmpty ? "nothing" : needs.joined(separator: ", ")),
      ("cooperation", traits.cooperation.rawValue),
      ("number known beforehand", traits.isKnownBeforehand ? "yes" : "no"),
      ("works across hosts", traits.worksAcrossHosts ? "yes" : "no"),
      ("fails", traits.failure.rawValue),
      ("weakness", traits.weakness),
    ]
    return lines.map { "    \($0): \($1)\n" }.joined()
  }

  private func block(_ name: String, _ summary: String, _ options: [OptionDescriptor]) -> String {
    var lines = ["\(name)", "    \(summary)"]
    for option in options {
      let value =
        option.defaultValue.map {
          "default "
            + (option.words.isEmpty ? "\($0)" : option.words[$0 - option.range.lowerBound])
        } ?? "required"
      let range =
        option.words.isEmpty
        ? "\(option.range.lowerBound)...\(option.range.upperBound)"
        : option.words.joined(separator: "|")
      lines.append(
        "    \(option.name): \(option.summary) (\(range), \(value))"
      )
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

/// A known approach that is a row through a separate program, and where that program is.
struct ProgramRow {
  let name: String
  let place: String

  static let all = [
    ProgramRow(
      name: "port daemon",
      place: "Google's portpicker with its real portserver: Adapters/portpicker_adapter.py"),
    ProgramRow(
      name: "distributed reservation",
      place: "leased keys in a real etcd: Adapters/etcd_adapter.py"),
    ProgramRow(
      name: "a vLLM release's own helper",
      place: "taken from its wheel: Adapters/vllm_helper.py"),
    ProgramRow(
      name: "a vLLM release itself",
      place: "its launcher and API servers: Adapters/real_vllm/adapter.py"),
    ProgramRow(
      name: "PyTorch's rendezvous",
      place: "get_free_port, then TCPStore: Adapters/torch_adapter.py"),
    ProgramRow(
      name: "SGLang's port helpers", place: "taken from its wheel: Adapters/sglang_adapter.py"),
  ]
}
