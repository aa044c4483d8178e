internal import Adapters
internal import CLinuxShims
internal import CSharedRegion
internal import Faults
internal import Glibc
internal import PlanModel
internal import RunContract
internal import Strategies
internal import StrategyKit
internal import Syscalls

/// The worker host: makes the namespace, starts and ends the other workers, and answers the harness's queries about the
/// kernel's records. It is single-threaded, so that it may fork.
final class HostRole {
  private let isolation: Isolation
  private let isolationProblem: String
  private let region: SharedRegion
  private var hasScratchFolder = false
  private var children: [Int32: Role] = [:]
  /// The nodes other than the head node, which is this process's namespace; made when an arm needs them.
  private var network: NodeNetwork?

  /// The kind of a child of the host.
  private enum Role {
    case launcher(Int)
    case thief(Int)
    case auditor
  }

  /// The host refused to create a worker.
  private struct Refusal: Error {
    var what: String
    var code: Int32
  }

  init(harness: Int32, allowNamespace: Bool) {
    let adopting = bs_become_subreaper()
    setLimits()
    bs_close_from(UInt32(WorkerDescriptor.control) + 1)
    let entered = Namespace.enter(allowed: allowNamespace)
    isolation = Isolation(rawValue: entered.how.rawValue)!
    isolationProblem = entered.problem
    // After the namespace: the kernel forgets the death signal when credentials change (prctl(2)).
    let dying = bs_set_parent_death_signal(SIGKILL)
    if getppid() != harness { _exit(0) }
    for code in [adopting, dying] where code != 0 {
      Self.refuse(
        "prctl: \(ErrorNumber.text(code)): if the run were killed, its workers would go on; allow prctl(2)"
      )
    }
    _ = bs_interrupt_on_child_exit()
    _ = bs_handle_aborts()
    bs_set_name("bs-host", -1, -1)
    region = SharedRegion.attach()
    renewScratchFolder()
  }

  /// Without a private folder, strategies that need one are skipped; the harness gives the reason. Each arm gets a new
  /// folder, so that no arm sees another one's files.
  private func renewScratchFolder() {
    guard let folder = try? Namespace.makeScratchFolder() else { return }
    hasScratchFolder = dup2(folder, WorkerDescriptor.scratch) >= 0
    if folder != WorkerDescriptor.scratch { closeDescriptor(folder) }
  }

  func run() -> Never {
    reply(
      ControlMessage(
        .done, [isolation.rawValue, hasScratchFolder ? 1 : 0], text: isolationProblem))
    while true {
      let ready = bs_wait_readable(WorkerDescriptor.control, 1_000)
      reap()
      if ready < 0 && ready != -EINTR { die("worker host: poll: \(ErrorNumber.text(-ready))") }
      guard ready > 0 else { continue }
      do {
        guard let request = try ControlMessage.receive(from: WorkerDescriptor.control) else {
          _exit(0)
        }
        reply(try answer(request))
      } catch {
        reply(ControlMessage(.failed, text: "\(error)"))
      }
    }
  }

  /// Tells the harness why there is no worker host, and ends.
  private static func refuse(_ why: String) -> Never {
    try? ControlMessage(.failed, text: why).send(over: WorkerDescriptor.control)
    _exit(0)
  }

  private func reply(_ message: ControlMessage) {
    do { try message.send(over: WorkerDescriptor.control) } catch { _exit(0) }
  }

  private func answer(_ request: ControlMessage) throws -> ControlMessage {
    switch request.kind {
    case .setPool:
      let range = try Namespace.setPortRange(
        low: Int(request.values[0]), high: Int(request.values[1]))
      return ControlMessage(.done, [Int64(range.low), Int64(range.high)])
    case .startWorkers:
      do { try startWorkers() } catch let refusal as Refusal {
        return ControlMessage(.done, [Int64(refusal.code)], text: refusal.what)
      }
      return ControlMessage(.done)
    case .stopWorkers:
      stopWorkers()
      return ControlMessage(.done)
    case .identify:
      let pairs = stride(from: 0, to: request.values.count - 1, by: 2)
      let found = ProcessRecords.owners(
        ofSockets: pairs.map { UInt64(request.values[$0]) },
        suspects: pairs.map { Int32(request.values[$0 + 1]) })
      return ControlMessage(
        .done, found.map { Int64($0.pid) }, text: found.map(\.command).joined(separator: "\n"))
    case .listSockets:
      return ControlMessage(.done, try listSockets())
    case .countSockets:
      return ControlMessage(.done, [Int64(try countSockets())])
    case .cleanUp:
      let (orphans, files) = (endOrphans(), removeSocketFiles())
      if isolation != .none, (WorkerOrder(region).startup?.serialLaunches ?? 1) > 1 {
        _ = bs_destroy_time_wait()
        try network?.destroyTimeWait()
      }
      return ControlMessage(
        .done, [Int64(orphans.count), Int64(files.count)],
        text: (orphans + files).joined(separator: "\n"))
    case .tryAdapter:
      let order = WorkerOrder(region)
      let strategy = StrategyRegistry.available[order.strategy].descriptor
      return ControlMessage(.done, text: Exec.reasonNotToRun(order, strategy: strategy) ?? "")
    case .done, .failed:
      return ControlMessage(.failed, text: "not a request")
    }
  }

  /// All children of this process: workers, and orphans, because it is the subreaper.
  private func everyChild() -> [Int32] {
    let pid = getpid()
    let text = (try? FileText.read("/proc/\(pid)/task/\(pid)/children")) ?? ""
    return text.split(separator: " ").compactMap { Int32($0) }
  }

  /// Ends the processes that their launcher abandoned. Returns which they were.
  private func endOrphans() -> [String] {
    let found = everyChild()
    reap()
    return found.filter { children[$0] == nil }.compactMap { orphan in
      let name = ProcessRecords.command(of: orphan)
      kill(orphan, SIGKILL)
      guard Self.takeExit(of: orphan) else { return nil }
      return "\(name) (pid \(orphan))"
    }
  }

  /// Waits for the end of a child that was told to end. Returns whether there was such a child.
  private static func takeExit(of child: Int32) -> Bool {
    var status: Int32 = 0
    // The exit of any other child interrupts the wait.
    while waitpid(child, &status, 0) != child { if errno != EINTR { return false } }
    return true
  }

  private func removeSocketFiles() -> [String] {
    guard hasScratchFolder else { return [] }
    let files = ScratchFile.sockets(in: Scratch.path(""))
    for file in files { ScratchFile.remove(Scratch.path(file)) }
    return files
  }

  private static let ownedPorts = BS_SOCKETS_LISTENING.rawValue | BS_SOCKETS_BOUND.rawValue

  private func listSockets() throws -> [Int64] {
    var records = [bs_socket_record](repeating: bs_socket_record(), count: 1_000)
    let count = bs_list_sockets(Self.ownedPorts, 0, &records, Int32(records.count))
    guard count >= 0 else { throw SystemError("sock_diag", code: -count) }
    return records.prefix(Int(count)).flatMap {
      [Int64($0.port), Int64($0.is_listening), Int64($0.inode)]
    }
  }

  /// The number of sockets that are bound or listen, except those of the ownership check, which are kept between
  /// trials.
  private func countSockets() throws -> Int {
    try countSockets(on: 0) - countSockets(on: AuditorRole.sourcePort)
  }

  private func countSockets(on port: UInt16) throws -> Int {
    var record = bs_socket_record()
    let count = bs_list_sockets(Self.ownedPorts, port, &record, 1)
    guard count >= 0 else { throw SystemError("sock_diag", code: -count) }
    return Int(count)
  }

  private func startWorkers() throws {
    let order = WorkerOrder(region)
    let base = region.pointer
    try prepareNamespace(for: order)
    renewScratchFolder()
    // Read it before the fork: a command that arrives while a worker is being created must not be missed.
    let words = (
      launcher: base.pointee.launcher_word, thief: base.pointee.thief_word,
      auditor: base.pointee.auditor_word
    )
    try startLaunchers(order, seen: words.launcher)
    try startThieves(order, seen: words.thief)
    try startAuditor(order, seen: words.auditor)
  }

  private func startLaunchers(_ order: WorkerOrder, seen: UInt32) throws(Refusal) {
    for launch in 0..<order.launches {
      let slot = region.launcher(launch)
      slot.pointee = bs_launcher()
      let pid = try start(BS_PROCESS_LAUNCHER, "launcher \(launch)") { _ in
        LauncherRole(
          region: self.region, launch: launch, order: order, seen: seen,
          nodes: self.network?.nodes ?? []
        ).run()
      }
      slot.pointee.pid = pid
      children[pid] = .launcher(launch)
    }
  }

  private func startThieves(_ order: WorkerOrder, seen: UInt32) throws(Refusal) {
    for number in order.thieves.indices {
      let slot = region.thief(number)
      slot.pointee = bs_thief()
      let pid = try start(BS_PROCESS_THIEF, "thief \(number)") { _ in
        ThiefRole(region: self.region, number: number, order: order, seen: seen).run()
      }
      slot.pointee.pid = pid
      children[pid] = .thief(number)
    }
  }

  private func startAuditor(_ order: WorkerOrder, seen: UInt32) throws(Refusal) {
    region.pointer.pointee.auditor_is_dead = 0
    guard order.depth == .bind && order.ownershipCheck != .off else { return }
    let pid = try start(BS_PROCESS_AUDITOR, "the auditor") { _ in
      AuditorRole(region: self.region, order: order, seen: seen).run()
    }
    region.pointer.pointee.auditor_pid = pid
    children[pid] = .auditor
  }

  /// Sets what the strategy needs in the namespace. Nothing of it lasts: the next arm sets it again.
  private func prepareNamespace(for order: WorkerOrder) throws(SystemError) {
    guard isolation != .none else { return }
    let type = StrategyRegistry.available[order.strategy]
    let strategy = type.init(
      options: OptionValues(type.descriptor.options, order.strategyOptions))
    let reserved = { (node: Int) in
      (order.startup?.reservedPorts ?? []).filter { $0.node == node }.map { $0.low...$0.high }
    }
    // A launch in a row must find what the launch before it has left.
    let leavesTimeWait =
      strategy.leavesTimeWait || (order.startup?.serialLaunches ?? 1) > 1
      || order.thieves.contains { ThiefRegistry.all[$0.index].leavesTimeWait }
    try Namespace.reserve([strategy.reservedPorts].compactMap(\.self) + reserved(0))
    try Namespace.allowTimeWait(leavesTimeWait)
    guard let nodes = order.startup?.nodes, nodes > 1 else { return }
    if self.network == nil { self.network = try NodeNetwork() }
    let network = self.network!
    try network.grow(to: nodes)
    if order.startup?.usesIPv6 == true { try network.addIPv6Addresses() }
    let range = try Namespace.portRange()
    try network.setPortRange(low: range.low, high: range.high)
    try network.reserve(
      Dictionary(uniqueKeysWithValues: (1..<nodes).map { ($0, reserved($0)) }))
    try network.allowTimeWait(leavesTimeWait)
  }

  /// Forks a worker that runs `body` and never returns.
  /// - Parameter body: gets this process's id.
  /// - Parameter what: the worker, for people.
  private func start(
    _ process: bs_process, _ what: String, _ body: (Int32) -> Never
  ) throws(Refusal) -> Int32 {
    let parent = getpid()
    let pid = bs_fork(process)
    guard pid >= 0 else { throw Refusal(what: what, code: errno) }
    guard pid == 0 else { return pid }
    closeDescriptor(WorkerDescriptor.control)
    dieWith(parent: parent)
    body(parent)
  }

  /// Ends all workers and everything below them.
  private func stopWorkers() {
    for pid in children.keys { kill(pid, SIGKILL) }
    for pid in children.keys { _ = Self.takeExit(of: pid) }
    children = [:]
    // Orphans of a process become children of this process, the subreaper, before the process can be waited for, and
    // may leave orphans themselves. All have ended when there are no children left.
    while case let left = everyChild(), !left.isEmpty {
      for pid in left {
        if AdapterKeeper.isKeeper(pid) { AdapterKeeper.end(pid) } else { kill(pid, SIGKILL) }
      }
      for pid in left { _ = Self.takeExit(of: pid) }
    }
    // There is none, unless /proc does not show children.
    var status: Int32 = 0
    while waitpid(-1, &status, 0) > 0 || errno == EINTR {}
    bs_clear_claims(region.pointer)
    if isolation != .none { _ = bs_destroy_time_wait() }
  }

  private func reap() {
    var status: Int32 = 0
    while true {
      let pid = waitpid(-1, &status, WNOHANG)
      guard pid > 0 else { return }
      switch children.removeValue(forKey: pid) {
      case .launcher(let launch):
        FaultExit.note(
          pid: pid, status: status, region: region,
          faults: Int(region.pointer.pointee.order.fault_count))
        region.launcher(launch).pointee.wait_status = status
        region.launcher(launch).pointee.is_dead = 1
        // Its API servers die with it, and no other process would report that.
        let servers = Int(region.pointer.pointee.order.settings.topology_api_servers)
        for slot in (launch * servers)..<((launch + 1) * servers)
        where region.server(slot).pointee.is_dead == 0 {
          region.server(slot).pointee.wait_status = SIGKILL
          region.server(slot).pointee.is_dead = 1
        }
      case .thief(let number): region.thief(number).pointee.is_dead = 1
      case .auditor: region.pointer.pointee.auditor_is_dead = 1
      case nil: continue
      }
      bs_ring(region.pointer)
    }
  }
}
