internal import Glibc

/// How much the limits of the host, the user and the cgroup still allow this process.
public enum HostLimits {
  /// One limit: where it is set, and what is left of it.
  public struct Limit: Sendable, Equatable {
    /// The name for people, which says how to raise it: `ulimit -u` or a file of the cgroup.
    public let source: String
    /// The largest allowed value.
    public let most: UInt64
    /// What is used of it.
    public let used: UInt64
    /// What is left.
    public var left: UInt64 { most > used ? most - used : 0 }

    public init(source: String, most: UInt64, used: UInt64) {
      self.source = source
      self.most = most
      self.used = used
    }
  }

  /// Processes and threads: the user's limit, and pids.max of the cgroup and of those above it.
  public static func tasks() -> [Limit] {
    var limits = ControlGroups.own("pids").compactMap { group in
      limit(in: group, "pids.max", usedIn: "pids.current")
    }
    // clone(2): the limit does not apply to root, or to processes with one of these capabilities.
    if getuid() != 0, capabilities & (raisesLimits | administers) == 0,
      let most = soft(__RLIMIT_NPROC)
    {
      limits.append(Limit(source: "ulimit -u", most: most, used: tasksOfUser()))
    }
    return limits
  }

  /// CAP_SYS_ADMIN and CAP_SYS_RESOURCE in the mask of capabilities (linux/capability.h).
  private static let (administers, raisesLimits): (UInt64, UInt64) = (1 << 21, 1 << 24)

  /// Open files of one process. Soft limits are raised to the hard limit, and the hard limit to the needed value if
  /// allowed.
  public static func descriptors() -> [Limit] {
    guard capabilities & raisesLimits == 0, let most = hard(RLIMIT_NOFILE) else { return [] }
    return [Limit(source: "ulimit -Hn", most: most, used: 0)]
  }

  /// Bytes of memory: the host's, and the limits of the cgroup and those above it.
  public static func memory() -> [Limit] {
    var limits = ControlGroups.own("memory").compactMap { group in
      (limit(in: group, "memory.max", usedIn: "memory.current")
        ?? limit(in: group, "memory.limit_in_bytes", usedIn: "memory.usage_in_bytes"))
        .map { limit in
          // The page cache counts as used, and is given up when memory is wanted.
          Limit(
            source: limit.source, most: limit.most,
            used: limit.used - min(limit.used, pageCache(of: group)))
        }
    }
    let lines = ((try? FileText.read("/proc/meminfo")) ?? "").split(separator: "\n")
    let available = lines.first { $0.hasPrefix("MemAvailable:") }?.split(separator: " ")
    if let available, available.count > 1, let kibibytes = UInt64(available[1]) {
      limits.append(Limit(source: "MemAvailable in /proc/meminfo", most: kibibytes << 10, used: 0))
    }
    return limits
  }

  /// Bytes of a cgroup's files in memory that can be given up at once (`memory.stat`).
  private static func pageCache(of group: String) -> UInt64 {
    let lines = ((try? FileText.read("\(group)/memory.stat")) ?? "").split(separator: "\n")
    for key in ["total_inactive_file ", "inactive_file "] {
      if let line = lines.first(where: { $0.hasPrefix(key) }) {
        return UInt64(line.dropFirst(key.count)) ?? 0
      }
    }
    return 0
  }

  /// Bytes of a process's address space (RLIMIT_AS).
  public static func addressSpace() -> [Limit] {
    guard let most = soft(RLIMIT_AS) else { return [] }
    let pages = ((try? FileText.read("/proc/self/statm")) ?? "").split(separator: " ").first
    let used = (pages.flatMap { UInt64($0) } ?? 0) * UInt64(sysconf(Int32(_SC_PAGESIZE)))
    return [Limit(source: "ulimit -v", most: most, used: used)]
  }

  /// Bytes of a file (RLIMIT_FSIZE), including shared memory.
  public static func fileSize() -> [Limit] {
    soft(RLIMIT_FSIZE).map { [Limit(source: "ulimit -f", most: $0, used: 0)] } ?? []
  }

  private static func values(_ resource: __rlimit_resource) -> rlimit {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(resource.rawValue), &limit)
    return limit
  }

  /// Nil if there is no limit.
  private static func soft(_ resource: __rlimit_resource) -> UInt64? {
    let value = UInt64(values(resource).rlim_cur)
    return value == .max ? nil : value
  }

  private static func hard(_ resource: __rlimit_resource) -> UInt64? {
    let value = UInt64(values(resource).rlim_max)
    return value == .max ? nil : value
  }

  /// Nil if the file is missing or says `max`.
  private static func limit(in group: String, _ most: String, usedIn used: String) -> Limit? {
    guard let limit = number(in: "\(group)/\(most)"), let usage = number(in: "\(group)/\(used)")
    else { return nil }
    // The value of version 1 for no limit: the largest multiple of a page.
    return limit > UInt64(Int64.max) - 1 << 20
      ? nil : Limit(source: "\(group)/\(most)", most: limit, used: usage)
  }

  private static func number(in path: String) -> UInt64? {
    (try? FileText.read(path)).flatMap { UInt64($0.prefix { $0.isNumber }) }
  }

  /// The effective capabilities as a mask (proc_pid_status(5)).
  private static var capabilities: UInt64 {
    field("CapEff", of: "self").flatMap { UInt64($0, radix: 16) } ?? 0
  }

  /// Threads of all processes of the real user.
  private static func tasksOfUser() -> UInt64 {
    let own = "\(getuid())"
    return ProcessRecords.entries(of: "/proc").filter { Int32($0) != nil }.reduce(0) { sum, pid in
      field("Uid", of: pid) == own
        ? sum + (field("Threads", of: pid).flatMap { UInt64($0) } ?? 0) : sum
    }
  }

  /// The first word of a line of /proc/PID/status.
  private static func field(_ name: String, of pid: String) -> String? {
    let lines = ((try? FileText.read("/proc/\(pid)/status")) ?? "").split(separator: "\n")
    return lines.first { $0.hasPrefix("\(name):") }?.dropFirst(name.count + 1)
      .split(whereSeparator: \.isWhitespace).first.map(String.init)
  }
}

/// Where the kernel shows the control groups of this process.
enum ControlGroups {
  /// Folders of this process's group and of those above it, nearest first, as far as they are mounted here.
  /// - Parameter controller: for example `pids`; version 1 has a hierarchy for each, version 2 one for all.
  static func own(_ controller: String) -> [String] {
    folders(
      controller, groups: (try? FileText.read("/proc/self/cgroup")) ?? "",
      mounts: (try? FileText.read("/proc/self/mountinfo")) ?? "")
  }

  /// - Parameters:
  ///   - groups: in the form of /proc/PID/cgroup (cgroups(7)).
  ///   - mounts: in the form of /proc/PID/mountinfo (proc_pid_mountinfo(5)).
  static func folders(_ controller: String, groups: String, mounts: String) -> [String] {
    let lines = groups.split(separator: "\n").map {
      $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
    }
    // If both versions are mounted, a controller of version 1 is not in the hierarchy of version 2.
    let sorted =
      lines.filter { $0.count == 3 && !$0[1].isEmpty }
      + lines.filter { $0.count == 3 && $0[1].isEmpty }
    for parts in sorted {
      let isUnified = parts[1].isEmpty
      guard isUnified || parts[1].split(separator: ",").contains(Substring(controller)),
        let mount = mount(mounts, controller: isUnified ? nil : controller)
      else { continue }
      // The group relative to the mount's root, which may differ from the hierarchy's root.
      var path = String(parts[2])
      if mount.root != "/" && path.hasPrefix(mount.root) { path.removeFirst(mount.root.count) }
      var names = path.split(separator: "/")
      if names.contains("..") { names = [] }
      return (0...names.count).reversed().map { count in
        ([Substring(mount.point)] + names.prefix(count)).joined(separator: "/")
      }
    }
    return []
  }

  /// - Parameter controller: nil for the hierarchy of version 2.
  private static func mount(
    _ mounts: String, controller: String?
  ) -> (root: String, point: String)? {
    for line in mounts.split(separator: "\n") {
      let words = line.split(separator: " ")
      // Some of the fields before it are optional.
      guard let middle = words.firstIndex(of: "-"), middle > 4, words.count > middle + 3
      else { continue }
      let (left, right) = (words[..<middle], Array(words[(middle + 1)...]))
      let isWanted =
        controller.map {
          right[0] == "cgroup" && right[2].split(separator: ",").contains(Substring($0))
        } ?? (right[0] == "cgroup2")
      if isWanted { return (String(left[3]), String(left[4])) }
    }
    return nil
  }
}
