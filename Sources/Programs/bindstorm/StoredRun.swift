internal import ArgumentParser
internal import FoundationEssentials
internal import History
internal import Judging
internal import Pages
internal import PlanModel
internal import PlanReading
internal import Reports

/// A run's folder, read from disk.
struct StoredRun {
  /// By a permanent name.
  let folder: String
  let plan: ResolvedPlan

  /// - Throws: exit code 64, after saying why on standard error.
  init(folder: String) throws {
    self.folder = folder
    do {
      plan = try Self.plan(in: folder)
    } catch let error as ReadError {
      printError("bindstorm: cannot read \(folder)/resolved.json: \(error.text)")
      throw ExitStatus.badPlan
    } catch {
      printError("\(error)")
      throw ExitStatus.badPlan
    }
  }

  /// The plan of a run.
  /// - Throws: `ReadError`, or the mistakes in the file.
  static func plan(in folder: String) throws -> ResolvedPlan {
    try StoredPlan.read(
      try readFile("\(folder)/resolved.json", .storedPlan), file: "\(folder)/resolved.json",
      vocabulary: vocabulary,
      decode: { try JSONDecoder().decode(ResolvedPlan.self, from: Data($0)) },
      encode: { Array(try JSONEncoder().encode($0)) })
  }

  /// Takes every whole trial in order, until `body` returns false.
  /// - Throws: exit code 64, after saying why on standard error.
  func forEachTrial(_ body: (TrialStarted, [Event]) -> Bool) throws {
    try forEachStep { step in step.trial.map { body($0.started, $0.events) } ?? true }
  }

  /// Takes every event in order, with the trial that it completes, until `body` returns false.
  /// - Throws: exit code 64, after saying why on standard error.
  func forEachStep(_ body: (StoredHistory.Step) -> Bool) throws {
    guard let record = RunRecord.find(in: folder) else {
      printError(
        "bindstorm: \(folder) has no events: they were not kept (run --events none) or were removed (prune)"
      )
      throw ExitStatus.badPlan
    }
    do throws(HistoryError) {
      var history = StoredHistory(
        try HistoryReader(path: "\(folder)/\(record.file)"), plan: plan)
      while let step = try history.next() {
        if !body(step) { return }
      }
    } catch {
      printError("bindstorm: \(error)")
      throw ExitStatus.badPlan
    }
  }

  /// What every whole trial came to, arm by arm.
  struct Judged {
    var tallies: [ArmTally]
    /// Those that a page of the run shows.
    var trials: ShownTrials
    /// Whether the record has no end, or ends with an interruption.
    var isPartial: Bool
    /// Whether the run had a network namespace of its own.
    var isIsolated: Bool
    /// Time of each arm's trials together.
    var seconds: [Double]
  }

  /// Whether the events of every trial were kept.
  var hasWholeRecord: Bool { RunRecord.find(in: folder)?.isWhole ?? false }

  /// The verdict: of every whole trial, or where events were not kept, as the run wrote it.
  /// - Throws: exit code 64, after saying why on standard error.
  func document() throws -> RunDocument {
    guard hasWholeRecord else {
      do {
        return RunDocument(
          try storedMatrix(), plan.arms.map { _ in 0 }, of: folder,
          EnvironmentRecord.stored(in: folder))
      } catch {
        let reason = (error as? ReadError)?.text ?? "\(error)"
        printError(
          "bindstorm: \(folder) has not the events of all trials, and its matrix.json cannot be read: \(reason)"
        )
        throw ExitStatus.badPlan
      }
    }
    let seen = try judged()
    let matrix = MatrixJudge(plan: plan, vocabulary: vocabulary).judge(
      seen.tallies, isPartial: seen.isPartial, isIsolated: seen.isIsolated)
    return RunDocument(matrix, seen.seconds, of: folder, EnvironmentRecord.stored(in: folder))
  }

  /// The matrix that the run wrote.
  /// - Throws: `ReadError` or `DecodingError`.
  func storedMatrix() throws -> Matrix {
    struct Head: Decodable { var format: String? }
    let data = Data(try readFile("\(folder)/matrix.json", .matrix))
    let format = try JSONDecoder().decode(Head.self, from: data).format ?? "no format"
    guard format == Matrix.currentFormat else {
      throw ReadError(
        text: "it has the format \(format), and this bindstorm reads \(Matrix.currentFormat)")
    }
    return try JSONDecoder().decode(Matrix.self, from: data)
  }

  /// Judges every whole trial.
  /// - Throws: exit code 64, after saying why on standard error.
  func judged() throws -> Judged {
    var tally = RunTally(plan)
    var trials = ShownTrials()
    var (isPartial, isIsolated) = (true, true)
    var seconds = plan.arms.map { _ in 0.0 }
    try forEachStep { step in
      if case .runEnded(let ended) = step.event { isPartial = ended.interrupted }
      if case .runStarted(let started) = step.event { isIsolated = started.isolated }
      if case .armSkipped(let skipped) = step.event { tally.skip(skipped) }
      if let (started, events) = step.trial {
        let outcome = TrialJudge(arm: plan.arms[started.arm]).judge(events)
        tally.add(outcome)
        trials.add(outcome, events)
        if case .trialEnded(let ended)? = events.last, ended.at > started.at {
          seconds[started.arm] += Double(ended.at - started.at) / 1e9
        }
      }
      return true
    }
    return Judged(
      tallies: tally.arms, trials: trials, isPartial: isPartial, isIsolated: isIsolated,
      seconds: seconds)
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

  /// The events of one trial.
  /// - Throws: exit code 64, after saying on standard error that there is none.
  func trial(_ number: Int, of arm: Arm) throws -> [Event] {
    var found: [Event]?
    var seen = 0
    try forEachTrial { started, events in
      guard started.arm == arm.index else { return true }
      seen += 1
      if started.trial == number { found = events }
      return found == nil
    }
    guard let found else {
      printError(
        "bindstorm: there is no trial \(number) of \(arm.cellName) in the record of \(folder), which has \(seen) of its trials"
          + (seen > 0 ? ", counted from 0" : "")
          + (hasWholeRecord ? "" : "; the events of trials in which all were ready were not kept"))
      throw ExitStatus.badPlan
    }
    return found
  }
}
