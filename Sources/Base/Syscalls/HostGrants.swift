/// Something on the host that stands in the way, and what removes it.
public struct Obstacle: Sendable, Equatable {
  /// What it is.
  public let text: String
  /// Commands, options or settings that remove it, each by itself.
  public let grants: [String]

  public init(_ text: String, _ grants: [String]) {
    self.text = text
    self.grants = grants
  }
}

/// How to grant what is missing. Options of Docker, Podman and Kubernetes are written only here.
///
/// The default profiles that are assumed: without CAP_SYS_ADMIN Docker's and containerd's refuse `unshare`, `setns`,
/// `mount` and `clone` with new namespaces (moby/profiles, seccomp/default.json), Podman's allows `unshare`
/// (containers/common, pkg/seccomp/seccomp.json). All mount /proc/sys read-only. Without CAP_SYS_PTRACE Docker's refuses
/// `pidfd_getfd`, and up to version 20.10 `process_vm_readv`.
extension HostFacts {
  /// What may stand in the way of a network namespace, most likely first. Ask it only when there is none: a filter's
  /// rules cannot be read, so that its existence alone counts.
  public var namespaceObstacles: [Obstacle] {
    var found: [Obstacle] = []
    if maxNetNamespaces == 0 {
      found.append(
        Obstacle(
          "user.max_net_namespaces is 0", ["sysctl -w user.max_net_namespaces=1024 on the host"]))
    }
    if isFiltered {
      found.append(
        has(.sysAdmin)
          ? Obstacle(
            "a seccomp filter applies, which may refuse unshare(2)", options(.unfiltered))
          : Obstacle(
            "a seccomp filter applies and CAP_SYS_ADMIN is missing", options(.namespaces)))
    }
    if has(.sysAdmin) && !has(.netAdmin) {
      found.append(Obstacle("CAP_NET_ADMIN is missing", options(.namespaces)))
    }
    if !has(.sysAdmin) { found += userNamespaceObstacles }
    if let appArmorProfile, hasReadOnlySysctls || isFiltered {
      found.append(
        Obstacle(
          "AppArmor's profile \(appArmorProfile) may refuse writing to /proc/sys/net",
          options(.appArmor)))
    }
    return found
  }

  private var userNamespaceObstacles: [Obstacle] {
    var found: [Obstacle] = []
    func refuse(_ name: String, _ value: Int, _ wanted: Int) {
      found.append(
        Obstacle("\(name) is \(value)", ["sysctl -w \(name)=\(wanted) on the host", Self.root]))
    }
    if maxUserNamespaces == 0 { refuse("user.max_user_namespaces", 0, 1_024) }
    if unprivilegedUserNamespaces == 0 { refuse("kernel.unprivileged_userns_clone", 0, 1) }
    if let appArmorRestriction, appArmorRestriction != 0 {
      refuse("kernel.apparmor_restrict_unprivileged_userns", appArmorRestriction, 0)
    }
    if hasReadOnlySysctls {
      found.append(
        Obstacle("/proc/sys is read-only and CAP_SYS_ADMIN is missing", options(.sysctls)))
    }
    return found
  }

  /// All grants for a network namespace, in words for a message: what was found, or what usually grants it.
  public var howToGrantNamespaces: String {
    let found = namespaceObstacles
    guard !found.isEmpty else {
      return
        "root grants it, or user namespaces (kernel.unprivileged_userns_clone 1, user.max_user_namespaces above 0, "
        + "kernel.apparmor_restrict_unprivileged_userns 0), in a container the capabilities SYS_ADMIN and NET_ADMIN"
    }
    return found.map { "\($0.text): \($0.grants.joined(separator: ", or "))" }
      .joined(separator: "; ")
  }

  /// What lets this process read memory and take descriptors of the processes that it starts.
  public var inspectionGrants: [String] {
    var grants: [String] = []
    if let ptraceScope, ptraceScope > 0 {
      grants.append("sysctl -w kernel.yama.ptrace_scope=0 on the host")
    }
    return grants + options(.inspection)
  }

  /// What lets a process look into those of other users.
  public var foreignInspectionGrants: [String] {
    (user == 0 ? [] : [Self.root]) + options(.inspection)
  }

  /// What lets a system call through that a container's profile refuses.
  public var filterGrants: [String] { options(.unfiltered) }

  private static let root = "run as root"

  /// What a container's options can grant.
  private enum Grant {
    /// Network namespaces of a process as root.
    case namespaces
    /// Writing to /proc/sys in a user namespace of its own.
    case sysctls
    case inspection
    case unfiltered
    case appArmor
  }

  /// The options of this container's runtime, or of all if it is not known.
  private func options(_ grant: Grant) -> [String] {
    let all = Self.recipes(grant)
    guard let container, let own = all.first(where: { $0.container == container }) else {
      return all.map(\.text)
    }
    return [own.text]
  }

  private static func recipes(_ grant: Grant) -> [(container: Container, text: String)] {
    switch grant {
    case .namespaces:
      return [
        (.docker, "docker run --user 0 --cap-add SYS_ADMIN --cap-add NET_ADMIN"),
        (.podman, "podman run --user 0 --cap-add SYS_ADMIN --cap-add NET_ADMIN"),
        (
          .kubernetes,
          "Kubernetes: securityContext with runAsUser: 0 and capabilities: {add: [SYS_ADMIN, NET_ADMIN]}"
        ),
      ]
    case .sysctls:
      return [
        (
          .docker,
          "docker run --security-opt systempaths=unconfined --security-opt seccomp=unconfined"
        ),
        (.podman, "podman run --security-opt unmask=/proc/sys"),
        (
          .kubernetes,
          "Kubernetes: securityContext with procMount: Unmasked and seccompProfile: {type: Unconfined}, in a pod with hostUsers: false"
        ),
      ]
    case .inspection:
      return [
        (.docker, "docker run --cap-add SYS_PTRACE"), (.podman, "podman run --cap-add SYS_PTRACE"),
        (.kubernetes, "Kubernetes: securityContext with capabilities: {add: [SYS_PTRACE]}"),
      ]
    case .unfiltered:
      return [
        (.docker, "docker run --security-opt seccomp=unconfined"),
        (.podman, "podman run --security-opt seccomp=unconfined"),
        (.kubernetes, "Kubernetes: securityContext with seccompProfile: {type: Unconfined}"),
      ]
    case .appArmor:
      return [
        (.docker, "docker run --security-opt apparmor=unconfined"),
        (.podman, "podman run --security-opt apparmor=unconfined"),
        (.kubernetes, "Kubernetes: securityContext with appArmorProfile: {type: Unconfined}"),
      ]
    }
  }
}
