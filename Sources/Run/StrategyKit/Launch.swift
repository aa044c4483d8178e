internal import CLinuxShims
public import CSharedRegion
internal import Glibc
public import PlanModel
public import PortModel
public import RunContract
public import Syscalls

/// The launcher's view of one launch: the addresses it decides on, the sockets it makes, and the channels to
/// its API servers. Lives in the launcher's process.
public final class Launch {
  /// The shared region.
  public let region: SharedRegion
  /// Number of the launch within the trial.
  public let number: Int
  /// What the arm orders.
  public let order: WorkerOrder
  /// API servers of the launch.
  public var servers: Int { order.serversPerLaunch }
  /// Where the endpoints are bound and dialled.
  public var host: TCPSocket.Host { order.host }
  /// Addresses: an input for each API server, then an output for each.
  public var addresses: Int { 2 * order.serversPerLaunch }
  /// Ends of the channels to the API servers, -1 where there is none.
  public var channels: [Int32]
  /// Descriptors of the launcher that its API servers must not keep.
  public var privateDescriptors: [Int32] = []
  /// Injects the plan's faults; nil if it has none.
  public var injector: (any Injector)?
  /// Random numbers of this launch in this trial.
  public var generator = SeededGenerator(seed: 0)
  /// Sockets to hand over, by address; -1 where there is none.
  private var handed: [Int32]
  /// Sockets to hold until the API servers have closed.
  private var kept: [Int32] = []
  private let slot: UnsafeMutablePointer<bs_launcher>
  private let claim: UInt32

  public init(region: SharedRegion, number: Int, order: WorkerOrder) {
    self.region = region
    self.number = number
    self.order = order
    handed = Array(repeating: -1, count: 2 * order.serversPerLaunch)
    channels = Array(repeating: -1, count: order.serversPerLaunch)
    slot = region.launcher(number)
    claim = bs_claim(BS_CLAIM_LAUNCHER, UInt32(number))
  }

  /// Begins a trial: nothing is allocated, and the random numbers are this trial's.
  public func begin() {
    generator = SeededGenerator(
      trialSeed: region.pointer.pointee.trial_seed, for: .launcher, UInt64(number))
    slot.pointee.draws = 0
    slot.pointee.service_port = 0
    slot.pointee.holder_inode = 0
    slot.pointee.holder_claim = 0
    slot.pointee.holder_state = 0
    slot.pointee.hands_sockets = 0
    setDetail("")
  }

  /// Seed of the trial.
  public var trialSeed: UInt64 { region.pointer.pointee.trial_seed }

  /// Slot of the launch's API server.
  public func slot(of server: Int) -> Int { number * order.serversPerLaunch + server }

  /// The endpoint behind an address: 0..<N are the inputs, N..<2N the outputs.
  public func endpoint(_ address: Int) -> UnsafeMutablePointer<bs_endpoint> {
    let servers = order.serversPerLaunch
    let server = region.server(slot(of: address % servers))
    return address < servers ? server.input : server.output
  }

  /// The addresses of an API server: its input's and its output's.
  public func addresses(of server: Int) -> (input: Int, output: Int) {
    (server, order.serversPerLaunch + server)
  }

  /// What peers are told to connect to: an address of a port, 0 while it is not known, or of a path.
  public func dialled(_ address: Int) -> String {
    let record = endpoint(address)
    if record.pointee.is_path != 0 { return "ipc://" + String(cString: bs_path_of(record)) }
    return "tcp://\(order.host.text):\(record.pointee.advertised)"
  }

  /// Decides on a number: the API server is told to bind it, and the peers to connect to it.
  public func decide(_ port: UInt16, for address: Int) {
    endpoint(address).pointee.requested = port
    endpoint(address).pointee.advertised = port
  }

  /// Decides on the path of a Unix socket, which the peers are told as far as it fits the record.
  public func decide(path: String, for address: Int) {
    let record = endpoint(address)
    record.pointee.is_path = 1
    let target = UnsafeMutableRawBufferPointer(
      start: bs_path_of(record), count: Int(BS_PATH_SIZE))
    target.initializeMemory(as: UInt8.self, repeating: 0)
    target.copyBytes(from: path.utf8.prefix(target.count - 1))
  }

  /// Counts ports that were taken in another way than by `open`.
  public func countDraws(_ count: Int) { slot.pointee.draws += UInt32(count) }

  /// Notes what went wrong.
  public func note(_ failure: StageFailure) {
    slot.pointee.error = failure.code
    slot.pointee.stage = failure.stage
  }

  /// The host refused a process of the launch, or a channel to it: no failure of the strategy.
  /// - Parameters:
  ///   - what: could not be made, in words.
  ///   - code: errno.
  public func refused(_ what: String, _ code: Int32) -> StageFailure {
    setDetail(what)
    return StageFailure(stage: BS_STAGE_HOST.rawValue, code: code)
  }

  // MARK: Adapters

  /// Says in words what the launch has to say.
  public func setDetail(_ text: String) { region.setDetail(text, of: number) }

  /// Root of the adapter's processes, 0 if there is none.
  public var adapterTree: Int32 {
    get { slot.pointee.tree_pid }
    set { slot.pointee.tree_pid = newValue }
  }

  /// Whether an adapter binds the endpoints in this trial.
  public var bindsItself: Bool {
    get { slot.pointee.binds_itself != 0 }
    set { slot.pointee.binds_itself = newValue ? 1 : 0 }
  }

  /// Records an address as bound by the adapter, which is only its own word.
  public func noteBound(
    _ port: UInt16, for address: Int, attempted: UInt64, finished: UInt64, reported: UInt64
  ) {
    let record = endpoint(address)
    record.pointee.attempted_ns = attempted
    record.pointee.finished_ns = finished
    record.pointee.reported_ns = reported
    if record.pointee.requested == 0 { slot.pointee.draws += 1 }
    record.pointee.bound = port
    record.pointee.advertised = port
    record.pointee.is_bound = 1
    region.setClaim(claim, on: port)
  }

  /// Records that the adapter lost an address, and who has the port.
  public func noteLost(_ port: UInt16, for address: Int, attempted: UInt64, at time: UInt64) {
    let record = endpoint(address)
    record.pointee.attempted_ns = attempted
    record.pointee.finished_ns = time
    record.pointee.requested = port
    record.pointee.error = EADDRINUSE
    record.pointee.stage = BS_STAGE_BIND.rawValue
    PortHolder.find(port, in: region).note(in: record)
  }

  /// The adapter lets go of what it bound.
  public func forgetBound() {
    guard bindsItself else { return }
    for address in 0..<addresses {
      let port = endpoint(address).pointee.bound
      if port != 0 && region.claim(on: port) == claim { region.setClaim(0, on: port) }
    }
  }

  // MARK: Sockets

  /// Makes a bound socket.
  /// - Parameters:
  ///   - port: 0 for one of the kernel's choice.
  ///   - stage: where a failure is said to have happened.
  public func open(
    port: UInt16 = 0, on host: TCPSocket.Host = .wildcard, sharing: TCPSocket.Sharing = [],
    listens: Bool = false, backlog: Int32 = 100, stage: bs_stage = BS_STAGE_PROBE
  ) throws(StageFailure) -> (socket: Int32, port: UInt16) {
    do throws(SystemError) {
      let socket = try TCPSocket.open()
      var isDone = false
      defer { if !isDone { closeDescriptor(socket) } }
      if let range = order.confinedTo, port == 0 { try TCPSocket.confine(socket, to: range) }
      try TCPSocket.share(socket, sharing)
      try TCPSocket.bind(socket, host, port: port)
      if listens { try TCPSocket.listen(socket, backlog: backlog) }
      let bound = port != 0 ? port : try TCPSocket.port(of: socket)
      slot.pointee.draws += 1
      isDone = true
      return (socket, bound)
    } catch {
      throw StageFailure(stage: stage.rawValue, code: error.code)
    }
  }

  /// Draws a number as vLLM's `_get_open_port` does: bind to the wildcard address and port 0, read, close.
  public func probe(sharing: TCPSocket.Sharing = []) throws(StageFailure) -> UInt16 {
    let (socket, port) = try open(sharing: sharing)
    closeDescriptor(socket)
    return port
  }

  /// Whether the number can be bound at this moment, found out by binding and closing.
  public func isFree(_ port: UInt16) -> Bool {
    guard let (socket, _) = try? open(port: port) else { return false }
    closeDescriptor(socket)
    return true
  }

  /// The first number from `first` upwards that can be bound, found as vLLM's `_get_open_port` does with
  /// VLLM_PORT: bind, and the next number on any error. Nil when `tries` numbers were not free.
  /// Nor is there one above 65,535.
  public func scan(from first: Int, tries: Int) -> UInt16? {
    guard first < 65_536, tries > 0 else { return nil }
    return (first..<min(first + tries, 65_536)).lazy.map { UInt16($0) }.first { self.isFree($0) }
  }

  /// Holds a socket until the API servers have closed.
  public func keep(_ socket: Int32, port: UInt16) {
    kept.append(socket)
    region.setClaim(claim, on: port)
  }

  /// Hands a socket to the API server that has the address; ours is closed when it was started.
  public func handOver(_ socket: Int32, port: UInt16, for address: Int) {
    handed[address] = socket
    slot.pointee.hands_sockets = 1
    region.setClaim(claim, on: port)
  }

  /// Keeps our copies of what is handed over, too: they are closed with the rest of what is kept.
  public func keepHanded() {
    for address in handed.indices where handed[address] >= 0 {
      let copy = fcntl(handed[address], F_DUPFD_CLOEXEC, 0)
      if copy >= 0 { kept.append(copy) }
    }
  }

  /// How many sockets are held for the API servers.
  public var heldSockets: Int { handed.count { $0 >= 0 } + kept.count }

  /// Passes the sockets through the channels, where API servers have them from then on.
  public func passHanded() throws(StageFailure) {
    for server in 0..<order.serversPerLaunch {
      let (input, output) = addresses(of: server)
      let pair = [handed[input], handed[output]]
      guard pair[0] >= 0 && pair[1] >= 0 else { continue }
      let code = bs_send_descriptors(channels[server], pair, 2)
      guard code == 0 else { throw StageFailure(stage: BS_STAGE_SPAWN.rawValue, code: code) }
    }
  }

  /// Closes the launcher's copies of what is handed over: after the hand-over, or when it failed.
  public func closeHanded() {
    for address in handed.indices where handed[address] >= 0 {
      closeDescriptor(handed[address])
      handed[address] = -1
    }
  }

  /// Closes what was to be handed over and never was: the trial held it to its end.
  public func dropHanded() {
    for address in handed.indices where handed[address] >= 0 {
      let port = endpoint(address).pointee.requested
      if port != 0 && region.claim(on: port) == claim { region.setClaim(0, on: port) }
    }
    closeHanded()
  }

  /// Closes what was kept.
  public func closeKept() {
    for socket in kept {
      if let port = try? TCPSocket.port(of: socket), region.claim(on: port) == claim {
        region.setClaim(0, on: port)
      }
      closeDescriptor(socket)
    }
    kept.removeAll(keepingCapacity: true)
  }

  /// The launcher has come to a point.
  public func reach(_ point: InjectionPoint) {
    guard let injector else { return }
    let first = endpoint(0).pointee
    var site = InjectionSite(
      point, port: first.requested != 0 ? first.requested : first.advertised)
    injector.reach(&site)
    guard site.keepsParentCopies else { return }
    let before = kept.count
    keepHanded()
    injector.observe(.copiesKept(kept.count - before))
    forgetKept()
  }

  /// Leaves what is kept open for good: a leak, on purpose.
  public func forgetKept() {
    kept.removeAll(keepingCapacity: true)
  }

  /// In a new API server: takes its own two sockets and closes everything else the launcher holds.
  public func takeHanded(of server: Int) -> (input: Int32, output: Int32) {
    let (input, output) = addresses(of: server)
    let own = (handed[input], handed[output])
    // Nothing is written, or retained, where there is nothing: it would be a page to copy.
    if own.0 >= 0 { handed[input] = -1 }
    if own.1 >= 0 { handed[output] = -1 }
    closeHanded()
    for index in kept.indices { closeDescriptor(kept[index]) }
    return own
  }

  // MARK: What API servers say

  /// Serves the channels until every API server has reported, and advertises what was reported.
  /// - Parameter answer: called with an API server's number and its question; the answer goes back.
  /// - Throws: `ETIMEDOUT` when the time is over, `EPIPE` when an API server failed or died before its
  ///   report, `EPROTO` when what it sent is no report, all at stage `report`; what `answer` throws.
  public func collectReports(
    timeoutMilliseconds: Int,
    answer: (Int, ChannelMessage) throws(StageFailure) -> ChannelMessage? = { _, _ in nil }
  ) throws(StageFailure) {
    let deadline = MonotonicClock.now() + UInt64(timeoutMilliseconds) * 1_000_000
    var waiting = Array(0..<order.serversPerLaunch)
    while !waiting.isEmpty {
      var items = waiting.map { pollfd(fd: channels[$0], events: Int16(POLLIN), revents: 0) }
      let now = MonotonicClock.now()
      guard now < deadline else { throw failure(ETIMEDOUT) }
      let left = Int32(min((deadline - now + 999_999) / 1_000_000, 60_000))
      let ready = poll(&items, nfds_t(items.count), left)
      guard ready >= 0 || errno == EINTR else { throw failure(errno) }
      guard ready > 0 else { continue }
      for (item, server) in zip(items, waiting) where item.revents != 0 {
        let message: ChannelMessage
        switch ChannelMessage.read(from: channels[server]) {
        case .message(let received): message = received
        case .end: throw failure(EPIPE)
        case .unreadable: throw failure(EPROTO)
        }
        switch message.kind {
        case .report:
          let (input, output) = addresses(of: server)
          endpoint(input).pointee.advertised = message.first
          endpoint(output).pointee.advertised = message.second
          waiting.removeAll { $0 == server }
        case .question:
          if let reply = try answer(server, message) { _ = reply.send(over: channels[server]) }
        case .failure, .answer:
          throw failure(EPIPE)
        }
      }
    }
  }

  private func failure(_ code: Int32) -> StageFailure {
    StageFailure(stage: BS_STAGE_REPORT.rawValue, code: code)
  }

  // MARK: A port of the launcher's own

  /// The number of the launcher's own service, as of a store; API servers read it from the region.
  public var servicePort: UInt16 {
    get { slot.pointee.service_port }
    set { slot.pointee.service_port = newValue }
  }

  /// Binds the service's number and listens; notes who has it if that fails.
  public func openService() throws(StageFailure) -> Int32 {
    let wanted = servicePort
    do throws(StageFailure) {
      let (socket, port) = try open(
        port: wanted, on: .loopback, sharing: .reuseAddress, listens: true, backlog: 4_096,
        stage: BS_STAGE_SERVICE)
      servicePort = port
      region.setClaim(claim, on: port)
      return socket
    } catch {
      if error.code == EADDRINUSE && wanted != 0 { noteServiceLost(wanted) }
      throw error
    }
  }

  /// Notes a port of the launcher's own that could not be bound, and who has it.
  public func noteServiceLost(_ port: UInt16) {
    servicePort = port
    let holder = PortHolder.find(port, in: region)
    slot.pointee.holder_claim = holder.claim
    slot.pointee.holder_state = holder.state
    slot.pointee.holder_inode = holder.inode
  }

  /// Closes the service's socket.
  public func closeService(_ socket: Int32) {
    if region.claim(on: servicePort) == claim { region.setClaim(0, on: servicePort) }
    closeDescriptor(socket)
  }
}

/// Asks both records who has a port, at once: a holder may be gone a moment later.
struct PortHolder {
  /// The port's claim in the region.
  var claim: UInt32
  /// `bs_holder_state`.
  var state: UInt32
  /// Since when the claim stands, 0 where that is not on record.
  var since: UInt64
  /// The kernel's socket, 0 if there is none.
  var inode: UInt64 = 0

  /// Notes it in the record of the endpoint that lost the port.
  func note(in record: UnsafeMutablePointer<bs_endpoint>) {
    record.pointee.holder_claim = claim
    record.pointee.holder_state = state
    record.pointee.holder_inode = inode
    record.pointee.holder_since_ns = since
  }

  static func find(_ port: UInt16, in region: SharedRegion) -> PortHolder {
    let claim = region.claim(on: port)
    let since = region.claimedSince(port, by: claim)
    var found = bs_socket_record()
    var count = bs_find_listening_socket(port, &found)
    if count == 0 {
      // The lookup knows loopback and the wildcard address only, and no socket that does not listen.
      count = bs_list_sockets(
        BS_SOCKETS_BOUND.rawValue | BS_SOCKETS_LISTENING.rawValue, port, &found, 1)
    }
    if count < 0 {
      return PortHolder(claim: claim, state: BS_HOLDER_UNKNOWN.rawValue, since: since)
    }
    if count == 0 {
      return PortHolder(claim: claim, state: BS_HOLDER_NOBODY.rawValue, since: since)
    }
    return PortHolder(
      claim: claim, state: BS_HOLDER_FOUND.rawValue, since: since, inode: found.inode)
  }
}
