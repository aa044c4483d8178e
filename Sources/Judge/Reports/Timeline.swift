public import History
internal import TerminalText

/// One trial's events as sentences, in the order of time.
public enum Timeline {
  /// What happened at one time.
  public struct Item: Sendable, Equatable, Encodable {
    /// Nanoseconds since the trial began; 0 for what happened before.
    public var atNanoseconds: UInt64
    /// One sentence.
    public var event: String
  }

  /// One line for each event that has a time, relative to the trial's start.
  public static func text(_ events: [Event]) -> String {
    items(events).map {
      "+\(Wording.fixed(Double($0.atNanoseconds) / 1e6, 3)) ms  \(TerminalText.safeLine($0.event))\n"
    }.joined()
  }

  /// Every event that has a time, in the order of time. The words are not escaped.
  public static func items(_ events: [Event]) -> [Item] {
    guard case .trialStarted(let started)? = events.first else { return [] }
    return TrialStory(events).moments.map {
      Item(atNanoseconds: $0.at >= started.at ? $0.at - started.at : 0, event: $0.words)
    }
  }

  /// Launches that are a program of the plan and nothing else: they have no launcher, addresses or API servers.
  static func programLaunches(_ events: [Event]) -> Set<Int> {
    Set(
      events.compactMap {
        guard case .launch(let record) = $0, record.forced?.isLaunch == true else { return nil }
        return record.launch
      })
  }
}
