internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
internal import Messaging
internal import PlanModel
internal import PortModel
internal import RunContract
internal import StartupProtocol
internal import StrategyKit
internal import Syscalls

/// The launch's HTTP port, and the client that sends requests to it until every API server has answered.
final class HTTPProbe {
  /// The socket from which all API servers accept HTTP, bound before anything else; -1 if there is none. It does not
  /// listen before the first API server calls `listen`, which is late: until then others may bind the port, too.
  private(set) var listener: Int32 = -1
  private let parts: StartupLaunch
  private var client: FrontEndProcess?
  private var answered = 0
  /// Front ends of API servers, by descriptor. They are children of the API servers, not of the launcher.
  private var frontEnds: [Int32] = []

  /// The state of the client's requests.
  enum Progress {
    case waiting
    case done
    /// The client gave up with this errno, perhaps because a process has died.
    case failed(Int32)
  }

  init(_ parts: StartupLaunch) { self.parts = parts }

  /// Binds the HTTP port, as vLLM's launcher does before anything else. Each of its API servers listens on it later.
  /// - Throws: stage `http`.
  func open() throws(StageFailure) {
    guard parts.startup.http else { return }
    let port = parts.addresses.httpPort
    do throws(SystemError) {
      let socket = try TCPSocket.open()
      listener = socket
      try TCPSocket.share(socket, Self.sharing(parts))
      try TCPSocket.bind(socket, .wildcard, port: port)
    } catch {
      throw parts.failure(BS_STAGE_HTTP, error.code, binding: port)
    }
    parts.record.pointee.http_port = port
    parts.record.pointee.http_bound_ns = MonotonicClock.now()
  }

  /// The options of the launch's HTTP listener, as of vLLM's `create_server_socket`.
  static func sharing(_ parts: StartupLaunch) -> TCPSocket.Sharing {
    parts.startup.reusesHTTPPort(servers: parts.launch.servers)
      ? [.reuseAddress, .reusePort] : .reuseAddress
  }

  /// Whether every other launch on the same HTTP port is served or has failed, so that all that will listen do.
  var isEverySharerThere: Bool {
    guard parts.startup.sharesHTTPPort else { return true }
    return (0..<parts.order.launches).allSatisfy {
      bs_load(bs_settled_word(parts.region.startup($0))) != 0
        || bs_load_error(parts.region.launcher($0)) != 0
    }
  }

  /// Starts the HTTP client, which waits for its order.
  /// - Returns: its pid; nil if the launch has no HTTP.
  /// - Throws: stage `host`, when the host refuses to create a process.
  func startClient() throws(StageFailure) -> Int32? {
    guard parts.startup.http else { return nil }
    let (launch, startup) = (parts.launch, parts.startup)
    var generator = SeededGenerator(
      trialSeed: parts.region.pointer.pointee.trial_seed, for: .httpRequest,
      UInt64(launch.number))
    let questions = FrontEndCommand.Questions(
      launch: ServingRole.identity(parts.region, launch: launch.number),
      host: parts.order.webHost.text, port: Int(parts.addresses.httpPort),
      servers: launch.servers, requests: startup.requests,
      connections: startup.requestConnections,
      timeoutMilliseconds: startup.httpTimeoutMilliseconds, seed: generator.next())
    do throws(SystemError) {
      let client = try FrontEndProcess(.ask(questions))
      self.client = client
      return client.pid
    } catch { throw launch.refused("the HTTP client", error.code) }
  }

  /// Tells the client to start its requests, and to measure once every API server has answered.
  /// - Returns: false if the launch has no HTTP.
  /// - Throws: stage `http` with EPIPE, when the client is gone.
  func begin() throws(StageFailure) -> Bool {
    guard let client else { return false }
    answered = 0
    if !client.send(FrontEndRecord(.begin)) { throw parts.failure(BS_STAGE_HTTP, EPIPE) }
    return true
  }

  /// Records what the client has reported, without waiting.
  /// - Throws: stage `http`: EPROTO for an impossible report, EPIPE when the client has ended.
  func progress() throws(StageFailure) -> Progress {
    guard let client else { return .done }
    let state = try progress(of: client)
    if case .waiting = state { return state }
    try noteListeners()
    return state
  }

  /// Counts the sockets that a connection to the port could reach: more than one, if another process listens there by
  /// SO_REUSEPORT.
  private func noteListeners() throws(StageFailure) {
    let port = parts.addresses.httpPort
    do throws(SystemError) {
      let found = try SocketListing.reached(at: HostAddress(parts.order.webHost), port: port)
      parts.record.pointee.http_listeners = UInt32(found[port]?.count ?? 0)
    } catch { throw parts.launch.refused("the list of listeners on the HTTP port", error.code) }
  }

  private func progress(of client: FrontEndProcess) throws(StageFailure) -> Progress {
    let record = parts.record
    for message in client.receive() {
      switch message.kind {
      case .answered where message.number < UInt32(parts.launch.servers):
        noteAnswer(message)
      case .stranger: record.pointee.http_strangers += 1
      case .measured:
        record.pointee.measured_requests = message.id
        record.pointee.measured_ns = UInt64(max(0, message.value))
      case .failure:
        record.pointee.http_requests = UInt32(clamping: message.id)
        return .failed(Int32(truncatingIfNeeded: message.number))
      default: throw parts.failure(BS_STAGE_HTTP, EPROTO)
      }
    }
    if record.pointee.http_answered_ns != 0
      && (parts.startup.requests == 0 || record.pointee.measured_requests != 0)
    {
      return .done
    }
    if client.hasEnded { throw parts.failure(BS_STAGE_HTTP, EPIPE) }
    return .waiting
  }

  private func noteAnswer(_ message: FrontEndRecord) {
    let record = parts.record
    answered += 1
    let slot = parts.launch.slot(of: Int(message.number))
    parts.region.serving(slot).pointee.http_answered_ns = MonotonicClock.now()
    record.pointee.http_requests = UInt32(clamping: message.id)
    if answered == parts.launch.servers { record.pointee.http_answered_ns = MonotonicClock.now() }
  }

  /// Makes the poll wake for the client's reports, if there is a client.
  func add(to poll: inout Poll) {
    if let client { poll.add(descriptor: client.channel) }
  }

  /// Closes the port and lets the client go. Call it before the API servers end: afterwards the pids of their front
  /// ends may be reused.
  func close() {
    frontEnds = parts.serverSlots.map { parts.region.serving($0).pointee.frontend_pid }
      .filter { $0 > 0 }.map { bs_open_process($0) }.filter { $0 >= 0 }
    client = nil
    if listener >= 0 {
      parts.region.clearClaim(parts.claim, on: parts.record.pointee.http_port)
      closeDescriptor(listener)
    }
    listener = -1
  }

  /// Waits for the front ends, which end shortly after their API servers.
  func awaitFrontEnds(milliseconds: Int32) {
    for frontEnd in frontEnds {
      _ = bs_wait_readable(frontEnd, milliseconds)
      closeDescriptor(frontEnd)
    }
    frontEnds = []
  }
}
