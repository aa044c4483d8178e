public import History
internal import LinuxFacts
public import PlanModel

/// Turns the events of one trial into its outcome. Pure; it never asks the kernel.
///
/// For each launch the first rule that applies decides:
///
/// | what the record shows | outcome |
/// |---|---|
/// | torn, contradictory or incomplete record; the harness gave up | `harness-error` |
/// | a thief drew less than was due | `invalid` |
/// | the host refused a process of the launch, or one that acts for a fault | `harness-error` |
/// | the launcher died, and no fault of the plan was to end it | `harness-error` |
/// | the adapter of an `exec` strategy broke its protocol | `adapter-error` |
/// | the launch is a program whose port calls were forced | as `ForcedRunJudge` says |
/// | an endpoint lost its port (EADDRINUSE on a number) | `lost-to-*`, by the holder |
/// | one number advertised twice by the launch | `lost-to-self` |
/// | `bind(0)` failed with EADDRINUSE | `exhausted` |
/// | port 0 reached an engine core | `placeholder-leak` |
/// | a limit passed though the process that was waited for was healthy | `false-timeout` |
/// | a message of another launch arrived | `cross-talk` |
/// | an API server, an engine core or the coordinator died | `child-died` |
/// | two sockets listen on one port | `split-brain` |
/// | a stranger answered | `cross-talk` |
/// | a port was reported before it was bound | `premature-report` |
/// | port 0 was advertised, or another port than the bound one | `placeholder-leak`, `cross-talk` |
/// | another errno | `timeout` for ETIMEDOUT and silence, else `other-error` |
/// | a phase's deadline passed | `timeout` |
/// | sockets were left behind | `leaked` |
/// | an adapter whose port calls were forced lost nothing, though a steal was due | `invalid`, `recovered` |
/// | all endpoints listen, some only after a retry | `recovered` |
/// | all endpoints listen and none of the above | `ready` |
///
/// A launch in which a fault was due and not witnessed is `invalid` whatever the table says, but for two cases:
/// `adapter-error` and `harness-error` stay, and so does a failure of the launch's own before the fault's point was
/// reached: a lost port, or any other failure where no fault was injected into that launch. Its sibling launches keep
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
      // A launch whose processes the host refused cannot have drawn anybody's numbers.
      return everyLaunch(trial: record.started.trial, .invalid, reason) { number in
        LaunchJudge(arm: arm, record: record, launch: number).refused()
      }
    }
    let launches = (0..<arm.topology.launches).map { number in
      afterEarlierFaults(
        afterFaults(LaunchJudge(arm: arm, record: record, launch: number).judge(), record), record)
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

  /// - Parameter exception: what a launch comes to instead, nil for the same as the others.
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

  /// What a launch comes to whose faults were not all witnessed: `invalid`, unless its outcome stands.
  ///
  /// A launch that fails before its victim comes to the point cannot be hit there. Were it invalid, the failures
  /// themselves would leave the rate, and a strategy that loses its port would seem to be one that never does.
  private func afterFaults(_ launch: LaunchOutcome, _ record: TrialRecord) -> LaunchOutcome {
    let missed = record.faults.filter {
      $0.launch == launch.launch && $0.isDue && $0.witnessed == 0
    }
    guard let first = missed.first else { return launch }
    // What does not count anyway says better why.
    if launch.outcome == .adapterError || launch.outcome == .harnessError { return launch }
    let what = "fault \(first.fault) (\(first.name) at \(first.point.rawValue))"
    let how =
      first.armed == 0
      ? "its victim never came to be"
      : first.injected == 0 ? "its victim never came to that point" : "nobody saw its effect"
    let isUnreached = missed.allSatisfy { $0.injected == 0 && $0.errno == 0 }
    if launch.outcome.isFailure && isUnreached && isOwnFailure(launch, record) {
      var own = launch
      own.evidence += "; so \(what) was due in vain: \(how)"
      return own
    }
    return LaunchOutcome(
      launch: launch.launch, outcome: .invalid,
      evidence: "\(what) was due in launch \(first.launch) and not witnessed: \(how)"
        + (first.errno == 0 ? "" : ", \(LinuxErrno.text(first.errno))"))
  }

  /// Launches of the row in which a fault was due and not witnessed do not count, as a single one would not.
  private func afterEarlierFaults(_ launch: LaunchOutcome, _ record: TrialRecord) -> LaunchOutcome {
    let missed = Set(
      record.earlierFaults.filter {
        $0.launch == launch.launch && $0.isDue && $0.witnessed == 0
      }.map(\.serial))
    guard let first = missed.min() else { return launch }
    var launch = launch
    launch.readyBefore = max(0, launch.readyBefore - missed.count)
    launch.evidence +=
      (launch.evidence.isEmpty ? "" : "; ")
      + "\(missed.count) earlier launches of the row do not count, "
      + "first launch \(first + 1): a fault was due there and not witnessed"
    return launch
  }

  /// Whether a launch failed by itself: it lost a port, or nothing was done to it. What another fault did, as to
  /// end the process before the later point, is the plan's contradiction and not the strategy's failure.
  private func isOwnFailure(_ launch: LaunchOutcome, _ record: TrialRecord) -> Bool {
    let losses: Set<Outcome> = [
      .lostToSelf, .lostToSibling, .lostToThief, .lostToOutsider, .lostToUnknown, .exhausted,
      .splitBrain,
    ]
    return losses.contains(launch.outcome)
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
  /// Of the last launch of the row.
  var faults: [FaultRecord] = []
  /// Of the launches of the row before it, which were all served.
  var earlierFaults: [FaultRecord] = []

  /// Nil unless the events begin and end as one trial does.
  init?(_ events: [Event]) {
    var everyFault: [FaultRecord] = []
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
      case .fault(let record): everyFault.append(record)
      case .startup(let record): startups.append(record)
      case .engine(let record): engines.append(record)
      case .serving(let record): servings.append(record)
      case .runStarted, .poolSet, .armSkipped, .trialStarted, .trialEnded, .runEnded: return nil
      }
    }
    let last = everyFault.map(\.serial).max() ?? 0
    faults = everyFault.filter { $0.serial == last }
    earlierFaults = everyFault.filter { $0.serial != last }
  }

  /// What is wrong with the records of faults; nil if nothing is.
  private func faultProblem(for arm: Arm) -> String? {
    let last = faults.first?.serial ?? 0
    let expected = (0...max(0, last)).flatMap { serial in arm.faults.indices.map { [serial, $0] } }
    let found = (earlierFaults + faults).map { [$0.serial, $0.fault] }
      .sorted { $0.lexicographicallyPrecedes($1) }
    if found != expected {
      return "expected records of \(expected.count) faults, found \(found.count)"
    }
    if let stray = (earlierFaults + faults).first(where: {
      !(0..<arm.topology.launches).contains($0.launch)
    }) {
      return "fault \(stray.fault) is recorded in launch \(stray.launch), which there is not"
    }
    return nil
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
    if let problem = faultProblem(for: arm) { return problem }
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
