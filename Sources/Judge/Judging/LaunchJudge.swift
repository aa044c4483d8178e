internal import History
internal import LinuxFacts
internal import PlanModel

/// Judges one launch of a trial whose record is whole.
struct LaunchJudge {
  let arm: Arm
  let record: TrialRecord
  let launch: Int

  /// An endpoint with its place.
  private struct Place {
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

  private let own: LaunchRecord
  private let places: [Place]

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
  }

  func judge() -> LaunchOutcome {
    let (outcome, evidence) =
      refused() ?? crashed() ?? misspoken() ?? forced() ?? lost() ?? serviceLost() ?? duplicate()
      ?? exhausted()
      ?? startup() ?? died() ?? ownership()
      ?? misadvertised() ?? premature() ?? failed() ?? unfinished() ?? left() ?? recovered()
      ?? unforced() ?? ready()
    var text = outcome == .ready ? evidence : (beyond?.place ?? "") + evidence
    if outcome.isFailure, let line = beyond?.userSees(outcome, own: own) {
      text += "; the user sees: \(line)"
    }
    return LaunchOutcome(
      launch: launch, outcome: outcome, evidence: text, readyBefore: beyond?.record.serial ?? 0)
  }

  private var beyond: StartupEvidence? { StartupEvidence(arm, record, launch: launch) }

  /// What the rest of the start-up shows, at depth `startup`.
  private func startup() -> Finding? {
    guard let beyond else { return nil }
    if let text = beyond.placeholder(record.relative) { return (.placeholderLeak, text) }
    if let text = beyond.falseTimeout(own: own, record.relative) { return (.falseTimeout, text) }
    if let text = beyond.foreign() { return (.crossTalk, text) }
    // Before the silence that follows from it.
    if let text = beyond.died() { return (.childDied, text) }
    if let text = beyond.unansweredOverHTTP(own: own) { return (.timeout, text) }
    guard own.errno == 0 else { return nil }
    return beyond.gaveUp(record.relative).map { (.timeout, $0) }
  }

  private typealias Finding = (Outcome, String)

  /// The host refused one of the launch's processes, or of those that the plan sets on it: asked first, since whoever
  /// waited for that process fails in turn. Nil if it refused none.
  func refused() -> (Outcome, String)? {
    if own.stage == .host { return (.harnessError, HostLimit.text(own.detail, errno: own.errno)) }
    if let beyond {
      if let engine = beyond.engines.first(where: { $0.stage == .host }) {
        return (.harnessError, HostLimit.text("engine core \(engine.engine)", errno: engine.errno))
      }
      if let serving = beyond.servings.first(where: { $0.stage == .host }) {
        return (
          .harnessError,
          HostLimit.text("the HTTP front end of API server \(serving.server)", errno: serving.errno)
        )
      }
    }
    guard let fault = record.faults.first(where: { $0.launch == launch && $0.refused != 0 })
    else { return nil }
    return (
      .harnessError,
      HostLimit.text(
        "the process that acts for fault \(fault.fault) (\(fault.name))", errno: fault.refused)
    )
  }

  /// A launcher is ours and never ends by itself: what came of its launch says nothing about the strategy, unless a
  /// fault of the plan ended it.
  private func crashed() -> Finding? {
    guard let status = own.died else { return nil }
    let isFault = record.faults.contains {
      $0.launch == launch && $0.isDue && $0.injected != 0 && $0.point.role == .launcher
        && FaultName.endingVictims.contains($0.name)
    }
    guard !isFault else { return nil }
    return (
      .harnessError,
      "the launcher (pid \(own.pid)) died by \(WaitStatus(status)), and no fault of the plan ended it"
    )
  }

  /// What an adapter that breaks its protocol says or does proves nothing about its ports.
  private func misspoken() -> Finding? {
    guard own.stage == .adapter else { return nil }
    return (.adapterError, own.detail.isEmpty ? LinuxErrno.text(own.errno) : own.detail)
  }

  /// A program that is the whole launch: its own end tells.
  private func forced() -> Finding? {
    guard let judge = forcedRun, judge.run.isLaunch else { return nil }
    let finding = judge.judgeLaunch()
    return finding.0 == .ready ? unfinished() ?? left() ?? finding : finding
  }

  /// An adapter whose calls were forced, and that got all its ports all the same.
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

  private var forcedRun: ForcedRunJudge? {
    guard let run = own.forced, let forcing = arm.strategy.command?.forcing else { return nil }
    return ForcedRunJudge(
      run: run, steals: forcing.steal != .off, comesAtTheRelease: forcing.steal == .eager,
      injects: !forcing.injections.isEmpty)
  }

  private func lost() -> Finding? {
    let lost = places.filter {
      $0.endpoint.errno == LinuxErrno.addressInUse
        && ($0.endpoint.requested != 0 || !$0.endpoint.path.isEmpty)
    }
    guard !lost.isEmpty else { return nil }
    let order: [Outcome] = [
      .lostToSelf, .lostToSibling, .lostToThief, .lostToOutsider, .lostToUnknown,
    ]
    let found = lost.map { ($0, outcome(of: $0.endpoint.holder)) }
    let worst = order.first { outcome in found.contains { $0.1 == outcome } }!
    let first = found.first { $0.1 == worst }!.0
    var text =
      "\(first.endpoint.path.isEmpty ? "port \(first.endpoint.requested)" : first.endpoint.path) (\(first.name), pid \(first.server.pid)) lost: "
      + "allocated by \(record.relative(own.allocationEnded)), \(holder(first.endpoint.holder)) when "
      + "\(first.endpoint.stage.rawValue) was tried at \(record.relative(first.endpoint.attempted)) "
      + "(EADDRINUSE)"
    if lost.count > 1 { text += "; \(lost.count) endpoints of this launch were lost" }
    return (worst, text)
  }

  /// The launcher's own port, as of a store, was taken.
  private func serviceLost() -> Finding? {
    guard [.service, .handshake, .http].contains(own.stage), own.errno == LinuxErrno.addressInUse,
      own.service != 0
    else { return nil }
    return (
      outcome(of: own.holder),
      "port \(own.service) of the launcher's own service (pid \(own.pid)) lost: allocated by "
        + "\(record.relative(own.allocationEnded)), \(holder(own.holder)) (EADDRINUSE)"
    )
  }

  private func outcome(of holder: Holder?) -> Outcome {
    switch holder?.kind {
    case .apiServer, .launcher, .coordinator:
      holder!.launch == launch ? .lostToSelf : .lostToSibling
    case .thief: .lostToThief
    case .outsider: .lostToOutsider
    case .nobody, .cannotTell, nil: .lostToUnknown
    }
  }

  private func holder(_ holder: Holder?) -> String {
    guard let holder else { return "its holder was not recorded" }
    let process =
      "pid \(holder.pid)" + (holder.command.isEmpty ? "" : " \(holder.command)")
    let sources =
      switch holder.sources {
      case .eventsAndKernel: "events and kernel agree"
      case .events: "by the events; the kernel showed no socket any more"
      case .kernel: "by the kernel"
      case .contradiction: "the events say so, the kernel contradicts"
      case .neither: ""
      }
    switch holder.kind {
    case .apiServer:
      let whose = holder.launch == launch ? "the same launch" : "launch \(holder.launch)"
      return "held by API server \(holder.index) of \(whose) (\(process); \(sources))"
    case .launcher:
      return "held by the launcher of launch \(holder.launch) (\(process); \(sources))"
    case .coordinator:
      return "held by the coordinator of launch \(holder.launch) (\(process); \(sources))"
    case .thief where holder.index < 0:
      return "held by the window thief (\(process); \(sources))"
    case .thief: return "held by thief \(holder.index) (\(process); \(sources))"
    case .outsider:
      // No other program bears such a name, and the launch at hand has no such process.
      let isLeftover =
        beyond.map { $0.record.serial > 0 } == true && holder.command.hasPrefix("bs-")
      return
        "held by \(isLeftover ? "what an earlier launch of the row left" : "an outsider") (\(process); \(sources))"
    case .nobody: return "nobody held it any more when the kernel was asked"
    case .cannotTell: return "it was held, but by whom cannot be told"
    }
  }

  /// Two addresses with one number: at depth `allocate` the only evidence there is.
  private func duplicate() -> Finding? {
    var first: [UInt16: Int] = [:]
    for (address, port) in own.advertised.enumerated() where port != 0 {
      if let earlier = first.updateValue(address, forKey: port) {
        return (
          .lostToSelf, "addresses \(earlier) and \(address) of this launch both got port \(port)"
        )
      }
    }
    guard arm.depth == .allocate else { return nil }
    // The launch that was allocated later would have bound later.
    for other in record.launches where other.launch != launch {
      let isEarlier =
        (other.allocationEnded, other.launch) < (own.allocationEnded, own.launch)
      guard isEarlier,
        let port = Set(other.advertised).intersection(own.advertised).subtracting([0]).min()
      else { continue }
      return (.lostToSibling, "launch \(other.launch) got port \(port) as well")
    }
    return nil
  }

  private func exhausted() -> Finding? {
    let searches: [Stage] = [.probe, .listenerSetup, .scan]
    if own.errno == LinuxErrno.addressInUse && searches.contains(own.stage) {
      return (
        .exhausted, "the launcher's \(own.stage.rawValue) found no free port (EADDRINUSE)"
      )
    }
    let wildcard = places.first {
      $0.endpoint.errno == LinuxErrno.addressInUse && $0.endpoint.requested == 0
        && $0.endpoint.path.isEmpty
    }
    return wildcard.map {
      let what = $0.endpoint.stage == .scan ? "the search of a range" : "bind(0)"
      return (.exhausted, "\(what) for the \($0.name) found no free port (EADDRINUSE)")
    }
  }

  private func died() -> Finding? {
    for server in record.servers where server.launch == launch && !hasGivenUp(server) {
      guard let status = server.died else { continue }
      return (
        .childDied, "API server \(server.server) (pid \(server.pid)) died by \(WaitStatus(status))"
      )
    }
    return nil
  }

  /// Whether an API server ended because its launcher had failed before the barrier opened: it has tried no bind, and
  /// its exit code 1 is a consequence, not a cause.
  private func hasGivenUp(_ server: ServerRecord) -> Bool {
    let afterRelease: [Stage] = [.report, .ask, .http, .readiness, .serve]
    return own.errno != 0 && !afterRelease.contains(own.stage) && server.died == 1 << 8
      && [server.input, server.output].allSatisfy { $0.attempted == 0 && $0.errno == 0 }
  }

  private func ownership() -> Finding? {
    if let shared = places.first(where: { $0.endpoint.ownership == .shared }) {
      return (
        .splitBrain,
        "more than one socket listens on port \(shared.endpoint.bound) (\(shared.name))"
      )
    }
    let mine = places.filter { $0.endpoint.bound != 0 }
    var owners: [UInt16: Int] = [:]
    for server in record.servers {
      for endpoint in [server.input, server.output] where endpoint.bound != 0 {
        owners[endpoint.bound, default: 0] += 1
      }
    }
    if let doubled = mine.first(where: { owners[$0.endpoint.bound]! > 1 }) {
      return (
        .splitBrain, "two API servers say that they listen on port \(doubled.endpoint.bound)"
      )
    }
    return places.first { $0.endpoint.ownership == .stranger }.map {
      (.crossTalk, "a stranger answers at \($0.address), which is to be the \($0.name)")
    }
  }

  /// What the peers are told must be what the server listens on. Where time ran out before the launcher knew
  /// its addresses, nothing was told.
  private func misadvertised() -> Finding? {
    let unknown: [TrialEnded.Completion] = [.timeoutPreparing, .timeoutBinding]
    guard own.errno == 0, !unknown.contains(record.ended.completion) else { return nil }
    let servers = arm.topology.apiServers
    if arm.depth == .allocate {
      return own.advertised.firstIndex(of: 0).map {
        (.placeholderLeak, "address \($0) was advertised as port 0")
      }
    }
    for place in places where place.endpoint.bound != 0 {
      let address = place.role == "input" ? place.server.server : servers + place.server.server
      let advertised = own.advertised[address]
      if advertised == 0 { return (.placeholderLeak, "the \(place.name) was advertised as port 0") }
      if advertised != place.endpoint.bound {
        return (
          .crossTalk,
          "the \(place.name) listens on port \(place.endpoint.bound), but \(advertised) was advertised"
        )
      }
    }
    return nil
  }

  private func premature() -> Finding? {
    places.first { $0.endpoint.reported != 0 && $0.endpoint.reported < $0.endpoint.finished }.map {
      (
        .prematureReport,
        "the \($0.name) was reported at \(record.relative($0.endpoint.reported)), before it was bound at "
          + "\(record.relative($0.endpoint.finished))"
      )
    }
  }

  private func failed() -> Finding? {
    if own.errno == LinuxErrno.tooManyLevels && own.stage == .scan {
      return (.timeout, "the scan for a number never ends: it was given up as a livelock")
    }
    if own.errno != 0 {
      let text =
        "the launcher failed at stage \(own.stage.rawValue) with \(LinuxErrno.text(own.errno))"
        + (own.detail.isEmpty ? "" : ": \(own.detail)")
      switch own.errno {
      case LinuxErrno.timedOut: return (.timeout, text)
      // An API server that failed in another way than by losing its number says so and lives on.
      case LinuxErrno.brokenPipe
      where own.stage == .report && places.contains { $0.endpoint.errno != 0 }:
        break
      // The report's channel ended: its API server is gone.
      case LinuxErrno.brokenPipe where own.stage == .report || own.stage == .coordinator:
        return (.childDied, text)
      default: return (.otherError, text)
      }
    }
    if let place = places.first(where: { $0.endpoint.errno != 0 }) {
      return (
        .otherError,
        "the \(place.name) failed at stage \(place.endpoint.stage.rawValue) with \(LinuxErrno.text(place.endpoint.errno))"
      )
    }
    return places.first { $0.endpoint.ownership == .silent }.map {
      (.timeout, "nobody answered in time at \($0.address) (\($0.name))")
    }
  }

  private func unfinished() -> Finding? {
    guard record.ended.completion != .complete else { return nil }
    let progress = beyond.map { "; \($0.progress())" } ?? ""
    return (.timeout, "deadline passed: \(record.ended.completion.rawValue)" + progress)
  }

  private func left() -> Finding? {
    if !record.ended.left.isEmpty {
      let names = record.ended.left.joined(separator: ", ")
      return (.leaked, "left when all had been ended, and cleaned up: \(names)")
    }
    guard record.ended.socketsLeft > 0 else { return nil }
    return (.leaked, "\(record.ended.socketsLeft) sockets were left when all had been closed")
  }

  /// Ready only after a retry is not ready: it would have failed without.
  private func recovered() -> Finding? {
    guard places.allSatisfy(\.endpoint.isBound),
      let first = places.first(where: { $0.endpoint.retries > 0 })
    else { return nil }
    let retries = places.map(\.endpoint.retries).reduce(0, +)
    return (
      .recovered,
      "ready only after \(retries) lost binds, first the \(first.name), now on port \(first.endpoint.bound)"
    )
  }

  private func ready() -> Finding {
    let open = places.first { !$0.endpoint.isBound }
    if let open { return (.harnessError, "the \(open.name) neither listens nor failed") }
    if arm.depth == .bind && arm.ownershipCheck != .off,
      let unchecked = places.first(where: { $0.endpoint.ownership == .unchecked })
    {
      return (.harnessError, "the ownership of the \(unchecked.name) was not checked")
    }
    if let missing = beyond?.missing() { return (.harnessError, missing) }
    return (.ready, forcedRun?.facts ?? "")
  }
}
