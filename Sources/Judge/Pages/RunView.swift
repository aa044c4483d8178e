internal import Judging
internal import PageKit
internal import PlanModel
internal import Reports
internal import TerminalText

/// Where and how the run took place, how to run it again, and what the words mean.
extension RunPage {
  var runSection: Markup {
    let plan = matrix.plan
    let folder = shellQuoted(content.folder)
    var commands = [
      ("Judge it again", "bindstorm analyze \(folder)"),
      ("Compare it with another run", "bindstorm compare \(folder) NEWER-RUN"),
    ]
    if !content.command.isEmpty {
      commands.insert(
        ("Run it again", content.command.map(shellQuoted).joined(separator: " ")), at: 0)
    }
    var facts = content.environment
    facts.insert(("seed", "\(plan.seed)"), at: 0)
    if let seconds = plan.budgetSeconds { facts.append(("budget", "\(seconds) s")) }
    return Self.templates.render(
      "run",
      [
        "facts": .list(
          facts.filter { !$0.value.isEmpty }.map {
            ["name": .text($0.name), "value": .text(TerminalText.safeLine($0.value))]
          }),
        "commands": .list(
          commands.map { ["title": .text($0.0), "command": .text(TerminalText.safeLine($0.1))] }),
        "scenarios": .list(firstArms.map(scenario)),
        "words": .list(words.map { ["word": .text($0.word), "meaning": .text($0.meaning)] }),
        "legend": .list(Wording.legend(matrix).map { ["text": .text($0)] }),
      ])
  }

  /// The first arm of each scenario: pool, thieves and window are the scenario's.
  private var firstArms: [Arm] {
    var seen: Set<String> = []
    return matrix.plan.arms.filter { seen.insert($0.scenario).inserted }
  }

  private func scenario(_ arm: Arm) -> PageView {
    func options(_ values: [OptionValue]) -> String {
      values.isEmpty
        ? "" : " (" + values.map { "\($0.name) \($0.value)" }.joined(separator: ", ") + ")"
    }
    let thieves = arm.thieves.map { TerminalText.safeLine($0.label) + options($0.options) }
    let faults = arm.faults.map { "\($0.kind.name) at \($0.point.rawValue)" }
    let topology =
      Counted.text(arm.topology.launches, "launch", "launches") + " of "
      + Counted.text(arm.topology.apiServers, "API server")
    let trials = Set(
      matrix.plan.arms.filter { $0.scenario == arm.scenario }.map(\.trials)
    ).sorted()
    return [
      "name": .text(arm.scenario), "depth": .text(arm.depth.rawValue),
      "topology": .text(topology), "slots": .text(pool(arm)),
      "thieves": .text(thieves.isEmpty ? "none" : thieves.joined(separator: "; ")),
      "faults": .text(faults.isEmpty ? "none" : faults.joined(separator: "; ")),
      "trials": .text(
        trials.count == 1 ? "\(trials[0])" : "\(trials[0]) to \(trials[trials.count - 1])"),
    ]
  }

  private func pool(_ arm: Arm) -> String {
    "\(arm.pool.low) to \(arm.pool.high)"
  }

  /// The words that the page uses.
  private var words: [(word: String, meaning: String)] {
    let strategies = StrategyAnswer.allCases.filter { answer in
      matrix.arms.contains { $0.strategyAnswer == answer }
    }
    let plans = PlanAnswer.allCases.filter { answer in
      matrix.arms.contains { $0.planAnswer == answer }
    }
    let outcomes = Outcome.allCases.filter { outcome in
      matrix.arms.contains { $0.outcomes.contains { $0.outcome == outcome } }
    }
    return strategies.map { ($0.word, $0.facts.meaning) }
      + plans.map { ($0.word, $0.facts.meaning) }
      + outcomes.map { ($0.rawValue, $0.facts.meaning) }
  }
}
