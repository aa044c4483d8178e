/// Tries every window of a program: steals in one window per run, until no run shows a window that was not tried. The
/// windows at one place are told apart by their order in the run.
public struct Enumeration: Sendable {
  public typealias Outcome = TheftOutcome

  /// A window of the program.
  public struct Window: Sendable {
    /// The finding that showed it first.
    public let finding: Finding
    public let place: String
    /// Which window at this place it is in the order of a run, from 1.
    public let occurrence: Int
    /// The run in which it was first seen; 0 is the run without a thief.
    public let firstSeenInRun: Int
    /// It was first seen in a run after the theft at another place.
    public let isAfterTheft: Bool
    public internal(set) var outcome: Outcome?
    /// The last line that the program printed, empty if there is none.
    public internal(set) var lastWords = ""
    /// Clients that reached the thief.
    public internal(set) var encounters: [Encounter] = []

    /// Which re-bind of a port, from 1.
    public var rebind: Int { finding.rebind }
    public var summary: String { finding.summary }
  }

  private struct Key: Hashable {
    let place: String
    let occurrence: Int
  }

  public private(set) var windows: [Window] = []
  private var indices: [Key: Int] = [:]
  private var suppressions: Suppressions
  private var known: Set<Key> = []
  private var places: Set<String> = []
  /// Runs so far, including the one without a thief.
  public private(set) var runs = 0
  /// The largest number of windows that are tried.
  public let limit: Int
  /// Windows that opened at a known place only after a theft: the command's own second attempts.
  public private(set) var reactions = 0
  /// What the run without a thief showed besides windows: collisions, twins, connections to themselves. No thief is
  /// needed for them, so the command fails.
  public private(set) var shown: [Finding] = []
  /// Why no window was tried, if none was.
  public var obstacle: Undecided?
  private var newInLastRun = 0
  /// Runs that did not reach their window and showed others.
  private var fruitless = 0
  /// After so many such runs the program is taken for one whose places change.
  static let mostFruitless = 3

  /// - Parameter suppressions: the windows that are known: none of them is tried.
  public init(limit: Int, suppressions: Suppressions = Suppressions()) {
    self.limit = limit
    self.suppressions = suppressions
  }

  /// Windows that were left out because they are known.
  public var suppressed: Int { known.count }

  /// Takes the findings of a run.
  public mutating func saw(_ findings: [Finding]) {
    let placesBefore = places
    let theft = findings.firstIndex(where: \.wasStolen)
    var counts: [String: Int] = [:]
    newInLastRun = 0
    if runs == 0 {
      shown = findings.filter {
        $0.kind.isRace && !$0.canBeStolen && $0.kind != .duplicate && !suppressions.take($0)
      }
    }
    for (index, finding) in findings.enumerated()
    where finding.canBeStolen || finding.kind == .duplicate {
      let place = finding.place
      // What the kernel itself refused is no window, and does not count in the order of those that are.
      let isTaken = !finding.canBeStolen
      if !isTaken { counts[place, default: 0] += 1 }
      let occurrence = isTaken ? 0 : counts[place]!
      let key = Key(place: place, occurrence: occurrence)
      guard indices[key] == nil, !known.contains(key) else { continue }
      if suppressions.take(finding) {
        known.insert(key)
        continue
      }
      let isAfter = theft.map { index > $0 } ?? false
      if isAfter && placesBefore.contains(place) {
        reactions += 1
        continue
      }
      add(finding, place, occurrence, isAfter)
    }
    runs += 1
  }

  private mutating func add(
    _ finding: Finding, _ place: String, _ occurrence: Int, _ isAfterTheft: Bool
  ) {
    var window = Window(
      finding: finding, place: place, occurrence: occurrence, firstSeenInRun: runs,
      isAfterTheft: isAfterTheft)
    if occurrence == 0 { window.outcome = .undecided(.taken) }
    places.insert(place)
    indices[Key(place: place, occurrence: occurrence)] = windows.count
    windows.append(window)
    newInLastRun += 1
  }

  /// The window to steal in next, nil when all were tried or the limit is met. Every place comes once before any place
  /// comes a second time.
  public var next: Window? {
    guard obstacle == nil, fruitless < Self.mostFruitless, tried < limit else { return nil }
    return windows.filter { $0.outcome == nil }.min { $0.occurrence < $1.occurrence }
  }

  /// Records the program's reaction.
  public mutating func tried(
    _ window: Window, _ outcome: Outcome, lastWords: String, encounters: [Encounter] = []
  ) {
    guard let index = indices[Key(place: window.place, occurrence: window.occurrence)] else {
      return
    }
    let isUnreached = outcome == .undecided(.notReached)
    // A run that was over its time did not come to its window either.
    if (isUnreached || outcome == .undecided(.slow)) && newInLastRun > 0 { fruitless += 1 }
    windows[index].outcome =
      isUnreached && window.isAfterTheft ? .undecided(.onlyAfterTheft) : outcome
    windows[index].lastWords = lastWords
    windows[index].encounters = encounters
  }

  /// No more runs: says why for each window that was not tried.
  /// - Parameter reason: nil for the limits of the series itself.
  public mutating func close(_ reason: Undecided? = nil) {
    let why =
      reason ?? obstacle ?? (fruitless >= Self.mostFruitless ? .changingPlaces : .limit(limit))
    for index in windows.indices where windows[index].outcome == nil {
      windows[index].outcome = .undecided(why)
    }
  }

  /// Runs in all, as far as the windows are known and the limit allows them.
  public var expectedRuns: Int {
    runs + min(windows.count { $0.outcome == nil }, limit - tried)
  }
  /// Windows for which a run was made.
  private var tried: Int { windows.count - untried }
  /// Windows for which no run was made.
  public var untried: Int {
    windows.count { $0.outcome?.undecided?.isUntried ?? ($0.outcome == nil) }
  }
  /// Windows in which the program does not handle the loss of its port.
  public var red: Int { windows.count { $0.outcome?.isRed == true } }
  public var survived: Int { windows.count { $0.outcome == .survived } }
  public var undecided: Int { windows.count - red - survived }
  public var placeCount: Int { places.count }

  /// The series in one word: green only if every window was tried and survived, and no race was seen without a thief.
  public var word: TheftOutcome.Word {
    if red > 0 || !shown.isEmpty { return .fails }
    return obstacle == nil && undecided == 0 ? .survived : .undecided
  }
}

extension Enumeration {
  /// The windows at one place that came to the same.
  public struct Group: Sendable {
    public var windows: [Window]
    /// The number of windows at this place.
    public var ofPlace: Int

    /// Which ones: `occurrences 1 to 3, 5 of 7`; empty if the place has one window.
    public var occurrences: String {
      guard ofPlace > 1 else { return "" }
      var ranges: [ClosedRange<Int>] = []
      for number in windows.map(\.occurrence).sorted() {
        if let last = ranges.last, last.upperBound + 1 == number {
          ranges[ranges.count - 1] = last.lowerBound...number
        } else {
          ranges.append(number...number)
        }
      }
      let list = ranges.map { range in
        range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
      }
      return
        "occurrence\(windows.count == 1 ? "" : "s") \(list.joined(separator: ", ")) of \(ofPlace)"
    }
  }

  /// What was shown without a thief, by place.
  public var shownPlaces: [PlaceReport] { Book(shown).races }

  /// By place, then by what came of it, in the order in which they were seen.
  public var groups: [Group] {
    var order: [String] = []
    var places: [String: [Window]] = [:]
    for window in windows {
      if places[window.place] == nil { order.append(window.place) }
      places[window.place, default: []].append(window)
    }
    return order.flatMap { place -> [Group] in
      let all = places[place]!
      var groups: [Group] = []
      for window in all {
        if let same = groups.firstIndex(where: { $0.windows[0].outcome == window.outcome }) {
          groups[same].windows.append(window)
        } else {
          groups.append(Group(windows: [window], ofPlace: all.count))
        }
      }
      return groups
    }
  }
}
