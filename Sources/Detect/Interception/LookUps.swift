internal import CInterception
internal import Glibc
internal import RaceLedger
internal import Syscalls

/// Connects that tell whether a number is free.
extension Supervisor {
  /// Whether a connect to this address can be a look-up: over loopback, to a number that the program may bind.
  func mayLookUp(_ address: SocketAddress) -> Bool {
    address.port >= lowestUnprivilegedPort && address.exclusive.isLoopback
  }

  /// Records a connect to a number that nobody listens on: the kernel will refuse it.
  func recordLookUp(
    _ key: PortKey, _ address: SocketAddress, _ thread: Threads.Record, _ call: pt_call
  ) {
    // Who waits for a server connects many times: the stack of the first time serves for all.
    let before = ledger.lookUp(of: key)?.holding.party
    let party =
      before?.tid == thread.party.tid ? before! : self.party(thread, call, withStack: true)
    ledger.lookedUp(
      key,
      Ledger.LookUp(party, address, at: MonotonicClock.now(), newestProcess: newestProcess()))
  }

  /// What an earlier refused connect means for a bind of the number, nil if there was none.
  func lookUpSource(_ key: PortKey, _ thread: Threads.Record) -> Ledger.Source? {
    guard let lookUp = ledger.lookUp(of: key) else { return nil }
    let beganLater = began(
      thread.party.pid, after: lookUp.holding.openedAt, newestThen: lookUp.newestProcess)
    return ledger.source(of: key, lookedUpFor: thread.party, beganLater: beganLater)
  }
}

/// The newest process id of this process's namespace, the last field of /proc/loadavg; `Int32.max` if it cannot be read.
func newestProcess() -> Int32 {
  guard let text = try? FileText.read("/proc/loadavg"),
    let word = text.split(whereSeparator: { $0 == " " || $0 == "\n" }).last
  else { return .max }
  return Int32(word) ?? .max
}

/// Whether a process began after a time of CLOCK_MONOTONIC at which `newestThen` was the newest process id.
///
/// The kernel tells the begin in ticks of 10 ms. Within a tick the ids tell the order: they go up until they wrap.
func began(_ pid: Int32, after time: UInt64, newestThen: Int32) -> Bool {
  guard let stat = try? FileText.read("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")")
  else { return false }
  // Field 22 of proc(5), in ticks since boot, of CLOCK_BOOTTIME.
  let fields = stat[end...].split(separator: " ")
  guard fields.count > 20, let ticks = UInt64(fields[20]) else { return false }
  let tick = 1_000_000_000 / UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))
  var boot = timespec()
  clock_gettime(CLOCK_BOOTTIME, &boot)
  let sinceBoot = UInt64(boot.tv_sec) * 1_000_000_000 + UInt64(boot.tv_nsec)
  let suspended = sinceBoot - min(sinceBoot, MonotonicClock.now())
  let begin = ticks * tick
  return begin >= time + suspended || begin + tick > time + suspended && pid > newestThen
}
