internal import CLinuxShims
internal import Glibc

/// What on this host decides on namespaces and on looking into other processes: capabilities, filters, sysctls and the
/// container around this process. Reading it changes nothing.
public struct HostFacts: Sendable, Equatable, Encodable {
  /// The kind of container that this process runs in.
  public enum Container: String, Sendable, CaseIterable, Encodable {
    case docker, podman, kubernetes
    /// A container of another runtime.
    case other
  }

  /// Capabilities that matter here, by their numbers in linux/capability.h.
  public enum Capability: Int, Sendable, CaseIterable {
    case netAdmin = 12
    case sysPtrace = 19
    case sysAdmin = 21
    case sysResource = 24

    /// The name that the kernel's documentation uses.
    public var name: String {
      switch self {
      case .netAdmin: "CAP_NET_ADMIN"
      case .sysPtrace: "CAP_SYS_PTRACE"
      case .sysAdmin: "CAP_SYS_ADMIN"
      case .sysResource: "CAP_SYS_RESOURCE"
      }
    }
  }

  /// Nil if no sign of a container was found.
  public var container: Container?
  /// The effective user.
  public var user: UInt32
  /// Effective capabilities, a bit each (proc_pid_status(5)).
  public var capabilities: UInt64
  /// Whether seccomp filters apply to this process.
  public var isFiltered: Bool
  /// Whether no_new_privs is set.
  public var hasNoNewPrivileges: Bool
  /// Whether /proc/sys is mounted read-only.
  public var hasReadOnlySysctls: Bool
  /// AppArmor's profile of this process; nil without AppArmor or if it is unconfined.
  public var appArmorProfile: String?
  /// `user.max_user_namespaces` of this process's user namespace; nil if the kernel has none.
  public var maxUserNamespaces: Int?
  /// `user.max_net_namespaces` likewise.
  public var maxNetNamespaces: Int?
  /// `kernel.unprivileged_userns_clone`, which Debian's kernels have.
  public var unprivilegedUserNamespaces: Int?
  /// `kernel.apparmor_restrict_unprivileged_userns`, which Ubuntu's kernels have.
  public var appArmorRestriction: Int?
  /// `kernel.yama.ptrace_scope`; nil without Yama.
  public var ptraceScope: Int?

  /// A host with all of these values.
  public init(
    container: Container? = nil, user: UInt32 = 0, capabilities: UInt64 = 0,
    isFiltered: Bool = false, hasNoNewPrivileges: Bool = false, hasReadOnlySysctls: Bool = false,
    appArmorProfile: String? = nil, maxUserNamespaces: Int? = nil, maxNetNamespaces: Int? = nil,
    unprivilegedUserNamespaces: Int? = nil, appArmorRestriction: Int? = nil, ptraceScope: Int? = nil
  ) {
    self.container = container
    self.user = user
    self.capabilities = capabilities
    self.isFiltered = isFiltered
    self.hasNoNewPrivileges = hasNoNewPrivileges
    self.hasReadOnlySysctls = hasReadOnlySysctls
    self.appArmorProfile = appArmorProfile
    self.maxUserNamespaces = maxUserNamespaces
    self.maxNetNamespaces = maxNetNamespaces
    self.unprivilegedUserNamespaces = unprivilegedUserNamespaces
    self.appArmorRestriction = appArmorRestriction
    self.ptraceScope = ptraceScope
  }

  /// This host, as far as /proc shows it to this process.
  public static func current() -> HostFacts {
    HostFacts(
      container: foundContainer(), user: geteuid(),
      capabilities: status("CapEff").flatMap { UInt64($0, radix: 16) } ?? 0,
      isFiltered: status("Seccomp") == "2", hasNoNewPrivileges: status("NoNewPrivs") == "1",
      hasReadOnlySysctls: bs_sysctls_are_read_only() != 0, appArmorProfile: foundProfile(),
      maxUserNamespaces: sysctl("user/max_user_namespaces"),
      maxNetNamespaces: sysctl("user/max_net_namespaces"),
      unprivilegedUserNamespaces: sysctl("kernel/unprivileged_userns_clone"),
      appArmorRestriction: sysctl("kernel/apparmor_restrict_unprivileged_userns"),
      ptraceScope: sysctl("kernel/yama/ptrace_scope"))
  }

  /// Whether this process has a capability.
  public func has(_ capability: Capability) -> Bool {
    capabilities >> UInt64(capability.rawValue) & 1 == 1
  }

  /// The first word of a line of /proc/self/status.
  private static func status(_ name: String) -> String? {
    let lines = ((try? FileText.read("/proc/self/status")) ?? "").split(separator: "\n")
    return lines.first { $0.hasPrefix("\(name):") }?.dropFirst(name.count + 1)
      .split(whereSeparator: \.isWhitespace).first.map(String.init)
  }

  private static func sysctl(_ path: String) -> Int? {
    (try? FileText.read("/proc/sys/\(path)")).flatMap { Int($0.prefix { $0.isNumber }) }
  }

  private static func foundProfile() -> String? {
    guard let text = try? FileText.read("/proc/self/attr/apparmor/current") else { return nil }
    let name = String(text.prefix { $0 != "\n" && $0 != "\0" })
    return name.isEmpty || name.hasPrefix("unconfined") ? nil : name
  }

  /// The marks that runtimes leave: files of Docker and Podman, the variable of Kubernetes' service, and `container`, which
  /// systemd-nspawn, LXC and Podman set.
  private static func foundContainer() -> Container? {
    func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
    if variable("KUBERNETES_SERVICE_HOST") != nil { return .kubernetes }
    if access("/run/.containerenv", F_OK) == 0 || variable("container") == "podman" {
      return .podman
    }
    if access("/.dockerenv", F_OK) == 0 { return .docker }
    return variable("container").flatMap { $0.isEmpty ? nil : .other }
  }
}
