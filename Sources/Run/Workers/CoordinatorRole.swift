internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
internal import Messaging
internal import PlanModel
internal import RunContract
internal import StartupProtocol
internal import Strategies
internal import StrategyKit
internal import Syscalls

/// Addresses of a launch that the strategy does not choose.
struct LaunchAddresses {
  let launch: Int
  let startup: Startup
  let host: TCPSocket.Host

  /// XPUB of the coordinator towards the API servers: a path, because they are on its node, unless each node has its own
  /// (hybrid load balancing).
  func statistics(port: UInt16) -> String {
    startup.isHybrid ? tcp(port) : ipc("stats")
  }

  /// XPUB of the coordinator towards the engine cores.
  func coordinatorInput(port: UInt16) -> String { back("coordinator-in", port) }

  /// PULL of the coordinator.
  func coordinatorOutput(port: UInt16) -> String { back("coordinator-out", port) }

  /// A path if all engine cores are on one node, otherwise a port that the kernel chooses.
  private func back(_ name: String, _ port: UInt16) -> String {
    startup.usesPaths ? ipc(name) : tcp(port)
  }

  private func ipc(_ name: String) -> String { "ipc://" + Scratch.path("l\(launch)-\(name)") }

  private func tcp(_ port: UInt16) -> String { "tcp://\(host.text):\(port)" }

  /// ROUTER of the launcher: a fixed port, or a path if all engine cores are on its node.
  var handshake: String { handshakePort.map(tcp) ?? ipc("handshake") }
  /// Nil where the handshake has a path.
  var handshakePort: UInt16? {
    startup.usesPaths
      ? nil : UInt16(startup.rpcPort + (startup.sharesRPCPort ? 0 : launch))
  }

  /// Where all API servers of the launch accept HTTP.
  var httpPort: UInt16 { UInt16(startup.httpPort(ofLaunch: launch)) }

  /// Files that these paths may leave behind.
  var paths: [String] {
    ["stats", "coordinator-in", "coordinator-out", "handshake"].map {
      Scratch.path("l\(launch)-\($0)")
    }
  }
}

/// The DP coordinator: binds towards API servers and engine cores, reports its ports to the launcher, and publishes
/// READY to the engine cores when all of them have subscribed. It does not balance load.
final class CoordinatorRole {
  private let region: SharedRegion
  private let addresses: LaunchAddresses
  private let record: UnsafeMutablePointer<bs_startup>
  private var book: CoordinatorBook

  init(region: SharedRegion, addresses: LaunchAddresses) {
    bs_set_name("bs-coordinator", Int32(addresses.launch), -1)
    self.region = region
    self.addresses = addresses
    record = region.startup(addresses.launch)
    book = CoordinatorBook(engines: addresses.startup.engines)
  }

  /// - Parameter channel: to the launcher; closed once the report is sent.
  func run(channel: Int32) -> Never {
    let launcher = region.launcher(addresses.launch)
    bs_note_aborts(
      bs_launcher_error(launcher), bs_launcher_stage(launcher), BS_STAGE_HOST.rawValue)
    do {
      record.pointee.coordinator_started_ns = MonotonicClock.now()
      pause(milliseconds: addresses.startup.coordinatorImportMilliseconds)
      try start(try Context(ioThreads: 1), channel)
    } catch {
      let code = (error as? MessagingError)?.code ?? (error as? SystemError)?.code ?? 0
      if bs_is_host_limit(code) {
        (launcher.pointee.error, launcher.pointee.stage) = (code, BS_STAGE_HOST.rawValue)
      }
    }
    // The launcher sees the end of the channel, as the real launcher does.
    _exit(1)
  }

  /// The context is borrowed: an owned value might end at its last use, and would then wait for its sockets.
  private func start(_ context: borrowing Context, _ channel: Int32) throws {
    guard failing("zmq_bind") == nil else { throw SystemError.current("zmq_bind") }
    let front = try Socket(.xpub, in: context)
    try front.bind(to: addresses.statistics(port: 0))
    let output = try Socket(.pull, in: context)
    try output.bind(to: addresses.coordinatorOutput(port: 0))
    let input = try Socket(.xpub, in: context)
    try input.bind(to: addresses.coordinatorInput(port: 0))
    let ports = bs_coordinator_ports_of(record)
    ports[0] = front.lastEndpointPort()
    (ports[1], ports[2]) = (output.lastEndpointPort(), input.lastEndpointPort())
    for role in 0..<3 where ports[role] != 0 {
      region.setClaim(bs_claim(BS_CLAIM_COORDINATOR, UInt32(addresses.launch)), on: ports[role])
    }
    record.pointee.coordinator_bound_ns = MonotonicClock.now()
    _ = ChannelMessage(.report, first: ports[1], second: ports[2]).send(over: channel)
    closeDescriptor(channel)
    try serve(front, output, input)
  }

  private func serve(
    _ front: borrowing Socket, _ output: borrowing Socket, _ input: borrowing Socket
  ) throws {
    var poll = Poll()
    poll.add(front)
    poll.add(output)
    poll.add(input)
    // (request counts of each engine core, wave, whether a wave runs).
    let counts = MessagePack.array([
      .array(
        Array(repeating: .array([.integer(0), .integer(0)]), count: addresses.startup.engines)),
      .integer(0), .boolean(false),
    ]).encoded
    while true {
      guard poll.wait(milliseconds: -1) else { continue }
      while try front.receiveFrame() != nil { try front.send([counts]) }
      while try output.receiveFrame() != nil {}
      while let frame = try input.receiveFrame() {
        if book.receive(frame) { try input.send([CoordinatorBook.ready]) }
      }
    }
  }
}

/// Sleeps in place of work that needs no port.
func pause(milliseconds: Double) {
  guard milliseconds > 0 else { return }
  MonotonicClock.sleep(until: MonotonicClock.now() + UInt64(milliseconds * 1e6))
}
