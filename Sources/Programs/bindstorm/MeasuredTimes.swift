internal import Engine
internal import History
internal import PlanModel
internal import RunContract

/// What the trials of a plan take where nothing but a trial can tell: programs, and start-ups, of which a lost one may
/// wait for its time limit. Measured with one trial of each.
struct MeasuredTimes {
  /// Seconds of one trial, by the trial without what does not change it.
  private var secondsPerTrial: [Sameness: Double] = [:]
  /// Why nothing could be measured; nil if it could.
  private(set) var problem: String?

  /// Rows that were measured.
  var measured: Int { secondsPerTrial.count }

  /// Nothing is measured.
  init() {}

  /// Runs one trial of each row whose time is not known; says so on standard error before.
  init(measuring plan: ResolvedPlan) {
    var part = plan
    var known: Set<Sameness> = []
    part.arms = plan.arms.filter { arm in
      arm.skipReason == nil && (Self.isProgram(arm) || arm.depth == .startup)
        && known.insert(Sameness(arm)).inserted
    }
    for index in part.arms.indices {
      part.arms[index].index = index
      part.arms[index].trials = 1
    }
    guard !part.arms.isEmpty else { return }
    let rows = part.arms.count == 1 ? "the row" : "each of \(part.arms.count) rows"
    printError(
      "bindstorm: one trial of \(rows) whose time nothing else tells; --no-measure leaves it out")
    let clock = Stopwatch()
    do throws(RunError) {
      try Run(
        plan: part, schedule: Schedule(plan: part), worker: try WorkerLocation.find(),
        isolation: .preferred, interruption: Interruption()
      ).perform(clock)
    } catch {
      problem = error.description
    }
    for (arm, seconds) in clock.seconds { secondsPerTrial[Sameness(part.arms[arm])] = seconds }
    problem = problem ?? clock.skipReason
  }

  /// Seconds for all trials of the arm; nil if it is a program that was not measured.
  func seconds(_ arm: Arm) -> Double? {
    guard arm.skipReason == nil else { return 0 }
    if let measured = secondsPerTrial[Sameness(arm)] { return measured * Double(arm.trials) }
    return Self.isProgram(arm) ? nil : TimeEstimate.seconds(arm)
  }

  private static func isProgram(_ arm: Arm) -> Bool {
    arm.strategy.command != nil
  }

  /// All of an arm that its trials' time can depend on, as text.
  private struct Sameness: Hashable {
    let text: String

    init(_ arm: Arm) {
      text =
        "\(arm.strategy)\(arm.settings)\(arm.thieves)\(arm.faults)\(String(describing: arm.startup))"
    }
  }

  /// Takes the time of each trial.
  private final class Stopwatch: Run.Observer {
    var seconds: [Int: Double] = [:]
    var skipReason: String?

    func append(_ events: [Event]) {
      for case .armSkipped(let skipped) in events { skipReason = skipped.reason }
      guard case .trialStarted(let started)? = events.first,
        case .trialEnded(let ended)? = events.last
      else { return }
      seconds[started.arm] = Double(ended.at - started.at) / 1e9
    }
  }
}
