internal import CLinuxShims
internal import CSharedRegion
internal import Faults
internal import Glibc
internal import Messaging
internal import PlanModel
internal import RunContract
internal import Strategies
internal import StrategyKit
internal import Syscalls

/// The launcher of one launch: runs the launcher's half of the strategy, starts the API servers and waits for them. It
/// is their parent, as in vLLM, and single-threaded, so that it may fork.
final class LauncherRole {
  let region: SharedRegion
  let launch: Launch
  let order: WorkerOrder
  let slot: UnsafeMutablePointer<bs_launcher>
  var strategy: any Strategy
  let handover: Handover
  private var seen: UInt32
  let binding: BindingOrder
  /// Everything beyond the API servers; nil unless the depth is `startup`.
  let startup: StartupLauncher?
  /// The number of API servers that have not been waited for. Their slots record which ones: each write to the
  /// launcher's own memory between two forks costs it a copied page.
  var running = 0
  /// State that the launcher prepares for fresh API servers before the fork: what they need not allocate costs them no
  /// pages. Empty if more than ports is handed over, or the order has faults. Its copy of the strategy is from before
  /// the first trial. That is sufficient for the binder's half: pooled API servers have a copy of the same age.
  var roles: [ServerRole] = []
  /// Why the pool is not complete; every trial with it fails for this reason.
  private var poolFailure: StageFailure?
  private var poolDetail = ""

  /// How often the launcher looks for dead API servers while it waits for a command. SIGCHLD wakes it earlier, unless
  /// the signal arrives just before it falls asleep.
  private static let reapIntervalNanoseconds: Int64 = 20_000_000

  /// - Parameter nodes: descriptors of the network namespaces of the nodes 1, 2, ...
  init(
    region: SharedRegion, launch number: Int, order: WorkerOrder, seen: UInt32, nodes: [Int32]
  ) {
    bs_set_name("bs-launcher", Int32(number), -1)
    self.region = region
    self.order = order
    binding = order.binding
    self.seen = seen
    launch = Launch(region: region, number: number, order: order)
    launch.injector = FaultInjector(
      region: region, faults: order.faults, role: .launcher, launch: number, index: 0)
    slot = region.launcher(number)
    startup = order.startup.map { [launch] in
      StartupLauncher(region: region, launch: launch, order: order, startup: $0, nodes: nodes)
    }
    let type = StrategyRegistry.available[order.strategy]
    handover = type.handover
    if order.sockets == .zmq && order.depth != .allocate, let problem = MessagingLibrary.load() {
      die("launcher: \(problem)")
    }
    strategy = type.init(
      options: OptionValues(type.descriptor.options, order.strategyOptions))
    prepareFirstUses()
    // If this fails, forks cost more, but nothing else changes.
    if order.workers == .fresh { _ = bs_remap_unwritten_pages() }
    if order.workers == .fresh && order.depth == .bind && handover == Handover()
      && order.faults == 0 && order.command == nil
    {
      roles = (0..<order.serversPerLaunch).map(makeRole)
    }
  }

  /// The Swift runtime looks up a type at its first use. Without this, each fresh API server would do so, which costs
  /// up to 100 microseconds and dozens of page faults. The same holds for libzmq: its first context makes libpgm look
  /// up a protocol number, for which the C library reads nsswitch.conf and tries some forty module paths. Here it is
  /// done once for all; no socket is opened, no thread started.
  private func prepareFirstUses() {
    _ = EndpointSockets(kind: .tcp, confinedTo: nil)
    if order.ownershipCheck == .full {
      let nonce = Nonce(trialSeed: 0, slot: EndpointRole.allCases.count, endpoint: 0)
      nonce.withBytes { _ = $0.count }
    }
    guard order.sockets == .zmq else { return }
    var poll = Poll()
    // In two steps: as an argument, the call would be evaluated after `poll` was read.
    let token = poll.add(descriptor: -1)
    _ = poll.isReadable(token)
    // If it fails here, it fails in every API server, too, which reports it.
    _ = try? Context()
  }

  func run() -> Never {
    if order.command != nil { strategy.start(launch) }
    if order.workers == .pooled && order.depth.binds {
      for server in 0..<order.serversPerLaunch { resetSlot(server) }
      startServers()
      if slot.pointee.error != 0 {
        poolFailure = StageFailure(stage: slot.pointee.stage, code: slot.pointee.error)
        poolDetail = region.detail(launch.number)
      }
      complete()
    } else if order.command != nil {
      complete()
    }
    let word = CommandWord(bs_launcher_word(region.pointer))
    while true {
      while !word.wait(differsFrom: seen, timeoutNanoseconds: Self.reapIntervalNanoseconds) {
        _ = failing("launcher-reap")
        reap()
      }
      seen &+= 1
      perform(bs_launcher_command(region.pointer.pointee.launcher_command))
    }
  }

  private func perform(_ command: bs_launcher_command) {
    switch command {
    case BS_LAUNCHER_PREPARE: prepare()
    case BS_LAUNCHER_COLLECT: collect()
    case BS_LAUNCHER_FINISH: finish()
    case BS_LAUNCHER_STOP: strategy.stop(launch)
    default: die("launcher: unknown command \(command.rawValue)")
    }
    complete()
  }

  /// Whether the API servers have been told to end. The launcher may learn of their exits before it reads its own command.
  /// At depth `startup` nobody but the launcher itself ends them, once it has read it.
  var hasToldServers: Bool {
    startup == nil && bs_load(bs_launcher_word(region.pointer)) != seen
      && bs_launcher_command(region.pointer.pointee.launcher_command) == BS_LAUNCHER_FINISH
  }

  private func complete() {
    bs_complete(region.pointer, bs_launcher_done(slot), bs_load(bs_phase_word(region.pointer)))
  }

  private func prepare() {
    for server in 0..<order.serversPerLaunch { resetSlot(server) }
    slot.pointee.error = 0
    slot.pointee.stage = 0
    launch.begin()
    // Messages of pooled API servers from the last trial that were never read do not belong to this one: a second
    // failure, or a report that was sent twice.
    for channel in launch.channels where channel >= 0 { ChannelMessage.discard(from: channel) }
    launch.injector?.arm()
    // If an allocation does not end in time, this is never set; the last trial's value would remain.
    slot.pointee.allocation_ended_ns = 0
    slot.pointee.allocation_started_ns = MonotonicClock.now()
    do throws(StageFailure) {
      if let poolFailure { throw launch.refused(poolDetail, poolFailure.code) }
      try startup?.begin()
      try startup?.openHTTP()
      try startup?.probeGroup()
      do throws(StageFailure) { try strategy.allocate(launch) } catch {
        // Noticed at once: the launcher itself raises the error.
        startup?.parts.notice(.launcher)
        throw error
      }
    } catch {
      launch.note(error)
    }
    slot.pointee.allocation_ended_ns = MonotonicClock.now()
    // Not left to the harness, which learns of it only after the processes have been started.
    bs_note_allocation(region.pointer)
    if slot.pointee.error == 0 { launch.reach(.afterProbe) }
    guard order.depth.binds else { return }
    if let startup, slot.pointee.error == 0 {
      do throws(StageFailure) {
        try startup.startNodeServices()
        try startup.startCoordinator()
        try startup.handshake.bind()
        try startup.startEngines()
        try startup.awaitActors { reap() }
      } catch { launch.note(error) }
    }
    if order.workers == .fresh { startServers() }
    if passesSockets && slot.pointee.error == 0 {
      do throws(StageFailure) { try launch.passHanded() } catch { launch.note(error) }
    }
    if slot.pointee.error == 0 { launch.reach(.afterSpawn) }
    launch.closeHanded()
    if let startup, slot.pointee.error == 0 {
      do throws(StageFailure) { try startup.openHandshake() } catch { launch.note(error) }
    }
  }

  private func collect() {
    // A launcher that could not allocate raises an error before it starts anything: no API server will report.
    guard slot.pointee.error == 0 else { return }
    if handover.collects {
      do throws(StageFailure) { try strategy.collect(launch) } catch {
        startup?.noteCollectFailure(error) { reap() }
        return launch.note(error)
      }
    }
    guard let startup else { return }
    do throws(StageFailure) { try startup.supervise { reap() } } catch { launch.note(error) }
  }

  /// Whether sockets reach the API servers through their channels.
  var passesSockets: Bool {
    handover.sockets == .passed || (handover.sockets != nil && order.workers == .pooled)
  }

  var hasChannels: Bool { handover.hasChannel || passesSockets }

  /// All API servers have been told to close: waits for the fresh ones, and releases what the launcher itself holds.
  private func finish() {
    launch.injector?.heal()
    startup?.beginEnd()
    if order.workers == .fresh { takeExits() }
    startup?.finishEnd()
    strategy.release(launch)
    // If nothing is bound, nothing that was to be handed over was taken.
    launch.dropHanded()
    launch.closeKept()
  }

  private func resetSlot(_ server: Int) {
    let slot = region.server(launch.slot(of: server))
    let old = slot.pointee
    slot.pointee = bs_server()
    if order.workers == .pooled {
      slot.pointee.done = old.done
      slot.pointee.is_dead = old.is_dead
      slot.pointee.wait_status = old.wait_status
      slot.pointee.pid = old.pid
    }
  }
}
