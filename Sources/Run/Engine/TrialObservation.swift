internal import History

/// One trial in progress: its identity, and observations of the loop that the region does not keep.
struct TrialObservation {
  let trial: Int
  let seed: UInt64
  /// Whether to ask the kernel how many sockets the launches hold in the window.
  let countsSockets: Bool
  /// When its preparation began, nanoseconds of CLOCK_MONOTONIC.
  let started: UInt64
  /// Which of the launches in a row runs.
  var serial: UInt32 = 0
  /// The thieves' draws when the last launch had allocated; empty before.
  var windowOpened: [TrialRecorder.ThiefSnapshot] = []
  /// The thieves' draws when the barrier opened; empty before.
  var barrierOpened: [TrialRecorder.ThiefSnapshot] = []
  /// Release of the barrier, nanoseconds of CLOCK_MONOTONIC; 0 before.
  var barrierTime: UInt64 = 0
  /// Sockets that the launches held in the window; -1 if they were not counted.
  var socketsInWindow = -1
  var holders: [HolderKey: Holder] = [:]
  var completion = TrialEnded.Completion.complete
  /// Why the trial cannot count, in words; empty if it can.
  var problem = ""
  /// Faults of the earlier launches in this row.
  var earlierFaults: [FaultRecord] = []
  /// Whether a helper of a fault outlived an earlier launch.
  var hasHelpers = false

  /// The barrier will not open any more: use the thieves' present draws for that moment.
  mutating func noteBarrier(_ recorder: TrialRecorder) {
    if barrierOpened.isEmpty { barrierOpened = recorder.snapshot() }
  }

  /// No launch will allocate any more: the window has no length.
  mutating func noteWindow() {
    if windowOpened.isEmpty { windowOpened = barrierOpened }
  }

  /// The trial as events.
  func events(
    arm: Int, _ recorder: TrialRecorder, ended: UInt64, socketsLeft: Int, left: [String]
  ) -> [Event] {
    var events: [Event] = [.trialStarted(TrialStarted(arm: arm, trial: trial, at: started))]
    events += recorder.records(
      windowOpened: windowOpened, barrierOpened: barrierOpened, holders: holders,
      earlierFaults: earlierFaults, serial: Int(serial), ended: ended)
    events.append(
      .trialEnded(
        TrialEnded(
          arm: arm, trial: trial, barrierOpened: barrierTime, at: ended, completion: completion,
          socketsLeft: socketsLeft, socketsInWindow: socketsInWindow, left: left,
          detail: problem)))
    return events
  }
}
