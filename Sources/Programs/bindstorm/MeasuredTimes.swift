internal import Engine
internal import Judging
internal import PlanModel

/// What the trials of a plan take where nothing but a trial can tell: programs, and start-ups, of which a lost one may
/// wait for its time limit. Measured with one trial of each.
struct MeasuredTimes {
  private var rows: [(row: Arm, secondsPerTrial: Double)] = []
  /// Why a row could not be measured; nil if all could.
  private(set) var problem: String?

  /// Rows that were measured.
  var measured: Int { rows.count }

  /// Nothing is measured.
  init() {}

  /// Runs one trial of each row whose time is not known; says so on standard error before.
  /// - Throws: an exit code, after saying why on standard error.
  init(measuring plan: ResolvedPlan) throws {
    var arms: [Arm] = []
    for arm in plan.arms where arm.skipReason == nil {
      guard Self.isProgram(arm) || arm.depth == .startup else { continue }
      var row = Self.row(arm)
      guard !arms.contains(where: { Self.row($0) == row }) else { continue }
      row.index = arms.count
      arms.append(row)
    }
    guard !arms.isEmpty else { return }
    let what = arms.count == 1 ? "the row" : "each of \(arms.count) rows"
    printError(
      "bindstorm: one trial of \(what) whose time nothing else tells; --no-measure leaves it out")
    let batch = try TrialBatch(
      ResolvedPlan(
        version: plan.version, name: plan.name, title: plan.title, seed: plan.seed, arms: arms),
      isolation: .preferred, Interruption())
    for (arm, (tally, seconds)) in zip(arms, zip(batch.tallies, batch.secondsByArm)) {
      if let reason = tally.skipReason {
        problem = problem ?? reason
      } else {
        rows.append((Self.row(arm), seconds))
      }
    }
  }

  /// Seconds for all trials of the arm; nil if it is a program that was not measured.
  func seconds(_ arm: Arm) -> Double? {
    guard arm.skipReason == nil else { return 0 }
    if let known = rows.first(where: { $0.row == Self.row(arm) }) {
      return known.secondsPerTrial * Double(arm.trials)
    }
    return Self.isProgram(arm) ? nil : TimeEstimate.seconds(arm)
  }

  private static func isProgram(_ arm: Arm) -> Bool { arm.strategy.command != nil }

  /// One trial of the arm, without what its time cannot depend on.
  private static func row(_ arm: Arm) -> Arm {
    var row = arm
    (row.index, row.scenario, row.why, row.trials) = (0, "", "", 1)
    (row.expectation, row.published) = (nil, [])
    return row
  }
}
