import Testing

@testable import Syscalls

/// What is said to be in the way of a network namespace, host by host.
@Suite struct HostFactsTests {
  /// A mask of capabilities.
  static func mask(_ capabilities: HostFacts.Capability...) -> UInt64 {
    capabilities.reduce(0) { $0 | 1 << UInt64($1.rawValue) }
  }

  static let root = mask(.sysAdmin, .netAdmin, .sysPtrace, .sysResource)

  @Test func `nothing is in the way of root, and the usual ways are named`() {
    let facts = HostFacts(capabilities: Self.root)
    #expect(facts.namespaceObstacles.isEmpty)
    #expect(facts.howToGrantNamespaces.hasPrefix("root grants it"))
    #expect(facts.has(.sysAdmin) && !HostFacts(user: 1_000).has(.sysAdmin))
  }

  @Test(
    arguments: [
      (HostFacts(capabilities: root, maxNetNamespaces: 0), "user.max_net_namespaces is 0"),
      (HostFacts(user: 1_000, maxUserNamespaces: 0), "user.max_user_namespaces is 0"),
      (
        HostFacts(user: 1_000, unprivilegedUserNamespaces: 0),
        "kernel.unprivileged_userns_clone is 0"
      ),
      (
        HostFacts(user: 1_000, appArmorRestriction: 1),
        "kernel.apparmor_restrict_unprivileged_userns is 1"
      ),
      (
        HostFacts(isFiltered: true),
        "a seccomp filter applies and CAP_SYS_ADMIN is missing"
      ),
      (
        HostFacts(capabilities: root, isFiltered: true),
        "a seccomp filter applies, which may refuse unshare(2)"
      ),
      (HostFacts(capabilities: mask(.sysAdmin)), "CAP_NET_ADMIN is missing"),
      (
        HostFacts(hasReadOnlySysctls: true), "/proc/sys is read-only and CAP_SYS_ADMIN is missing"
      ),
      (
        HostFacts(
          capabilities: root, isFiltered: true, appArmorProfile: "docker-default (enforce)"),
        "AppArmor's profile docker-default (enforce) may refuse writing to /proc/sys/net"
      ),
    ])
  func `each obstacle is named with what removes it`(_ facts: HostFacts, _ text: String) throws {
    let obstacle = try #require(facts.namespaceObstacles.first { $0.text == text })
    #expect(!obstacle.grants.isEmpty)
    #expect(facts.howToGrantNamespaces.contains(text))
  }

  @Test func `what does not matter is not named`() {
    let facts = HostFacts(
      capabilities: Self.root, hasReadOnlySysctls: true, maxUserNamespaces: 0,
      maxNetNamespaces: 100, unprivilegedUserNamespaces: 0, appArmorRestriction: 1)
    #expect(facts.namespaceObstacles.isEmpty, "root needs no user namespace")
  }

  @Test(
    arguments: [
      (HostFacts.Container.docker, "docker run"), (.podman, "podman run"),
      (.kubernetes, "securityContext"),
    ])
  func `in a known container only its own options are named`(
    _ container: HostFacts.Container, _ words: String
  ) {
    var facts = HostFacts(isFiltered: true, hasReadOnlySysctls: true, appArmorProfile: "p")
    #expect(facts.namespaceObstacles.allSatisfy { $0.grants.count == 3 })
    facts.container = container
    #expect(!facts.namespaceObstacles.isEmpty)
    for grants in facts.namespaceObstacles.map(\.grants) + [facts.inspectionGrants] {
      #expect(grants.count == 1 && grants[0].contains(words), "\(grants)")
    }
  }

  @Test func `Yama is named where it restricts`() {
    #expect(HostFacts(ptraceScope: 1).inspectionGrants.first?.contains("ptrace_scope=0") == true)
    #expect(!HostFacts(ptraceScope: 0).inspectionGrants.contains { $0.contains("ptrace_scope") })
  }

  @Test func `an ability that works needs no words`() {
    let works = HostAbility("a", .works, "1.0", means: "b", grants: ["c"])
    #expect(works.meaning.isEmpty && works.grants.isEmpty)
    let missing = HostAbility("a", .missing, "refused", means: "b", grants: ["c", "d"])
    #expect(missing.sentence == "a (refused); to grant it: c, or d")
  }
}
