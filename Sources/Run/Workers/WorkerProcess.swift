internal import CLinuxShims
internal import Glibc

/// Makes this process die with its parent, which is `parent` unless it has died already.
func dieWith(parent: Int32) {
  _ = bs_set_parent_death_signal(SIGKILL)
  if getppid() != parent { _exit(0) }
}

/// Ends a worker that cannot go on, with a line on standard error.
func die(_ message: String) -> Never {
  let line = "bindstorm-worker: \(message)\n"
  _ = write(2, line, line.utf8.count)
  _exit(70)
}

/// Thieves and large launches need many descriptors. A worker that libzmq aborts must not write a core file: it
/// takes a second, and stays behind.
func setLimits() {
  var noCore = rlimit(rlim_cur: 0, rlim_max: 0)
  setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &noCore)
  var limit = rlimit()
  getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  let wanted: rlim_t = 131_072
  if geteuid() == 0 && limit.rlim_max < wanted { limit.rlim_max = wanted }
  limit.rlim_cur = limit.rlim_max
  setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}
