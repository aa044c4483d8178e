public import LinuxFacts

/// Messages for when the host refused one of bindstorm's own processes or channels.
public enum HostLimit {
  /// One sentence: what could not be made, the errno, that this is not a failure of the strategy, and what to do.
  /// - Parameters:
  ///   - what: the process, for example `API server 3`; it also covers what could not be made for that process.
  ///   - errno: the kernel's error.
  public static func text(_ what: String, errno: Int32) -> String {
    "the host refused to make \(what): \(LinuxErrno.text(errno)). It is the host's limit, not the strategy's failure: "
      + remedy(errno)
  }

  /// One sentence: which process a limit of the host ended or stopped, the errno, that this is not a failure of the
  /// strategy, and what to do.
  /// - Parameters:
  ///   - who: the process, for example `API server 3 (pid 12)`.
  ///   - errno: the kernel's error.
  public static func reached(by who: String, errno: Int32) -> String {
    "a limit of the host was reached by \(who): \(LinuxErrno.text(errno)). It is the host's limit, not the strategy's "
      + "failure: " + remedy(errno)
  }

  /// One sentence: which process was ended from outside the run, and that this is not a failure of the strategy.
  /// - Parameters:
  ///   - who: the process, for example `API server 3 (pid 12)`.
  ///   - status: how it ended, a signal.
  public static func ended(_ who: String, by status: WaitStatus) -> String {
    "\(who) died by \(status), which neither a fault of the plan nor bindstorm sent. It is not the strategy's failure: "
      + "look for the kernel's OOM killer (dmesg, oom_kill in the cgroup's memory.events) and for whoever sends signals here"
  }

  /// One sentence: which of bindstorm's own processes gave up, and where it says why.
  /// - Parameter who: the process, for example `API server 3 (pid 12)`.
  public static func gaveUp(_ who: String) -> String {
    "\(who) could not go on and ended itself (exit code \(ownFailure)): a failure of bindstorm or of the host, "
      + "which workers.log tells"
  }

  /// Exit code of one of bindstorm's own processes that cannot continue (EX_SOFTWARE of sysexits.h).
  public static let ownFailure: Int32 = 70

  /// What to do about a limit of the host, to be printed after a colon.
  public static func remedy(_ errno: Int32) -> String {
    switch errno {
    case LinuxErrno.tryAgain:
      "raise the number of processes (ulimit -u, pids.max of the cgroup, kernel.pid_max), or let the plan start fewer"
    case LinuxErrno.outOfMemory:
      "free memory or raise the cgroup's memory.max, or let the plan start fewer processes"
    case LinuxErrno.tooManyFiles, LinuxErrno.tooManyFilesOfHost:
      "raise the number of open files (ulimit -n, fs.file-max), or let the plan start fewer processes"
    default: "see what fork(2) and socketpair(2) say of it, or let the plan start fewer processes"
    }
  }
}
