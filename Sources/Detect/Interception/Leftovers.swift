internal import CInterception
internal import Glibc
public import RaceLedger
internal import Syscalls

/// The processes of the tree that outlive the command.
///
/// An orphan is no descendant of the command any more: it belongs to the process that adopts orphans. It is known by the
/// filter, which it cannot lose: it has more filters than the supervisor, started after the command, is in the
/// supervisor's control group, and its parent is another such process, the supervisor, or an ancestor of it.
public enum Leftovers {
  struct Record {
    let pid: Int32
    let parent: Int32
    /// In clock ticks since the host's start.
    let started: UInt64
  }

  /// The processes that the filter of a tree still catches.
  /// - Parameter ticks: start of the command, as in field 22 of proc(5).
  static func find(startedSince ticks: UInt64, guardian: Int32) -> [LeftProcess] {
    let all = records()
    let own = getpid()
    let filters = filterCount(of: own) ?? 0
    let group = controlGroup(of: own)
    let candidates = all.values.filter {
      $0.started >= ticks && $0.pid != own && $0.pid != guardian
        && (filterCount(of: $0.pid) ?? 0) > filters && controlGroup(of: $0.pid) == group
    }
    var known = Set([own])
    var ancestor = own
    while let parent = all[ancestor]?.parent, parent > 0, known.insert(parent).inserted {
      ancestor = parent
    }
    var found: [Int32] = []
    var isComplete = false
    while !isComplete {
      let more = candidates.filter { known.contains($0.parent) && !known.contains($0.pid) }
      for record in more { known.insert(record.pid) }
      found += more.map(\.pid)
      isComplete = more.isEmpty
    }
    return found.sorted().map(named)
  }

  /// The descendants of the calling process that are alive.
  public static func descendantsOfCaller() -> [LeftProcess] {
    descendants(of: getpid()).filter { record($0) != nil }.sorted().map(named)
  }

  private static func named(_ pid: Int32) -> LeftProcess {
    let party = Party(
      pid: pid, tid: pid, thread: Threads.name(of: pid), arguments: Threads.words(of: pid),
      descriptor: -1)
    return LeftProcess(pid: pid, command: party.command)
  }

  private static func records() -> [Int32: Record] {
    var found: [Int32: Record] = [:]
    for pid in processes() { found[pid] = record(pid) }
    return found
  }

  /// Nil if there is no such process, or if it has ended and only its parent still knows of it.
  /// - Parameter orEnded: also one that has ended.
  static func record(_ pid: Int32, orEnded: Bool = false) -> Record? {
    guard let stat = try? FileText.read("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")")
    else { return nil }
    // From field 3 (state) of proc(5): 4 is the parent, 22 the start.
    let fields = stat[end...].split(separator: " ").dropFirst().map(String.init)
    guard fields.count > 19, orEnded || !["Z", "X"].contains(fields[0]),
      let parent = Int32(fields[1]),
      let started = UInt64(fields[19])
    else { return nil }
    return Record(pid: pid, parent: parent, started: started)
  }

  /// The number of a process's filters; before Linux 5.9, 1 if it has any. Nil if it cannot be read.
  private static func filterCount(of pid: Int32) -> Int? {
    guard let status = try? FileText.read("/proc/\(pid)/status") else { return nil }
    func value(_ name: String) -> Int? {
      status.split(separator: "\n").first { $0.hasPrefix(name) }
        .flatMap { Int($0.dropFirst(name.count).drop { $0 == "\t" || $0 == " " }) }
    }
    return value("Seccomp_filters:") ?? value("Seccomp:").map { $0 == 2 ? 1 : 0 }
  }

  private static func controlGroup(of pid: Int32) -> String? {
    try? FileText.read("/proc/\(pid)/cgroup")
  }
}

extension Supervisor {
  /// How long the tree may outlive the command before the user is told.
  static let patience: UInt64 = 1_000_000_000

  /// The processes that are waited for.
  func leftovers() -> [LeftProcess] {
    Leftovers.find(startedSince: startTicks, guardian: tree.guard)
  }

  /// When to tell whom the supervisor waits for, on the clock of `runningNanoseconds`; nil for never.
  var tellsAt: UInt64? {
    guard supervision.whenWaiting != nil, !hasToldWaiting else { return nil }
    return commandEndedAt.map { $0 + Self.patience }
  }

  /// Tells whom it waits for, once it is time to.
  func tellWaiting(at now: UInt64) {
    guard let due = tellsAt, now >= due, let status = commandStatus else { return }
    hasToldWaiting = true
    supervision.whenWaiting?(status, leftovers())
  }

  /// Names the processes that are left at the end. A signal that ended the wait may be about to end them, too.
  func nameLeftovers() {
    guard observation.isTreeRunning else { return }
    var item = pollfd(fd: tree.listener, events: 0, revents: 0)
    if poll(&item, 1, 50) > 0 && item.revents & Int16(POLLHUP) != 0 {
      observation.isTreeRunning = false
    } else {
      observation.left = leftovers()
    }
  }
}
