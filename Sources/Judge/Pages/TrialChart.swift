internal import History
internal import Lifelines
internal import PageKit
internal import Reports

/// The lanes of a trial's chart, from its events: launchers, what was lost, and whoever was beside it.
struct TrialChart {
  /// Lanes of one kind that are drawn; those that failed come first.
  private static let mostLanes = 8

  private let lifelines: TrialLifelines

  init(_ events: [Event]) { lifelines = TrialLifelines(events) }

  func chart(words: String) -> TimelineChart {
    let lanes =
      Self.bounded(lifelines.launchers, "launchers")
      + Self.bounded(lifelines.lostPorts + lifelines.windows, "lost ports")
      + Self.bounded(Self.failedFirst(lifelines.servers), "API servers")
      + Self.bounded(lifelines.engines, "engine cores")
      + Self.bounded(lifelines.faults, "faults")
    let opened = lifelines.barrierOpened
    return TimelineChart(
      lanes: lanes,
      moments: lanes.isEmpty || opened == 0 ? [] : [("barrier opens", opened)],
      start: lifelines.start, words: words)
  }

  private static func failedFirst(_ servers: [Lifeline]) -> [Lifeline] {
    // Those with a note have a bind that failed.
    servers.filter { !$0.note.isEmpty } + servers.filter(\.note.isEmpty)
  }

  private static func bounded(_ lanes: [Lifeline], _ what: String) -> [Lifeline] {
    guard lanes.count > mostLanes else { return lanes }
    var shown = Array(lanes.prefix(mostLanes - 1))
    shown.append(Lifeline(.record, "and \(lanes.count - shown.count) \(what)"))
    return shown
  }
}
