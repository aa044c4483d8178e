internal import CLinuxShims
internal import Glibc
internal import Syscalls

/// Makes this process die with its parent, which is `parent` unless it has died already.
func dieWith(parent: Int32) {
  let code = bs_set_parent_death_signal(SIGKILL)
  // If this call is refused on the host, the worker host has not started.
  if code != 0 { die("cannot end with its parent: prctl: \(ErrorNumber.text(code))") }
  if getppid() != parent { _exit(0) }
}

/// Ends a worker that cannot continue, with a line on standard error.
func die(_ message: String) -> Never {
  let line = "bindstorm-worker: \(message)\n"
  _ = write(2, line, line.utf8.count)
  _exit(70)
}

/// Thieves and large launches need many descriptors. A worker that libzmq aborts must not write a core file, which
/// takes a second and stays on the disk.
func setLimits() {
  var noCore = rlimit(rlim_cur: 0, rlim_max: 0)
  setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &noCore)
  CurrentProcess.raiseDescriptorLimit()
}
