internal import History
internal import LinuxFacts
internal import PlanModel

/// The rules for processes that died or were never created: which of them say something about the strategy.
///
/// If the host refused, limited or ended a process, or bindstorm itself gave up, the launch says nothing about its
/// strategy. Two causes still count for the strategy: what its code does to its own process (exit codes, traps, an
/// abort of libzmq that it causes), and what a fault of the plan does.
extension LaunchJudge {
  /// The host refused one of the launch's processes, or one that the plan adds to it. This rule comes first, because
  /// processes that waited for the refused one fail as a consequence. Nil if the host refused none.
  func refused() -> Finding? {
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

  /// A launcher is our own code and never ends by itself. If it ended, the launch says nothing about the strategy,
  /// unless a fault of the plan ended it.
  func crashed() -> Finding? {
    guard let status = own.died else { return nil }
    guard !record.faults.contains(where: endsLauncher) else { return nil }
    return (
      .harnessError,
      "the launcher (pid \(own.pid)) died by \(WaitStatus(status)), and no fault of the plan ended it"
    )
  }

  /// Whether a fault of the plan ended the launcher.
  private func endsLauncher(_ fault: FaultRecord) -> Bool {
    fault.launch == launch && fault.isDue && fault.injected != 0 && fault.point.role == .launcher
      && FaultName.endingVictims.contains(fault.name)
  }

  /// A limit of the host stopped one of the launch's calls, or made libzmq abort one of its processes, which records
  /// the errno of the call before it. Nil if a fault of the plan sets such limits itself.
  func limited() -> Finding? {
    guard !hasFault(among: FaultName.limitingVictims) else { return nil }
    func finding(_ who: String, _ errno: Int32) -> Finding {
      (.harnessError, HostLimit.reached(by: who, errno: errno))
    }
    // For a wait EAGAIN has other meanings; for processes and threads it has stage `host`.
    func isLimit(_ errno: Int32) -> Bool {
      errno != LinuxErrno.tryAgain && LinuxErrno.hostLimits.contains(errno)
    }
    if isLimit(own.errno) {
      return finding("the launcher (pid \(own.pid)) at stage \(own.stage.rawValue)", own.errno)
    }
    let place = places.first { $0.endpoint.stage == .host || isLimit($0.endpoint.errno) }
    if let place {
      return finding(
        "the \(place.name) (pid \(place.server.pid)) at stage \(place.endpoint.stage.rawValue)",
        place.endpoint.errno)
    }
    guard let beyond else { return nil }
    if let engine = beyond.engines.first(where: { isLimit($0.errno) }) {
      return finding("engine core \(engine.engine) (pid \(engine.pid))", engine.errno)
    }
    return beyond.servings.first { isLimit($0.errno) }.map {
      finding("API server \($0.server)", $0.errno)
    }
  }

  /// A process of the launch died, and neither its own code nor a fault of the plan caused it: a signal from outside,
  /// or bindstorm's own report that it cannot continue.
  func endedFromOutside() -> Finding? {
    guard !hasFault(among: FaultName.endingVictims) else { return nil }
    let servers = record.servers.filter { $0.launch == launch && !hasGivenUp($0) }
    let dead =
      servers.map { ("API server \($0.server) (pid \($0.pid))", $0.died) }
      + (beyond?.dead ?? [])
    for case (let who, let raw?) in dead {
      let status = WaitStatus(raw)
      if status.isFromOutside { return (.harnessError, HostLimit.ended(who, by: status)) }
      if status == .exited(HostLimit.ownFailure) { return (.harnessError, HostLimit.gaveUp(who)) }
    }
    return nil
  }

  /// Whether a fault with one of these names was injected into the launch.
  private func hasFault(among names: Set<String>) -> Bool {
    record.faults.contains {
      $0.launch == launch && $0.isDue && $0.injected != 0 && names.contains($0.name)
    }
  }

  /// An API server died by itself.
  func died() -> Finding? {
    for server in record.servers where server.launch == launch && !hasGivenUp(server) {
      guard let status = server.died else { continue }
      return (
        .childDied,
        "API server \(server.server) (pid \(server.pid)) died by \(WaitStatus(status))"
      )
    }
    return nil
  }

  /// Whether an API server ended because its launcher had failed before the barrier opened. It has tried no bind, and
  /// its exit code 1 is a consequence, not a cause.
  private func hasGivenUp(_ server: ServerRecord) -> Bool {
    let afterRelease: [Stage] = [.report, .ask, .http, .readiness, .serve]
    return own.errno != 0 && !afterRelease.contains(own.stage) && server.died == 1 << 8
      && [server.input, server.output].allSatisfy { $0.attempted == 0 && $0.errno == 0 }
  }
}
