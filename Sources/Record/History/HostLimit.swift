internal import LinuxFacts

/// What to say when the host refused one of bindstorm's own processes or channels.
public enum HostLimit {
  /// One sentence: what could not be made, the errno, that it is no failure of the strategy, and what to do.
  /// - Parameters:
  ///   - what: the process, for example `API server 3`; what else could not be made for it is in there, too.
  ///   - errno: what the kernel said.
  public static func text(_ what: String, errno: Int32) -> String {
    "the host refused to make \(what): \(LinuxErrno.text(errno)). It is the host's limit, not the strategy's failure: "
      + remedy(errno)
  }

  private static func remedy(_ errno: Int32) -> String {
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
