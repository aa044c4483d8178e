public import History
internal import LinuxFacts
public import PlanModel

/// Turns the events of one trial into its outcome. Pure; it never asks the kernel.
///
/// If a record is torn, contradictory or incomplete, every launch is a `harness-error`. If a thief drew less than was
/// due, every launch is `invalid`. Otherwise `LaunchJudge` judges each launch by its rules in their order, and
/// `ForcedRunJudge` judges those whose port calls were forced. `Outcome` says what each outcome means.
///
/// A launch in which a fault was due and not witnessed is `invalid`, with the exceptions of `WitnessJudge`. Its sibling
/// launches keep their outcomes.
public struct TrialJudge {
  private let arm: Arm

  /// A judge of the arm's trials.
  public init(arm: Arm) { self.arm = arm }

  /// Judges the events from one `trial-started` up to the next.
  public func judge(_ events: [Event]) -> TrialOutcome {
    guard let record = TrialRecord(events), record.started.arm == arm.index else {
      let trial = events.compactMap { event -> Int? in
        if case .trialStarted(let started) = event { return started.trial }
        if case .trialEnded(let ended) = event { return ended.trial }
        return nil
      }.first
      return everyLaunch(
        trial: trial ?? -1, .harnessError, "the trial's record is torn or out of order")
    }
    if let problem = record.problem(for: arm) {
      return everyLaunch(trial: record.started.trial, .harnessError, problem)
    }
    if let reason = shortfall(record) {
      // A launch whose processes the host refused cannot have drawn the ports of other launches.
      return everyLaunch(trial: record.started.trial, .invalid, reason) { number in
        LaunchJudge(arm: arm, record: record, launch: number).refused()
      }
    }
    let launches = (0..<arm.topology.launches).map { number in
      WitnessJudge(record: record, launch: number).judge(
        LaunchJudge(arm: arm, record: record, launch: number).judge())
    }
    return outcome(of: record, launches)
  }

  /// The trial with its durations. The durations of a ready trial exist only if every launch is ready.
  private func outcome(of record: TrialRecord, _ launches: [LaunchOutcome]) -> TrialOutcome {
    let timing = Timing(record)
    // A program that is the whole launch allocates nothing for bindstorm.
    let allocating = record.launches.filter { $0.forced?.isLaunch != true }
    let isReady = launches.allSatisfy { $0.outcome == .ready }
    func evidence(_ launch: LaunchOutcome) -> StartupEvidence? {
      StartupEvidence(arm, record, launch: launch.launch)
    }
    return TrialOutcome(
      arm: arm.index, trial: record.started.trial, launches: launches,
      releaseSkewNanoseconds: timing.releaseSkew, windowNanoseconds: timing.window,
      timeToBoundNanoseconds: isReady ? timing.timeToBound : nil,
      // If the end of an allocation was not reached, its time may be from an earlier trial, or missing.
      allocationNanoseconds: allocating.compactMap {
        $0.allocationEnded >= $0.allocationStarted
          ? $0.allocationEnded - $0.allocationStarted : nil
      },
      portsTaken: allocating.map(\.portsTaken),
      socketsInWindow: record.ended.socketsInWindow >= 0 ? record.ended.socketsInWindow : nil,
      timeToServedNanoseconds: isReady ? timing.timeToServed : nil,
      detectionNanoseconds: launches.filter(\.outcome.isFailure).compactMap {
        evidence($0)?.detection
      },
      requestsPerSecond: launches.filter { $0.outcome == .ready }.compactMap {
        evidence($0)?.requestsPerSecond
      }, ports: record.ports)
  }

  /// - Parameter exception: the outcome of this launch instead; nil if it is the same as the others'.
  private func everyLaunch(
    trial: Int, _ outcome: Outcome, _ evidence: String,
    unless exception: (Int) -> (Outcome, String)? = { _ in nil }
  ) -> TrialOutcome {
    TrialOutcome(
      arm: arm.index, trial: trial,
      launches: (0..<arm.topology.launches).map {
        let (outcome, evidence) = exception($0) ?? (outcome, evidence)
        return LaunchOutcome(launch: $0, outcome: outcome, evidence: evidence)
      })
  }

  /// A thief that drew less than was due. Nothing is due before the addresses are allocated.
  private func shortfall(_ record: TrialRecord) -> String? {
    if record.ended.completion == .timeoutPreparing { return nil }
    for thief in record.thieves {
      guard thief.drawn < thief.wanted else { continue }
      return
        "thief \(thief.thief) (\(thief.name)) drew \(thief.drawn) of \(Counted.text(thief.wanted, "port"))"
        + (thief.errno == 0 ? "" : ", \(LinuxErrno.text(thief.errno))")
    }
    let drawn = record.thieves.map(\.drawnInWindow).reduce(0, +)
    if drawn < arm.window.foreignDraws {
      return
        "\(drawn) of \(Counted.text(arm.window.foreignDraws, "foreign draw")) fell into the window"
    }
    return nil
  }
}
