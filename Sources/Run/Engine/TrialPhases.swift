internal import CSharedRegion
internal import History
internal import PlanModel
internal import RunContract
internal import StrategyKit
internal import Syscalls

/// The phases of a trial: the commands, and what is waited for.
extension TrialRunner {
  mutating func prepare(
    _ trial: Int, _ seed: UInt64, serial: UInt32
  ) throws(RunError) -> PhaseBoard.Wait {
    if preparing == nil {
      let seed = Schedule.seed(ofLaunch: Int(serial), trial: seed)
      let wait = try beginThieves(seed)
      if wait != .ended { return wait }
      startPreparing(trial, seed, serial: serial)
    }
    preparing = nil
    // Do not spin: fresh API servers need the other core, and so do libzmq's threads, which still work for the last
    // trial's sockets.
    let needsCore = arm.workers == .fresh && arm.depth == .bind || arm.sockets == .zmq
    return try board.wait(
      until: preparationDeadline(), spinning: needsCore ? 0 : Self.prepareSpinNanoseconds)
  }

  /// - Parameter seed: the trial's seed, which determines what thieves do.
  mutating func beginThieves(_ seed: UInt64) throws(RunError) -> PhaseBoard.Wait {
    guard !arm.thieves.isEmpty else { return .ended }
    region.pointer.pointee.trial_seed = seed
    board.begin(.init(thieves: true))
    board.command(BS_THIEF_BEGIN)
    return try board.wait(until: deadline())
  }

  /// Makes the launchers allocate, and start their servers if these are fresh.
  mutating func startPreparing(_ trial: Int, _ seed: UInt64, serial: UInt32 = 0) {
    region.pointer.pointee.serial = serial
    preparing = MonotonicClock.now()
    region.pointer.pointee.trial_seed = seed
    if !arm.faults.isEmpty {
      Order.write(
        ScheduledFault.all(of: arm, trial: trial, seed: seed), of: arm, kinds: faultKinds,
        to: region)
    }
    let startsServers = arm.workers == .fresh && arm.depth.binds
    if startsServers {
      // Left from the last trial; the launcher clears the rest.
      for slot in slots { region.server(slot).pointee.is_dead = 0 }
    }
    board.begin(.init(launchers: true, servers: startsServers ? Array(slots) : []))
    board.command(BS_LAUNCHER_PREPARE)
  }

  /// End of the last launch's allocation: from here on others can take all of the ports.
  func allocatedAt() -> UInt64 {
    (0..<arm.topology.launches).map { region.launcher($0).pointee.allocation_ended_ns }.max() ?? 0
  }

  func holdWindow(
    _ until: UInt64, _ foreignDraws: Int, _ opened: [TrialRecorder.ThiefSnapshot]
  ) throws(RunError) -> PhaseBoard.Wait {
    let limit = max(deadline(), until)
    var aliveCheck = MonotonicClock.now()
    while true {
      if board.interruption.isRequested { return .interrupted }
      let now = MonotonicClock.now()
      if now >= aliveCheck {
        guard board.host.isAlive else { throw .workerHostEnded }
        aliveCheck = now + PhaseBoard.aliveCheckNanoseconds
      }
      let drawn = zip(recorder.snapshot(), opened).map { $0.drawn - $1.drawn }.reduce(0, +)
      if now >= until && drawn >= foreignDraws { return .ended }
      if now >= limit { return .deadlinePassed }
      let step: UInt64 = 500_000
      MonotonicClock.sleep(until: now < until ? min(until, now + 50_000_000) : now + step)
    }
  }

  /// Time from the call to the release that deadline-based barriers need to wake all participants.
  var leadNanoseconds: UInt64 {
    arm.barrier.kind == .futex ? 0 : 200_000 + 30_000 * UInt64(slots.count)
  }

  mutating func openBarrier() -> UInt64 {
    // At depth startup the launcher knows when everything is served, or has failed.
    let isStartup = arm.depth == .startup
    let collects = handover.collects || isStartup
    board.begin(.init(launchers: collects, servers: isStartup ? [] : Array(slots)))
    if collects { board.command(BS_LAUNCHER_COLLECT) }
    let time = MonotonicClock.now() + leadNanoseconds
    region.pointer.pointee.release_deadline_ns = time
    board.command(BS_SERVER_BIND)
    return time
  }

  mutating func check() throws(RunError) -> PhaseBoard.Wait {
    let isAnyBound = slots.contains {
      let server = region.server($0).pointee
      return server.is_dead == 0 && server.input.is_bound != 0 && server.output.is_bound != 0
    }
    guard isAnyBound else { return .ended }
    // The auditor knows when all answers have come; an API server that is not dialled does not wait for a nonce.
    board.begin(.init(auditor: true))
    board.commandAuditor()
    return try board.wait(until: deadline())
  }

  mutating func close() throws(RunError) -> PhaseBoard.Wait {
    let hasServers = arm.depth.binds
    let isFresh = arm.workers == .fresh
    // An adapter may have something to release even if nothing was bound.
    let finishes = hasServers || arm.strategy.command != nil
    board.begin(
      .init(
        launchers: finishes, servers: hasServers && !isFresh ? Array(slots) : [],
        thieves: !arm.thieves.isEmpty))
    // The launchers first: from now on an API server that exits was told to.
    if finishes { board.command(BS_LAUNCHER_FINISH) }
    if hasServers { board.command(BS_SERVER_CLOSE) }
    if !arm.thieves.isEmpty { board.command(BS_THIEF_END) }
    return try board.wait(until: deadline())
  }
}
