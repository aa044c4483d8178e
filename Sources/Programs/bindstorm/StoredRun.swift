internal import ArgumentParser
internal import FoundationEssentials
internal import History
internal import Judging
internal import PlanModel
internal import PlanReading

/// A run's folder, read from disk.
struct StoredRun {
  let folder: String
  /// The folder by a permanent name: the target of `latest` changes with the next run.
  let lastingFolder: String
  let plan: ResolvedPlan

  /// - Throws: exit code 64, after saying why on standard error.
  init(folder: String) throws {
    self.folder = folder
    let parent = folder.lastIndex(of: "/").map { folder[...$0] } ?? ""
    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: folder)
    lastingFolder = target.map { $0.hasPrefix("/") ? $0 : parent + $0 } ?? folder
    do {
      plan = try StoredPlan.read(
        try readFile("\(folder)/resolved.json", .storedPlan), file: "\(folder)/resolved.json",
        vocabulary: vocabulary,
        decode: { try JSONDecoder().decode(ResolvedPlan.self, from: Data($0)) },
        encode: { Array(try JSONEncoder().encode($0)) })
    } catch let error as ReadError {
      printError(
        "bindstorm: cannot read \(folder)/resolved.json: \(error.text); expected a run's folder, or RUN/ARM/TRIAL for one trial"
      )
      throw ExitStatus.badPlan
    } catch {
      printError("\(error)")
      throw ExitStatus.badPlan
    }
  }

  /// Takes every whole trial in order, until `body` returns false.
  /// - Throws: exit code 64, after saying why on standard error.
  func forEachTrial(_ body: (TrialStarted, [Event]) -> Bool) throws {
    try forEachStep { step in step.trial.map { body($0.started, $0.events) } ?? true }
  }

  /// Takes every event in order, with the trial that it completes, until `body` returns false.
  /// - Throws: exit code 64, after saying why on standard error.
  func forEachStep(_ body: (StoredHistory.Step) -> Bool) throws {
    do throws(HistoryError) {
      var history = StoredHistory(
        try HistoryReader(path: "\(folder)/events.jsonl"), plan: plan)
      while let step = try history.next() {
        if !body(step) { return }
      }
    } catch {
      printError("bindstorm: \(error)")
      throw ExitStatus.badPlan
    }
  }

  /// Whether the run had a network namespace of its own, by its first event.
  /// - Throws: exit code 64, after saying why on standard error.
  func isIsolated() throws -> Bool {
    var isIsolated = true
    try forEachStep { step in
      guard case .runStarted(let started) = step.event else { return true }
      isIsolated = started.isolated
      return false
    }
    return isIsolated
  }

  /// Judges every whole trial, arm by arm. A run without its last line, or with an interruption, is partial.
  /// - Throws: exit code 64, after saying why on standard error.
  func tallies() throws -> (tallies: [ArmTally], isPartial: Bool) {
    var tally = RunTally(plan)
    var isPartial = true
    try forEachStep { step in
      if case .runEnded(let ended) = step.event { isPartial = ended.interrupted }
      if case .armSkipped(let skipped) = step.event { tally.skip(skipped) }
      if let (started, events) = step.trial {
        tally.add(TrialJudge(arm: plan.arms[started.arm]).judge(events))
      }
      return true
    }
    return (tally.arms, isPartial)
  }

  /// The events of one trial.
  /// - Throws: exit code 64, after saying on standard error that there is none.
  func trial(_ place: TrialPlace) throws -> [Event] {
    var found: [Event]?
    try forEachTrial { started, events in
      guard started.arm == place.arm, started.trial == place.trial else { return true }
      found = events
      return false
    }
    guard let found else {
      printError(
        "bindstorm: there is no trial \(place.arm)/\(place.trial) in \(folder)/events.jsonl")
      throw ExitStatus.badPlan
    }
    return found
  }
}

/// A trial of a run as the command line has it: the run's folder, then ARM/TRIAL.
struct TrialPlace: ExpressibleByArgument {
  let folder: String
  let arm: Int
  let trial: Int

  init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count > 2, let arm = Int(parts[parts.count - 2]), let trial = Int(parts.last!),
      arm >= 0, trial >= 0
    else { return nil }
    (self.arm, self.trial) = (arm, trial)
    folder = parts.dropLast(2).joined(separator: "/")
  }
}
