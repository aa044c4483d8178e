internal import PlanModel

/// A rough estimate of an arm's duration, for `plan` and the time left; from runs on 2 cores of a small server.
enum TimeEstimate {
  /// To draw a port and release it, in seconds.
  private static let draw = 8e-6

  /// Seconds for all trials of the arm if none fails: a launch that fails ends its row. A program's own time is not in
  /// it.
  static func seconds(_ arm: Arm) -> Double {
    guard arm.skipReason == nil else { return 0 }
    let row = Double(arm.startup?.serialLaunches ?? 1)
    // A churning thief is one more process, which takes up to one of two cores from the others.
    let work = work(arm) * (1 + min(1, churnRate(arm) * draw))
    return (work + wait(arm)) * row * Double(arm.trials)
  }

  /// Computing time of a launch's processes, in seconds.
  private static func work(_ arm: Arm) -> Double {
    let servers = Double(arm.topology.launches * arm.topology.apiServers)
    var work = 2 * servers * 4e-6 + 60e-6
    if let startup = arm.startup {
      // Processes and pairs, which two cores share.
      let engines = Double(arm.topology.launches * startup.engines)
      work += (servers + engines) * 4e-3 + servers * Double(startup.engines) * 0.15e-3
    }
    if arm.depth == .bind {
      switch (arm.workers, arm.sockets) {
      case (.fresh, .zmq): work += servers * 1.3e-3
      case (.fresh, .tcp): work += servers * 0.6e-3
      case (.pooled, .zmq): work += servers * 0.25e-3
      case (.pooled, .tcp): work += servers * 0.06e-3
      }
      if arm.ownershipCheck == .full { work += servers * (arm.sockets == .zmq ? 0.7e-3 : 0.17e-3) }
      if arm.ownershipCheck == .kernel { work += 0.5e-3 }
    }
    return work + Double(heldPorts(arm)) * draw
  }

  /// How long the plan makes a launch wait, in seconds.
  private static func wait(_ arm: Arm) -> Double {
    var wait = arm.window.milliseconds / 1_000
    let rate = churnRate(arm)
    if rate > 0 {
      wait = max(wait, Double(arm.window.foreignDraws - heldPorts(arm)) / rate)
    }
    if let startup = arm.startup {
      wait += max(startup.loadMilliseconds, startup.importMilliseconds) / 1_000
      wait += startup.coordinatorImportMilliseconds / 1_000
    }
    // Faults of one trial are injected at the same time, unless a strategy makes their victims wait for one another.
    return wait + (arm.faults.map { faultSeconds($0, arm) }.max() ?? 0)
  }

  /// How long a fault makes a trial wait, on average: as long as it delays its victim, or, where the victim never goes
  /// on, up to the limit of the trial or of the launcher.
  private static func faultSeconds(_ planned: PlannedFault, _ arm: Arm) -> Double {
    let share = planned.probability / Double(planned.every)
    let options = planned.kind.options
    if let duration = options.first(where: { $0.name == OptionName.milliseconds })?.value {
      return share * Double(duration) / 1_000
    }
    guard ["hang", "truncated-report"].contains(planned.kind.name) else { return 0 }
    let limit = arm.strategy.options
      .first { $0.name == OptionName.reportTimeoutMilliseconds }?.value
    return share * Double(min(limit ?? arm.timeoutMilliseconds, arm.timeoutMilliseconds)) / 1_000
  }

  /// Draws per second of all churning thieves.
  private static func churnRate(_ arm: Arm) -> Double {
    Double(sum(of: OptionName.ratePerSecond, arm))
  }

  /// Ports that thieves draw at once.
  private static func heldPorts(_ arm: Arm) -> Int { sum(of: OptionName.ports, arm) }

  private static func sum(of option: String, _ arm: Arm) -> Int {
    arm.thieves.flatMap(\.options).filter { $0.name == option }.map(\.value).reduce(0, +)
  }
}
