internal import Engine
internal import Judging
internal import PlanModel
internal import Syscalls

/// What the trials of a plan take on this host, now: a few trials of each row are run.
struct MeasuredTimes {
  /// What a row takes, in seconds.
  private struct Cost {
    /// To start a block's workers and to end them.
    var start: Double
    /// One trial.
    var trial: Double

    /// - Parameter trials: seconds of consecutive trials, at least one. The first has the start in it; a single one
    ///   counts as a trial.
    init(_ trials: [Double]) {
      let rest = trials.dropFirst().sorted()
      trial = rest.isEmpty ? trials[0] : rest[rest.count / 2]
      start = max(0, trials[0] - trial)
    }

    func seconds(_ trials: Int) -> Double {
      Double(min(trials, Schedule.rounds)) * start + Double(trials) * trial
    }
  }

  private var rows: [(row: Arm, cost: Cost)] = []
  /// How many times longer than estimated the measured rows take that do not wait; 1 if there is none.
  private var slowness = 1.0
  /// Why a row could not be measured; nil if all could.
  private(set) var problem: String?

  /// Rows of which no trial was run, although it was asked for.
  private(set) var unmeasured = 0

  /// Rows that were measured.
  var measured: Int { rows.count }

  /// So many trials of a row are run, as far as they take less than a second together.
  private static let trials = 4
  private static let secondsOfRow = 1.0
  /// When measuring has taken so long, rows that can be estimated are not begun.
  private static let secondsOfPlan = 20.0

  /// Nothing is measured.
  init() {}

  /// Runs a few trials of each row. Where none can be run, `problem` says so, and the times are estimates.
  /// - Parameter isQuiet: says neither that it measures nor that there is no network namespace.
  /// - Throws: an exit code, if the user interrupts it.
  init(
    measuring plan: ResolvedPlan, _ isolation: Run.IsolationPolicy, _ interruption: Interruption,
    isQuiet: Bool = false
  ) throws {
    let arms = Self.distinct(plan)
    guard !arms.isEmpty else { return }
    if !isQuiet {
      let what = arms.count == 1 ? "the row" : "each of \(arms.count) rows"
      printError(
        "bindstorm: up to \(Self.trials) trials of \(what) for the time they take; --no-measure leaves them out"
      )
    }
    let measuring = ResolvedPlan(
      version: plan.version, name: plan.name, title: plan.title, seed: plan.seed, arms: arms)
    let began = MonotonicClock.now()
    let mayWait = arms.map(Self.needsTrial)
    let batch: TrialBatch
    do {
      batch = try TrialBatch(
        measuring, schedule: Schedule(plan: measuring, rounds: 1), isolation: isolation,
        interruption, warnsOfMissingNamespace: !isQuiet
      ) { arm, trials in
        let elapsed = Double(MonotonicClock.now() - began) / 1e9
        return trials.isEmpty
          ? mayWait[arm] || elapsed < Self.secondsOfPlan
          : trials.reduce(0, +) < Self.secondsOfRow
      }
    } catch  where !interruption.isRequested {
      // Standard error has the reason.
      problem = "no trial could be run here"
      return
    }
    for (arm, (tally, seconds)) in zip(arms, zip(batch.tallies, batch.trialSeconds)) {
      if let reason = tally.skipReason {
        problem = problem ?? reason
      } else if !seconds.isEmpty {
        rows.append((Self.row(arm), Cost(seconds)))
      }
    }
    let known = rows.filter { !Self.needsTrial($0.row) }
    let estimated = known.map { TimeEstimate.seconds($0.row) }.reduce(0, +)
    if estimated > 0 { slowness = known.map { $0.cost.seconds(1) }.reduce(0, +) / estimated }
    unmeasured = batch.trialSeconds.count { $0.isEmpty }
  }

  /// The rows whose time can differ, with as many trials as are run of them. First those that nothing but a trial can tell.
  private static func distinct(_ plan: ResolvedPlan) -> [Arm] {
    var arms: [Arm] = []
    let runnable = plan.arms.filter { $0.skipReason == nil }
    for arm in runnable.filter(needsTrial) + runnable.filter({ !needsTrial($0) }) {
      var row = Self.row(arm)
      guard !arms.contains(where: { Self.row($0) == row }) else { continue }
      row.index = arms.count
      row.trials = min(arm.trials, trials)
      arms.append(row)
    }
    return arms
  }

  /// Seconds for all trials of the arm; nil if it is a program that was not measured.
  func seconds(_ arm: Arm) -> Double? {
    guard arm.skipReason == nil else { return 0 }
    if let cost = rows.first(where: { $0.row == Self.row(arm) })?.cost {
      // A fault that few trials have may not have been in those that were measured.
      let rare = arm.faults.contains { $0.probability < 1 || $0.every > 1 }
      return max(cost.seconds(arm.trials), rare ? TimeEstimate.seconds(arm) : 0)
    }
    return Self.isProgram(arm) ? nil : slowness * TimeEstimate.seconds(arm)
  }

  private static func isProgram(_ arm: Arm) -> Bool { arm.strategy.command != nil }

  /// Whether nothing but a trial can tell: a program, or a start-up, of which a lost one may wait for its time limit.
  private static func needsTrial(_ arm: Arm) -> Bool { isProgram(arm) || arm.depth == .startup }

  /// One trial of the arm, without what its time cannot depend on.
  private static func row(_ arm: Arm) -> Arm {
    var row = arm
    (row.index, row.scenario, row.why, row.trials) = (0, "", "", 1)
    (row.expectation, row.published) = (nil, [])
    return row
  }
}
