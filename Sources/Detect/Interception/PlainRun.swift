internal import CInterception
internal import CLinuxShims
internal import Glibc
internal import LinuxFacts
internal import Syscalls

/// Runs a command with nothing caught, in the caller's namespaces.
public enum PlainRun {
  /// Moves the calling process into a network namespace with loopback and these ephemeral ports.
  /// - Parameter option: what asked for it, for the message.
  /// - Throws: `lacks` if namespaces are not available.
  public static func narrow(
    to ports: ClosedRange<Int>, for option: String
  ) throws(CheckError) {
    let entered = Namespace.enter(allowed: true)
    guard entered.how != .none else {
      throw .lacks(
        "\(option) needs a network namespace of its own, which this host refuses: \(entered.problem); \(Namespace.howToGrant)"
      )
    }
    // What the command leaves behind stays in this process's sight.
    _ = bs_become_subreaper()
    do throws(SystemError) {
      _ = try Namespace.setPortRange(low: ports.lowerBound, high: ports.upperBound)
    } catch {
      throw .lacks(
        "\(option) cannot set the port range of its network namespace: \(error.description)")
    }
  }

  /// Runs it to its end, with its output to one descriptor and no input. A signal that ends the calling process first
  /// ends the command's process group: it is not the terminal's foreground group, so no other process would end it.
  /// - Parameter timeLimit: nanoseconds after which its process group is ended.
  public static func run(
    _ command: [String], output: Int32, inheritsPipeIgnored: Bool, timeLimit: UInt64
  ) throws(CheckError) -> Observation.Status {
    var found = sigset_t()
    let signals = pt_hold_endings(&found)
    guard signals >= 0 else { throw .system("signalfd: \(errorText(-signals))") }
    let ending = Descriptor(owning: signals)
    // A pending signal is delivered here, when everything else is done.
    defer { sigprocmask(SIG_SETMASK, &found, nil) }
    let pid = try spawn(
      command, output: output, signalMask: &found, inheritsPipeIgnored: inheritsPipeIgnored)
    let pidfd = pt_open_thread(pid)
    guard pidfd >= 0 else {
      _ = end(pid)
      throw .system("pidfd_open: \(errorText(-pidfd))")
    }
    let handle = Descriptor(owning: pidfd)
    let isInTime = waits(for: [handle.number, ending.number], limit: timeLimit)
    // End what the command left behind in its group.
    let status = end(pid)
    guard isInTime else { return .hung }
    return Observation.Status(WaitStatus(status))
  }

  /// Starts the command in a process group of its own, with a signal mask.
  private static func spawn(
    _ command: [String], output: Int32, signalMask: inout sigset_t, inheritsPipeIgnored: Bool
  ) throws(CheckError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, output, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setsigmask(&attributes, &signalMask)
    var flags = Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK)
    if !inheritsPipeIgnored {
      var pipe = sigset_t()
      sigemptyset(&pipe)
      sigaddset(&pipe, SIGPIPE)
      posix_spawnattr_setsigdefault(&attributes, &pipe)
      flags |= Int16(POSIX_SPAWN_SETSIGDEF)
    }
    posix_spawnattr_setflags(&attributes, flags)
    var words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var pid: pid_t = 0
    let error = posix_spawnp(&pid, command[0], &actions, &attributes, &words, environ)
    guard error == 0 else { throw .cannotExecute(command[0], code: error) }
    return pid
  }

  /// Waits until one of the descriptors is readable; false if that takes longer than the limit, in nanoseconds.
  private static func waits(for descriptors: [Int32], limit: UInt64) -> Bool {
    var items = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    let deadline = MonotonicClock.now() + limit
    while true {
      let now = MonotonicClock.now()
      let left = now >= deadline ? 0 : Int32(min((deadline - now) / 1_000_000 + 1, 3_600_000))
      let ready = poll(&items, nfds_t(items.count), left)
      if ready > 0 { return true }
      if ready == 0 && MonotonicClock.now() >= deadline { return false }
    }
  }

  /// Ends the process group of a child and waits for the child; its wait status.
  private static func end(_ pid: pid_t) -> Int32 {
    kill(-pid, SIGKILL)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    return status
  }
}
