internal import PlanModel

/// A rough guess of what an arm takes, for `plan` and the time left; from runs on 2 cores of a small server.
enum TimeEstimate {
  /// Seconds for all trials of the arm.
  static func seconds(_ arm: Arm) -> Double {
    let servers = Double(arm.topology.launches * arm.topology.apiServers)
    let allocation = 2 * servers * 4e-6 + 60e-6
    var trial = allocation + arm.window.milliseconds / 1_000
    if let startup = arm.startup {
      // Processes and pairs, which two cores share, beside the times that the plan sets.
      let launches = Double(arm.topology.launches)
      let engines = launches * Double(startup.engines)
      trial += (servers + engines) * 4e-3 + servers * Double(startup.engines) * 0.15e-3
      trial += max(startup.loadMilliseconds, startup.importMilliseconds) / 1_000
      trial += startup.coordinatorImportMilliseconds / 1_000
    }
    if arm.depth == .bind {
      switch (arm.workers, arm.sockets) {
      case (.fresh, .zmq): trial += servers * 1.3e-3
      case (.fresh, .tcp): trial += servers * 0.6e-3
      case (.pooled, .zmq): trial += servers * 0.25e-3
      case (.pooled, .tcp): trial += servers * 0.06e-3
      }
      if arm.ownershipCheck == .full { trial += servers * (arm.sockets == .zmq ? 0.7e-3 : 0.17e-3) }
      if arm.ownershipCheck == .kernel { trial += 0.5e-3 }
    }
    let held = arm.thieves.flatMap(\.options).filter { $0.name == "ports" }.map(\.value)
    trial += Double(held.reduce(0, +)) * 8e-6
    return trial * Double(arm.trials)
  }
}
