public import Judging
internal import PlanModel
internal import TerminalText

/// The matrix as OpenMetrics text, version 1.0 of the specification, for dashboards: gauges of the newest run, each with the
/// cell as labels.
public enum OpenMetricsReport {
  /// The document, ending with `# EOF`.
  /// - Parameter seconds: the time of each arm, in the plan's order; 0 if unknown.
  public static func text(_ matrix: Matrix, seconds: [Double]) -> String {
    let cells = matrix.plan.arms.map { Cell($0, matrix.arms[$0.index], of: matrix) }
    var families = [
      Family(
        "bindstorm_run", unit: "", help: "What ran.", type: "info",
        samples: [
          Sample(
            "_info",
            [
              ("plan", matrix.plan.name), ("seed", "\(matrix.plan.seed)"),
              ("isolated", "\(matrix.isIsolated)"), ("partial", "\(matrix.isPartial)"),
            ], "1")
        ]),
      Family(
        "bindstorm_launches", unit: "", help: "Launches by outcome.",
        samples: cells.flatMap { cell in
          cell.verdict.outcomes.map {
            Sample("", cell.labels + [("outcome", $0.outcome.rawValue)], "\($0.launches)")
          }
        }),
      answers(
        "bindstorm_strategy_answer", "What the strategy did.", StrategyAnswer.allCases, cells,
        \.strategyAnswer),
      answers(
        "bindstorm_plan_answer", "Whether the plan expected it.", PlanAnswer.allCases, cells,
        \.planAnswer),
    ]
    families += rates(cells) + durations(cells)
    families.append(
      Family(
        "bindstorm_cell_seconds", unit: "seconds", help: "Time that the cell's trials took.",
        samples: cells.filter { $0.arm.index < seconds.count }.map {
          Sample("", $0.labels, "\(seconds[$0.arm.index])")
        }))
    return families.filter { !$0.samples.isEmpty }.map(\.text).joined() + "# EOF\n"
  }

  // MARK: Families

  private static func rates(_ cells: [Cell]) -> [Family] {
    let seen = cells.filter { ($0.verdict.sample?.count.counted ?? 0) > 0 }
    func family(_ name: String, _ help: String, _ value: (RateEstimate) -> Double?) -> Family {
      Family(
        name, unit: "ratio", help: help,
        samples: seen.compactMap { cell in
          value(cell.verdict.sample!.rate).map { Sample("", cell.labels, "\($0)") }
        })
    }
    return [
      family("bindstorm_failure_ratio", "Launches or trials that failed or recovered.", \.rate),
      family("bindstorm_failure_low_ratio", "Lower end of the exact 95 % interval.", \.low),
      family("bindstorm_failure_high_ratio", "Upper end of the exact 95 % interval.", \.high),
      Family(
        "bindstorm_predicted_ratio", unit: "ratio",
        help: "Failure rate of a trial that theory predicts.",
        samples: cells.compactMap { cell in
          cell.verdict.predictionPerTrial.map { Sample("", cell.labels, "\($0.predicted)") }
        }),
    ]
  }

  private static func durations(_ cells: [Cell]) -> [Family] {
    let measures: [(String, String, (ArmVerdict) -> DurationSummary?)] = [
      ("release_skew", "Barrier release skew.", \.releaseSkew),
      ("window", "From the release of a probed port to its bind.", \.window),
      ("time_to_bound", "From the barrier until everything is bound.", \.timeToBound),
      ("time_to_served", "From the barrier until every request is answered.", \.timeToServed),
    ]
    return measures.map { name, help, summary in
      Family(
        "bindstorm_\(name)_seconds", unit: "seconds", help: help,
        samples: cells.flatMap { cell -> [Sample] in
          guard let found = summary(cell.verdict) else { return [] }
          return [("0.5", found.p50), ("0.99", found.p99), ("1", found.max)].map {
            // Gauges and not a summary: a summary has the sum of all observations, which is not kept.
            Sample("", cell.labels + [("quantile", $0)], "\(Double($1) / 1e9)")
          }
        })
    }
  }

  /// A state set: one of the words is 1, the others are 0.
  private static func answers<Answer: RawRepresentable<String> & Equatable>(
    _ name: String, _ help: String, _ all: [Answer], _ cells: [Cell],
    _ answer: (ArmVerdict) -> Answer
  ) -> Family {
    Family(
      name, unit: "", help: help, type: "stateset",
      samples: cells.flatMap { cell in
        all.map { word in
          Sample(
            "", cell.labels + [(name, word.rawValue)], answer(cell.verdict) == word ? "1" : "0")
        }
      })
  }

  // MARK: Text

  private struct Cell {
    let arm: Arm
    let verdict: ArmVerdict
    let labels: [(String, String)]

    init(_ arm: Arm, _ verdict: ArmVerdict, of matrix: Matrix) {
      self.arm = arm
      self.verdict = verdict
      labels = [
        ("plan", matrix.plan.name), ("scenario", arm.scenario), ("strategy", arm.strategy.label),
      ]
    }
  }

  private struct Sample {
    let suffix: String
    let labels: [(String, String)]
    let value: String

    init(_ suffix: String, _ labels: [(String, String)], _ value: String) {
      (self.suffix, self.labels, self.value) = (suffix, labels, value)
    }
  }

  private struct Family {
    let name: String
    let unit: String
    let help: String
    let type: String
    let samples: [Sample]

    init(
      _ name: String, unit: String, help: String, type: String = "gauge", samples: [Sample]
    ) {
      (self.name, self.unit, self.help, self.type) = (name, unit, help, type)
      self.samples = samples
    }

    var text: String {
      let unit = unit.isEmpty ? "" : "# UNIT \(name) \(unit)\n"
      return "# TYPE \(name) \(type)\n\(unit)# HELP \(name) \(OpenMetricsReport.escaped(help))\n"
        + samples.map { sample in
          let labels = sample.labels.map { "\($0)=\"\(OpenMetricsReport.escaped($1))\"" }
          return "\(name)\(sample.suffix){\(labels.joined(separator: ","))} \(sample.value)\n"
        }.joined()
    }
  }

  /// The three characters that the specification escapes.
  fileprivate static func escaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in TerminalText.safeLine(text).unicodeScalars {
      switch scalar {
      case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case "\"": result.append(contentsOf: "\\\"".unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}
