internal import CInterception
internal import Glibc
internal import Syscalls

/// What this host offers for catching other programs' port calls.
public struct HostAbilities: Sendable {
  /// How calls are caught.
  public enum Mode: String, Sendable {
    /// The supervisor executes bind() and listen() on a duplicate of the descriptor.
    case full
    /// The kernel executes them; the supervisor looks up the result. For containers that block pidfd_getfd and for
    /// kernels before 5.19.
    case fallback
  }

  /// One ability in words.
  public struct Row: Sendable {
    public let name: String
    public let isThere: Bool
    /// What is missing without it, and how to enable it.
    public let note: String

    public init(name: String, isThere: Bool, note: String) {
      self.name = name
      self.isThere = isThere
      self.note = note
    }
  }

  public let userNotification: Bool
  public let killableWait: Bool
  public let takeDescriptor: Bool
  public let threadDescriptor: Bool
  public let destroyEvents: Bool
  public let isPrivileged: Bool
  public let readMemory: Bool
  /// Loads the library when it is first asked, which takes about a millisecond.
  public var canUnwind: Bool { pt_can_unwind() != 0 }
  /// kernel.yama.ptrace_scope; 0 where there is no Yama.
  public let ptraceScope: Int
  /// Path of py-spy, nil if there is none.
  public let pySpy: String?

  /// Tries everything but `canUnwind`; takes a few dozen microseconds.
  public init() {
    var host = pt_host()
    pt_examine_host(&host)
    userNotification = host.user_notification != 0
    killableWait = host.killable_wait != 0
    takeDescriptor = host.take_descriptor != 0
    threadDescriptor = host.thread_descriptor != 0
    destroyEvents = host.destroy_events != 0
    isPrivileged = host.privileged != 0
    readMemory = host.read_memory != 0
    let scope = try? FileText.read("/proc/sys/kernel/yama/ptrace_scope")
    ptraceScope = scope.flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
    pySpy = executable("py-spy")
  }

  /// The best mode, nil if calls cannot be caught.
  public var mode: Mode? {
    guard userNotification, readMemory, destroyEvents else { return nil }
    return takeDescriptor && killableWait ? .full : .fallback
  }

  /// What is missing if there is no mode, in words.
  public var missing: String {
    rows.filter { !$0.isThere && $0.note.hasPrefix("needed") }.map(\.name)
      .joined(separator: "; ")
  }

  /// Everything, for `doctor`.
  public var rows: [Row] {
    [
      Row(
        name: "seccomp user notification (Linux 5.5)", isThere: userNotification,
        note:
          "needed: without it no call can be caught; a container's seccomp profile must allow seccomp(2)"
      ),
      Row(
        name: "process_vm_readv", isThere: readMemory,
        note: "needed: addresses of calls cannot be read; in a container CAP_SYS_PTRACE grants it"),
      Row(
        name: "socket destroy events (NETLINK_SOCK_DIAG)", isThere: destroyEvents,
        note:
          "needed: releases cannot be seen; the kernel must have CONFIG_INET_DIAG (modprobe inet_diag)"
      ),
      Row(
        name: "killable wait (Linux 5.19)", isThere: killableWait,
        note: "fallback mode: calls must be executed by the kernel, results are looked up"),
      Row(
        name: "pidfd_getfd", isThere: takeDescriptor,
        note: "fallback mode: a container profile blocks it; CAP_SYS_PTRACE allows it"),
      Row(
        name: "thread descriptors (Linux 6.9)", isThere: threadDescriptor,
        note: "the process is looked up in /proc instead"),
      Row(
        name: "CAP_SYS_ADMIN", isThere: isPrivileged,
        note:
          "no_new_privs is set: setuid programs in the tree (sudo) do not gain rights; run as root"),
      Row(
        name: "ptrace scope 0", isThere: ptraceScope == 0 || isPrivileged,
        note:
          "the supervisor adopts orphans, so that it may go on reading their memory; kernel.yama.ptrace_scope 0 grants it"
      ),
      Row(
        name: "libunwind", isThere: canUnwind,
        note: "no native stacks; install libunwind8"),
      Row(
        name: "py-spy", isThere: pySpy != nil,
        note: "no stacks of Python but 3.11 to 3.13; pip install py-spy"),
    ]
  }
}

/// The first executable of that name in PATH.
func executable(_ name: String) -> String? {
  guard let path = getenv("PATH") else { return nil }
  return String(cString: path).split(separator: ":").lazy.map { "\($0)/\(name)" }
    .first { access($0, X_OK) == 0 }
}
