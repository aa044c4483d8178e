internal import History
internal import LinuxFacts
internal import PlanModel

/// The records of a launch at depth `startup` beyond the binds.
struct StartupEvidence {
  let startup: Startup
  let record: StartupRecord
  let engines: [EngineRecord]
  let servings: [ServingRecord]
  let servers: [ServerRecord]
  /// An engine core of another launch that answered requests of other launches.
  let otherEngine: EngineRecord?

  /// Nil unless the arm's depth is `startup`.
  init?(_ arm: Arm, _ trial: TrialRecord, launch: Int) {
    guard let startup = arm.startup,
      let record = trial.startups.first(where: { $0.launch == launch })
    else { return nil }
    self.startup = startup
    self.record = record
    engines = trial.engines.filter { $0.launch == launch }
    servings = trial.servings.filter { $0.launch == launch }
    servers = trial.servers.filter { $0.launch == launch }
    otherEngine = trial.engines.first { $0.launch != launch && $0.strangers > 0 }
  }

  /// The first failure; nil if no failure has a time.
  var firstFailure: UInt64? {
    let binds = servers.flatMap { [$0.input, $0.output] }.filter { $0.errno != 0 }.map(\.finished)
    let groups = engines.compactMap { $0.lostRendezvous?.record.attempted }
    return (binds + groups + servings.map(\.failed)).filter { $0 != 0 }.min()
  }

  /// From the first failure to the moment when the launcher noticed it; nil if one of them has no time.
  var detection: UInt64? {
    guard record.noticed != 0, let first = firstFailure, record.noticed >= first else { return nil }
    return record.noticed - first
  }

  /// A timeout that ended a healthy process: the process continued, or its work takes longer than the limit. Nil if no
  /// limit was exceeded, or if the event that was waited for would not have come.
  func falseTimeout(own: LaunchRecord, _ relative: (UInt64) -> String) -> String? {
    if own.errno == LinuxErrno.timedOut {
      // If the launcher gave up first, that caused the failures of the others.
      if own.stage == .coordinator { return healthyCoordinator(relative) }
      if own.stage == .report { return healthyReports(relative) }
    }
    return healthyEngines(relative) ?? healthyHandshake()
  }

  private func healthyCoordinator(_ relative: (UInt64) -> String) -> String? {
    guard record.coordinatorBound != 0, record.coordinatorDied == nil else { return nil }
    return
      "the launcher gave the coordinator up after \(startup.coordinatorTimeoutMilliseconds) ms "
      + "at \(relative(record.noticed)), but it was healthy and had bound at "
      + "\(relative(record.coordinatorBound))"
  }

  private func healthyReports(_ relative: (UInt64) -> String) -> String? {
    let endpoints = servers.flatMap { [$0.input, $0.output] }
    guard endpoints.allSatisfy({ $0.isBound && $0.errno == 0 }) else { return nil }
    return
      "the launcher gave the API servers' reports up at \(relative(record.noticed)), but all "
      + "were healthy and had bound by \(relative(endpoints.map(\.finished).max() ?? 0))"
  }

  /// An API server gave up on engine cores that were loading.
  private func healthyEngines(_ relative: (UInt64) -> String) -> String? {
    let late = servings.first {
      $0.gaveUp(at: .readiness) && $0.unheard.allSatisfy(isStillLoading)
    }
    return late.map {
      "API server \($0.server) gave up at \(relative($0.failed)) after "
        + "\(startup.clientTimeoutMilliseconds) ms, but the engine cores it had not heard were "
        + "healthy and still loading"
    }
  }

  /// An engine core gave up on an init message that launcher and API servers would have sent.
  private func healthyHandshake() -> String? {
    guard let engine = engines.first(where: { $0.gaveUp(at: .handshake) }),
      servers.allSatisfy({ $0.input.errno == 0 && $0.output.errno == 0 && $0.died == nil })
    else { return nil }
    return
      "engine core \(engine.engine) gave up after \(startup.initTimeoutMilliseconds) ms without "
      + "an init message, but launcher and API servers were healthy"
  }

  /// Whether an engine core was healthy and loading when a process gave up on it.
  private func isStillLoading(_ number: Int) -> Bool {
    engines.contains {
      $0.engine == number && $0.died == nil && $0.errno == 0 && $0.placeholders == 0
        && $0.initialised != 0 && ($0.loaded == 0 || $0.loaded > givenUp($0))
    }
  }

  /// When the API servers had given up.
  private func givenUp(_ engine: EngineRecord) -> UInt64 {
    servings.filter { $0.unheard.contains(engine.engine) }.map(\.failed).max() ?? 0
  }

  /// The number of engine cores with which an API server works.
  private func expected(_ server: Int) -> Int {
    (0..<startup.engines).count {
      startup.isPair(server: server, engine: $0, of: servings.count)
    }
  }

  /// A launch of a row, for people; empty if there is no row.
  var place: String {
    startup.serialLaunches > 1
      ? "launch \(record.serial + 1) of \(startup.serialLaunches) in a row: " : ""
  }

  /// Port 0 reached an engine core.
  func placeholder(_ relative: (UInt64) -> String) -> String? {
    guard let engine = engines.first(where: { $0.placeholders > 0 }) else { return nil }
    var text =
      "engine core \(engine.engine) was told to connect to \(Counted.text(engine.placeholders, "address", "addresses")) with port 0, "
      + "which succeeds and never ends"
    if let silent = servings.first(where: { $0.failed != 0 }) {
      text +=
        "; API server \(silent.server) gave up at \(relative(silent.failed)), having heard "
        + "\(expected(silent.server) - silent.unheard.count) of \(Counted.text(expected(silent.server), "engine core"))"
    }
    return text
  }

  /// More than one socket listens on the HTTP port: each gets a part of the requests.
  func sharedHTTP() -> String? {
    guard record.httpListeners > 1 else { return nil }
    return
      "\(record.httpListeners) sockets listen on HTTP port \(record.httpPort); \(record.httpStrangers) of "
      + "\(record.httpRequests + record.measuredRequests) requests over it were answered by others"
  }

  /// Messages of another launch.
  func foreign() -> String? {
    if let server = servings.first(where: { $0.strangers > 0 }) {
      return
        "API server \(server.server) got \(server.strangers) messages that are not of its launch"
        + (record.served == 0
          ? "" : "; all API servers were served none the less, and no process noticed")
    }
    if let other = otherEngine, let unserved = servings.first(where: { $0.served == 0 }) {
      return
        "API server \(unserved.server) was not served, and engine core \(other.engine) of launch "
        + "\(other.launch) got requests that are not of its launch"
    }
    if let engine = engines.first(where: { $0.strangers > 0 }) {
      return
        "engine core \(engine.engine) got \(engine.strangers) requests that are not of its launch"
    }
    guard record.httpStrangers > 0 else { return nil }
    return
      "\(record.httpStrangers) answers over HTTP on port \(record.httpPort) are not of this launch"
  }

  /// Not every API server has answered over HTTP.
  func unansweredOverHTTP(own: LaunchRecord) -> String? {
    guard own.stage == .http,
      [LinuxErrno.tryAgain, LinuxErrno.timedOut].contains(own.errno)
    else { return nil }
    let silent = servings.filter { $0.httpAnswered == 0 }.map { "\($0.server)" }
    let sent = "\(record.httpRequests) were sent"
    if silent.isEmpty { return "the requests of the measurement were not answered; \(sent)" }
    let who = "API server\(silent.count > 1 ? "s" : "") \(silent.joined(separator: ", "))"
    return own.errno == LinuxErrno.timedOut
      ? "\(who) answered no POST over HTTP within \(startup.httpTimeoutMilliseconds) ms; \(sent)"
      : "\(who) accepted no connection from the shared HTTP listener; \(sent)"
  }

  /// Processes other than the API servers, and how each died; nil for those that live.
  var dead: [(who: String, status: Int32?)] {
    [("the coordinator (pid \(record.coordinatorPid))", record.coordinatorDied)]
      + engines.map { ("engine core \($0.engine) (pid \($0.pid))", $0.died) }
      + record.headless.enumerated().map {
        ("the launcher of node \($0.offset + 1) (pid \($0.element.pid))", $0.element.died)
      }
  }

  /// A process other than an API server died by itself.
  func died() -> String? {
    if let status = record.coordinatorDied {
      return "the coordinator (pid \(record.coordinatorPid)) died by \(WaitStatus(status))"
    }
    if let engine = engines.first(where: { $0.died != nil }) {
      let place = engine.node == 0 ? "" : " on node \(engine.node)"
      return
        "engine core \(engine.engine)\(place) (pid \(engine.pid)) died by \(WaitStatus(engine.died!))"
        + remoteNotice(engine)
    }
    guard let index = record.headless.firstIndex(where: { $0.died != nil }) else { return nil }
    let launcher = record.headless[index]
    return
      "the launcher of node \(index + 1) (pid \(launcher.pid)) died by \(WaitStatus(launcher.died!))"
  }

  /// Who was notified of an engine core's death on another node; empty for the head node.
  private func remoteNotice(_ engine: EngineRecord) -> String {
    guard engine.node > 0, engine.node <= record.headless.count else { return "" }
    let own = record.headless[engine.node - 1]
    let there = own.noticed == 0 ? "nobody noticed there" : "its own launcher noticed"
    let here =
      switch record.casualty {
      case _ where record.noticed == 0: "did not"
      case .engine: "did, too"
      default: "learnt only that an API server had given up"
      }
    return "; \(there), the head node's \(here)"
  }

  /// An API server gave up on something that would not have come.
  func gaveUp(_ relative: (UInt64) -> String) -> String? {
    servings.first { $0.errno == LinuxErrno.timedOut }.map {
      let what = $0.stage == .readiness ? "heard" : "been answered by"
      let missing = $0.stage == .readiness ? $0.unheard : $0.unanswered
      return "API server \($0.server) gave up at \(relative($0.failed)): it had \(what) "
        + "\(expected($0.server) - missing.count) of \(Counted.text(expected($0.server), "engine core"))"
    }
  }

  /// What is missing of a served launch; nil if nothing is.
  func missing() -> String? {
    if record.served == 0 { return "the launcher never saw every API server served" }
    if let missing = missingReinit() { return missing }
    if record.serial + 1 != startup.serialLaunches {
      return
        "only \(record.serial + 1) of \(Counted.text(startup.serialLaunches, "launch", "launches")) in a row ran"
    }
    if startup.http && (record.httpAnswered == 0 || servings.contains { $0.httpAnswered == 0 }) {
      return "not every API server is known to have answered over HTTP"
    }
    if record.measuredRequests != startup.requests || (startup.requests > 0 && record.measured == 0)
    {
      return
        "\(record.measuredRequests) of the measurement's \(startup.requests) requests were answered"
    }
    return servings.first { $0.served == 0 || !$0.unheard.isEmpty || !$0.unanswered.isEmpty }.map {
      "API server \($0.server) was not served by every engine core"
    }
  }

  /// How far it had come.
  func progress() -> String {
    let ready = engines.count { $0.ready != 0 }
    let heard = servings.count { $0.heard != 0 }
    let served = servings.count { $0.served != 0 }
    let answered = servings.count { $0.httpAnswered != 0 }
    return
      "\(ready) of \(engines.count) engine cores were READY, \(heard) of \(servings.count) API servers had "
      + "heard all of them, \(served) were served"
      + (startup.http ? ", \(answered) had answered over HTTP" : "")
  }

  /// Requests per second once the launch was served; nil if that was not measured.
  var requestsPerSecond: Double? {
    guard record.measured > 0, record.measuredRequests > 0 else { return nil }
    return Double(record.measuredRequests) / (Double(record.measured) / 1e9)
  }
}
