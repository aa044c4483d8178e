import CLinuxShims
import LinuxFacts
import Testing

@testable import Syscalls

/// Where the kernel shows limits, and which errors speak of them.
@Suite struct HostLimitsTests {
  static let mounts = """
    22 1 0:20 / /proc rw,nosuid - proc proc rw
    31 25 0:27 / /sys/fs/cgroup/unified rw,nosuid shared:7 - cgroup2 cgroup2 rw
    35 25 0:31 /docker/abc /sys/fs/cgroup/pids rw,nosuid shared:9 master:1 - cgroup cgroup rw,pids
    36 25 0:32 / /sys/fs/cgroup/cpu,memory rw - cgroup cgroup rw,cpu,memory
    """

  @Test func `the groups of version 1 are found below their controller's mount, nearest first`() {
    let groups = "0::/user.slice\n9:cpu,memory:/a/b\n8:pids:/docker/abc/run\n"
    #expect(
      ControlGroups.folders("pids", groups: groups, mounts: Self.mounts) == [
        "/sys/fs/cgroup/pids/run", "/sys/fs/cgroup/pids",
      ])
    #expect(
      ControlGroups.folders("memory", groups: groups, mounts: Self.mounts) == [
        "/sys/fs/cgroup/cpu,memory/a/b", "/sys/fs/cgroup/cpu,memory/a", "/sys/fs/cgroup/cpu,memory",
      ])
  }

  @Test func `version 2 has one hierarchy for all`() {
    #expect(
      ControlGroups.folders("pids", groups: "0::/x/y\n", mounts: Self.mounts) == [
        "/sys/fs/cgroup/unified/x/y", "/sys/fs/cgroup/unified/x", "/sys/fs/cgroup/unified",
      ])
    // Out of the namespace's sight.
    #expect(
      ControlGroups.folders("pids", groups: "0::/../z\n", mounts: Self.mounts)
        == ["/sys/fs/cgroup/unified"])
  }

  @Test func `what cannot be read has no groups`() {
    #expect(ControlGroups.folders("pids", groups: "", mounts: Self.mounts).isEmpty)
    #expect(ControlGroups.folders("pids", groups: "0::/\n", mounts: "").isEmpty)
    #expect(ControlGroups.folders("pids", groups: "8:pids\n8\n\n", mounts: "a - b\n-\n").isEmpty)
  }

  @Test func `a handler in C takes the same errors for limits as the judge`() {
    let limits = (Int32(0)...200).filter { bs_is_host_limit($0) }
    #expect(Set(limits) == LinuxErrno.hostLimits)
  }
}
