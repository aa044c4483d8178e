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
  /// How long the trials of each arm took, in seconds.
  let secondsByArm: [Double]

  /// - Throws: an exit code, after saying why on standard error.
  init(_ plan: ResolvedPlan, isolation: Run.IsolationPolicy, _ interruption: Interruption) throws {
    let counter = Counter(plan)
    let started = MonotonicClock.now()
    let timings: [Run.ArmTiming]
    do throws(RunError) {
      let run = try Run(
        plan: plan, schedule: Schedule(plan: plan), worker: try WorkerLocation.find(),
        isolation: isolation, interruption: interruption)
      if run.isolation == .none {
        printError(
          "bindstorm: warning: no network namespace (\(run.isolationProblem)): other programs of this host take ports, too, and the rates are those of now and here"
        )
      }
      try run.perform(counter)
      timings = run.timings
    } catch {
      printError("bindstorm: \(error)")
      if case .isolationUnavailable = error { throw ExitStatus.unavailable }
      throw ExitStatus.internalError
    }
    if interruption.isRequested { throw ExitStatus.interrupted(by: interruption.signal) }
    tallies = counter.tallies
    seconds = Double(MonotonicClock.now() - started) / 1e9
    secondsByArm = timings.map(\.seconds)
  }

  private final class Counter: Run.Observer {
    private let judges: [TrialJudge]
    private let counted: Mutex<RunTally>

    var tallies: [ArmTally] { counted.withLock { $0.arms } }

    init(_ plan: ResolvedPlan) {
      judges = plan.arms.map(TrialJudge.init)
      counted = Mutex(RunTally(plan))
    }

    func append(_ events: [Event]) {
      guard case .trialStarted(let started)? = events.first else {
        counted.withLock { for case .armSkipped(let skipped) in events { $0.skip(skipped) } }
        return
      }
      let outcome = judges[started.arm].judge(events)
      counted.withLock { $0.add(outcome) }
    }

    func needsMore(arm: Int) -> Bool { counted.withLock { $0.needsMore(arm: arm) } }
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
