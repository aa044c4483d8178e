/// Cuts a stream of events into trials.
///
/// Pass it every event in order. It returns a trial's events when the trial ends, or when the next one begins before
/// the first has ended. If the end of the history cuts a trial off, its events are in `unfinished`.
public struct TrialGrouping: Sendable {
  /// Events of the trial in progress, from its `trial-started`; empty between trials.
  public private(set) var unfinished: [Event] = []

  public init() {}

  /// Takes one event; returns the events of the trial that it completes.
  public mutating func add(_ event: Event) -> [Event]? {
    switch event {
    case .trialStarted:
      defer { unfinished = [event] }
      return unfinished.isEmpty ? nil : unfinished
    case .trialEnded:
      defer { unfinished = [] }
      return unfinished + [event]
    case .launch, .forcedWindow, .server, .startup, .engine, .serving, .thief, .fault:
      unfinished.append(event)
      return nil
    case .runStarted, .poolSet, .armSkipped, .runEnded:
      defer { unfinished = [] }
      return unfinished.isEmpty ? nil : unfinished
    }
  }
}
