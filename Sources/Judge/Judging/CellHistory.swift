public import Statistics

/// A cell over many runs: which of them count, what they show together, and when the rate changed.
public struct CellHistory: Sendable, Equatable {
  /// Why runs are left out.
  public enum Reason: String, Sendable, Codable, CaseIterable {
    case beforeMark = "before the mark"
    case otherDefinition = "with another definition of the cell"
    case otherIsolation = "with another isolation of the host's ports"
    case partial = "cut short"
    case stopped = "ended by a stopping rule"
  }

  /// From this probability on a change is said.
  public static let shownProbability = 0.95

  public let scenario: String
  public let strategy: String
  /// The runs that count, the oldest first.
  public let nights: [CellNight]
  /// How many runs do not count, and why; only reasons that occurred.
  public let leftOut: [Reason: Int]
  /// The newest mark on this cell; nil without one.
  public let mark: HistoryMark?
  /// All that count together; nil if none does.
  public let pooled: CellSample?
  /// Changes of the rate, each with the number of the first night with the new one.
  public let changes: [ChangePoint]

  /// - Parameters:
  ///   - all: the cell in every run, the oldest first; at least one.
  ///   - last: how many of the newest runs that count are taken; nil for all.
  init(_ all: [CellNight], marks: [HistoryMark], last: Int? = nil) {
    precondition(!all.isEmpty, "a cell that never ran has no history")
    let newest = all[all.count - 1]
    (scenario, strategy) = (newest.scenario, newest.strategy)
    let mark = marks.filter { $0.covers(scenario: newest.scenario, strategy: newest.strategy) }
      .max { $0.at < $1.at }
    var (counted, leftOut): ([CellNight], [Reason: Int]) = ([], [:])
    for night in all {
      if let reason = Self.reason(against: night, as: newest, since: mark?.at) {
        leftOut[reason, default: 0] += 1
      } else {
        counted.append(night)
      }
    }
    self.mark = mark
    self.leftOut = leftOut
    nights = last.map { counted.suffix($0) } ?? counted
    pooled = CellSample.pooled(nights.map(\.sample))
    changes = ChangePoint.all(
      nights.map {
        ChangePoint.Count(failed: $0.sample.count.failed, counted: $0.sample.count.counted)
      }, atLeast: Self.shownProbability)
  }

  /// Why a night says nothing about the cell as it is now; nil if it does.
  static func reason(
    against night: CellNight, as now: CellNight, since mark: String? = nil
  ) -> Reason? {
    if let mark, night.startedAt <= mark { return .beforeMark }
    if night.definition != now.definition { return .otherDefinition }
    if night.isIsolated != now.isIsolated { return .otherIsolation }
    // Whoever interrupts a run may have seen how it went; and a rule that waits for a failure always ends with one.
    if night.isPartial { return .partial }
    return night.isStopped ? .stopped : nil
  }

  /// The histories of all cells: those of the newest run in its order, then those that only older runs have.
  /// - Parameter nights: run by run, the oldest first.
  public static func all(
    of nights: [CellNight], marks: [HistoryMark], last: Int? = nil
  ) -> [CellHistory] {
    var order: [[String]] = []
    var cells: [[String]: [CellNight]] = [:]
    for night in nights { cells[[night.scenario, night.strategy], default: []].append(night) }
    for night in nights.filter({ $0.folder == nights.last?.folder }) + nights.reversed() {
      let name = [night.scenario, night.strategy]
      if cells[name]?.isEmpty == false && !order.contains(name) { order.append(name) }
    }
    return order.compactMap { cells[$0] }.map { CellHistory($0, marks: marks, last: last) }
  }

  /// The nights between two changes, in order, and the rate of each stretch.
  public var stretches: [(nights: ArraySlice<CellNight>, sample: CellSample)] {
    let starts = [0] + changes.map(\.place) + [nights.count]
    return zip(starts, starts.dropFirst()).compactMap { from, to in
      CellSample.pooled(nights[from..<to].map(\.sample)).map { (nights[from..<to], $0) }
    }
  }
}
