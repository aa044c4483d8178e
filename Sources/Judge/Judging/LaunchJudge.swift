internal import ForcedCalls
internal import History
internal import LinuxFacts
internal import PlanModel

/// Judges one launch of a trial whose record is complete.
///
/// The rules are asked in the order of `finding`, and the first that applies decides. That order is the specification.
/// `Outcome` says what each outcome means.
struct LaunchJudge {
  typealias Finding = (Outcome, String)

  let arm: Arm
  let record: TrialRecord
  let launch: Int

  /// An endpoint with its place.
  struct Place {
    var server: ServerRecord
    var role: String
    var endpoint: EndpointRecord
    /// Whether the trial has other launches.
    var hasSiblings: Bool

    var name: String {
      "\(role) of API server \(server.server)" + (hasSiblings ? " of launch \(server.launch)" : "")
    }

    /// Where it listens, for people.
    var address: String { endpoint.path.isEmpty ? "port \(endpoint.bound)" : endpoint.path }
  }

  let own: LaunchRecord
  let places: [Place]
  /// The records of the rest of the start-up; nil unless the depth is `startup`.
  let beyond: StartupEvidence?

  init(arm: Arm, record: TrialRecord, launch: Int) {
    self.arm = arm
    self.record = record
    self.launch = launch
    own = record.launches.first { $0.launch == launch }!
    var places: [Place] = []
    places.reserveCapacity(2 * arm.topology.apiServers)
    for server in record.servers where server.launch == launch {
      for (role, endpoint) in [("input", server.input), ("output", server.output)] {
        places.append(
          Place(
            server: server, role: role, endpoint: endpoint,
            hasSiblings: arm.topology.launches > 1))
      }
    }
    self.places = places
    beyond = StartupEvidence(arm, record, launch: launch)
  }

  func judge() -> LaunchOutcome {
    let (outcome, evidence) = finding() ?? ready()
    var text = outcome == .ready ? evidence : (beyond?.place ?? "") + evidence
    if outcome.isFailure,
      let line = beyond.flatMap({ VLLMMessages($0, own: own, outcome: outcome).line })
    {
      text += "; the user sees: \(line)"
    }
    return LaunchOutcome(
      launch: launch, outcome: outcome, evidence: text, readyBefore: beyond?.record.serial ?? 0)
  }

  /// The finding of the first rule that applies; nil if none does.
  private func finding() -> Finding? {
    let rules: [() -> Finding?] = [
      refused, crashed, misspoken, forced,
      lost, serviceLost, sideChannelLost, rendezvousLost, duplicate, exhausted,
      limited, endedFromOutside, startup, died,
      ownership, misadvertised, premature,
      livelocked, launcherFailed, endpointFailed, unanswered,
      unfinished, left, recovered, unforced,
    ]
    for rule in rules {
      if let finding = rule() { return finding }
    }
    return nil
  }

  /// If an adapter breaks its protocol, what it reports or does proves nothing about its ports.
  private func misspoken() -> Finding? {
    guard own.stage == .adapter else { return nil }
    return (.adapterError, own.detail.isEmpty ? LinuxErrno.text(own.errno) : own.detail)
  }

  /// A program that is the whole launch: its own end decides.
  private func forced() -> Finding? {
    guard let judge = forcedRun, judge.run.isLaunch else { return nil }
    let finding = judge.judgeLaunch()
    return finding.0 == .ready ? unfinished() ?? left() ?? finding : finding
  }

  /// An adapter whose calls were forced, but that still got all its ports.
  private func unforced() -> Finding? {
    guard let forcing = arm.strategy.command?.forcing else { return nil }
    guard let judge = forcedRun else {
      return (
        .invalid,
        "nothing is known of what \(forcing.steal == .off ? "was injected" : "was stolen")"
      )
    }
    return judge.judgeSuccess()
  }

  /// The account of a program whose calls were forced; nil if there is none.
  private var forcedRun: ForcedRunJudge? {
    guard let run = own.forced, let forcing = arm.strategy.command?.forcing else { return nil }
    return ForcedRunJudge(
      run: run, steals: forcing.steal != .off, comesAtTheRelease: forcing.steal == .eager,
      injects: !forcing.injections.isEmpty)
  }

  /// The findings of the rest of the start-up, at depth `startup`.
  private func startup() -> Finding? {
    guard let beyond else { return nil }
    func finding(_ outcome: Outcome, _ text: String?) -> Finding? { text.map { (outcome, $0) } }
    return finding(.placeholderLeak, beyond.placeholder(record.relative))
      ?? finding(.timeout, beyond.lostMaster())
      ?? finding(.falseTimeout, beyond.falseTimeout(own: own, record.relative))
      ?? finding(.splitBrain, beyond.sharedHTTP())
      ?? finding(.crossTalk, beyond.foreign())
      // This comes before the silence that follows from it.
      ?? finding(.childDied, beyond.died())
      ?? finding(.timeout, beyond.unansweredOverHTTP(own: own))
      ?? (own.errno == 0 ? finding(.timeout, beyond.gaveUp(record.relative)) : nil)
  }

  /// A scan that returns to its start would continue for ever.
  private func livelocked() -> Finding? {
    guard own.errno == LinuxErrno.tooManyLevels && own.stage == .scan else { return nil }
    return (.timeout, "the scan for a number never ends: it was given up as a livelock")
  }

  /// The launcher failed by an errno.
  private func launcherFailed() -> Finding? {
    guard own.errno != 0 else { return nil }
    let text =
      "the launcher failed at stage \(own.stage.rawValue) with \(LinuxErrno.text(own.errno))"
      + (own.detail.isEmpty ? "" : ": \(own.detail)")
    switch own.errno {
    case LinuxErrno.timedOut: return (.timeout, text)
    // An API server that failed with another error than a lost port reports that and lives on: the next rule covers it.
    case LinuxErrno.brokenPipe
    where own.stage == .report && places.contains { $0.endpoint.errno != 0 }:
      return nil
    // The report's channel ended: its API server is gone.
    case LinuxErrno.brokenPipe where own.stage == .report || own.stage == .coordinator:
      return (.childDied, text)
    default: return (.otherError, text)
    }
  }

  /// An API server failed with another errno than that of a lost port.
  private func endpointFailed() -> Finding? {
    places.first { $0.endpoint.errno != 0 }.map {
      (
        .otherError,
        "the \($0.name) failed at stage \($0.endpoint.stage.rawValue) with \(LinuxErrno.text($0.endpoint.errno))"
      )
    }
  }

  /// No process answered at an address on which an API server should listen.
  private func unanswered() -> Finding? {
    for place in places {
      switch place.endpoint.ownership {
      case .silent:
        return (.timeout, "nobody answered in time at \(place.address) (\(place.name))")
      case .stopped:
        return (
          .timeout,
          "nobody can answer at \(place.address) (\(place.name)): all processes that have the listener open are stopped"
        )
      case .full:
        return (
          .timeout,
          "no connection can be made to \(place.address) (\(place.name)): the listener's backlog is full"
        )
      case .unchecked, .owner, .stranger, .shared, .unaccepted: continue
      }
    }
    return nil
  }

  /// The deadline of a phase passed.
  private func unfinished() -> Finding? {
    guard record.ended.completion != .complete else { return nil }
    let progress = beyond.map { "; \($0.progress())" } ?? ""
    return (.timeout, "deadline passed: \(record.ended.completion.rawValue)" + progress)
  }

  /// Sockets or processes were left behind.
  private func left() -> Finding? {
    if !record.ended.left.isEmpty {
      let names = record.ended.left.joined(separator: ", ")
      return (.leaked, "left when all had been ended, and cleaned up: \(names)")
    }
    guard record.ended.socketsLeft > 0 else { return nil }
    return (.leaked, "\(record.ended.socketsLeft) sockets were left when all had been closed")
  }

  /// A launch that was ready only after a retry is not `ready`: without the retry it would have failed.
  private func recovered() -> Finding? {
    guard places.allSatisfy(\.endpoint.isBound),
      let first = places.first(where: { $0.endpoint.retries > 0 })
    else { return nil }
    let retries = places.map(\.endpoint.retries).reduce(0, +)
    return (
      .recovered,
      "ready only after \(Counted.text(retries, "lost bind")), first the \(first.name), now on port \(first.endpoint.bound)"
    )
  }

  /// Every endpoint listens and was checked.
  private func ready() -> Finding {
    let open = places.first { !$0.endpoint.isBound }
    if let open { return (.harnessError, "the \(open.name) neither listens nor failed") }
    if arm.depth == .bind && arm.ownershipCheck != .off,
      let unchecked = places.first(where: { $0.endpoint.ownership == .unchecked })
    {
      return (.harnessError, "the ownership of the \(unchecked.name) was not checked")
    }
    if let missing = beyond?.missing() { return (.harnessError, missing) }
    let waiting = places.filter { $0.endpoint.ownership == .unaccepted }
    guard let first = waiting.first else { return (.ready, forcedRun?.facts ?? "") }
    // An adapter need not speak the harness's protocol on its ports; an API server must answer.
    guard arm.strategy.command != nil else {
      return (.harnessError, "nobody waited for an answer of the \(first.name)")
    }
    let unknown =
      "at \(waiting.count) of \(Counted.text(places.count, "address", "addresses")), first \(first.address), the adapter listens and the check's connection waits in the backlog: whether it will be accepted is not known"
    return (.ready, [forcedRun?.facts, unknown].compactMap(\.self).joined(separator: "; "))
  }
}
