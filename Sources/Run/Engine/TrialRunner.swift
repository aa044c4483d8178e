internal import CSharedRegion
internal import Faults
internal import History
internal import PlanModel
internal import RunContract
internal import Strategies
internal import StrategyKit
internal import Syscalls

/// Runs the trials of one arm: feeds the state machine and carries out what it says.
struct TrialRunner {
  /// How a trial ended, for the run.
  enum Result {
    /// It is recorded; `needsNewWorkers` if some are dead or stuck.
    case recorded([Event], needsNewWorkers: Bool)
    /// The user wants to stop; the trial does not count.
    case interrupted
  }

  private let arm: Arm
  private let handover: Handover
  private let host: WorkerHost
  private let recorder: TrialRecorder
  private let region: SharedRegion
  private var board: PhaseBoard
  private let sockets: SocketBaseline?
  private let thievesActAfterBind: Bool
  /// Position of each of the arm's faults in the registry.
  private let faultKinds: [Int]
  /// When the preparation of the next trial was started, if it was.
  private var preparing: UInt64?

  /// Sockets in the namespace while the workers idle.
  final class SocketBaseline {
    let namespace: NamespaceSockets
    let idle: Int

    init(of pid: Int32) throws(SystemError) {
      namespace = try NamespaceSockets(of: pid)
      idle = try namespace.inUse()
    }
  }

  /// While launchers prepare, the other core has nothing to do: watching costs nobody anything and saves
  /// the time of a wake-up.
  private static let prepareSpinNanoseconds: UInt64 = 200_000

  /// How long closed sockets may take to vanish before they count as left behind.
  private static let settleNanoseconds: UInt64 = 500_000_000

  init(
    arm: Arm, handover: Handover, host: WorkerHost, interruption: Interruption,
    sockets: SocketBaseline?
  ) {
    self.arm = arm
    self.handover = handover
    self.sockets = sockets
    thievesActAfterBind = arm.thieves.contains { thief in
      ThiefRegistry.index(of: thief.name).map { ThiefRegistry.all[$0].actsAfterBind } ?? false
    }
    faultKinds = arm.faults.map { FaultRegistry.index(of: $0.kind.name)! }
    region = host.region
    self.host = host
    recorder = TrialRecorder(arm: arm, host: host)
    board = PhaseBoard(host: host, interruption: interruption, arm: arm)
  }

  private var slots: Range<Int> { 0..<(arm.topology.launches * arm.topology.apiServers) }

  private func deadline() -> UInt64 {
    MonotonicClock.now() + UInt64(arm.timeoutMilliseconds) * 1_000_000
  }

  private var hasPool: Bool { arm.workers == .pooled && arm.depth == .bind }

  /// Pools and adapters are started before the first trial.
  private var isStartAwaited: Bool { hasPool || arm.strategy.command != nil }

  /// Waits until all pooled API servers stand at the barrier for the first time.
  mutating func awaitPool() throws(RunError) -> Bool {
    guard isStartAwaited else { return true }
    return try board.wait(until: deadline()) == .ended
  }

  /// Announces the start of a pool; before the worker host is asked to start it.
  mutating func expectPool() {
    guard isStartAwaited else { return }
    for slot in slots { region.server(slot).pointee = bs_server() }
    board.begin(.init(launchers: true, servers: hasPool ? Array(slots) : []))
  }

  /// Has the adapters end themselves, as far as they do so in time; the worker host ends the rest.
  mutating func stopAdapters() throws(RunError) {
    guard arm.strategy.command != nil else { return }
    // A trial that is being prepared ahead must not be cut in the middle.
    if preparing != nil { _ = try board.wait(until: deadline()) }
    board.begin(.init(launchers: true))
    board.command(BS_LAUNCHER_STOP)
    _ = try board.wait(until: deadline())
  }

  /// Runs one trial from clean state to clean state.
  /// - Parameters:
  ///   - next: seed of the trial that follows with the same workers, nil if none does. Its preparation
  ///     overlaps with the recording of this one.
  ///   - countsSockets: whether to ask the kernel how many sockets the launches hold in the window.
  mutating func run(
    trial: Int, seed: UInt64, next: UInt64?, countsSockets: Bool
  ) throws(RunError) -> Result {
    var machine = TrialMachine(arm: arm, thievesActAfterBind: thievesActAfterBind)
    var socketsInWindow = -1
    var serial: UInt32 = 0
    var action = machine.handle(.begin)
    let started = preparing ?? MonotonicClock.now()
    var windowOpened: [TrialRecorder.ThiefSnapshot] = []
    var barrierOpened: [TrialRecorder.ThiefSnapshot] = []
    var barrierTime: UInt64 = 0
    var holders: [HolderKey: Holder] = [:]
    var completion = TrialEnded.Completion.complete
    var earlierFaults: [FaultRecord] = []
    var hasHelpers = false
    loop: while true {
      var event = TrialMachine.Event.phaseEnded
      switch action {
      case .prepare:
        guard let wait = outcome(try prepare(trial, seed, serial: serial))
        else { return .interrupted }
        windowOpened = recorder.allocationSnapshot()
        event = wait ? .prepared(allocatedAt: allocatedAt()) : .deadlinePassed
      case .draw:
        board.begin(.init(thieves: true))
        board.command(BS_THIEF_DRAW)
        guard let wait = outcome(try board.wait(until: deadline())) else { return .interrupted }
        if !wait { event = .deadlinePassed }
      case .holdWindow(let until, let foreignDraws):
        guard let wait = outcome(try holdWindow(until, foreignDraws, windowOpened))
        else { return .interrupted }
        if !wait { event = .deadlinePassed }
      case .bind:
        barrierOpened = recorder.snapshot()
        if countsSockets { socketsInWindow = try countSockets(barrierOpened) }
        barrierTime = openBarrier()
        guard let wait = outcome(try board.wait(until: deadline() + leadNanoseconds))
        else { return .interrupted }
        holders = try recorder.holders()
        if !wait { event = .deadlinePassed }
      case .drawAfterBind:
        board.begin(.init(thieves: true))
        board.command(BS_THIEF_BOUND)
        guard let wait = outcome(try board.wait(until: deadline())) else { return .interrupted }
        if !wait { event = .deadlinePassed }
      case .check:
        guard let wait = outcome(try check()) else { return .interrupted }
        if !wait { event = .deadlinePassed }
      case .close:
        if barrierOpened.isEmpty { barrierOpened = recorder.snapshot() }
        // The slots are read before they are reused; closing changes nothing in them but the claims.
        guard let wait = outcome(try close()) else { return .interrupted }
        if !wait {
          event = .deadlinePassed
        } else if Int(serial) + 1 < arm.startup?.serialLaunches ?? 1, areServed {
          recorder.freeze()
          earlierFaults += recorder.faultRecords(serial: Int(serial), MonotonicClock.now())
          hasHelpers = hasHelpers || hasFaultHelpers()
          serial += 1
          event = .closedForNext
        }
      case .abandon(let why):
        completion = why
        break loop
      case .end:
        break loop
      }
      action = machine.handle(event)
    }
    if barrierOpened.isEmpty { barrierOpened = recorder.snapshot() }
    if windowOpened.isEmpty { windowOpened = barrierOpened }

    recorder.freeze()
    let things = arm.depth == .startup && completion == .complete ? try cleanUp() : []
    let left = completion == .complete ? try socketsLeft() : -1
    let needsNewWorkers =
      completion != .complete || left > 0 || hasDeadWorkers() || hasHelpers
      || hasFaultHelpers()
    let ended = MonotonicClock.now()
    if let next, !needsNewWorkers, arm.thieves.isEmpty { startPreparing(trial + 1, next) }

    var events: [Event] = [.trialStarted(TrialStarted(arm: arm.index, trial: trial, at: started))]
    events += recorder.records(
      windowOpened: windowOpened, barrierOpened: barrierOpened, holders: holders,
      earlierFaults: earlierFaults, serial: Int(serial), ended: ended)
    events.append(
      .trialEnded(
        TrialEnded(
          arm: arm.index, trial: trial, barrierOpened: barrierTime, at: ended,
          completion: completion, socketsLeft: left, socketsInWindow: socketsInWindow,
          left: things)))
    return .recorded(events, needsNewWorkers: needsNewWorkers)
  }

  /// true: ended; false: deadline passed; nil: interrupted.
  private func outcome(_ wait: PhaseBoard.Wait) -> Bool? {
    switch wait {
    case .ended: true
    case .deadlinePassed: false
    case .interrupted: nil
    }
  }

  /// TCP sockets of the namespace that are bound or listen, without the thieves'; -1 where the namespace is not
  /// ours alone.
  private func countSockets(
    _ thieves: [TrialRecorder.ThiefSnapshot]
  ) throws(RunError) -> Int {
    guard host.isolation != .none else { return -1 }
    do throws(WorkerHost.StartError) {
      let answer = try host.request(ControlMessage(.countSockets))
      return max(0, Int(answer.values.first ?? 0) - thieves.map(\.held).reduce(0, +))
    } catch {
      throw .workers("cannot count sockets: \(error)")
    }
  }

  /// Has the worker host end and remove what the launches left behind. Returns what that was.
  private func cleanUp() throws(RunError) -> [String] {
    do throws(WorkerHost.StartError) {
      return try host.request(ControlMessage(.cleanUp)).text.split(separator: "\n").map(String.init)
    } catch {
      throw .workers("cannot look for what is left: \(error)")
    }
  }

  /// Whether nothing has gone wrong at depth `startup`: a launch that was served is no reason to stop the row.
  private var areServed: Bool {
    (0..<arm.topology.launches).allSatisfy {
      let startup = region.startup($0).pointee
      return region.launcher($0).pointee.error == 0 && startup.noticed_ns == 0
        && startup.served_ns != 0
    }
  }

  private mutating func prepare(
    _ trial: Int, _ seed: UInt64, serial: UInt32
  ) throws(RunError) -> PhaseBoard.Wait {
    if preparing == nil {
      let seed = Schedule.seed(ofLaunch: Int(serial), trial: seed)
      let wait = try beginThieves(seed)
      if wait != .ended { return wait }
      startPreparing(trial, seed, serial: serial)
    }
    preparing = nil
    // Fresh API servers need the other core, and so do the threads of libzmq that the last trial's sockets left work to.
    let needsCore = arm.workers == .fresh && arm.depth == .bind || arm.sockets == .zmq
    return try board.wait(
      until: deadline(), spinning: needsCore ? 0 : Self.prepareSpinNanoseconds)
  }

  /// - Parameter seed: of the trial; what thieves do follows from it.
  private mutating func beginThieves(_ seed: UInt64) throws(RunError) -> PhaseBoard.Wait {
    guard !arm.thieves.isEmpty else { return .ended }
    region.pointer.pointee.trial_seed = seed
    board.begin(.init(thieves: true))
    board.command(BS_THIEF_BEGIN)
    return try board.wait(until: deadline())
  }

  /// Has the launchers allocate, and start their servers if these are fresh.
  private mutating func startPreparing(_ trial: Int, _ seed: UInt64, serial: UInt32 = 0) {
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
      // Of the last trial; the launcher clears the rest.
      for slot in slots { region.server(slot).pointee.is_dead = 0 }
    }
    board.begin(.init(launchers: true, servers: startsServers ? Array(slots) : []))
    board.command(BS_LAUNCHER_PREPARE)
  }

  /// End of the last launch's allocation: from here all numbers are free for others to take.
  private func allocatedAt() -> UInt64 {
    (0..<arm.topology.launches).map { region.launcher($0).pointee.allocation_ended_ns }.max() ?? 0
  }

  private func holdWindow(
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

  /// Time from the call to the release that deadline-based barriers need to wake everybody.
  private var leadNanoseconds: UInt64 {
    arm.barrier.kind == .futex ? 0 : 200_000 + 30_000 * UInt64(slots.count)
  }

  private mutating func openBarrier() -> UInt64 {
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

  private mutating func check() throws(RunError) -> PhaseBoard.Wait {
    let isAnyBound = slots.contains {
      let server = region.server($0).pointee
      return server.is_dead == 0 && server.input.is_bound != 0 && server.output.is_bound != 0
    }
    guard isAnyBound else { return .ended }
    // The auditor knows when all is answered; an API server that nobody dials waits for no nonce.
    board.begin(.init(auditor: true))
    board.commandAuditor()
    return try board.wait(until: deadline())
  }

  private mutating func close() throws(RunError) -> PhaseBoard.Wait {
    let hasServers = arm.depth.binds
    let isFresh = arm.workers == .fresh
    // An adapter has something to let go of even where nothing was bound.
    let finishes = hasServers || arm.strategy.command != nil
    board.begin(
      .init(
        launchers: finishes, servers: hasServers && !isFresh ? Array(slots) : [],
        thieves: !arm.thieves.isEmpty))
    // The launchers first: from now on an API server that exits does so as it was told.
    if finishes { board.command(BS_LAUNCHER_FINISH) }
    if hasServers { board.command(BS_SERVER_CLOSE) }
    if !arm.thieves.isEmpty { board.command(BS_THIEF_END) }
    return try board.wait(until: deadline())
  }

  /// Waits until no more sockets listen or are connected in the namespace than when it was idle.
  private func socketsLeft() throws(RunError) -> Int {
    guard let sockets else { return -1 }
    do throws(SystemError) {
      let limit = MonotonicClock.now() + Self.settleNanoseconds
      while true {
        let left = try sockets.namespace.inUse() - sockets.idle
        if left <= 0 { return 0 }
        let now = MonotonicClock.now()
        if now >= limit { return left }
        MonotonicClock.sleep(until: now + 20_000)
      }
    } catch {
      throw .system(error)
    }
  }

  /// Whether processes that act for faults outlived their trial, which the faults say themselves: they end with
  /// whoever started them.
  private func hasFaultHelpers() -> Bool {
    arm.faults.indices.contains { number in
      let fault = region.fault(number).pointee
      return fault.helper_pid > 0 && fault.healed_ns == 0
        && ProcessRecords.parent(of: fault.helper_pid) == fault.pid
    }
  }

  private func hasDeadWorkers() -> Bool {
    let servers = arm.depth == .bind && arm.workers == .pooled ? slots : 0..<0
    return servers.contains { region.server($0).pointee.is_dead != 0 }
      || (0..<arm.topology.launches).contains { region.launcher($0).pointee.is_dead != 0 }
      || arm.thieves.indices.contains { region.thief($0).pointee.is_dead != 0 }
      || region.pointer.pointee.auditor_is_dead != 0
  }
}
