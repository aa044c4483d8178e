internal import CLinuxShims
internal import CSharedRegion
internal import Faults
internal import Glibc
internal import Messaging
internal import PlanModel
internal import RunContract
internal import StartupProtocol
internal import StrategyKit
internal import Syscalls

/// What a launcher does beyond the API servers: coordinator, engine cores, handshake, and watching all of them.
///
/// The order is vLLM's: HTTP port, client addresses, coordinator, handshake port, engine cores, API servers. Engine cores
/// wait at a gate until the launcher can answer them: no process is forked while libzmq's threads live.
final class StartupLauncher {
  let parts: StartupLaunch
  private let children: ChildTable
  let handshake: HandshakeServer
  let http: HTTPProbe
  let measurement: Measurement
  private let group: GroupPorts
  private var coordinatorChannel: Int32 = -1
  /// Network namespaces of the nodes 1, 2, ...
  private let nodes: [Int32]
  private var endLimit: UInt64 = 0

  /// The grace period of terminated processes, as in vLLM.
  private static let shutdownNanoseconds: UInt64 = 5_000_000_000
  /// The longest sleep of the launcher; every relevant event wakes it.
  private static let slice = 50

  init(
    region: SharedRegion, launch: Launch, order: WorkerOrder, startup: Startup, nodes: [Int32]
  ) {
    self.nodes = nodes
    parts = StartupLaunch(region: region, launch: launch, order: order, startup: startup)
    children = ChildTable(parts)
    handshake = HandshakeServer(parts)
    http = HTTPProbe(parts)
    measurement = Measurement(parts)
    group = GroupPorts(parts)
  }

  private var region: SharedRegion { parts.region }
  private var startup: Startup { parts.startup }
  private var record: UnsafeMutablePointer<bs_startup> { parts.record }

  /// The listener from which all API servers accept HTTP; -1 if there is none.
  var httpListener: Int32 { http.listener }
  /// The pipe whose end starts the measurement of the API servers; -1 if there is none.
  var measurementPipe: (read: Int32, write: Int32) { measurement.pipe }

  // MARK: Before the API servers

  /// Nothing of this trial has happened.
  /// - Throws: when the orphan of an earlier launch, which the plan wants, cannot be created.
  func begin() throws(StageFailure) {
    children.begin()
    parts.clearRecords()
    try EarlierLaunch(parts: parts).leaveOrphans()
  }

  /// Makes what API servers inherit: the measurement's pipe or the HTTP port.
  func openHTTP() throws(StageFailure) {
    try measurement.open()
    try http.open()
  }

  /// Probes the ports of the data-parallel group, which the configuration does before any address is chosen.
  func probeGroup() throws(StageFailure) { try group.probe() }

  /// The network namespace of an API server; -1 for the launcher's own.
  func network(ofServer server: Int) -> Int32 {
    network(startup.node(ofServer: server, of: parts.launch.servers))
  }

  private func network(_ node: Int) -> Int32 { node == 0 ? -1 : nodes[node - 1] }

  /// Starts the services that run on the other nodes, and waits until they hold their ports.
  func startNodeServices() throws(StageFailure) {
    try EarlierLaunch(parts: parts).startNodeServices(in: nodes, children: children)
  }

  /// Starts the coordinator and waits for its addresses.
  func startCoordinator() throws(StageFailure) {
    guard startup.hasCoordinator else { return }
    let ends: Channel
    do throws(SystemError) { ends = try Channel.make() } catch {
      throw parts.launch.refused("the channel to the coordinator", error.code)
    }
    coordinatorChannel = ends.parent
    do {
      defer { closeDescriptor(ends.child) }
      record.pointee.coordinator_pid = try children.start(
        BS_PROCESS_COORDINATOR, "the coordinator", keeping: ends.child
      ) { channel in
        CoordinatorRole(region: self.region, addresses: self.parts.addresses).run(channel: channel)
      }
    }
    let deadline =
      MonotonicClock.now() + UInt64(startup.coordinatorTimeoutMilliseconds) * 1_000_000
    let code = ChannelMessage.awaitReadable(coordinatorChannel, until: deadline)
    if code == 0, let report = ChannelMessage.receive(from: coordinatorChannel) {
      let ports = bs_coordinator_ports_of(record)
      (ports[1], ports[2]) = (report.first, report.second)
      record.pointee.coordinator_reported_ns = MonotonicClock.now()
      return
    }
    parts.notice(.init(kind: BS_CASUALTY_COORDINATOR, number: -1))
    if code == 0 { children.awaitEnd(of: record.pointee.coordinator_pid) }
    // The coordinator writes its error into the launch's record, because its own record has no field for errors.
    let slot = region.launcher(parts.launch.number).pointee
    if slot.stage == BS_STAGE_HOST.rawValue {
      throw parts.launch.refused("the coordinator", slot.error)
    }
    // No longer part of the launch. Only observe whether the report would have come.
    if code == ETIMEDOUT {
      _ = ChannelMessage.awaitReadable(coordinatorChannel, until: parts.watchedUntil)
    }
    throw StageFailure(
      stage: BS_STAGE_COORDINATOR.rawValue, code: code == 0 ? EPIPE : code)
  }

  /// Starts the engine cores of the head node, which wait at the gate, and on every other node a launcher that does the
  /// same there.
  func startEngines() throws(StageFailure) {
    try group.openStore()
    let copied = startup.backend == .ray ? engineAddresses() : nil
    let gate = bs_load(bs_gate_of(record))
    let launch = parts.launch.number
    let faults = parts.order.faults
    let firstSlot = parts.engineSlots.lowerBound
    let identity = ServingRole.identity(region, launch: launch)
    let run = { (rank: Int) -> Never in
      EngineRole(
        region: self.region, addresses: self.parts.addresses, rank: rank, identity: identity,
        injector: FaultInjector(
          region: self.region, faults: faults, role: .engineCore, launch: launch, index: rank)
      ).run(copied: copied, gate: gate)
    }
    for rank in startup.ranks(onNode: 0) {
      let slot = region.engine(firstSlot + rank)
      slot.pointee.pid = try children.start(
        BS_PROCESS_ENGINE_CORE, "engine core \(rank)"
      ) { _ in run(rank) }
    }
    for node in 1..<max(1, startup.nodes) {
      parts.headless(node).pointee.pid = try children.start(
        BS_PROCESS_HEADLESS, "the launcher of node \(node)", network: network(node)
      ) { _ in
        HeadlessRole(
          region: self.region, launch: launch, node: node,
          ranks: Array(self.startup.ranks(onNode: node)), firstSlot: firstSlot, faults: faults
        ).run(run)
      }
    }
  }

  /// - Parameter rank: the engine core that gets them; with hybrid load balancing it gets those of its node.
  private func engineAddresses(for rank: Int? = nil) -> EngineAddresses {
    let (launch, addresses) = (parts.launch, parts.addresses)
    let ports = bs_coordinator_ports_of(record)
    let hasCoordinator = startup.hasCoordinator
    let servers = (0..<launch.servers).filter { server in
      rank.map { startup.isPair(server: server, engine: $0, of: launch.servers) } ?? true
    }
    return EngineAddresses(
      inputs: servers.map { launch.dialled($0) },
      outputs: servers.map { launch.dialled(launch.servers + $0) },
      coordinatorInput: hasCoordinator ? addresses.coordinatorInput(port: ports[2]) : nil,
      coordinatorOutput: hasCoordinator ? addresses.coordinatorOutput(port: ports[1]) : nil,
      statistics: hasCoordinator ? addresses.statistics(port: ports[0]) : nil,
      group: group.configuration)
  }

  /// With Ray: lets the actors go on and waits until all of them have loaded and are ready, as vLLM's `ray.get` of every
  /// `wait_for_init`. It starts the API servers only then, so that the window contains the model load.
  func awaitActors(_ reap: () -> Void) throws(StageFailure) {
    guard startup.backend == .ray else { return }
    bs_announce(bs_gate_of(record))
    while !areActorsReady {
      group.serve()
      if hasCasualty(includingServers: false, reap) {
        throw parts.refusal() ?? StageFailure(stage: BS_STAGE_LOAD.rawValue, code: ECHILD)
      }
      sleep()
    }
  }

  private var areActorsReady: Bool {
    parts.engineSlots.allSatisfy { bs_load(bs_ready_word(region.engine($0))) != 0 }
  }

  /// Begins to answer the handshake and opens the gate; with Ray there is no handshake, and the gate is open.
  func openHandshake() throws(StageFailure) {
    if let client = try http.startClient() { children.add(client) }
    guard startup.backend == .spawn else { return }
    try handshake.open()
    bs_announce(bs_gate_of(record))
  }

  // MARK: While everything starts

  /// Takes the exit of a process that ended by itself; returns whether it belongs to the launch and is not an API
  /// server.
  func noteExit(of pid: Int32, status: Int32) -> Bool {
    children.noteExit(of: pid, status: status)
  }

  /// Waits until every API server is served, or a watched process has died.
  /// - Parameter reap: takes exits, including those of API servers.
  /// - Throws: the launcher's own errors.
  func supervise(_ reap: () -> Void) throws(StageFailure) {
    do throws(StageFailure) { try watch(reap) } catch {
      // A process that was refused a child process has ended for that reason; further deaths follow from it.
      throw parts.refusal() ?? error
    }
    if let failure = parts.refusal() ?? parts.listenFailure() { throw failure }
  }

  /// The start-up's stages in turn, as long as no process dies.
  private func watch(_ reap: () -> Void) throws(StageFailure) {
    guard try awaitEngines(reap) else { return }
    record.pointee.engines_ready_ns = MonotonicClock.now()
    group.closeStore()
    guard awaitServed(reap),
      group.reinitialise(
        hasCasualty: { hasCasualty(includingServers: true, reap) }, sleep: { sleep() }),
      awaitSharers(reap)
    else { return }
    if try http.begin() {
      try awaitAnswers(reap)
    } else if startup.requests > 0 {
      measure(reap)
    }
  }

  /// Takes exits; returns whether a process has died, which is recorded.
  func hasCasualty(includingServers: Bool, _ reap: () -> Void) -> Bool {
    reap()
    guard let casualty = parts.casualty(includingServers: includingServers) else { return false }
    parts.notice(casualty)
    return true
  }

  /// Waits until every engine core is ready. Returns false if a process died before.
  private func awaitEngines(_ reap: () -> Void) throws(StageFailure) -> Bool {
    // Ray's driver has already waited.
    guard startup.backend == .spawn else { return true }
    let watchesServers = startup.variant == .fixed
    var book = HandshakeBook(
      engines: startup.engines, localEngines: startup.ranks(onNode: 0).count,
      remoteIsHeadless: !startup.isHybrid,
      configurationHash: startup.engines > 1 ? EngineRole.configurationHash(startup) : nil)
    while !book.isComplete {
      try handshake.answer(&book) { engineAddresses(for: $0) }
      group.serve()
      if hasCasualty(includingServers: watchesServers, reap) { return false }
      if !book.isComplete { sleep() }
    }
    return true
  }

  /// Waits until every API server is served. Returns false if a process died before.
  private func awaitServed(_ reap: () -> Void) -> Bool {
    while true {
      if hasCasualty(includingServers: true, reap) { return false }
      if parts.serverSlots.allSatisfy({ bs_load(bs_served_word(region.serving($0))) != 0 }) {
        record.pointee.served_ns = MonotonicClock.now()
        bs_store(bs_settled_word(record), 1)
        return true
      }
      sleep()
    }
  }

  /// Until a message arrives or a child changes state.
  func sleep() {
    var poll = Poll()
    poll.add(descriptor: children.news)
    handshake.add(to: &poll)
    http.add(to: &poll)
    group.add(to: &poll)
    _ = poll.wait(milliseconds: Self.slice)
    children.drainNews()
  }

  // MARK: The end

  /// Terminates everything that the launch started. Use `takeExit` for the exits.
  func beginEnd() {
    handshake.close()
    group.end()
    let ports = bs_coordinator_ports_of(record)
    for role in 0..<3 where ports[role] != 0 { region.setClaim(0, on: ports[role]) }
    for rank in 0..<startup.engines {
      guard let port = startup.sideChannelPort(ofEngine: rank, launch: parts.launch.number)
      else { break }
      let claim = bs_claim(BS_CLAIM_ENGINE, UInt32(parts.engineSlots.lowerBound + rank))
      region.clearClaim(claim, on: UInt16(port))
    }
    http.close()
    measurement.close()
    children.signal(SIGTERM)
    endLimit = MonotonicClock.now() + Self.shutdownNanoseconds
  }

  /// Waits for the next exit. Processes that have not ended within the grace period are killed.
  func awaitExit() {
    if MonotonicClock.now() >= endLimit { children.signal(SIGKILL) }
    sleep()
  }

  /// An API server was waited for: its pid may be reused.
  func serverEnded(_ slot: Int) { children.serverEnded(slot) }

  /// Takes an exit after a termination; returns whether the process is not an API server.
  func takeExit(of pid: Int32, status: Int32) -> Bool { children.takeExit(of: pid, status: status) }

  /// Whether a signal that was not sent here ended a process that was told to end.
  func isCrash(_ status: Int32) -> Bool { children.isCrash(status) }

  /// Whether every process beyond the API servers is gone.
  var isGone: Bool { children.isEmpty }

  /// All processes are gone: removes what they cannot remove, because a signal ended them.
  func finishEnd() {
    if coordinatorChannel >= 0 { closeDescriptor(coordinatorChannel) }
    coordinatorChannel = -1
    http.awaitFrontEnds(milliseconds: Int32(Self.shutdownNanoseconds / 1_000_000))
    for path in parts.addresses.paths { ScratchFile.remove(path) }
  }
}
