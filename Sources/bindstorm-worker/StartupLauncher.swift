internal import CLinuxShims
internal import Faults
internal import Glibc
internal import Handshake
internal import Launching
internal import Messaging
internal import Planning
internal import Strategies
internal import Syscalls

/// What a launcher does beyond the API servers: coordinator, engine cores, handshake, and watching all of them.
///
/// libzmq's threads live only between `openHandshake` and `end`, when nothing is forked. Engine cores and
/// coordinator are started before, as in the real order, and wait at a gate until the handshake is bound.
final class StartupLauncher {
  private let region: SharedRegion
  private let launch: Launch
  private let order: WorkerOrder
  private let startup: Startup
  private let addresses: LaunchAddresses
  private let record: UnsafeMutablePointer<bs_startup>
  private var context: Context?
  private var router: Socket?
  private let children: Int32
  /// Network namespaces of the nodes 1, 2, ...
  private let nodes: [Int32]
  private var coordinatorChannel: Int32 = -1
  /// Coordinator, engine cores and other nodes' services whose exit has not been taken.
  private var running: Set<Int32> = []
  private var endLimit: UInt64 = 0

  /// The grace that terminated processes have, as in vLLM.
  private static let shutdownNanoseconds: UInt64 = 5_000_000_000
  /// How long the launcher sleeps at most; everything that matters wakes it.
  private static let slice = 50

  /// A process of the launch that ended too early.
  struct Casualty {
    var kind: bs_casualty
    var number: Int
  }

  init(
    region: SharedRegion, launch: Launch, order: WorkerOrder, startup: Startup, nodes: [Int32]
  ) {
    self.nodes = nodes
    self.region = region
    self.launch = launch
    self.order = order
    self.startup = startup
    addresses = LaunchAddresses(launch: launch.number, startup: startup, host: order.headHost)
    record = region.startup(launch.number)
    children = bs_child_descriptor()
    if children < 0 { die("signalfd: \(ErrorNumber.text(-children))") }
  }

  private var engineSlots: Range<Int> {
    launch.number * startup.engines..<(launch.number + 1) * startup.engines
  }
  private var serverSlots: Range<Int> { launch.slot(of: 0)..<launch.slot(of: launch.servers) }

  // MARK: Before the API servers

  /// Nothing of this trial has happened.
  func begin() {
    let gate = record.pointee.gate
    record.pointee = bs_startup()
    record.pointee.gate = gate
    for slot in engineSlots { region.engine(slot).pointee = bs_engine() }
    for slot in serverSlots { region.serving(slot).pointee = bs_serving() }
    if startup.hasOrphan { leaveOrphan() }
  }

  /// What an earlier launch may leave: a process that nobody waits for and that holds the handshake port.
  private func leaveOrphan() {
    guard let socket = try? TCPSocket.open() else { return }
    defer { closeDescriptor(socket) }
    do throws(SystemError) {
      try TCPSocket.allowAddressReuse(socket)
      try TCPSocket.bind(socket, order.headHost, port: addresses.handshakePort)
      try TCPSocket.listen(socket)
    } catch { die("orphan: \(error)") }
    let middle = bs_fork()
    if middle == 0 {
      let parent = getpid()
      if bs_fork() != 0 { _exit(0) }
      while getppid() == parent { sched_yield() }
      // Of the worker host, whose child it is now.
      _ = bs_set_parent_death_signal(SIGKILL)
      bs_set_name("bs-orphan", Int32(launch.number), -1)
      while true { Glibc.pause() }
    }
    var status: Int32 = 0
    while waitpid(middle, &status, 0) < 0 && errno == EINTR {}
  }

  /// The network namespace of the API servers; -1 for the launcher's own.
  var serverNetwork: Int32 { startup.apiServerNode == 0 ? -1 : nodes[startup.apiServerNode - 1] }

  /// Starts what runs on the other nodes anyway, and waits until it holds its ports. One launch does it for all.
  func startNodeServices() throws(StageFailure) {
    guard startup.nodePorts > 0 && launch.number == 0 else { return }
    for network in nodes.prefix(startup.nodes - 1) {
      let ends: Channel
      do throws(SystemError) { ends = try Channel.make() } catch {
        throw StageFailure(stage: BS_STAGE_SPAWN.rawValue, code: error.code)
      }
      defer { closeDescriptor(ends.parent) }
      let count = startup.nodePorts
      _ = start(keeping: ends.child, network: network) { channel in
        bs_set_name("bs-node-service", -1, -1)
        for _ in 0..<count {
          guard let socket = try? TCPSocket.open(),
            (try? TCPSocket.bind(socket, .wildcard, port: 0)) != nil
          else { _exit(1) }
        }
        _ = ChannelMessage(.report).send(over: channel)
        while true { Glibc.pause() }
      }
      closeDescriptor(ends.child)
      let code = ChannelMessage.awaitReadable(
        ends.parent, until: MonotonicClock.now() + UInt64(order.timeoutMilliseconds) * 1_000_000)
      guard code == 0, ChannelMessage.receive(from: ends.parent) != nil else {
        throw StageFailure(stage: BS_STAGE_SPAWN.rawValue, code: code == 0 ? EPIPE : code)
      }
    }
  }

  /// Starts the coordinator and waits for its addresses.
  func startCoordinator() throws(StageFailure) {
    guard startup.hasCoordinator else { return }
    let ends: Channel
    do throws(SystemError) { ends = try Channel.make() } catch {
      throw StageFailure(stage: BS_STAGE_SPAWN.rawValue, code: error.code)
    }
    coordinatorChannel = ends.parent
    record.pointee.coordinator_pid = start(keeping: ends.child) { channel in
      CoordinatorRole(region: self.region, addresses: self.addresses).run(channel: channel)
    }
    closeDescriptor(ends.child)
    let deadline =
      MonotonicClock.now() + UInt64(startup.coordinatorTimeoutMilliseconds) * 1_000_000
    let code = ChannelMessage.awaitReadable(coordinatorChannel, until: deadline)
    if code == 0, let report = ChannelMessage.receive(from: coordinatorChannel) {
      let ports = bs_coordinator_ports_of(record)
      (ports[1], ports[2]) = (report.first, report.second)
      record.pointee.coordinator_reported_ns = MonotonicClock.now()
      return
    }
    notice(Casualty(kind: BS_CASUALTY_COORDINATOR, number: -1))
    // Only watching, no longer part of the launch: would the report have come?
    if code == ETIMEDOUT {
      _ = ChannelMessage.awaitReadable(coordinatorChannel, until: watchedUntil)
    }
    throw StageFailure(
      stage: BS_STAGE_COORDINATOR.rawValue, code: code == 0 ? EPIPE : code)
  }

  /// How long to watch what was given up.
  private var watchedUntil: UInt64 {
    MonotonicClock.now() + UInt64(order.timeoutMilliseconds) * 500_000
  }

  /// Starts the engine cores, which wait at the gate.
  func startEngines() {
    let copied = startup.backend == .ray ? engineAddresses() : nil
    let gate = bs_load(bs_gate_of(record))
    let identity = ServingRole.identity(region, launch: launch.number)
    for rank in 0..<startup.engines {
      let slot = region.engine(launch.number * startup.engines + rank)
      let node = startup.node(ofEngine: rank)
      let network = node == 0 ? -1 : nodes[node - 1]
      slot.pointee.pid = start(keeping: -1, network: network) { _ in
        EngineRole(
          region: self.region, addresses: self.addresses, rank: rank, identity: identity,
          injector: FaultInjector(
            region: self.region, faults: self.order.faults, role: .engineCore,
            launch: self.launch.number, index: rank)
        ).run(copied: copied, gate: gate)
      }
      if slot.pointee.pid < 0 { slot.pointee.error = errno }
    }
  }

  /// Forks a child that has none of the launcher's descriptors but `channel`, as descriptor `control`.
  /// - Parameter network: the namespace it lives in; -1 for the launcher's.
  private func start(
    keeping channel: Int32, network: Int32 = -1, _ body: (Int32) -> Never
  ) -> Int32 {
    let parent = getpid()
    let pid = bs_fork()
    guard pid == 0 else {
      if pid > 0 { running.insert(pid) }
      return pid
    }
    dieWith(parent: parent)
    bs_unblock_child_signal()
    if network >= 0, bs_enter_network(network) != 0 { die("cannot enter a node's network") }
    if channel >= 0 { dup2(channel, WorkerDescriptor.control) }
    bs_close_from(UInt32(WorkerDescriptor.scratch) + 1)
    body(channel >= 0 ? WorkerDescriptor.control : -1)
  }

  private func engineAddresses() -> EngineAddresses {
    let ports = bs_coordinator_ports_of(record)
    let hasCoordinator = startup.hasCoordinator
    return EngineAddresses(
      inputs: (0..<launch.servers).map { launch.dialled($0) },
      outputs: (0..<launch.servers).map { launch.dialled(launch.servers + $0) },
      coordinatorInput: hasCoordinator ? addresses.coordinatorInput(port: ports[2]) : nil,
      coordinatorOutput: hasCoordinator ? addresses.coordinatorOutput(port: ports[1]) : nil,
      statistics: hasCoordinator ? addresses.statistics : nil)
  }

  /// Binds the handshake and opens the gate.
  func openHandshake() throws(StageFailure) {
    if startup.backend == .spawn {
      let port = addresses.handshakePort
      do throws(MessagingError) {
        context = try Context(ioThreads: 1)
        router = try Socket(.router, in: context!)
        try router!.bind(to: addresses.handshake)
      } catch {
        if error.code == EADDRINUSE { launch.noteServiceLost(port) }
        notice(Casualty(kind: BS_CASUALTY_SELF, number: -1))
        throw StageFailure(stage: BS_STAGE_HANDSHAKE.rawValue, code: error.code)
      }
      region.setClaim(bs_claim(BS_CLAIM_LAUNCHER, UInt32(launch.number)), on: port)
      record.pointee.handshake_port = port
      record.pointee.handshake_bound_ns = MonotonicClock.now()
    }
    bs_announce(bs_gate_of(record))
  }

  // MARK: While everything starts

  /// Takes the exit of a process that ended by itself; whether it is one of the launch beyond the API servers.
  func noteExit(of pid: Int32, status: Int32) -> Bool {
    guard running.remove(pid) != nil else { return false }
    if pid == record.pointee.coordinator_pid {
      record.pointee.coordinator_status = status
      record.pointee.coordinator_is_dead = 1
    }
    for slot in engineSlots where region.engine(slot).pointee.pid == pid {
      region.engine(slot).pointee.wait_status = status
      region.engine(slot).pointee.is_dead = 1
    }
    return true
  }

  /// Waits until every API server is served or somebody whom the launcher watches has died.
  /// - Parameter reap: takes exits, of API servers too.
  /// - Throws: what the launcher itself raises for.
  func supervise(_ reap: () -> Void) throws(StageFailure) {
    let watchesServers = startup.variant == .fixed
    switch startup.backend {
    case .spawn:
      var book = HandshakeBook(
        engines: startup.engines, localEngines: startup.localEngines,
        configurationHash: startup.engines > 1 ? EngineRole.configurationHash(startup) : nil)
      while !book.isComplete {
        try handleMessages(&book)
        reap()
        if let casualty = casualty(includingServers: watchesServers) {
          return notice(casualty)
        }
        if !book.isComplete { sleep() }
      }
    case .ray:
      // The actors' own word; Ray's driver waits for all of them.
      while !engineSlots.allSatisfy({ bs_load(bs_ready_word(region.engine($0))) != 0 }) {
        reap()
        if let casualty = casualty(includingServers: watchesServers) {
          return notice(casualty)
        }
        sleep()
      }
    }
    record.pointee.engines_ready_ns = MonotonicClock.now()
    while true {
      reap()
      if let casualty = casualty(includingServers: true) { return notice(casualty) }
      if serverSlots.allSatisfy({ bs_load(bs_served_word(region.serving($0))) != 0 }) {
        record.pointee.served_ns = MonotonicClock.now()
        return
      }
      sleep()
    }
  }

  private func handleMessages(_ book: inout HandshakeBook) throws(StageFailure) {
    do {
      while let frames = try router!.receiveMessage() {
        guard frames.count == 2 else { throw HandshakeBook.Violation.unreadable }
        if case .initialise = try book.receive(identity: frames[0], frames[1]) {
          launch.reach(.beforeHandshakeReply)
          try router!.send([frames[0], engineAddresses().encoded])
        }
      }
    } catch {
      notice(Casualty(kind: BS_CASUALTY_SELF, number: -1))
      throw StageFailure(
        stage: BS_STAGE_HANDSHAKE.rawValue, code: (error as? MessagingError)?.code ?? EPROTO)
    }
  }

  /// Until a message or a child's news.
  private func sleep() {
    var poll = Poll()
    poll.add(descriptor: children)
    if router != nil { poll.add(router!) }
    _ = poll.wait(milliseconds: Self.slice)
    bs_drain_children(children)
  }

  private func casualty(includingServers: Bool) -> Casualty? {
    if record.pointee.coordinator_is_dead != 0 {
      return Casualty(kind: BS_CASUALTY_COORDINATOR, number: -1)
    }
    // Those of other nodes are their own launchers' business.
    for rank in 0..<startup.localEngines
    where region.engine(engineSlots.lowerBound + rank).pointee.is_dead != 0 {
      return Casualty(kind: BS_CASUALTY_ENGINE, number: rank)
    }
    guard includingServers else { return nil }
    return serverSlots.first { region.server($0).pointee.is_dead != 0 }.map {
      Casualty(kind: BS_CASUALTY_SERVER, number: $0 - serverSlots.lowerBound)
    }
  }

  /// The launcher has noticed that the launch has failed.
  func notice(_ casualty: Casualty) {
    record.pointee.noticed_ns = MonotonicClock.now()
    record.pointee.casualty = casualty.kind.rawValue
    record.pointee.casualty_number = Int32(casualty.number)
  }

  /// Collecting the reports failed: notes whose, and whether the reports would have come.
  func noteCollectFailure(_ failure: StageFailure, _ reap: () -> Void) {
    let noticed = MonotonicClock.now()
    // The channel's end may be seen a moment before the exit can be taken.
    let limit = failure.code == ETIMEDOUT ? watchedUntil : noticed + 1_000_000_000
    while MonotonicClock.now() < limit {
      reap()
      let isDecided = serverSlots.contains { region.server($0).pointee.is_dead != 0 }
      let areBound = serverSlots.allSatisfy {
        let server = region.server($0).pointee
        return server.input.is_bound != 0 && server.output.is_bound != 0
      }
      if isDecided || areBound { break }
      sleep()
    }
    notice(
      casualty(includingServers: failure.code != ETIMEDOUT)
        ?? Casualty(kind: BS_CASUALTY_SELF, number: -1))
    record.pointee.noticed_ns = noticed
  }

  // MARK: The end

  /// Terminates everything that the launch started; the exits are to be taken with `takeExit`.
  func beginEnd() {
    router = nil
    context = nil
    let port = record.pointee.handshake_port
    if region.claim(on: port) == bs_claim(BS_CLAIM_LAUNCHER, UInt32(launch.number)) {
      region.setClaim(0, on: port)
    }
    let ports = bs_coordinator_ports_of(record)
    for port in [ports[1], ports[2]] where port != 0 { region.setClaim(0, on: port) }
    signal(SIGTERM)
    endLimit = MonotonicClock.now() + Self.shutdownNanoseconds
  }

  /// Waits for the next exit; what has not ended within the grace is ended by force.
  func awaitExit() {
    if MonotonicClock.now() >= endLimit { signal(SIGKILL) }
    sleep()
  }

  /// Takes an exit that was ordered; whether it is one beyond the API servers.
  func takeExit(of pid: Int32) -> Bool { running.remove(pid) != nil }

  /// Whether every process beyond the API servers is gone.
  var isGone: Bool { running.isEmpty }

  /// Everybody is gone: what they cannot remove themselves, since a signal ended them.
  func finishEnd() {
    if coordinatorChannel >= 0 { closeDescriptor(coordinatorChannel) }
    coordinatorChannel = -1
    for path in addresses.paths { ScratchFile.remove(path) }
  }

  private func signal(_ number: Int32) {
    for pid in running { kill(pid, number) }
    for slot in serverSlots {
      let server = region.server(slot).pointee
      if server.pid > 0 && server.is_dead == 0 { kill(server.pid, number) }
    }
  }
}
