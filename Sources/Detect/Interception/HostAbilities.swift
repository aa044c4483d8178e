internal import CInterception
public import Syscalls

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

  public let userNotification: Bool
  public let killableWait: Bool
  public let takeDescriptor: Bool
  public let threadDescriptor: Bool
  public let destroyEvents: Bool
  public let isPrivileged: Bool
  /// Of other processes.
  public let readMemory: Bool
  /// By process_vm_readv; otherwise it is read through /proc.
  public let readMemoryCall: Bool
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
    readMemoryCall = host.read_memory_call != 0
    let scope = try? FileText.read("/proc/sys/kernel/yama/ptrace_scope")
    ptraceScope = scope.flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
    pySpy = HostProgram.find("py-spy")
  }

  /// The best mode, nil if calls cannot be caught.
  public var mode: Mode? {
    guard userNotification, readMemory, destroyEvents else { return nil }
    return takeDescriptor && killableWait ? .full : .fallback
  }

  /// What is missing if there is no mode, and how to grant it, in words.
  public var missing: String {
    rows.filter { $0.state == .missing && $0.isNeeded }.map(\.sentence).joined(separator: "; ")
  }

  /// Why full mode is not to be had, and what grants it, in words.
  public var lackOfFullMode: String {
    rows.filter { $0.meaning.hasPrefix(Self.fallback) }.map(\.sentence).joined(separator: "; ")
  }

  private static let fallback = "fallback mode"

  /// Everything, for `doctor`.
  public var rows: [HostAbility] {
    let facts = HostFacts.current()
    return catching(facts) + reading(facts) + comfort
  }

  /// What catching calls needs.
  private func catching(_ facts: HostFacts) -> [HostAbility] {
    [
      HostAbility(
        "seccomp user notification", userNotification ? .works : .missing,
        userNotification ? "" : "seccomp(2) refuses it, or Linux is older than 5.5",
        means: "no port call can be caught", grants: facts.filterGrants + ["Linux 5.5 or newer"],
        isNeeded: true),
      HostAbility(
        "socket destroy events", destroyEvents ? .works : .missing,
        destroyEvents ? "" : "NETLINK_SOCK_DIAG gives none", means: "releases cannot be seen",
        grants: ["modprobe inet_diag on the host (CONFIG_INET_DIAG)"], isNeeded: true),
      HostAbility(
        "killable wait", killableWait ? .works : .weaker,
        killableWait ? "" : "Linux is older than 5.19",
        means: "\(Self.fallback): the kernel executes the calls, and results are looked up",
        grants: ["Linux 5.19 or newer"]),
      HostAbility(
        "pidfd_getfd", takeDescriptor ? .works : .weaker,
        takeDescriptor ? "" : "refused, as in default container profiles",
        means: "\(Self.fallback): the kernel executes the calls, and results are looked up",
        grants: facts.inspectionGrants),
      HostAbility(
        "thread descriptors", threadDescriptor ? .works : .weaker,
        threadDescriptor ? "" : "Linux is older than 6.9",
        means: "the process of a thread is looked up in /proc", grants: ["Linux 6.9 or newer"]),
      HostAbility(
        "setuid programs", isPrivileged ? .works : .weaker,
        isPrivileged ? "" : "CAP_SYS_ADMIN is missing, so no_new_privs is set",
        means: "sudo and other setuid programs in the tree gain no rights",
        grants: ["run as root, in a container with --cap-add SYS_ADMIN"]),
    ]
  }

  /// What reading other processes needs.
  private func reading(_ facts: HostFacts) -> [HostAbility] {
    let adopts = ptraceScope > 0 && !isPrivileged
    return [
      HostAbility(
        "memory of other processes", !readMemory ? .missing : readMemoryCall ? .works : .weaker,
        readMemoryCall
          ? ""
          : readMemory
            ? "process_vm_readv is refused" : "process_vm_readv and /proc/PID/mem are refused",
        means: readMemory
          ? "it is read through /proc/PID/mem, which takes three calls in place of one"
          : "addresses of calls cannot be read", grants: facts.inspectionGrants,
        isNeeded: true),
      HostAbility(
        "orphans", adopts ? .weaker : .works,
        adopts ? "kernel.yama.ptrace_scope is \(ptraceScope)" : "",
        means: "they become the tool's children, so that it may go on reading their memory",
        grants: facts.inspectionGrants),
    ]
  }

  /// What makes reports better.
  private var comfort: [HostAbility] {
    [
      HostAbility(
        "native stacks", canUnwind ? .works : .missing, canUnwind ? "libunwind" : "no libunwind",
        means: "no stacks of C, C++, Rust, Go or Swift", grants: ["apt-get install libunwind8"]),
      HostAbility(
        "py-spy", pySpy != nil ? .works : .missing, pySpy ?? "not in PATH",
        means: "no stacks of Python versions other than 3.11 to 3.13",
        grants: ["pip install py-spy"]),
    ]
  }
}
