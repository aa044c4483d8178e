/// Tries every window of a program: steals at one place per run, until no run shows a place that was not tried.
public struct Enumeration: Sendable {
  /// The program's reaction when its re-bind failed there.
  public enum Outcome: Sendable, Equatable {
    /// It ended otherwise than in the run without a thief.
    case died(String)
    /// It ended as in the run without a thief.
    case survived
    case hung
    /// A client reached another deployment's server.
    case crossTalked
    /// The run did not reach this place again, or no port could be stolen there.
    case notReached

    /// Whether the program does not handle the failure.
    public var isRed: Bool {
      switch self {
      case .died, .hung, .crossTalked: true
      case .survived, .notReached: false
      }
    }

    public var text: String {
      switch self {
      case .died(let how): "died: \(how)"
      case .survived: "survived"
      case .hung: "hung"
      case .crossTalked: "cross-talked"
      case .notReached: "not reached again"
      }
    }
  }

  /// A window of the program.
  public struct Window: Sendable {
    public let place: String
    /// Which re-bind of a port, from 1.
    public let rebind: Int
    public let summary: String
    /// The run in which it was first seen; 0 is the run without a thief.
    public let firstSeenInRun: Int
    public internal(set) var outcome: Outcome?
    /// The last line that the program printed, empty if there is none.
    public internal(set) var lastWords = ""
  }

  public private(set) var windows: [Window] = []
  /// Runs so far, including the one without a thief.
  public private(set) var runs = 0
  /// The largest number of windows that are tried.
  public let limit: Int

  public init(limit: Int) { self.limit = limit }

  /// Takes the findings of a run.
  public mutating func saw(_ findings: [Finding]) {
    for finding in findings where finding.isWindow {
      guard !windows.contains(where: { $0.place == finding.place }) else { continue }
      windows.append(
        Window(
          place: finding.place, rebind: finding.rebind, summary: finding.summary,
          firstSeenInRun: runs))
    }
    runs += 1
  }

  /// The window to steal at next, nil when all were tried.
  public var next: Window? { windows.prefix(limit).first { $0.outcome == nil } }

  /// Records the program's reaction.
  public mutating func tried(_ window: Window, _ outcome: Outcome, lastWords: String) {
    guard let index = windows.firstIndex(where: { $0.place == window.place }) else { return }
    windows[index].outcome = outcome
    windows[index].lastWords = lastWords
  }

  /// Windows that were left out because of the limit.
  public var untried: Int { windows.filter { $0.outcome == nil }.count }
  /// Windows at which the program does not handle the failure.
  public var red: Int { windows.filter { $0.outcome?.isRed == true }.count }
}
