internal import ArgumentParser
internal import Engine
internal import History
internal import Judging
internal import PlanModel
internal import PortModel
internal import RunContract
internal import Synchronization
internal import Syscalls
internal import Theory

/// Runs a plan's trials for their counts alone: nothing is written.
struct TrialBatch {
  /// What was counted, by arm.
  let tallies: [ArmTally]
  /// How long all of it took.
  let seconds: Double
  /// Whether it had a network namespace.
  let isIsolated: Bool
  /// How long each trial of an arm took, in seconds, up to the moment when its events were there. The first trial of a
  /// block has the time in it that the workers needed to start, and those before to end.
  let trialSeconds: [[Double]]

  /// - Parameters:
  ///   - schedule: the order of the trials.
  ///   - warnsOfMissingNamespace: on standard error.
  ///   - wants: whether one more trial of an arm is wanted, by the seconds that each of its trials took so far.
  /// - Throws: an exit code, after saying why on standard error.
  init(
    _ plan: ResolvedPlan, schedule: Schedule? = nil, isolation: Run.IsolationPolicy,
    _ interruption: Interruption, warnsOfMissingNamespace: Bool = true,
    wants: @escaping @Sendable (_ arm: Int, [Double]) -> Bool = { _, _ in true }
  ) throws {
    let counter = Counter(plan, wants)
    let started = MonotonicClock.now()
    do throws(RunError) {
      let run = try Run(
        plan: plan, schedule: schedule ?? Schedule(plan: plan),
        worker: try WorkerLocation.find(), isolation: isolation, interruption: interruption)
      if run.isolation == .none && warnsOfMissingNamespace {
        printError(
          "bindstorm: warning: no network namespace (\(run.isolationProblem)): other programs of this host take ports, too, and the rates are those of now and here"
        )
      }
      isIsolated = run.isolation != .none
      try run.perform(counter)
    } catch {
      printError("bindstorm: \(error)")
      if case .isolationUnavailable = error { throw ExitStatus.unavailable }
      throw ExitStatus.internalError
    }
    if interruption.isRequested { throw ExitStatus.interrupted(by: interruption.signal) }
    tallies = counter.tallies
    seconds = Double(MonotonicClock.now() - started) / 1e9
    trialSeconds = counter.trialSeconds
  }

  private final class Counter: Run.Observer {
    private struct State {
      var tally: RunTally
      var trialSeconds: [[Double]]
      /// When the last trial ended; nanoseconds of the monotonic clock.
      var mark = MonotonicClock.now()
    }

    private let judges: [TrialJudge]
    private let wants: @Sendable (Int, [Double]) -> Bool
    private let state: Mutex<State>

    var tallies: [ArmTally] { state.withLock { $0.tally.arms } }
    var trialSeconds: [[Double]] { state.withLock { $0.trialSeconds } }

    init(_ plan: ResolvedPlan, _ wants: @escaping @Sendable (Int, [Double]) -> Bool) {
      self.wants = wants
      judges = plan.arms.map(TrialJudge.init)
      state = Mutex(
        State(tally: RunTally(plan), trialSeconds: Array(repeating: [], count: plan.arms.count)))
    }

    func append(_ events: [Event]) {
      guard case .trialStarted(let started)? = events.first else {
        state.withLock { for case .armSkipped(let skipped) in events { $0.tally.skip(skipped) } }
        return
      }
      let ended = MonotonicClock.now()
      let outcome = judges[started.arm].judge(events)
      state.withLock {
        $0.tally.add(outcome)
        $0.trialSeconds[started.arm].append(Double(ended - $0.mark) / 1e9)
        $0.mark = ended
      }
    }

    func needsMore(arm: Int) -> Bool {
      state.withLock { $0.tally.needsMore(arm: arm) && wants(arm, $0.trialSeconds[arm]) }
    }
  }
}

/// An arm as it is cheapest to run with the same rate.
struct CheapArm {
  let arm: Arm
  /// What is run, in words.
  let words: String

  /// The API servers really bind, but as kept processes with plain sockets, and the kernel's record is the check: which
  /// ports the kernel gives and refuses is the same. An arm that theory does not know, or knows otherwise, runs as it is.
  init(_ planned: Arm) {
    var cheap = planned
    cheap.expectation = nil
    cheap.published = []
    cheap.skipReason = nil
    let original = cheap
    if let known = vocabulary.strategy(named: planned.strategy.name), !known.takesCommand,
      planned.faults.isEmpty, known.depths.contains(.bind)
    {
      cheap.settings.depth = .bind
      cheap.startup = nil
      cheap.settings.workers = .pooled
      if known.sockets.contains(.tcp) { cheap.settings.sockets = .tcp }
      if !known.requirements.contains(.fullOwnershipCheck) {
        cheap.settings.ownershipCheck = .kernel
      }
    }
    if original.startup != nil,
      Self.rate(cheap) == nil || Self.rate(cheap) != Self.rate(original)
    {
      cheap = original
    }
    arm = cheap
    let processes = cheap.settings.workers == .pooled ? "kept processes" : "fresh processes"
    words =
      "depth \(cheap.depth.rawValue), \(processes), \(cheap.settings.sockets == .tcp ? "plain sockets" : "libzmq")"
  }

  private static func rate(_ arm: Arm) -> Double? { RateOfArm.predicted(arm) }
}

/// The predicted rate per launch of an arm.
enum RateOfArm {
  static func predicted(_ arm: Arm) -> Double? {
    Prediction.predict(arm, vocabulary: vocabulary)?.perLaunch
  }
}
