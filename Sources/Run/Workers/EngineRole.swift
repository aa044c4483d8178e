internal import CLinuxShims
internal import CSharedRegion
internal import Faults
internal import Glibc
internal import Messaging
internal import PlanModel
internal import RunContract
internal import StartupProtocol
internal import Strategies
internal import StrategyKit
internal import Syscalls

/// One engine core: HELLO, init message, load, connect to every API server and the coordinator, READY, then answer
/// requests. In place of computation it sleeps or echoes.
final class EngineRole {
  private let region: SharedRegion
  private let addresses: LaunchAddresses
  private let rank: Int
  private let identity: Int64
  private let startup: Startup
  private let slot: UnsafeMutablePointer<bs_engine>
  private let record: UnsafeMutablePointer<bs_startup>
  private let injector: FaultInjector?
  private let groups: EngineGroups

  /// An engine core's sockets to one API server.
  private final class Peer {
    let input: Socket
    let output: Socket

    init(_ context: borrowing Context, rank: Int, input: String, output: String) throws {
      self.input = try Socket(.dealer, in: context, identity: EngineIdentity.bytes(rank))
      try self.input.connect(to: input)
      self.output = try Socket(.push, in: context, lingerMilliseconds: 4_000)
      try self.output.connect(to: output)
    }
  }

  /// How often an engine core that serves looks for the order to form its group anew.
  private static let orderCheckMilliseconds = 2

  /// - Parameter identity: of the launch.
  init(
    region: SharedRegion, addresses: LaunchAddresses, rank: Int, identity: Int64,
    injector: FaultInjector?
  ) {
    self.injector = injector
    bs_set_name("bs-engine", Int32(addresses.launch), Int32(rank))
    self.region = region
    self.addresses = addresses
    self.rank = rank
    self.identity = identity
    startup = addresses.startup
    groups = EngineGroups(region: region, addresses: addresses, rank: rank, identity: identity)
    slot = region.engine(addresses.launch * addresses.startup.engines + rank)
    record = region.startup(addresses.launch)
  }

  /// - Parameters:
  ///   - copied: the addresses that a Ray-like actor was made with; nil if it uses the handshake.
  ///   - gate: value of the gate's word while it is shut.
  func run(copied: EngineAddresses?, gate: UInt32) -> Never {
    slot.pointee.started_ns = MonotonicClock.now()
    bs_note_aborts(bs_engine_error(slot), bs_engine_stage(slot), BS_STAGE_HOST.rawValue)
    injector?.arm()
    let word = CommandWord(bs_gate_of(record))
    while !word.wait(differsFrom: gate) {}
    do {
      // Two sockets for each API server, and the handshake's.
      let servers = WorkerOrder(region).serversPerLaunch
      let context = try Context(ioThreads: 1, maximumSockets: Int32(2 * servers + 16))
      if let copied {
        try serve(context, copied) {}
      } else {
        let handshake = try Socket(
          .dealer, in: context, identity: EngineIdentity.bytes(rank), lingerMilliseconds: 5_000)
        try handshake.connect(to: addresses.handshake)
        try handshake.send([status(.hello)])
        let received = try awaitInit(handshake)
        try serve(context, received) { try handshake.send([status(.ready)]) }
      }
    } catch {
      let code = (error as? MessagingError)?.code ?? EPROTO
      fail(bs_is_host_limit(code) ? BS_STAGE_HOST : BS_STAGE_CONNECT, code)
    }
    _exit(1)
  }

  private func status(_ status: EngineStatus.Status) -> [UInt8] {
    let isLocal = startup.node(ofEngine: rank) == 0
    let hash = status == .ready && startup.engines > 1 ? Self.configurationHash(startup) : nil
    return EngineStatus(
      status, isLocal: isLocal, isHeadless: !isLocal && !startup.isHybrid, configurationHash: hash
    ).encoded
  }

  /// Placeholder for the hash of the parallel configuration, which all engine cores of a launch must share.
  static func configurationHash(_ startup: Startup) -> Int64 {
    Int64(startup.engines) << 8 | Int64(startup.nodes)
  }

  private func awaitInit(_ handshake: borrowing Socket) throws -> EngineAddresses {
    var poll = Poll()
    poll.add(handshake)
    let deadline = MonotonicClock.now() + UInt64(startup.initTimeoutMilliseconds) * 1_000_000
    while true {
      let now = MonotonicClock.now()
      guard now < deadline else { fail(BS_STAGE_HANDSHAKE, Descriptor.causeOfSilence()) }
      guard poll.wait(milliseconds: Int((deadline - now + 999_999) / 1_000_000)),
        let frame = try handshake.receiveFrame()
      else { continue }
      guard let received = EngineAddresses(frame) else { fail(BS_STAGE_HANDSHAKE, EPROTO) }
      return received
    }
  }

  /// Loads, connects, reports that it is ready, and answers for ever.
  private func serve(
    _ context: borrowing Context, _ received: EngineAddresses, _ sayReady: () throws -> Void
  ) throws {
    slot.pointee.initialised_ns = MonotonicClock.now()
    form { () throws(SystemError) in try groups.begin(received.group) }
    pause(milliseconds: startup.loadMilliseconds)
    form { () throws(SystemError) in try groups.meetWorkers() }
    slot.pointee.loaded_ns = MonotonicClock.now()
    bindSideChannel()
    if let injector {
      var site = InjectionSite(.beforeEngineConnect)
      injector.reach(&site)
    }
    let targets = received.inputs + received.outputs
    slot.pointee.placeholders = UInt32(targets.count { $0.hasSuffix(":0") })
    var peers: [Peer] = []
    peers.reserveCapacity(received.inputs.count)
    // v0.19's first frame is empty; later versions name the engine core's launch in it.
    let first =
      startup.variant == .v019
      ? []
      : MessagePack.record([("status", .text("READY")), ("launch", .integer(identity))]).encoded
    for (input, output) in zip(received.inputs, received.outputs) {
      let peer = try Peer(context, rank: rank, input: input, output: output)
      try peer.input.send([first])
      peers.append(peer)
    }
    slot.pointee.connected_ns = MonotonicClock.now()
    if let input = received.coordinatorInput, let output = received.coordinatorOutput {
      let subscriber = try Socket(.xsub, in: context)
      try subscriber.connect(to: input)
      try subscriber.send([CoordinatorBook.subscription])
      let pusher = try Socket(.push, in: context, lingerMilliseconds: 4_000)
      try pusher.connect(to: output)
      var poll = Poll()
      poll.add(subscriber)
      while try subscriber.receiveFrame() != CoordinatorBook.ready {
        _ = poll.wait(milliseconds: -1)
      }
      try becomeReady(sayReady)
      return try answer(peers)
    }
    try becomeReady(sayReady)
    try answer(peers)
  }

  /// The side channel of a KV connector, which vLLM binds once it has its caches. If the bind fails, it does as with
  /// NIXL: there the thread that binds ends, and the engine core waits for it for ever.
  private func bindSideChannel() {
    guard let number = startup.sideChannelPort(ofEngine: rank, launch: addresses.launch) else {
      return
    }
    let port = UInt16(number)
    do throws(SystemError) {
      let socket = try TCPSocket.open()
      // As libzmq does.
      try TCPSocket.allowAddressReuse(socket)
      try TCPSocket.bind(socket, .loopback, port: port)
      try TCPSocket.listen(socket)
    } catch {
      slot.pointee.stage = BS_STAGE_SIDE_CHANNEL.rawValue
      slot.pointee.error = error.code
      if error.code == EADDRINUSE { region.noteServiceLost(port, of: addresses.launch) }
      while true { Glibc.pause() }
    }
    let own = addresses.launch * startup.engines + rank
    region.setClaim(bs_claim(BS_CLAIM_ENGINE, UInt32(own)), on: port)
  }

  /// Ends the process if a group cannot be formed.
  private func form(_ body: () throws(SystemError) -> Void) {
    do throws(SystemError) { try body() } catch { fail(BS_STAGE_RENDEZVOUS, error.code) }
  }

  private func becomeReady(_ sayReady: () throws -> Void) throws {
    slot.pointee.ready_ns = MonotonicClock.now()
    try sayReady()
    bs_store(bs_ready_word(slot), 1)
    // The head node's launcher, even if another process is the parent.
    kill(region.launcher(addresses.launch).pointee.pid, SIGCHLD)
  }

  private func answer(_ peers: [Peer]) throws {
    // In the order of their addresses.
    let servers = Int(region.pointer.pointee.order.settings.topology_api_servers)
    let clients = (0..<servers).filter {
      startup.isPair(server: $0, engine: rank, of: servers)
    }
    var poll = Poll()
    let inputs = peers.map { poll.add($0.input) }
    var awaitsOrder = startup.isReinitialised
    while true {
      let isReadable = poll.wait(milliseconds: awaitsOrder ? Self.orderCheckMilliseconds : -1)
      if awaitsOrder && bs_load(bs_reinit_word(record)) != 0 {
        awaitsOrder = false
        form { () throws(SystemError) in try groups.reinitialise() }
        kill(region.launcher(addresses.launch).pointee.pid, SIGCHLD)
      }
      guard isReadable else { continue }
      for (peer, input) in zip(peers, inputs) where poll.isReadable(input) {
        while let frames = try peer.input.receiveMessage() {
          guard frames.count == 2, frames[0] == EchoMessage.requestType,
            let request = EchoMessage(frames[1])
          else { continue }
          if request.launch == identity && request.engine == rank {
            slot.pointee.requests += 1
          } else {
            slot.pointee.strangers += 1
          }
          // The answer goes to this engine core's address for that client, whichever process sent the request.
          guard let number = clients.firstIndex(of: request.server), number < peers.count
          else { continue }
          let echo = EchoMessage(
            launch: identity, server: request.server, engine: rank, nonce: request.nonce)
          try peers[number].output.send([echo.encoded])
        }
      }
    }
  }

  private func fail(_ stage: bs_stage, _ code: Int32) -> Never {
    slot.pointee.stage = stage.rawValue
    slot.pointee.error = code
    _exit(1)
  }
}
