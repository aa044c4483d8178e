internal import Judging
internal import PlanModel

/// A Markdown table.
enum MarkdownTable {
  static func text(_ head: [String], _ rows: [[String]]) -> String {
    ([head, head.map { _ in "---" }] + rows).map { "| \($0.joined(separator: " | ")) |\n" }
      .joined()
  }
}

/// The table of strategies in CONTRIBUTING.md; a test compares the two.
enum StrategyTable {
  static func text(_ strategies: [StrategyDescriptor]) -> String {
    let head = [
      "strategy", "origin", "root", "cooperation", "number known beforehand", "across hosts",
      "fails",
      "weakness",
    ]
    let rows = strategies.map { strategy -> [String] in
      let traits = strategy.traits
      return [
        "`\(strategy.name)`", strategy.origin, traits.needsRoot ? "yes" : "no",
        traits.cooperation.rawValue, traits.isKnownBeforehand ? "yes" : "no",
        traits.worksAcrossHosts ? "yes" : "no", traits.failure.rawValue, traits.weakness,
      ]
    }
    return MarkdownTable.text(head, rows)
  }
}

/// Every outcome with its meaning: as a list, and as the table in Documentation/glossary.md; a test compares the two.
enum OutcomeList {
  static var text: String {
    "Outcomes of a launch:\n"
      + Outcome.allCases.map {
        "\($0.rawValue)\n    \($0.facts.meaning)\n    counts: \($0.facts.counting.rawValue)\n"
          + ($0.isFailure
            ? "    a must-fail control that fails so: \(controlWord($0))\n" : "")
          + "    to do: \($0.facts.advice)\n"
      }.joined() + "\nWhat all launches of a row show: bindstorm list verdicts\n"
  }

  private static func controlWord(_ outcome: Outcome) -> String {
    outcome.fulfilsControl ? "is fulfilled" : "is not fulfilled"
  }

  static var markdown: String {
    MarkdownTable.text(
      ["outcome", "meaning", "counts", "a must-fail control that fails so", "what to do"],
      Outcome.allCases.map {
        [
          "`\($0.rawValue)`", $0.facts.meaning, $0.facts.counting.rawValue,
          $0.isFailure ? controlWord($0) : "-", $0.facts.advice,
        ]
      })
  }
}

/// The two answers of a row, with what each word means: as a list, and as the tables in Documentation/glossary.md.
enum VerdictList {
  static var text: String {
    "What the strategy did:\n"
      + StrategyAnswer.allCases.map {
        "\($0.word)\n    \($0.facts.meaning)\n    to do: \($0.facts.advice)\n"
      }.joined() + "\nWhether the plan expected it:\n"
      + PlanAnswer.allCases.map {
        "\($0.word)\n    \($0.facts.meaning)\n    exit code: \($0.facts.exitCode)\n"
          + "    in JUnit XML: \($0.facts.testResult.rawValue)\n    to do: \($0.facts.advice)\n"
      }.joined()
  }

  static var markdown: String {
    MarkdownTable.text(
      ["the strategy", "meaning", "what to do"],
      StrategyAnswer.allCases.map { ["`\($0.word)`", $0.facts.meaning, $0.facts.advice] }) + "\n"
      + MarkdownTable.text(
        ["the plan", "in files", "meaning", "exit code", "in JUnit", "what to do"],
        PlanAnswer.allCases.map {
          [
            "`\($0.word)`", "`\($0.rawValue)`", $0.facts.meaning, "\($0.facts.exitCode)",
            $0.facts.testResult.rawValue, $0.facts.advice,
          ]
        })
  }
}
