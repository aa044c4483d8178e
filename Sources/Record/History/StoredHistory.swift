public import PlanModel

/// Reads a stored run's events and checks each against the run's plan.
///
/// Its results can be judged, printed and replayed without further checks of their numbers: every arm, trial, launch
/// and process that an event names exists in the plan, every trial occurs once, and no trial has more records than its
/// arm allows. Whether a trial has all of its records is checked by judging.
public struct StoredHistory: ~Copyable {
  /// The result of reading one event.
  public struct Step {
    /// The event.
    public var event: Event
    /// The trial that this event completes, from its `trial-started` on; nil if there is none.
    public var trial: (started: TrialStarted, events: [Event])?
  }

  private var reader: HistoryReader
  private let plan: ResolvedPlan
  private var grouping = TrialGrouping()
  private var seen = TrialSet()
  private var hasEnded = false

  /// - Parameter plan: the run's own plan.
  public init(_ reader: consuming HistoryReader, plan: ResolvedPlan) {
    self.reader = reader
    self.plan = plan
  }

  /// The next event; nil at the end of the history.
  ///
  /// - Throws: as `HistoryReader.next()`; `HistoryError.badLine` also for an event that does not fit the plan.
  public mutating func next() throws(HistoryError) -> Step? {
    guard let event = try reader.next() else { return nil }
    if let problem = problem(with: event) {
      throw .badLine(path: reader.path, line: reader.line, reason: problem)
    }
    if case .runEnded = event { hasEnded = true }
    guard let events = grouping.add(event), case .trialStarted(let started)? = events.first else {
      return Step(event: event, trial: nil)
    }
    return Step(event: event, trial: (started, events))
  }

  /// The trial in progress.
  private var current: TrialStarted? {
    if case .trialStarted(let started)? = grouping.unfinished.first { return started }
    return nil
  }

  /// Why the event is impossible; nil if it is possible.
  private mutating func problem(with event: Event) -> String? {
    if hasEnded { return "something follows run-ended" }
    switch event {
    case .runStarted, .runEnded, .poolSet: return nil
    case .armSkipped(let skipped): return outside(skipped.arm, plan.arms.count, "arm", "the plan")
    case .trialStarted(let started): return problem(withStart: started)
    case .trialEnded(let ended):
      guard let current else { return "a trial ends that did not begin" }
      return ended.arm == current.arm && ended.trial == current.trial
        ? nil
        : "trial \(ended.arm)/\(ended.trial) ends, but \(current.arm)/\(current.trial) is under way"
    case .launch, .forcedWindow, .server, .startup, .engine, .serving, .thief, .fault:
      guard let current else { return "it belongs to a trial, and none is under way" }
      let bounds = ArmBounds(plan.arms[current.arm])
      if grouping.unfinished.count > bounds.mostRecords {
        return "the trial has more records than the \(bounds.mostRecords) that its arm can have"
      }
      return bounds.problem(with: event)
    }
  }

  private mutating func problem(withStart started: TrialStarted) -> String? {
    if let problem = outside(started.arm, plan.arms.count, "arm", "the plan") { return problem }
    if let problem = outside(
      started.trial, plan.arms[started.arm].trials, "trial", "arm \(started.arm)")
    {
      return problem
    }
    return seen.insert(arm: started.arm, trial: started.trial)
      ? nil : "trial \(started.arm)/\(started.trial) is recorded twice"
  }
}

/// Returns an error if a position is not below `count`; nil if it is.
private func outside(_ position: Int, _ count: Int, _ what: String, _ whole: String) -> String? {
  (0..<count).contains(position)
    ? nil : "there is no \(what) \(position); \(whole) has \(count), counted from 0"
}

/// The indices that the records of an arm's trials may contain.
private struct ArmBounds {
  private let arm: Arm
  private var row: Int { arm.startup?.serialLaunches ?? 1 }
  private var engines: Int { arm.startup?.engines ?? 0 }
  private var nodes: Int { arm.startup?.nodes ?? 0 }

  init(_ arm: Arm) { self.arm = arm }

  /// Records of one trial: launchers, their programs' findings, API servers and what they served, engine cores, thieves, faults.
  var mostRecords: Int {
    let findings = arm.strategy.command?.forcing == nil ? 0 : ForcedWindow.most
    return arm.topology.launches * (2 + findings + 2 * arm.topology.apiServers + engines)
      + arm.thieves.count + row * arm.faults.count
  }

  func problem(with event: Event) -> String? {
    switch event {
    case .launch(let record): launch(record.launch)
    case .forcedWindow(let record): launch(record.launch)
    case .server(let record): launch(record.launch) ?? server(record.server)
    case .startup(let record):
      launch(record.launch) ?? serial(record.serial)
        ?? (record.headless.count < max(1, nodes)
          ? nil : "there are more launchers on other nodes than nodes")
    case .engine(let record):
      launch(record.launch) ?? engine(record.engine)
        ?? outside(record.node, nodes, "node", Self.whole)
    case .serving(let record):
      launch(record.launch) ?? server(record.server)
        ?? (record.unheard + record.unanswered).lazy.compactMap(engine).first
    case .thief(let record): outside(record.thief, arm.thieves.count, "thief", Self.whole)
    case .fault(let record):
      outside(record.fault, arm.faults.count, "fault", Self.whole)
        ?? launch(record.launch) ?? serial(record.serial)
    case .runStarted, .poolSet, .armSkipped, .trialStarted, .trialEnded, .runEnded: nil
    }
  }

  private static let whole = "the arm"

  private func launch(_ position: Int) -> String? {
    outside(position, arm.topology.launches, "launch", Self.whole)
  }

  private func server(_ position: Int) -> String? {
    outside(position, arm.topology.apiServers, "API server", Self.whole)
  }

  private func engine(_ position: Int) -> String? {
    outside(position, engines, "engine core", Self.whole)
  }

  private func serial(_ position: Int) -> String? {
    outside(position, row, "launch in a row", Self.whole)
  }
}

/// Trials that have been seen. Takes one bit for each, even if the blocks of several arms alternate.
private struct TrialSet {
  private var words: [Place: UInt64] = [:]

  private struct Place: Hashable {
    var arm: Int
    var word: Int
  }

  /// Returns false if it was already there.
  mutating func insert(arm: Int, trial: Int) -> Bool {
    let bit = UInt64(1) << UInt64(trial % 64)
    let old = words[Place(arm: arm, word: trial / 64), default: 0]
    words[Place(arm: arm, word: trial / 64)] = old | bit
    return old & bit == 0
  }
}
