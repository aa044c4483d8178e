public import Judging
internal import Statistics
internal import TerminalText

/// What many runs of a plan say, as text and JSON.
public struct HistoryReport {
  private let plan: String
  private let histories: [CellHistory]
  private let width: Int

  /// - Parameters:
  ///   - histories: of the plan's cells, in its order.
  ///   - width: columns of the terminal.
  public init(plan: String, _ histories: [CellHistory], width: Int) {
    self.plan = plan
    self.histories = histories
    self.width = width
  }

  /// All cells, a line each, and what changed. Ends with a line break.
  public var text: String {
    let nights = histories.flatMap(\.nights)
    var lines = [heading(nights), ""]
    let rows = histories.map { history in
      [
        history.scenario, history.strategy, "\(history.nights.count)",
        history.pooled.map { Wording.estimate($0.rate) } ?? "-", Self.sparkline(history),
      ]
    }
    lines += TextLayout.table(
      [["scenario", "strategy", "runs", "failed [95 %]", "run by run"]] + rows, width: width)
    lines += changes + leftOut + marks
    lines += [
      "",
      "failed: launches or trials that failed or recovered, of all runs that count together. Run by run, oldest first: \(Self.bars.first!) is 0 %, \(Self.bars.last!) the cell's highest rate, \(Self.noData) no data.",
    ]
    return lines.map { TerminalText.safeLine($0) + "\n" }.joined()
  }

  /// One cell, a line for each run. Ends with a line break.
  public var nights: String {
    var lines: [String] = []
    for history in histories {
      lines += ["\(plan): \(history.scenario)/\(history.strategy)", ""]
      let rows = history.nights.map { night in
        [
          night.startedAt, Wording.estimate(night.sample.rate), night.strategyAnswer.rawValue,
          night.medianTimeToReady.map(Wording.duration) ?? "-",
          night.tags.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            .joined(separator: " "), night.folder,
        ]
      }
      let head = ["began (UTC)", "failed [95 %]", "strategy", "ready after", "tags", "run"]
      lines += TextLayout.table([head] + rows, width: width) + [""]
      if let pooled = history.pooled {
        lines.append("together: \(Wording.estimate(pooled.rate))")
      }
    }
    return (lines + changes + leftOut + marks).map { TerminalText.safeLine($0) + "\n" }.joined()
  }

  /// One cell in a few words: how many runs, what they came to, and when the rate changed.
  public static func line(_ history: CellHistory) -> String {
    let rate = history.pooled.map { Wording.estimate($0.rate) } ?? "no data"
    let changes = history.changes.map {
      "; changed with probability \(probability($0.probability)) with the run of \(history.nights[$0.place].startedAt)"
    }
    return
      "\(Counted.text(history.nights.count, "run")), \(rate) \(sparkline(history))\(changes.joined())"
  }

  /// As JSON.
  /// - Throws: `EncodingError`, never for these values.
  public var json: [UInt8] {
    get throws {
      try JSONReport.bytes(
        Document(plan: plan, cells: histories.map(Document.Cell.init)),
        format: "bindstorm-history/1")
    }
  }

  // MARK: Parts

  private func heading(_ nights: [CellNight]) -> String {
    let runs = Set(nights.map(\.folder)).count
    guard let first = nights.map(\.startedAt).min(), let last = nights.map(\.startedAt).max()
    else { return "\(plan): no run that counts" }
    let times =
      runs == 1 ? "of \(first.prefix(10))" : "from \(first.prefix(10)) to \(last.prefix(10))"
    return "\(plan): \(Counted.text(runs, "run")) \(times)"
  }

  private var changes: [String] {
    let lines = histories.flatMap { history in
      zip(history.changes, zip(history.stretches, history.stretches.dropFirst())).map {
        change, sides in
        "\(history.scenario)/\(history.strategy): changed with probability \(Self.probability(change.probability)), most probably with the run of \(day(history, change.place))\(range(history, change)): \(Wording.estimate(sides.0.sample.rate)) before, \(Wording.estimate(sides.1.sample.rate)) since"
      }
    }
    let level = Wording.fixed(CellHistory.shownProbability, 2)
    return [
      "", lines.isEmpty ? "No rate changed with a probability of \(level) or more." : "Changes",
    ]
      + lines.flatMap { TextLayout.wrapped($0, width: width, indent: "  ", rest: "    ") }
  }

  /// Rounded down: nothing is certain.
  private static func probability(_ value: Double) -> String {
    value >= 0.999 ? "above 0.999" : Wording.fixed((value * 1_000).rounded(.down) / 1_000, 3)
  }

  private func day(_ history: CellHistory, _ place: Int) -> String {
    "\(history.nights[place].startedAt)"
  }

  private func range(_ history: CellHistory, _ change: ChangePoint) -> String {
    change.places.count == 1
      ? ""
      : " (95 %: \(day(history, change.places.lowerBound)) to \(day(history, change.places.upperBound)))"
  }

  private var leftOut: [String] {
    CellHistory.Reason.allCases.compactMap { reason in
      let cells = histories.filter { $0.leftOut[reason] != nil }
      guard !cells.isEmpty else { return nil }
      let runs = cells.compactMap { $0.leftOut[reason] }.reduce(0, +)
      return
        "Left out: \(Counted.text(runs, "result")) of \(Counted.text(cells.count, "cell")), \(reason.rawValue)."
    }
  }

  private var marks: [String] {
    var seen: [HistoryMark] = []
    for mark in histories.compactMap(\.mark) where !seen.contains(mark) { seen.append(mark) }
    return seen.map { mark in
      let cells = [mark.scenario, mark.strategy].compactMap(\.self).joined(separator: "/")
      return "Mark of \(mark.at)\(cells.isEmpty ? "" : " on \(cells)"): \(mark.note)"
    }
  }

  private static let bars = Array("▁▂▃▄▅▆▇█")
  private static let noData: Character = "·"
  /// The newest that fit beside the other columns.
  private static let mostBars = 40

  private static func sparkline(_ history: CellHistory) -> String {
    let rates = history.nights.suffix(mostBars).map { $0.sample.rate.rate }
    let highest = rates.compactMap(\.self).max() ?? 0
    return String(
      rates.map { rate in
        guard let rate else { return noData }
        guard rate > 0 else { return bars[0] }
        // Any failure is visible: only 0 has the lowest bar.
        return bars[max(1, Int((rate / highest * Double(bars.count - 1)).rounded()))]
      })
  }

  // MARK: JSON

  private struct Document: Encodable {
    struct Night: Encodable {
      var run: String
      var startedAt: String
      var version: String
      var tags: [String: String]
      var strategyAnswer: StrategyAnswer
      var failed: RateEstimate
      var recovered: Int
      var uncounted: Int
      var medianTimeToReadyNanoseconds: UInt64?
    }

    struct Change: Encodable {
      var probability: Double
      var firstRun: String
      var before: RateEstimate
      var since: RateEstimate
    }

    struct Cell: Encodable {
      var scenario: String
      var strategy: String
      var isByLaunch: Bool?
      var pooled: RateEstimate?
      var changes: [Change]
      var leftOut: [String: Int]
      var mark: HistoryMark?
      var nights: [Night]

      init(_ history: CellHistory) {
        scenario = history.scenario
        strategy = history.strategy
        isByLaunch = history.pooled?.isByLaunch
        pooled = history.pooled?.rate
        let stretches = history.stretches
        changes = zip(history.changes, zip(stretches, stretches.dropFirst())).map {
          Change(
            probability: $0.probability, firstRun: history.nights[$0.place].folder,
            before: $1.0.sample.rate, since: $1.1.sample.rate)
        }
        leftOut = Dictionary(
          uniqueKeysWithValues: history.leftOut.map { ("\($0.key)", $0.value) })
        mark = history.mark
        nights = history.nights.map { night in
          Night(
            run: night.folder, startedAt: night.startedAt, version: night.version, tags: night.tags,
            strategyAnswer: night.strategyAnswer, failed: night.sample.rate,
            recovered: night.sample.count.recovered, uncounted: night.sample.count.uncounted,
            medianTimeToReadyNanoseconds: night.medianTimeToReady)
        }
      }
    }

    var plan: String
    var cells: [Cell]
  }
}
