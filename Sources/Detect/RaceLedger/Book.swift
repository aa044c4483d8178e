/// The findings, one entry for each place.
public struct PlaceReport: Sendable, Equatable {
  /// The first finding there.
  public var first: Finding
  public var count: Int
  /// Shortest and longest window seen, in nanoseconds.
  public var windows: ClosedRange<UInt64>?
  public var stolen: Int
  /// The tests in whose runs it was seen, in that order.
  public private(set) var tests: [String]
  /// Which window at its place the first finding is, from 1.
  public let occurrence: Int

  public init(_ finding: Finding, occurrence: Int = 1) {
    first = finding
    self.occurrence = occurrence
    count = 1
    windows = finding.window.map { $0...$0 }
    stolen = finding.wasStolen ? 1 : 0
    tests = finding.tests
  }

  mutating func add(_ finding: Finding) {
    count += 1
    if finding.wasStolen { stolen += 1 }
    tests += finding.tests.filter { !tests.contains($0) }
    if let window = finding.window {
      windows =
        windows.map { min($0.lowerBound, window)...max($0.upperBound, window) } ?? window...window
    }
  }
}

/// Findings by place, races first, in the order in which they were found.
public struct Book: Sendable {
  public let places: [PlaceReport]
  /// Those that are not suppressed, one by one.
  public let findings: [Finding]
  public let suppressed: Int
  /// Lines of the suppressions file that suppressed something, with counts.
  public let suppressionsUsed: [String: Int]

  public init(_ findings: [Finding], suppressions: Suppressions = Suppressions()) {
    var suppressions = suppressions
    var order: [String] = []
    var reports: [String: PlaceReport] = [:]
    var suppressed = 0
    var kept: [Finding] = []
    var windows: [String: Int] = [:]
    for finding in findings {
      let place = finding.place
      if finding.canBeStolen { windows[place, default: 0] += 1 }
      if finding.kind.isRace && suppressions.take(finding) {
        suppressed += 1
        continue
      }
      kept.append(finding)
      let name = place + finding.kind.rawValue
      if reports[name] == nil {
        order.append(name)
        reports[name] = PlaceReport(finding, occurrence: max(1, windows[place] ?? 1))
      } else {
        reports[name]!.add(finding)
      }
    }
    let all = order.map { reports[$0]! }
    places = all.filter(\.first.kind.isRace) + all.filter { !$0.first.kind.isRace }
    self.findings = kept
    self.suppressed = suppressed
    suppressionsUsed = suppressions.used
  }

  /// One place alone.
  public init(_ place: PlaceReport) {
    places = [place]
    findings = [place.first]
    (suppressed, suppressionsUsed) = (0, [:])
  }

  /// Places that count as races.
  public var races: [PlaceReport] { places.filter(\.first.kind.isRace) }
  /// Places that are only notes.
  public var notes: [PlaceReport] { places.filter { !$0.first.kind.isRace } }
}
