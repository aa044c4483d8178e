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

/// One launch's launcher: runs the launcher's half of the strategy, starts the API servers and takes their
/// exit. Their parent, as vLLM's launcher is; single-threaded, so that it may fork.
final class LauncherRole {
  private let region: SharedRegion
  private let launch: Launch
  private let order: WorkerOrder
  private let slot: UnsafeMutablePointer<bs_launcher>
  private var strategy: any Strategy
  private let handover: Handover
  private var seen: UInt32
  private let binding: BindingOrder
  /// Everything beyond the API servers; nil unless the depth is `startup`.
  private let startup: StartupLauncher?
  /// API servers that have not been reaped. Which they are stands in their slots: what the launcher writes to
  /// its own memory between two forks costs it a copied page each time.
  private var running = 0
  /// What fresh API servers find made when they are forked: what they need not allocate themselves costs them no pages.
  /// Empty where more than numbers is handed over, or the order has faults. The strategy in it is that of before the
  /// first trial, which is good for the binder's half: that of pooled API servers is as old.
  private var roles: [ServerRole] = []
  /// Why the pool is not whole; every trial that is tried with it fails by that.
  private var poolFailure: StageFailure?
  private var poolDetail = ""

  /// How often the launcher looks for dead API servers while it waits for a command; SIGCHLD wakes it
  /// earlier, unless the signal came just before it fell asleep.
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
    // Where it cannot be had, forks cost more, and that is all.
    if order.workers == .fresh { _ = bs_remap_unwritten_pages() }
    if order.workers == .fresh && order.depth == .bind && handover == Handover()
      && order.faults == 0 && order.command == nil
    {
      roles = (0..<order.serversPerLaunch).map(makeRole)
    }
  }

  /// What the Swift runtime finds out about a type at its first use, each fresh API server would find out for
  /// itself, at the cost of up to 100 microseconds and dozens of page faults. So would libzmq: its first context
  /// has libpgm look for a protocol's number, for which the C library reads nsswitch.conf and tries some forty
  /// paths for modules. Here it is done once for all; no socket is opened, no thread started.
  private func prepareFirstUses() {
    _ = EndpointSockets(kind: .tcp, confinedTo: nil)
    if order.ownershipCheck == .full {
      let nonce = Nonce(trialSeed: 0, slot: EndpointRole.allCases.count, endpoint: 0)
      nonce.withBytes { _ = $0.count }
    }
    guard order.sockets == .zmq else { return }
    var poll = Poll()
    poll.add(descriptor: -1)
    _ = poll.isReadable(0)
    // Should it fail, every API server's own will, and say so.
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

  private func complete() {
    bs_complete(region.pointer, bs_launcher_done(slot), bs_load(bs_phase_word(region.pointer)))
  }

  private func prepare() {
    for server in 0..<order.serversPerLaunch { resetSlot(server) }
    slot.pointee.error = 0
    slot.pointee.stage = 0
    launch.begin()
    // What pooled API servers said in the last trial and nobody took is not of this one: a second failure, a report
    // that was made twice.
    for channel in launch.channels where channel >= 0 { ChannelMessage.discard(from: channel) }
    launch.injector?.arm()
    // Not reached where an allocation does not end in time: the last trial's would stand there.
    slot.pointee.allocation_ended_ns = 0
    slot.pointee.allocation_started_ns = MonotonicClock.now()
    do throws(StageFailure) {
      if let poolFailure { throw launch.refused(poolDetail, poolFailure.code) }
      try startup?.begin()
      try startup?.openHTTP()
      try strategy.allocate(launch)
    } catch {
      launch.note(error)
    }
    slot.pointee.allocation_ended_ns = MonotonicClock.now()
    // Not left to the harness, which hears of it only after the processes have been started.
    bs_note_allocation(region.pointer)
    if slot.pointee.error == 0 { launch.reach(.afterProbe) }
    guard order.depth.binds else { return }
    if let startup, slot.pointee.error == 0 {
      do throws(StageFailure) {
        try startup.startNodeServices()
        try startup.startCoordinator()
        try startup.startEngines()
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
    // A launcher that could not allocate raises before it starts anything: there is nobody to report.
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
  private var passesSockets: Bool {
    handover.sockets == .passed || (handover.sockets != nil && order.workers == .pooled)
  }

  private var hasChannels: Bool { handover.hasChannel || passesSockets }

  /// All API servers have been told to close: takes the exit of fresh ones, and lets go of what the launcher
  /// itself holds.
  private func finish() {
    launch.injector?.heal()
    startup?.beginEnd()
    if order.workers == .fresh { takeExits() }
    startup?.finishEnd()
    strategy.release(launch)
    // Where nothing is bound nobody took what was to be handed over.
    launch.dropHanded()
    launch.closeKept()
  }

  private func takeExits() {
    var status: Int32 = 0
    while running > 0 || startup?.isGone == false {
      let pid = waitpid(-1, &status, startup == nil ? 0 : WNOHANG)
      if pid < 0 && errno == EINTR { continue }
      if let startup, pid == 0 {
        startup.awaitExit()
        continue
      }
      if startup?.takeExit(of: pid) == true { continue }
      guard pid > 0 else { break }
      // Other children are those of the strategy.
      // What a fault started, or ended; an engine core's exit was taken above.
      let isFault = noteFaultExit(pid, status)
      guard let server = server(ofPid: pid) else { continue }
      running -= 1
      startup?.serverEnded(launch.slot(of: server))
      clearClaims(server)
      // One that crashed did not do as it was told: it died a moment before, unnoticed. The launcher's own
      // signals are no crash.
      if isFault || ![0, SIGTERM, SIGKILL].contains(status & 0x7f) {
        let slot = region.server(launch.slot(of: server))
        slot.pointee.wait_status = status
        slot.pointee.is_dead = 1
      }
    }
    for server in launch.channels.indices where launch.channels[server] >= 0 {
      closeDescriptor(launch.channels[server])
      launch.channels[server] = -1
    }
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

  private func startServers() {
    let serverWord = bs_load(bs_server_word(region.pointer))
    let parent = getpid()
    // Not counted in `running` itself: what is written between two forks is a page to copy.
    var started = 0
    defer { running += started }
    for server in 0..<order.serversPerLaunch {
      let slot = region.server(launch.slot(of: server))
      if startup != nil && self.slot.pointee.error != 0 {
        // A launcher that raises starts no API servers: the harness is not to wait for them.
        bs_complete(region.pointer, bs_server_done(slot), bs_load(bs_phase_word(region.pointer)))
        continue
      }
      if isRefused {
        markDead(server, status: 0)
        continue
      }
      var ends = Channel.none
      if hasChannels {
        do throws(SystemError) { ends = try Channel.make() } catch {
          launch.note(launch.refused("the channel to API server \(server)", error.code))
          markDead(server, status: 0)
          continue
        }
      }
      let pid = bs_fork(BS_PROCESS_API_SERVER)
      let code = pid < 0 ? errno : 0
      if pid == 0 { becomeServer(server, parent: parent, channel: ends, seen: serverWord) }
      if ends.child >= 0 {
        closeDescriptor(ends.child)
        launch.channels[server] = ends.parent
      }
      if pid > 0 {
        slot.pointee.pid = pid
        started += 1
      } else {
        launch.note(launch.refused("API server \(server)", code))
        markDead(server, status: 0)
      }
    }
  }

  /// Whether the host has refused a process of this trial: more of them are not asked for.
  private var isRefused: Bool {
    slot.pointee.error != 0 && slot.pointee.stage == BS_STAGE_HOST.rawValue
  }

  /// In the child: runs the API server.
  private func becomeServer(
    _ server: Int, parent: Int32, channel: Channel, seen: UInt32
  ) -> Never {
    dieWith(parent: parent)
    // A fault's helper is a child of the API server, and its end must not interrupt the bind (EINTR).
    if order.faults > 0 { _ = bs_disregard_child_exits() }
    if let startup {
      bs_unblock_child_signal()
      let network = startup.network(ofServer: server)
      if network >= 0, bs_enter_network(network) != 0 { die("cannot enter a node's network") }
    }
    for descriptor in launch.privateDescriptors { closeDescriptor(descriptor) }
    if let startup, startup.measurement.write >= 0 { closeDescriptor(startup.measurement.write) }
    var inherited: (input: Int32, output: Int32) = (-1, -1)
    if order.workers == .fresh {
      let handed = launch.takeHanded(of: server)
      if !passesSockets {
        inherited = handed
      } else {
        for socket in [handed.input, handed.output] where socket >= 0 { closeDescriptor(socket) }
      }
    }
    if channel.parent >= 0 {
      closeDescriptor(channel.parent)
      for other in launch.channels where other >= 0 { closeDescriptor(other) }
    }
    if handover.start == .exec && order.workers == .fresh {
      executeServer(server, parent: parent, channel: channel.child, inherited, seen: seen)
    }
    if !roles.isEmpty {
      roles[server].run(channel: -1, inherited: (-1, -1), seen: seen, injector: nil)
    }
    makeRole(of: server).run(
      channel: channel.child, inherited: inherited, seen: seen,
      injector: FaultInjector(
        region: region, faults: order.faults, role: .apiServer, launch: launch.number,
        index: server),
      httpListener: startup?.httpListener ?? -1, measurement: startup?.measurement.read ?? -1)
  }

  private func makeRole(of server: Int) -> ServerRole {
    ServerRole(
      region: region, launch: launch.number, server: server, slot: launch.slot(of: server),
      order: binding, strategy: strategy, receivesSockets: passesSockets)
  }

  /// Becomes an API server by exec: `main` goes on from the arguments and the fixed descriptors.
  private func executeServer(
    _ server: Int, parent: Int32, channel: Int32, _ inherited: (input: Int32, output: Int32),
    seen: UInt32
  ) -> Never {
    let arguments =
      ["bindstorm-worker", ServerRole.command]
      + [
        Int(parent), launch.number, server, Int(seen),
      ].map { String($0) }
    var vector = arguments.map { strdup($0) }
    vector.append(nil)
    let from = [
      WorkerDescriptor.region, channel, WorkerDescriptor.scratch, inherited.input, inherited.output,
      startup?.httpListener ?? -1, startup?.measurement.read ?? -1,
    ]
    let to = [
      WorkerDescriptor.region, WorkerDescriptor.control, WorkerDescriptor.scratch,
      WorkerDescriptor.handedInput, WorkerDescriptor.handedOutput, WorkerDescriptor.httpListener,
      WorkerDescriptor.measurement,
    ]
    let code = bs_exec_with_descriptors(
      "/proc/self/exe", vector, from, to, Int32(from.count))
    die("cannot start an API server: exec: \(ErrorNumber.text(code))")
  }

  /// Which API server has that pid; nil if none of this launch does.
  private func server(ofPid pid: Int32) -> Int? {
    (0..<order.serversPerLaunch).first {
      region.server(launch.slot(of: $0)).pointee.pid == pid
    }
  }

  /// Takes the exit of API servers that died without having been told to.
  private func reap() {
    var status: Int32 = 0
    while running > 0 || startup?.isGone == false {
      let pid = waitpid(-1, &status, WNOHANG)
      guard pid > 0 else { return }
      noteFaultExit(pid, status)
      if startup?.noteExit(of: pid, status: status) == true { continue }
      guard let server = server(ofPid: pid) else { continue }
      running -= 1
      startup?.serverEnded(launch.slot(of: server))
      markDead(server, status: status)
    }
  }

  private func markDead(_ server: Int, status: Int32) {
    let slot = region.server(launch.slot(of: server))
    slot.pointee.wait_status = status
    clearClaims(server)
    slot.pointee.is_dead = 1
    bs_ring(region.pointer)
  }

  /// The end of a process may be a fault's doing, which it witnesses; returns whether it is.
  @discardableResult
  private func noteFaultExit(_ pid: Int32, _ status: Int32) -> Bool {
    order.faults > 0
      && FaultExit.note(pid: pid, status: status, region: region, faults: order.faults)
  }

  private func clearClaims(_ server: Int) {
    let index = launch.slot(of: server)
    let slot = region.server(index)
    let claim = bs_claim(BS_CLAIM_SERVER, UInt32(index))
    for port in [slot.pointee.input.bound, slot.pointee.output.bound]
    where port != 0 && region.claim(on: port) == claim {
      region.setClaim(0, on: port)
    }
  }
}
