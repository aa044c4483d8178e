/// Whether a run is worse than earlier ones: each of its cells beside the same cell of a baseline, all together at one
/// level.
public struct Gate: Sendable, Equatable {
  /// A cell that is not compared.
  public struct LeftOut: Sendable, Equatable, Encodable {
    public var scenario: String
    public var strategy: String
    /// Why, as the rest of a sentence.
    public var reason: String
  }

  /// Cells beside their baseline.
  public let table: ComparisonTable
  public let leftOut: [LeftOut]
  /// What the baseline is, in words.
  public let baseline: String

  /// - Parameters:
  ///   - run: the cells of the run.
  ///   - earlier: cells of the runs that the baseline is made of, the oldest first.
  ///   - last: how many of the newest of these runs count; nil for all.
  ///   - level: the probability of a false alarm in a night is at most this, in (0, 1).
  public init(
    _ run: [CellNight], beside earlier: [CellNight], last: Int?, marks: [HistoryMark],
    level: Double, margin: Double, baseline: String
  ) {
    var asked: [(row: PairComparison.Row, reference: PairComparison.Row)] = []
    var leftOut: [LeftOut] = []
    for cell in run {
      let theirs = earlier.filter { $0.scenario == cell.scenario && $0.strategy == cell.strategy }
      let usable = theirs.filter { night in
        let mark = marks.filter { $0.covers(scenario: cell.scenario, strategy: cell.strategy) }
          .map(\.at).max()
        return CellHistory.reason(against: night, as: cell, since: mark) == nil
      }
      let chosen = last.map { Array(usable.suffix($0)) } ?? usable
      let reason: String? =
        if cell.isMeantToFail {
          "it is meant to fail"
        } else if cell.isStopped {
          "a stopping rule ended it"
        } else if theirs.isEmpty {
          "the baseline does not have it"
        } else if chosen.isEmpty {
          "no run of the baseline has it in the same form and whole"
        } else {
          nil
        }
      guard reason == nil, let pooled = CellSample.pooled(chosen.map(\.sample)) else {
        leftOut.append(
          LeftOut(scenario: cell.scenario, strategy: cell.strategy, reason: reason ?? ""))
        continue
      }
      asked.append(
        (
          row: PairComparison.Row(
            name: cell.strategy, scenario: cell.scenario, sample: cell.sample,
            medianTimeToReady: cell.medianTimeToReady),
          reference: PairComparison.Row(
            name: Counted.text(chosen.count, "earlier run"), scenario: cell.scenario,
            sample: pooled,
            // Medians cannot be pooled; the newest one stands for how it was.
            medianTimeToReady: chosen.last?.medianTimeToReady)
        ))
    }
    self.leftOut = leftOut
    self.baseline = baseline
    table = ComparisonTable(
      asked, level: level, margin: margin, areInterleaved: false,
      isIsolated: run.allSatisfy(\.isIsolated))
  }

  public var worse: [PairComparison] { table.pairs.filter { $0.word == .worse } }
  public var better: [PairComparison] { table.pairs.filter { $0.word == .better } }
  public var undecided: [PairComparison] { table.pairs.filter { $0.word == .undecided } }

  /// 1 if a cell is worse; 2 if nothing, or not everything, could be compared; otherwise 0.
  public var exitCode: Int32 {
    if !worse.isEmpty { return 1 }
    return table.pairs.isEmpty || !undecided.isEmpty ? 2 : 0
  }
}
