internal import History
internal import LinuxFacts
internal import PlanModel

/// Decides the outcome of a launch in which a fault was due and not witnessed.
///
/// Such a launch is `invalid`, with two exceptions. An outcome that does not count anyway stays: `adapter-error` and
/// `harness-error` explain the launch better. And a launch keeps its own failure from before the fault's point: a lost
/// port, or any other failure if no fault was injected into it. The fault could not reach it. If such launches were
/// invalid, their failures would be missing from the rate, and a strategy that loses its port would seem never to lose
/// it.
struct WitnessJudge {
  let record: TrialRecord
  let launch: Int

  func judge(_ outcome: LaunchOutcome) -> LaunchOutcome { afterEarlierFaults(afterFaults(outcome)) }

  /// The launch, after applying the rule for its unwitnessed faults.
  private func afterFaults(_ launch: LaunchOutcome) -> LaunchOutcome {
    let missed = record.faults.filter(isMissed)
    guard let first = missed.first else { return launch }
    // An outcome that does not count gives the better reason.
    guard launch.outcome.isCounted else { return launch }
    let what = "fault \(first.fault) (\(first.name) at \(first.point.rawValue))"
    let why =
      first.armed == 0
      ? "its victim was never started"
      : first.injected == 0 ? "its victim never reached that point" : "nothing witnessed its effect"
    let isUnreached = missed.allSatisfy { $0.injected == 0 && $0.errno == 0 }
    if launch.outcome.isFailure && isUnreached && isOwnFailure(launch) {
      var own = launch
      own.evidence += "; \(what) had no effect: \(why)"
      return own
    }
    return LaunchOutcome(
      launch: launch.launch, outcome: .invalid,
      evidence: "\(what) was due in launch \(first.launch) and not witnessed: \(why)"
        + (first.errno == 0 ? "" : ", \(LinuxErrno.text(first.errno))"))
  }

  /// If a fault was due and not witnessed, the launches of the row do not count, as a single launch would not.
  private func afterEarlierFaults(_ launch: LaunchOutcome) -> LaunchOutcome {
    let missed = Set(record.earlierFaults.filter(isMissed).map(\.serial))
    guard let first = missed.min() else { return launch }
    var launch = launch
    launch.readyBefore = max(0, launch.readyBefore - missed.count)
    launch.evidence +=
      (launch.evidence.isEmpty ? "" : "; ")
      + "\(missed.count) earlier launches of the row do not count, "
      + "first launch \(first + 1): a fault was due there and not witnessed"
    return launch
  }

  private func isMissed(_ fault: FaultRecord) -> Bool {
    fault.launch == launch && fault.isDue && fault.witnessed == 0
  }

  /// Whether a launch failed by itself: it lost a port, or no fault was injected into it. If another fault ended the
  /// process before the later fault's point, the plan contradicts itself, and the strategy has not failed.
  private func isOwnFailure(_ launch: LaunchOutcome) -> Bool {
    launch.outcome.isPortFailure
      || !record.faults.contains {
        $0.launch == launch.launch && $0.isDue && $0.injected != 0
      }
  }
}
