public import History
public import PlanModel

/// Turns the events of one trial into its outcome. Pure; it never asks the kernel.
///
/// A record that is torn, contradictory or incomplete makes every launch `harness-error`, a thief that drew less than
/// was due makes every launch `invalid`. Otherwise `LaunchJudge` judges each launch by its rules in their order, and
/// `ForcedRunJudge` those whose port calls were forced. What each outcome means stands in `Outcome`.
///
/// A launch in which a fault was due and not witnessed is `invalid`, with two exceptions: an outcome that does not
/// count stays, and so does the launch's own failure before the fault's point was reached, which is a port failure
/// (`Outcome.isPortFailure`), or any failure of a launch into which no fault was injected. Its sibling launches keep
/// their outcomes.
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
      return everyLaunch(trial: record.started.trial, .invalid, reason)
    }
    let launches = (0..<arm.topology.launches).map { number in
      afterFaults(LaunchJudge(arm: arm, record: record, launch: number).judge(), record)
    }
    let timing = Timing(record)
    return TrialOutcome(
      arm: arm.index, trial: record.started.trial, launches: launches,
      releaseSkewNanoseconds: timing.releaseSkew, windowNanoseconds: timing.window,
      timeToBoundNanoseconds: launches.allSatisfy { $0.outcome == .ready }
        ? timing.timeToBound : nil,
      // The end of an allocation that was not reached may be an earlier trial's stamp, or none.
      allocationNanoseconds: record.launches.compactMap {
        $0.allocationEnded >= $0.allocationStarted
          ? $0.allocationEnded - $0.allocationStarted : nil
      },
      portsTaken: record.launches.map(\.portsTaken),
      socketsInWindow: record.ended.socketsInWindow >= 0 ? record.ended.socketsInWindow : nil,
      timeToServedNanoseconds: launches.allSatisfy { $0.outcome == .ready }
        ? timing.timeToServed : nil,
      detectionNanoseconds: launches.compactMap {
        $0.outcome.isFailure
          ? StartupEvidence(arm, record, launch: $0.launch)?.detection : nil
      },
      requestsPerSecond: launches.compactMap {
        $0.outcome == .ready
          ? StartupEvidence(arm, record, launch: $0.launch)?.requestsPerSecond : nil
      })
  }

  private func everyLaunch(trial: Int, _ outcome: Outcome, _ evidence: String) -> TrialOutcome {
    TrialOutcome(
      arm: arm.index, trial: trial,
      launches: (0..<arm.topology.launches).map {
        LaunchOutcome(launch: $0, outcome: outcome, evidence: evidence)
      })
  }

  /// The outcome of a launch whose faults were not all witnessed: `invalid`, unless its outcome stands.
  ///
  /// A launch that fails before its victim reaches the point cannot be hit there. If it were invalid, such failures
  /// would drop out of the rate, and a strategy that loses its ports would look like one that never does.
  private func afterFaults(_ launch: LaunchOutcome, _ record: TrialRecord) -> LaunchOutcome {
    let missed = record.faults.filter {
      $0.launch == launch.launch && $0.isDue && $0.witnessed == 0
    }
    guard let first = missed.first else { return launch }
    // An outcome that does not count gives the better reason.
    guard launch.outcome.isCounted else { return launch }
    let what = "fault \(first.fault) (\(first.name) at \(first.point.rawValue))"
    let how =
      first.armed == 0
      ? "its victim was never started"
      : first.injected == 0 ? "its victim never reached that point" : "nothing witnessed its effect"
    let isUnreached = missed.allSatisfy { $0.injected == 0 && $0.errno == 0 }
    if launch.outcome.isFailure && isUnreached && isOwnFailure(launch, record) {
      var own = launch
      own.evidence += "; \(what) had no effect: \(how)"
      return own
    }
    return LaunchOutcome(
      launch: launch.launch, outcome: .invalid,
      evidence: "\(what) was due in launch \(first.launch) and not witnessed: \(how)"
        + (first.errno == 0 ? "" : ", \(LinuxErrno.text(first.errno))"))
  }

  /// Whether a launch failed by itself: it lost a port, or nothing was done to it. What another fault did, as to
  /// end the process before the later point, is the plan's contradiction and not the strategy's failure.
  private func isOwnFailure(_ launch: LaunchOutcome, _ record: TrialRecord) -> Bool {
    launch.outcome.isPortFailure
      || !record.faults.contains { $0.launch == launch.launch && $0.isDue && $0.injected != 0 }
  }

  /// A thief that drew less than was due. Nothing is due before the addresses are allocated.
  private func shortfall(_ record: TrialRecord) -> String? {
    if record.ended.completion == .timeoutPreparing { return nil }
    for thief in record.thieves {
      guard thief.drawn < thief.wanted else { continue }
      return
        "thief \(thief.thief) (\(thief.name)) drew \(thief.drawn) of \(thief.wanted) ports"
        + (thief.errno == 0 ? "" : ", \(LinuxErrno.text(thief.errno))")
    }
    let drawn = record.thieves.map(\.drawnInWindow).reduce(0, +)
    if drawn < arm.window.foreignDraws {
      return "\(drawn) of \(arm.window.foreignDraws) foreign draws fell into the window"
    }
    return nil
  }
}

/// The events of a trial, sorted by kind.
struct TrialRecord {
  var started: TrialStarted
  var ended: TrialEnded
  var launches: [LaunchRecord] = []
  var servers: [ServerRecord] = []
  var thieves: [ThiefRecord] = []
  var startups: [StartupRecord] = []
  var engines: [EngineRecord] = []
  var servings: [ServingRecord] = []
  var faults: [FaultRecord] = []

  /// Nil unless the events begin and end as one trial does.
  init?(_ events: [Event]) {
    guard case .trialStarted(let started)? = events.first,
      case .trialEnded(let ended)? = events.last,
      started.arm == ended.arm, started.trial == ended.trial
    else { return nil }
    self.started = started
    self.ended = ended
    for event in events.dropFirst().dropLast() {
      switch event {
      case .launch(let record): launches.append(record)
      case .server(let record): servers.append(record)
      case .thief(let record): thieves.append(record)
      case .fault(let record): faults.append(record)
      case .startup(let record): startups.append(record)
      case .engine(let record): engines.append(record)
      case .serving(let record): servings.append(record)
      case .runStarted, .poolSet, .armSkipped, .trialStarted, .trialEnded, .runEnded: return nil
      }
    }
  }

  /// What is missing or doubled, nil if all is there.
  func problem(for arm: Arm) -> String? {
    if ended.completion == .harnessError {
      return ended.detail.isEmpty ? "the harness gave up" : ended.detail
    }
    if launches.map(\.launch).sorted() != Array(0..<arm.topology.launches) {
      return
        "expected one record for each of \(arm.topology.launches) launches, found \(launches.count)"
    }
    if thieves.map(\.thief).sorted() != Array(arm.thieves.indices) {
      return
        "expected \(arm.thieves.count) thieves' records, found \(Set(thieves.map(\.thief)).count)"
    }
    if faults.map(\.fault).sorted() != Array(arm.faults.indices) {
      return "expected records of \(arm.faults.count) faults, found \(faults.count)"
    }
    if let stray = faults.first(where: { !(0..<arm.topology.launches).contains($0.launch) }) {
      return "fault \(stray.fault) is recorded in launch \(stray.launch), which there is not"
    }
    for launch in launches where launch.advertised.count != arm.topology.addressesPerLaunch {
      return
        "launch \(launch.launch) has \(launch.advertised.count) of \(arm.topology.addressesPerLaunch) addresses"
    }
    let expected = arm.depth.binds ? arm.topology.launches * arm.topology.apiServers : 0
    let identities = Set(servers.map { [$0.launch, $0.server] })
    if servers.count != expected || identities.count != expected
      || servers.contains(where: {
        !(0..<arm.topology.launches).contains($0.launch)
          || !(0..<arm.topology.apiServers).contains($0.server)
      })
    {
      return "expected records of \(expected) API servers, found \(identities.count)"
    }
    return startupProblem(for: arm)
  }

  /// The same of the rest of the start-up, whose records are there at depth `startup` alone.
  private func startupProblem(for arm: Arm) -> String? {
    let launches = Array(0..<(arm.startup == nil ? 0 : arm.topology.launches))
    if startups.map(\.launch).sorted() != launches {
      return "expected \(launches.count) start-up records, found \(startups.count)"
    }
    let expected = launches.flatMap { launch in
      (0..<(arm.startup?.engines ?? 0)).map { [launch, $0] }
    }
    if engines.map({ [$0.launch, $0.engine] }).sorted(by: { $0.lexicographicallyPrecedes($1) })
      != expected
    {
      return "expected records of \(expected.count) engine cores, found \(engines.count)"
    }
    let servers = launches.flatMap { launch in
      (0..<arm.topology.apiServers).map { [launch, $0] }
    }
    if servings.map({ [$0.launch, $0.server] }).sorted(by: { $0.lexicographicallyPrecedes($1) })
      != servers
    {
      return "expected serving records of \(servers.count) API servers, found \(servings.count)"
    }
    return nil
  }

  /// A time relative to the trial's start, in milliseconds, for people.
  func relative(_ time: UInt64) -> String {
    guard time >= started.at else { return "before the trial" }
    let microseconds = (time - started.at) / 1_000
    let fraction = String(microseconds % 1_000)
    return
      "+\(microseconds / 1_000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction) ms"
  }
}

/// The durations of a trial.
struct Timing {
  let releaseSkew: UInt64?
  let window: UInt64?
  let timeToBound: UInt64?
  let timeToServed: UInt64?

  init(_ record: TrialRecord) {
    let releases = record.servers.map(\.released).filter { $0 > 0 }
    releaseSkew = releases.count > 1 ? releases.max()! - releases.min()! : nil
    let endpoints = record.servers.flatMap { [$0.input, $0.output] }
    let allocated = record.launches.map(\.allocationEnded).max() ?? 0
    let attempts = endpoints.map(\.attempted).filter { $0 > 0 }
    window = attempts.min().flatMap { $0 >= allocated && allocated > 0 ? $0 - allocated : nil }
    let finished = endpoints.map(\.finished)
    let opened = record.ended.barrierOpened
    let served = record.startups.map(\.served)
    timeToServed =
      served.isEmpty || served.contains(0) || opened == 0
      ? nil : served.max().flatMap { $0 >= opened ? $0 - opened : nil }
    timeToBound =
      finished.isEmpty || finished.contains(0) || opened == 0
      ? nil : finished.max().flatMap { $0 >= opened ? $0 - opened : nil }
  }
}
