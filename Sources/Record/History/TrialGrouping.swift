/// Cuts a stream of events into trials.
///
/// Give it every event in order. It hands back a trial's events when the trial is over, or when the
/// next one begins although the first has no end; a trial cut off by the end of the history is left
/// in `unfinished`.
public struct TrialGrouping: Sendable {
  /// Events of the trial that is under way, from its `trial-started`; empty between trials.
  public private(set) var unfinished: [Event] = []

  public init() {}

  /// Takes one event; returns the events of a trial that is over by it.
  public mutating func add(_ event: Event) -> [Event]? {
    switch event {
    case .trialStarted:
      defer { unfinished = [event] }
      return unfinished.isEmpty ? nil : unfinished
    case .trialEnded:
      defer { unfinished = [] }
      return unfinished + [event]
    case .launch, .server, .startup, .engine, .serving, .thief, .fault:
      unfinished.append(event)
      return nil
    case .runStarted, .poolSet, .armSkipped, .runEnded:
      defer { unfinished = [] }
      return unfinished.isEmpty ? nil : unfinished
    }
  }
}
