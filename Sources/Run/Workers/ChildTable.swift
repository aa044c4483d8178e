internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
internal import LinuxFacts
internal import PlanModel
internal import RunContract
internal import StrategyKit
internal import Syscalls

/// The processes that a launcher starts for the start-up: coordinator, engine cores, launchers and services of other
/// nodes, and the HTTP client. For API servers, which `LauncherRole` starts, it records only which are gone.
final class ChildTable {
  /// Becomes readable when a child has ended.
  let news: Int32
  private let parts: StartupLaunch
  /// Children that have not been waited for.
  private var running: Set<Int32> = []
  /// Slots of API servers that were waited for in this trial.
  private var endedServers: Set<Int> = []
  /// Whether the grace period of this trial's termination is over, so that SIGKILL is our own.
  private var hasKilled = false

  init(_ parts: StartupLaunch) {
    self.parts = parts
    news = bs_child_descriptor()
    if news < 0 { die("signalfd: \(ErrorNumber.text(-news))") }
  }

  /// Whether every child has been waited for.
  var isEmpty: Bool { running.isEmpty }

  /// A trial begins: all API servers are still to be started.
  func begin() {
    endedServers = []
    hasKilled = false
  }

  /// Forks a child that gets no descriptor of the launcher except `channel`, as descriptor `control`.
  /// - Parameters:
  ///   - what: the process, for people.
  ///   - channel: -1 for none.
  ///   - network: the namespace it lives in; -1 for the launcher's.
  /// - Throws: stage `host`, when the host refuses to create a process.
  func start(
    _ process: bs_process, _ what: String, keeping channel: Int32 = -1, network: Int32 = -1,
    _ body: (Int32) -> Never
  ) throws(StageFailure) -> Int32 {
    let parent = getpid()
    let pid = bs_fork(process)
    guard pid >= 0 else { throw parts.launch.refused(what, errno) }
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

  /// Counts a child that was started in another way.
  func add(_ pid: Int32) { running.insert(pid) }

  /// Clears the pending notifications, because the exits are handled now.
  func drainNews() { bs_drain_children(news) }

  /// Waits for a process that ended by itself, and records its exit. Returns whether it is in this table.
  func noteExit(of pid: Int32, status: Int32) -> Bool {
    guard running.remove(pid) != nil else { return false }
    let record = parts.record
    if pid == record.pointee.coordinator_pid {
      record.pointee.coordinator_status = status
      record.pointee.coordinator_is_dead = 1
    }
    for slot in parts.engineSlots where parts.region.engine(slot).pointee.pid == pid {
      parts.region.engine(slot).pointee.wait_status = status
      parts.region.engine(slot).pointee.is_dead = 1
    }
    if let node = node(ofLauncher: pid) {
      parts.headless(node).pointee.wait_status = status
      parts.headless(node).pointee.is_dead = 1
    }
    return true
  }

  /// Waits for the end of a child whose channel has ended, and records it. Waits for one second at most, because the
  /// child may live on.
  func awaitEnd(of pid: Int32) {
    let limit = MonotonicClock.now() + 1_000_000_000
    var status: Int32 = 0
    while MonotonicClock.now() < limit {
      let ended = waitpid(pid, &status, WNOHANG)
      if ended == pid { return _ = noteExit(of: pid, status: status) }
      if ended < 0 && errno != EINTR { return }
      MonotonicClock.sleep(until: MonotonicClock.now() + 1_000_000)
    }
  }

  /// Takes the exit of a process that was told to end. If a signal ended it that was not sent here, its death is
  /// recorded; likewise if a launcher of another node had to be killed, which then has not ended its engine cores.
  /// Returns whether it is in this table.
  func takeExit(of pid: Int32, status: Int32) -> Bool {
    let wasKilled = WaitStatus(status) == .signalled(SIGKILL)
    let isRecorded = isCrash(status) || (wasKilled && node(ofLauncher: pid) != nil)
    return isRecorded ? noteExit(of: pid, status: status) : running.remove(pid) != nil
  }

  /// The node whose launcher has that pid; nil if it is another process.
  private func node(ofLauncher pid: Int32) -> Int? {
    (1..<max(1, parts.startup.nodes)).first { parts.headless($0).pointee.pid == pid }
  }

  /// Whether a signal ended a process that was told to end, and this table did not send that signal.
  func isCrash(_ status: Int32) -> Bool {
    guard case .signalled(let signal) = WaitStatus(status) else { return false }
    return signal != SIGTERM && !(signal == SIGKILL && hasKilled)
  }

  /// An API server was waited for: its pid may be reused from now on.
  func serverEnded(_ slot: Int) { endedServers.insert(slot) }

  /// Sends a signal to all children, and to the remaining API servers.
  func signal(_ number: Int32) {
    hasKilled = hasKilled || number == SIGKILL
    for pid in running { kill(pid, number) }
    for slot in parts.serverSlots where !endedServers.contains(slot) {
      let pid = parts.region.server(slot).pointee.pid
      if pid > 0 { kill(pid, number) }
    }
  }
}
