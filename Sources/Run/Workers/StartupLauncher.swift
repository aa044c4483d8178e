internal import CLinuxShims
internal import CSharedRegion
internal import Faults
internal import Glibc
internal import Messaging
internal import PlanModel
internal import PortModel
internal import RunContract
internal import StartupProtocol
internal import Strategies
internal import StrategyKit
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
  /// The listener that all API servers accept HTTP from, bound before anything else; -1 if there is none.
  private(set) var httpListener: Int32 = -1
  /// The pipe whose end tells the API servers to begin with the measurement; -1 if there is none.
  private(set) var measurement: (read: Int32, write: Int32) = (-1, -1)
  private var client: FrontEndProcess?
  /// By descriptor, the front ends of API servers, which are these processes' children and not the launcher's.
  private var frontEnds: [Int32] = []
  /// Coordinator, engine cores, launchers and services of other nodes, and the HTTP client, whose exit has not been
  /// taken.
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

  /// Slots of API servers whose exit was taken in this trial.
  private var endedServers: Set<Int> = []

  private var engineSlots: Range<Int> {
    launch.number * startup.engines..<(launch.number + 1) * startup.engines
  }
  private var serverSlots: Range<Int> { launch.slot(of: 0)..<launch.slot(of: launch.servers) }

  // MARK: Before the API servers

  /// Nothing of this trial has happened.
  /// - Throws: when the orphan of an earlier launch, which the plan wants, cannot be left.
  func begin() throws(StageFailure) {
    endedServers = []
    let gate = record.pointee.gate
    record.pointee = bs_startup()
    record.pointee.gate = gate
    for slot in engineSlots { region.engine(slot).pointee = bs_engine() }
    for slot in serverSlots { region.serving(slot).pointee = bs_serving() }
    for node in 0..<startup.nodes { headless(node).pointee = bs_headless() }
    let serial = region.pointer.pointee.serial
    record.pointee.serial = serial
    // Of launches in a row, the first leaves it and the second finds it.
    if startup.hasOrphan && serial == (startup.serialLaunches > 1 ? 1 : 0) {
      try leaveOrphan()
    }
  }

  /// Binds the HTTP port, as vLLM's launcher does before anything else, and listens.
  func openHTTP() throws(StageFailure) {
    if startup.requests > 0 && !startup.http {
      var ends: (Int32, Int32) = (-1, -1)
      let code = withUnsafeMutableBytes(of: &ends) {
        bs_pipe($0.baseAddress!.assumingMemoryBound(to: Int32.self))
      }
      guard code == 0 else { throw launch.refused("the pipe that begins the measurement", code) }
      measurement = (ends.0, ends.1)
    }
    guard startup.http else { return }
    let port = addresses.httpPort
    do throws(SystemError) {
      let socket = try TCPSocket.open()
      httpListener = socket
      try TCPSocket.allowAddressReuse(socket)
      try TCPSocket.bind(socket, .wildcard, port: port)
      try TCPSocket.listen(socket, backlog: 2_048)
    } catch {
      throw failure(BS_STAGE_HTTP, error.code, binding: port)
    }
    region.setClaim(bs_claim(BS_CLAIM_LAUNCHER, UInt32(launch.number)), on: port)
    record.pointee.http_port = port
    record.pointee.http_bound_ns = MonotonicClock.now()
  }

  /// The launcher's own bind failed: notes who has the port, if it is taken, and that it noticed at once.
  private func failure(_ stage: bs_stage, _ code: Int32, binding port: UInt16) -> StageFailure {
    if code == EADDRINUSE { launch.noteServiceLost(port) }
    notice(Casualty(kind: BS_CASUALTY_LAUNCHER, number: -1))
    return StageFailure(stage: stage.rawValue, code: code)
  }

  private func headless(_ node: Int) -> UnsafeMutablePointer<bs_headless> {
    region.headless(launch.number, node: node)
  }

  /// What an earlier launch may leave: a process that nobody waits for and that holds the handshake port.
  private func leaveOrphan() throws(StageFailure) {
    guard let socket = try? TCPSocket.open() else { return }
    defer { closeDescriptor(socket) }
    do throws(SystemError) {
      try TCPSocket.allowAddressReuse(socket)
      try TCPSocket.bind(socket, order.headHost, port: addresses.handshakePort)
      try TCPSocket.listen(socket)
    } catch { die("orphan: \(error)") }
    let middle = bs_fork(BS_PROCESS_ORPHAN)
    guard middle >= 0 else { throw launch.refused("the orphan of an earlier launch", errno) }
    if middle == 0 {
      let parent = getpid()
      let orphan = bs_fork(BS_PROCESS_ORPHAN)
      // An errno is below 256.
      if orphan != 0 { _exit(orphan < 0 ? errno : 0) }
      while getppid() == parent { sched_yield() }
      // Of the worker host, whose child it is now.
      _ = bs_set_parent_death_signal(SIGKILL)
      bs_set_name("bs-orphan", Int32(launch.number), -1)
      while true { Glibc.pause() }
    }
    var status: Int32 = 0
    while waitpid(middle, &status, 0) < 0 && errno == EINTR {}
    let code = status >> 8 & 0xff
    if code != 0 { throw launch.refused("the orphan of an earlier launch", code) }
  }

  /// The network namespace of an API server; -1 for the launcher's own.
  func network(ofServer server: Int) -> Int32 {
    network(startup.node(ofServer: server, of: launch.servers))
  }

  private func network(_ node: Int) -> Int32 { node == 0 ? -1 : nodes[node - 1] }

  /// Starts what runs on the other nodes anyway, and waits until it holds its ports. One launch does it for all.
  func startNodeServices() throws(StageFailure) {
    guard startup.nodePorts > 0 && launch.number == 0 else { return }
    for network in nodes.prefix(startup.nodes - 1) {
      let ends: Channel
      do throws(SystemError) { ends = try Channel.make() } catch {
        throw launch.refused("the channel to a node's services", error.code)
      }
      defer { closeDescriptor(ends.parent) }
      let count = startup.nodePorts
      do {
        // Before the wait: with a copy of it here the service's end would not be seen.
        defer { closeDescriptor(ends.child) }
        _ = try start(
          BS_PROCESS_NODE_SERVICE, "the services of a node", keeping: ends.child, network: network
        ) { channel in
          bs_set_name("bs-node-service", -1, -1)
          for _ in 0..<count {
            guard let socket = try? TCPSocket.open(),
              (try? TCPSocket.bind(socket, .wildcard, port: 0)) != nil
            else { _exit(1) }
          }
          _ = ChannelMessage(.report).send(over: channel)
          while true { Glibc.pause() }
        }
      }
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
      throw launch.refused("the channel to the coordinator", error.code)
    }
    coordinatorChannel = ends.parent
    do {
      defer { closeDescriptor(ends.child) }
      record.pointee.coordinator_pid = try start(
        BS_PROCESS_COORDINATOR, "the coordinator", keeping: ends.child
      ) { channel in
        CoordinatorRole(region: self.region, addresses: self.addresses).run(channel: channel)
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

  /// Starts the engine cores of the head node, which wait at the gate, and on every other node a launcher that does
  /// the same there.
  func startEngines() throws(StageFailure) {
    let copied = startup.backend == .ray ? engineAddresses() : nil
    let gate = bs_load(bs_gate_of(record))
    let identity = ServingRole.identity(region, launch: launch.number)
    let run = { (rank: Int) -> Never in
      EngineRole(
        region: self.region, addresses: self.addresses, rank: rank, identity: identity,
        injector: FaultInjector(
          region: self.region, faults: self.order.faults, role: .engineCore,
          launch: self.launch.number, index: rank)
      ).run(copied: copied, gate: gate)
    }
    let ranks = { (node: Int) in
      (0..<self.startup.engines).filter { self.startup.node(ofEngine: $0) == node }
    }
    for rank in ranks(0) {
      let slot = region.engine(engineSlots.lowerBound + rank)
      slot.pointee.pid = try start(
        BS_PROCESS_ENGINE_CORE, "engine core \(rank)", keeping: -1
      ) { _ in run(rank) }
    }
    for node in 1..<max(1, startup.nodes) {
      headless(node).pointee.pid = try start(
        BS_PROCESS_HEADLESS, "the launcher of node \(node)", keeping: -1, network: network(node)
      ) { _ in
        HeadlessRole(
          region: self.region, launch: self.launch.number, node: node, ranks: ranks(node),
          firstSlot: self.engineSlots.lowerBound, faults: self.order.faults
        ).run(run)
      }
    }
  }

  /// Forks a child that has none of the launcher's descriptors but `channel`, as descriptor `control`.
  /// - Parameters:
  ///   - what: the process, for people.
  ///   - network: the namespace it lives in; -1 for the launcher's.
  /// - Throws: stage `host`, when the host lets no process be made.
  private func start(
    _ process: bs_process, _ what: String, keeping channel: Int32, network: Int32 = -1,
    _ body: (Int32) -> Never
  ) throws(StageFailure) -> Int32 {
    let parent = getpid()
    let pid = bs_fork(process)
    guard pid >= 0 else { throw launch.refused(what, errno) }
    guard pid == 0 else {
      running.insert(pid)
      return pid
    }
    dieWith(parent: parent)
    bs_unblock_child_signal()
    if network >= 0, bs_enter_network(network) != 0 { die("cannot enter a node's network") }
    if channel >= 0 { dup2(channel, WorkerDescriptor.control) }
    bs_close_from(UInt32(WorkerDescriptor.scratch) + 1)
    body(channel >= 0 ? WorkerDescriptor.control : -1)
  }

  /// - Parameter rank: of the engine core that gets them; with hybrid load balancing each gets those of its node.
  private func engineAddresses(for rank: Int? = nil) -> EngineAddresses {
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
      statistics: hasCoordinator ? addresses.statistics : nil)
  }

  /// Binds the handshake and opens the gate.
  func openHandshake() throws(StageFailure) {
    try startClient()
    if startup.backend == .spawn {
      let port = addresses.handshakePort
      if failing("zmq_bind") != nil { throw failure(BS_STAGE_HANDSHAKE, errno, binding: port) }
      do throws(MessagingError) {
        context = try Context(ioThreads: 1)
        router = try Socket(.router, in: context!)
        try router!.bind(to: addresses.handshake)
      } catch {
        throw failure(BS_STAGE_HANDSHAKE, error.code, binding: port)
      }
      region.setClaim(bs_claim(BS_CLAIM_LAUNCHER, UInt32(launch.number)), on: port)
      record.pointee.handshake_port = port
      record.pointee.handshake_bound_ns = MonotonicClock.now()
    }
    bs_announce(bs_gate_of(record))
  }

  /// Starts the HTTP client, which waits for its order.
  private func startClient() throws(StageFailure) {
    guard startup.http else { return }
    var generator = SeededGenerator(
      trialSeed: region.pointer.pointee.trial_seed, for: .httpRequest, UInt64(launch.number))
    let questions = FrontEndCommand.Questions(
      launch: ServingRole.identity(region, launch: launch.number), host: order.headHost.text,
      port: Int(addresses.httpPort), servers: launch.servers, requests: startup.requests,
      connections: startup.requestConnections,
      timeoutMilliseconds: startup.httpTimeoutMilliseconds, seed: generator.next())
    do throws(SystemError) {
      let client = try FrontEndProcess(.ask(questions))
      running.insert(client.pid)
      self.client = client
    } catch { throw launch.refused("the HTTP client", error.code) }
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
    for node in 1..<max(1, startup.nodes) where headless(node).pointee.pid == pid {
      headless(node).pointee.wait_status = status
      headless(node).pointee.is_dead = 1
    }
    return true
  }

  /// Waits until every API server is served or somebody whom the launcher watches has died.
  /// - Parameter reap: takes exits, of API servers too.
  /// - Throws: what the launcher itself raises for.
  func supervise(_ reap: () -> Void) throws(StageFailure) {
    do throws(StageFailure) { try watch(reap) } catch {
      // Whose own process the host refused has ended by that, and the rest follows.
      throw refusal() ?? error
    }
    if let refusal = refusal() { throw refusal }
  }

  /// A process that the host refused to another one than the launcher; nil if there is none.
  private func refusal() -> StageFailure? {
    for slot in engineSlots where region.engine(slot).pointee.stage == BS_STAGE_HOST.rawValue {
      return launch.refused(
        "engine core \(slot - engineSlots.lowerBound)", region.engine(slot).pointee.error)
    }
    for slot in serverSlots where region.serving(slot).pointee.stage == BS_STAGE_HOST.rawValue {
      return launch.refused(
        "the HTTP front end of API server \(slot - serverSlots.lowerBound)",
        region.serving(slot).pointee.error)
    }
    return nil
  }

  private func watch(_ reap: () -> Void) throws(StageFailure) {
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
        break
      }
      sleep()
    }
    if let client {
      try ask(client, reap)
    } else if startup.requests > 0 {
      measure(reap)
    }
  }

  /// Has the HTTP client ask until every API server has answered, and then measure.
  private func ask(_ client: FrontEndProcess, _ reap: () -> Void) throws(StageFailure) {
    func fail(_ code: Int32) throws(StageFailure) {
      notice(Casualty(kind: BS_CASUALTY_LAUNCHER, number: -1))
      throw StageFailure(stage: BS_STAGE_HTTP.rawValue, code: code)
    }
    if !client.send(FrontEndRecord(.begin)) { try fail(EPIPE) }
    var answered = 0
    while true {
      for message in client.receive() {
        switch message.kind {
        case .answered where message.number < UInt32(launch.servers):
          answered += 1
          region.serving(launch.slot(of: Int(message.number))).pointee.http_answered_ns =
            MonotonicClock.now()
          record.pointee.http_requests = UInt32(clamping: message.id)
          if answered == launch.servers { record.pointee.http_answered_ns = MonotonicClock.now() }
        case .stranger: record.pointee.http_strangers += 1
        case .measured:
          record.pointee.measured_requests = message.id
          record.pointee.measured_ns = UInt64(max(0, message.value))
        case .failure:
          record.pointee.http_requests = UInt32(clamping: message.id)
          // Whose death it may be is to be known first.
          reap()
          if let casualty = casualty(includingServers: true) { return notice(casualty) }
          try fail(Int32(truncatingIfNeeded: message.number))
        default: try fail(EPROTO)
        }
      }
      if record.pointee.http_answered_ns != 0
        && (startup.requests == 0 || record.pointee.measured_requests != 0)
      {
        return
      }
      if client.hasEnded { try fail(EPIPE) }
      reap()
      if let casualty = casualty(includingServers: true) { return notice(casualty) }
      sleep()
    }
  }

  /// Lets the API servers send the measurement's requests, and waits until all are answered.
  private func measure(_ reap: () -> Void) {
    closeDescriptor(measurement.write)
    measurement.write = -1
    while !serverSlots.allSatisfy({ bs_load(bs_measured_word(region.serving($0))) != 0 }) {
      reap()
      if let casualty = casualty(includingServers: true) { return notice(casualty) }
      sleep()
    }
    let shares = serverSlots.map { region.serving($0).pointee }.filter { $0.measured_from_ns != 0 }
    guard let from = shares.map(\.measured_from_ns).min(),
      let until = shares.map(\.measured_until_ns).max(), until > from
    else { return }
    record.pointee.measured_requests = UInt64(startup.requests)
    record.pointee.measured_ns = until - from
  }

  private func handleMessages(_ book: inout HandshakeBook) throws(StageFailure) {
    do {
      while let frames = try router!.receiveMessage() {
        guard frames.count == 2 else { throw HandshakeBook.Violation.unreadable }
        if case .initialise(let rank) = try book.receive(identity: frames[0], frames[1]) {
          launch.reach(.beforeHandshakeReply)
          try router!.send([frames[0], engineAddresses(for: rank).encoded])
        }
      }
    } catch {
      notice(Casualty(kind: BS_CASUALTY_LAUNCHER, number: -1))
      throw StageFailure(
        stage: BS_STAGE_HANDSHAKE.rawValue, code: (error as? MessagingError)?.code ?? EPROTO)
    }
  }

  /// Until a message or a child's news.
  private func sleep() {
    var poll = Poll()
    poll.add(descriptor: children)
    if router != nil { poll.add(router!) }
    if let client { poll.add(descriptor: client.channel) }
    _ = poll.wait(milliseconds: Self.slice)
    bs_drain_children(children)
  }

  private func casualty(includingServers: Bool) -> Casualty? {
    if engineSlots.contains(where: { region.engine($0).pointee.stage == BS_STAGE_HOST.rawValue }) {
      return Casualty(kind: BS_CASUALTY_LAUNCHER, number: -1)
    }
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
      Casualty(kind: BS_CASUALTY_API_SERVER, number: $0 - serverSlots.lowerBound)
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
        ?? Casualty(kind: BS_CASUALTY_LAUNCHER, number: -1))
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
    closeHTTP()
    signal(SIGTERM)
    endLimit = MonotonicClock.now() + Self.shutdownNanoseconds
  }

  private func closeHTTP() {
    // Before their API servers end: afterwards the numbers may be others'.
    frontEnds = serverSlots.map { region.serving($0).pointee.frontend_pid }.filter { $0 > 0 }
      .map { bs_open_process($0) }.filter { $0 >= 0 }
    client = nil
    if httpListener >= 0 {
      let port = record.pointee.http_port
      if region.claim(on: port) == bs_claim(BS_CLAIM_LAUNCHER, UInt32(launch.number)) {
        region.setClaim(0, on: port)
      }
      closeDescriptor(httpListener)
    }
    httpListener = -1
    for end in [measurement.read, measurement.write] where end >= 0 { closeDescriptor(end) }
    measurement = (-1, -1)
  }

  /// Waits for the next exit; what has not ended within the grace is ended by force.
  func awaitExit() {
    if MonotonicClock.now() >= endLimit { signal(SIGKILL) }
    sleep()
  }

  /// An API server's exit was taken: its number may be another process's from now on.
  func serverEnded(_ slot: Int) { endedServers.insert(slot) }

  /// Takes an exit that was ordered; whether it is one beyond the API servers.
  func takeExit(of pid: Int32) -> Bool { running.remove(pid) != nil }

  /// Whether every process beyond the API servers is gone.
  var isGone: Bool { running.isEmpty }

  /// Everybody is gone: what they cannot remove themselves, since a signal ended them.
  func finishEnd() {
    if coordinatorChannel >= 0 { closeDescriptor(coordinatorChannel) }
    coordinatorChannel = -1
    for frontEnd in frontEnds {
      // They end with their API servers, but a moment later.
      _ = bs_wait_readable(frontEnd, Int32(Self.shutdownNanoseconds / 1_000_000))
      closeDescriptor(frontEnd)
    }
    frontEnds = []
    for path in addresses.paths { ScratchFile.remove(path) }
  }

  private func signal(_ number: Int32) {
    for pid in running { kill(pid, number) }
    for slot in serverSlots where !endedServers.contains(slot) {
      let pid = region.server(slot).pointee.pid
      if pid > 0 { kill(pid, number) }
    }
  }
}
