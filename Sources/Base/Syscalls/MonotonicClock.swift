internal import Glibc

/// CLOCK_MONOTONIC, which all processes of one kernel share.
public enum MonotonicClock {
  /// Nanoseconds since an arbitrary start.
  public static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// Sleeps until the given time in nanoseconds (`TIMER_ABSTIME`), and continues after signals.
  public static func sleep(until deadline: UInt64) {
    var time = timespec(
      tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
    while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
  }

  /// Spins with `sched_yield` until the given time in nanoseconds.
  public static func spin(until deadline: UInt64) {
    while now() < deadline { sched_yield() }
  }
}
