internal import CLinuxShims
internal import Glibc

/// What a process does to itself.
public enum CurrentProcess {
  /// Its id.
  public static var pid: Int32 { getpid() }

  /// Its arguments, its own name first. They are available even if /proc, which `CommandLine.arguments` uses, cannot be
  /// read. Empty only if the C library does not pass them to constructors.
  public static var arguments: [String] {
    var count: Int32 = 0
    let vector = bs_arguments(&count)
    return (0..<Int(count)).compactMap { vector[$0].map { String(cString: $0) } }
  }

  /// From now on a write beyond RLIMIT_FSIZE fails with EFBIG, instead of ending the process by SIGXFSZ.
  public static func reportFileSizeLimit() { signal(SIGXFSZ, SIG_IGN) }

  /// Raises RLIMIT_NOFILE to the hard limit, and the hard limit to `wanted` if it is lower and may be raised.
  public static func raiseDescriptorLimit(to wanted: UInt = 131_072) {
    let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    getrlimit(files, &limit)
    var higher = rlimit(
      rlim_cur: max(wanted, limit.rlim_max), rlim_max: max(wanted, limit.rlim_max))
    // Not every root may do this: in containers CAP_SYS_RESOURCE is often missing.
    if setrlimit(files, &higher) == 0 { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(files, &limit)
  }

  /// The path of its executable.
  /// - Throws: the error of `readlink(2)` of /proc/self/exe, ENAMETOOLONG for a path of 4,096 bytes or more.
  public static func executable() throws(SystemError) -> String {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let length = buffer.withUnsafeMutableBytes {
      readlink("/proc/self/exe", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    guard length >= 0 else { throw .current("readlink of /proc/self/exe") }
    guard length < buffer.count else { throw SystemError("readlink", code: ENAMETOOLONG) }
    return String(decoding: buffer[..<length], as: UTF8.self)
  }

  /// The path of an executable that is installed in the same folder as its own.
  /// - Throws: as `executable()`.
  public static func neighbour(_ name: String) throws(SystemError) -> String {
    try String(executable().reversed().drop { $0 != "/" }.reversed()) + name
  }

  /// Stops it (SIGSTOP) until it is continued.
  public static func stop() { kill(getpid(), SIGSTOP) }

  /// Ends it by a signal, whatever its handlers.
  public static func end(by number: Int32) -> Never {
    signal(number, SIG_DFL)
    var mask = sigset_t()
    sigemptyset(&mask)
    sigaddset(&mask, number)
    pthread_sigmask(SIG_UNBLOCK, &mask, nil)
    while true { kill(getpid(), number) }
  }

  /// Ends it at once with an exit code.
  public static func exit(code: Int32) -> Never { _exit(code) }

  /// Sleeps until it is ended.
  public static func sleepForGood() -> Never {
    while true { pause() }
  }

  /// Lowers RLIMIT_NOFILE to 0: open descriptors stay open, no new ones can be made. Returns the errno with which
  /// `dup(2)` then fails: EMFILE; 0 if it does not fail.
  public static func forbidNewDescriptors() -> Int32 {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = 0
    guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return errno }
    let copy = dup(2)
    if copy < 0 { return errno }
    close(copy)
    return 0
  }

  /// Kills a process that is the child of another one, which waits for it.
  public static func endOther(_ pid: Int32) { kill(pid, SIGKILL) }

  /// Kills a child and waits for it.
  public static func endChild(_ pid: Int32) {
    kill(pid, SIGKILL)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
  }
}

extension ProcessRecords {
  /// The state of a process as /proc/PID/stat shows it (R, S, T, Z, ...); nil if there is no such process.
  public static func state(of pid: Int32) -> Unicode.Scalar? {
    status(of: pid).first?.unicodeScalars.first
  }

  /// How a process ended that has not been waited for, as of `waitpid(2)`; nil if it has not ended, or if this process
  /// may not see it (the kernel then returns 0).
  public static func endOfZombie(_ pid: Int32) -> Int32? {
    // From the third field on: its state, ..., exit_code, which is the 52nd (proc_pid_stat(5)).
    let fields = status(of: pid)
    guard fields.count > 49, fields[0] == "Z", let status = Int32(fields[49]), status != 0
    else { return nil }
    return status
  }

  /// Continues a stopped process (SIGCONT). Returns 0 or errno.
  public static func resume(_ pid: Int32) -> Int32 { kill(pid, SIGCONT) == 0 ? 0 : errno }
}
