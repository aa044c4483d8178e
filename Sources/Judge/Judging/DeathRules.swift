internal import History
internal import LinuxFacts
internal import PlanModel

/// The rules of processes that died or were never made: which of them say something about the strategy.
///
/// A launch whose process the host refused, limited or ended says nothing about its strategy, and neither does one in
/// which bindstorm gave up itself. Two things remain the strategy's: what its code does to its own process (exit codes,
/// traps, an abort of libzmq by its doing), and what a fault of the plan wanted.
extension LaunchJudge {
  /// The host refused one of the launch's processes, or of those that the plan sets on it: asked first, since whoever
  /// waited for that process fails in turn. Nil if it refused none.
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

  /// A launcher is ours and never ends by itself: what came of its launch says nothing about the strategy, unless a
  /// fault of the plan ended it.
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

  /// A limit of the host stopped a call of the launch's, or made libzmq abort one of its processes, which records the
  /// errno of the call before it. Nil where a fault of the plan sets such limits itself.
  func limited() -> Finding? {
    guard !hasFault(among: FaultName.limitingVictims) else { return nil }
    func finding(_ who: String, _ errno: Int32) -> Finding {
      (.harnessError, HostLimit.reached(by: who, errno: errno))
    }
    // EAGAIN has other meanings where something is waited for; of processes and threads it is of stage `host`.
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

  /// A process of the launch died by what neither its own code nor a fault of the plan did: a signal from outside, or
  /// bindstorm's own word that it cannot go on.
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

  /// Whether a fault of one of these names was done to the launch.
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

  /// Whether an API server ended because its launcher had failed before the barrier opened: it has tried no bind, and
  /// its exit code 1 is a consequence, not a cause.
  private func hasGivenUp(_ server: ServerRecord) -> Bool {
    let afterRelease: [Stage] = [.report, .ask, .http, .readiness, .serve]
    return own.errno != 0 && !afterRelease.contains(own.stage) && server.died == 1 << 8
      && [server.input, server.output].allSatisfy { $0.attempted == 0 && $0.errno == 0 }
  }
}
