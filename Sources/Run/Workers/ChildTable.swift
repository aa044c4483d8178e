internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
internal import PlanModel
internal import RunContract
internal import StrategyKit
internal import Syscalls

/// The processes that a launcher starts for the start-up: coordinator, engine cores, launchers and services of other
/// nodes, and the HTTP client. Of the API servers, which `LauncherRole` starts, it knows only which are gone.
final class ChildTable {
  /// Becomes readable when a child has ended.
  let news: Int32
  private let parts: StartupLaunch
  /// Children whose exit has not been taken.
  private var running: Set<Int32> = []
  /// Slots of API servers whose exit was taken in this trial.
  private var endedServers: Set<Int> = []

  init(_ parts: StartupLaunch) {
    self.parts = parts
    news = bs_child_descriptor()
    if news < 0 { die("signalfd: \(ErrorNumber.text(-news))") }
  }

  /// Whether the exit of every child has been taken.
  var isEmpty: Bool { running.isEmpty }

  /// A trial begins: all API servers are still to be started.
  func begin() { endedServers = [] }

  /// Forks a child that has none of the launcher's descriptors but `channel`, as descriptor `control`.
  /// - Parameters:
  ///   - what: the process, for people.
  ///   - channel: -1 for none.
  ///   - network: the namespace it lives in; -1 for the launcher's.
  /// - Throws: stage `host`, when the host lets no process be made.
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

  /// Forgets the news that have come: the exits are to be taken now.
  func drainNews() { bs_drain_children(news) }

  /// Takes the exit of a process that ended by itself, and records it. Returns whether it is in this table.
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
    for node in 1..<max(1, parts.startup.nodes) where parts.headless(node).pointee.pid == pid {
      parts.headless(node).pointee.wait_status = status
      parts.headless(node).pointee.is_dead = 1
    }
    return true
  }

  /// Waits for the end of a child whose channel has ended, and records it: a second at most, as it may live on.
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

  /// Takes the exit of a process that was told to end. Returns whether it is in this table.
  func takeExit(of pid: Int32) -> Bool { running.remove(pid) != nil }

  /// An API server's exit was taken: its pid may be another process's from now on.
  func serverEnded(_ slot: Int) { endedServers.insert(slot) }

  /// Sends a signal to all children, and to the API servers that are left.
  func signal(_ number: Int32) {
    for pid in running { kill(pid, number) }
    for slot in parts.serverSlots where !endedServers.contains(slot) {
      let pid = parts.region.server(slot).pointee.pid
      if pid > 0 { kill(pid, number) }
    }
  }
}
