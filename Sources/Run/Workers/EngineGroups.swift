internal import CSharedRegion
internal import Glibc
internal import PlanModel
internal import RunContract
internal import StartupProtocol
internal import StrategyKit
internal import Syscalls

/// The process groups of one engine core, in vLLM's order: the data-parallel group before the load, the workers' group
/// after it, and the group that replaces the first one. In place of the workers the engine core itself binds and dials,
/// as with one worker (`UniProcExecutor`).
final class EngineGroups {
  private let region: SharedRegion
  private let order: WorkerOrder
  private let startup: Startup
  private let launch: Int
  private let members: Rendezvous.Members
  private let slot: UnsafeMutablePointer<bs_engine>
  private let claim: UInt32
  /// The engine core's own copy; nil for a model without a data-parallel group.
  private var configuration: ParallelConfiguration?
  private var group: Rendezvous?
  /// The workers' groups, which stay as long as the process.
  private var workers: [Rendezvous] = []

  /// How often vLLM tries to form the group (`max_retries` of `stateless_init_dp_group`).
  private static let mostTries = 5

  /// - Parameter identity: of the launch.
  init(region: SharedRegion, addresses: LaunchAddresses, rank: Int, identity: Int64) {
    self.region = region
    order = WorkerOrder(region)
    startup = addresses.startup
    launch = addresses.launch
    members = Rendezvous.Members(mark: identity, rank: rank, size: startup.engines)
    let number = launch * startup.engines + rank
    slot = region.engine(number)
    claim = bs_claim(BS_CLAIM_ENGINE, UInt32(number))
  }

  private func rendezvous(_ kind: bs_rendezvous_kind) -> Rendezvous {
    Rendezvous(
      bs_rendezvous_of(slot) + Int(kind.rawValue), region: region, claim: claim)
  }

  // MARK: Before the load

  /// Forms the data-parallel group, if the model has one; otherwise chooses where the workers will meet.
  func begin(_ configuration: ParallelConfiguration?) throws(SystemError) {
    self.configuration = configuration
    guard configuration != nil else { return try chooseWorkersPort() }
    let group = rendezvous(BS_RENDEZVOUS_GROUP)
    self.group = group
    if try meetThroughStore(group) { return }
    group.record.pointee.chosen_ns = region.startup(launch).pointee.group_chosen_ns
    var port = try nextPort()
    group.record.pointee.port = port
    // Only who binds sees that a number is taken. The others have no part in the retry.
    if members.rank == 0 { port = try bind(group, port) }
    try meet(group, port)
  }

  /// Binds the port, or those that follow in the list.
  private func bind(_ group: Rendezvous, _ first: UInt16) throws(SystemError) -> UInt16 {
    var port = first
    for _ in 1..<Self.mostTries {
      do throws(SystemError) {
        try group.listen(on: port, within: nil)
        return port
      } catch {
        guard error.code == EADDRINUSE else { throw error }
        port = try nextPort()
      }
    }
    try group.listen(on: port, within: nil)
    return port
  }

  private func nextPort() throws(SystemError) -> UInt16 {
    guard let port = configuration?.nextPort() else {
      throw SystemError("get_next_dp_init_port", code: EADDRNOTAVAIL)
    }
    return port
  }

  /// With a coordination store: engine core 0 binds a port that the kernel chooses and publishes it, the others read
  /// it. Returns false without a store.
  private func meetThroughStore(_ group: Rendezvous) throws(SystemError) -> Bool {
    guard let configuration, configuration.storePort != 0 else { return false }
    if members.rank == 0 { try group.listen(on: 0, within: order.confinedTo) }
    let port = try CoordinationStore.exchange(
      host, port: configuration.storePort, mark: members.mark,
      key: UInt16(group.record - bs_rendezvous_of(slot)), value: group.boundPort)
    group.record.pointee.chosen_ns = MonotonicClock.now()
    group.record.pointee.port = port
    try meet(group, port)
    return true
  }

  /// The address in the init message, which engine core 0 dials as all others do.
  private var host: TCPSocket.Host {
    let parts = (configuration?.masterAddress ?? "").split(separator: ".").compactMap { UInt32($0) }
    return parts.count == 4 ? .address(parts.reduce(0) { $0 << 8 | $1 }) : .loopback
  }

  private func meet(_ group: Rendezvous, _ port: UInt16) throws(SystemError) {
    try group.meet(members, at: host, port: port)
    note(group.record)
  }

  private func note(_ record: UnsafeMutablePointer<bs_rendezvous>) {
    record.pointee.met_ns = MonotonicClock.now()
    bs_store(bs_met_word(record), 1)
  }

  /// As vLLM's `get_open_port`: probed, and released at once.
  private func probe() throws(SystemError) -> UInt16 {
    let socket = try TCPSocket.open()
    defer { closeDescriptor(socket) }
    if let pool = order.confinedTo { try TCPSocket.confine(socket, to: pool) }
    try TCPSocket.bind(socket, .wildcard, port: 0)
    return try TCPSocket.port(of: socket)
  }

  private func chooseWorkersPort() throws(SystemError) {
    guard startup.workerRendezvous == .port else { return }
    let record = bs_rendezvous_of(slot) + Int(BS_RENDEZVOUS_WORKERS.rawValue)
    record.pointee.port = try probe()
    record.pointee.chosen_ns = MonotonicClock.now()
  }

  // MARK: After the load

  /// The workers meet: all of the launch in a data-parallel group, else those of this engine core.
  func meetWorkers() throws(SystemError) {
    let workers = rendezvous(BS_RENDEZVOUS_WORKERS)
    if configuration != nil {
      self.workers.append(workers)
      if try meetThroughStore(workers) { return }
      workers.record.pointee.chosen_ns = region.startup(launch).pointee.group_chosen_ns
      let port = try nextPort()
      workers.record.pointee.port = port
      if members.rank == 0 { try workers.listen(on: port, within: nil) }
      return try meet(workers, port)
    }
    switch startup.workerRendezvous {
    case .none: return
    case .file: try meetAtFile(workers.record)
    case .port:
      self.workers.append(workers)
      let port = workers.record.pointee.port
      try workers.listen(on: port, within: nil)
      let alone = Rendezvous.Members(mark: members.mark, rank: 0, size: 1)
      try workers.meet(alone, at: .loopback, port: port)
      note(workers.record)
    }
  }

  /// A file of a name that nobody else has (`FileStore`), which needs no port.
  private func meetAtFile(_ record: UnsafeMutablePointer<bs_rendezvous>) throws(SystemError) {
    record.pointee.attempted_ns = MonotonicClock.now()
    let path = Scratch.path("l\(launch)-workers-\(members.rank)")
    guard try ScratchFile.create(path) else { throw SystemError("open", code: EEXIST) }
    ScratchFile.remove(path)
    note(record)
  }

  // MARK: The group that replaces the first one

  /// Forms the group anew, as vLLM's `_reinit_dp_group` does after a fault: engine core 0 probes the ports and publishes
  /// them through the old group's store; then the old group goes down, and the ports are bound. A port that is lost
  /// meanwhile ends engine core 0; nobody retries. (vLLM's ends when `engine_recovery_timeout_sec` has passed.)
  func reinitialise() throws(SystemError) {
    guard let old = group else { return }
    let record = bs_rendezvous_of(slot) + Int(BS_RENDEZVOUS_REINIT.rawValue)
    if members.rank == 0 {
      let ports = [try probe(), try probe()]
      (record.pointee.port, record.pointee.chosen_ns) = (ports[0], MonotonicClock.now())
      old.publish(ports)
    }
    let ports = try old.take(count: 2)
    old.close()
    pause(milliseconds: startup.teardownMilliseconds)
    for (place, port) in ports.enumerated() {
      let next = rendezvous(BS_RENDEZVOUS_REINIT)
      if place == 0 { group = next } else { workers.append(next) }
      record.pointee.port = port
      if members.rank == 0 { try next.listen(on: port, within: nil) }
      try next.meet(members, at: host, port: port)
    }
    note(record)
  }
}
