internal import CLinuxShims
internal import Glibc

/// The run's network namespace.
public enum Namespace {
  private static let portRangeFile = "/proc/sys/net/ipv4/ip_local_port_range"
  private static let reservedPortsFile = "/proc/sys/net/ipv4/ip_local_reserved_ports"
  private static let timeWaitFile = "/proc/sys/net/ipv4/tcp_max_tw_buckets"

  /// How this host grants it, in words.
  public static var howToGrant: String { HostFacts.current().howToGrantNamespaces }

  /// How the calling process was moved: raw value as in `RunContract.Isolation`.
  public enum Entered: Int64, Sendable {
    /// As root.
    case namespace = 1
    /// Inside a user namespace.
    case userNamespace = 2
    /// Not at all.
    case none = 3
  }

  /// Moves the calling, single-threaded process into its own network namespace with loopback up and without TIME_WAIT:
  /// a closed connection of one trial must not block a port in the next one.
  ///
  /// Each way is tried in a child first. Some hosts allow the first step and refuse a later one (no CAP_NET_ADMIN, a
  /// read-only /proc/sys, AppArmor's restriction of user namespaces), and a process cannot reliably leave a namespace
  /// that it has entered.
  /// - Returns: how it was done; `none` means that the process has not moved, and gives the reason for each way.
  public static func enter(allowed: Bool) -> (how: Entered, problem: String) {
    guard allowed else { return (.none, "switched off") }
    var problems: [String] = []
    for how in [Entered.namespace, .userNamespace] {
      if let problem = problemOfTrying(how) {
        problems.append(problem)
        continue
      }
      // unshare(2) either succeeds completely or changes nothing. It may refuse here what it allowed in the child: a
      // process with several threads cannot enter a user namespace.
      let caller: Caller
      do throws(SystemError) { caller = try unshare(how) } catch {
        problems.append(error.description)
        continue
      }
      do throws(SystemError) { try finish(how, caller) } catch {
        let line = "entering a network namespace, which was possible a moment before: \(error)\n"
        _ = Glibc.write(2, line, line.utf8.count)
        _exit(71)  // EX_OSERR
      }
      return (how, "")
    }
    return (.none, problems.joined(separator: "; "))
  }

  /// The steps that cannot be undone.
  private static func finish(_ how: Entered, _ caller: Caller) throws(SystemError) {
    if how == .userNamespace {
      try write("deny", to: "/proc/self/setgroups")
      try write("0 \(caller.user) 1", to: "/proc/self/uid_map")
      try write("0 \(caller.group) 1", to: "/proc/self/gid_map")
    }
    let code = bs_bring_loopback_up()
    guard code == 0 else { throw SystemError("bringing loopback up", code: code) }
    // Where it fails, the next step says what cannot be written.
    _ = bs_make_sysctls_writable()
    try allowTimeWait(false)
  }

  /// Nil if a child can enter a namespace that way.
  private static func problemOfTrying(_ how: Entered) -> String? {
    problemInChild { () throws(SystemError) in try finish(how, try unshare(how)) }
  }

  /// The reason why something that was tried in a child of the calling, single-threaded process failed; nil if it
  /// succeeded.
  static func problemInChild(_ body: () throws(SystemError) -> Void) -> String? {
    var ends: (read: Int32, write: Int32) = (-1, -1)
    let code = withUnsafeMutableBytes(of: &ends) {
      bs_pipe($0.baseAddress!.assumingMemoryBound(to: Int32.self))
    }
    guard code == 0 else { return SystemError("pipe", code: code).description }
    let child = bs_fork(BS_PROCESS_TRIAL)
    if child == 0 {
      do throws(SystemError) {
        try body()
      } catch {
        let text = error.description
        _ = Glibc.write(ends.write, text, text.utf8.count)
        _exit(1)
      }
      _exit(0)
    }
    let failure = errno
    closeDescriptor(ends.write)
    defer { closeDescriptor(ends.read) }
    guard child > 0 else { return SystemError("fork", code: failure).description }
    var text = [UInt8](repeating: 0, count: 512)
    var length = read(ends.read, &text, text.count)
    while length < 0 && errno == EINTR { length = read(ends.read, &text, text.count) }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
    if status == 0 { return nil }
    return length > 0
      ? String(decoding: text[..<length], as: UTF8.self) : "the attempt ended with status \(status)"
  }

  /// Sets the range of ephemeral ports of the calling process's network namespace, both ends included.
  /// - Returns: the range that the kernel then reports.
  public static func setPortRange(
    low: Int, high: Int
  ) throws(SystemError) -> (low: Int, high: Int) {
    try write("\(low) \(high)", to: portRangeFile)
    return try portRange()
  }

  /// The range of ephemeral ports of the calling process's network namespace.
  public static func portRange() throws(SystemError) -> (low: Int, high: Int) {
    let text = try FileText.read(portRangeFile)
    let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
    guard numbers.count == 2 else { throw SystemError("reading \(portRangeFile)", code: EBADMSG) }
    return (numbers[0], numbers[1])
  }

  /// Sets the ports that `bind(0)` in the calling process's network namespace never gives (`ip_local_reserved_ports`);
  /// none if `ports` is empty.
  public static func reserve(_ ports: [ClosedRange<Int>]) throws(SystemError) {
    let text = ports.map { "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    try write(text + "\n", to: reservedPortsFile)
  }

  /// Whether closed connections leave TIME_WAIT behind (`tcp_max_tw_buckets`).
  public static func allowTimeWait(_ isAllowed: Bool) throws(SystemError) {
    try write(isAllowed ? "65536" : "0", to: timeWaitFile)
  }

  /// Keeps the IPv6 addresses of an interface of the calling process's network namespace while it is down
  /// (`keep_addr_on_down`).
  static func keepIPv6Addresses(of interface: String) throws(SystemError) {
    try write("1", to: "/proc/sys/net/ipv6/conf/\(interface)/keep_addr_on_down")
  }

  /// A folder that only processes with its descriptor can reach, and that is removed with the last of them.
  public static func makeScratchFolder() throws(SystemError) -> Int32 {
    let folder = bs_detached_folder()
    guard folder >= 0 else { throw SystemError("fsmount(tmpfs)", code: -folder) }
    return folder
  }

  /// - Returns: the caller's user outside; inside a user namespace without a map the caller appears as "nobody".
  private static func unshare(_ how: Entered) throws(SystemError) -> Caller {
    let caller = Caller(user: geteuid(), group: getegid())
    let code = bs_unshare_network(how == .userNamespace ? 1 : 0)
    guard code == 0 else {
      throw SystemError(
        how == .userNamespace ? "unshare(CLONE_NEWUSER|CLONE_NEWNET)" : "unshare(CLONE_NEWNET)",
        code: code)
    }
    return caller
  }

  private struct Caller {
    var user: uid_t
    var group: gid_t
  }

  private static func write(_ text: String, to path: String) throws(SystemError) {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .current("open \(path)") }
    let file = Descriptor(owning: descriptor)
    guard Glibc.write(file.number, text, text.utf8.count) == text.utf8.count
    else { throw .current("write \(path)") }
  }
}
