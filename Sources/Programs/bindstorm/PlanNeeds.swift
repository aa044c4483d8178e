internal import PlanModel
internal import RunContract
internal import Syscalls

/// What an arm needs of the host at least, for comparison with the host's limits.
///
/// Each number is a lower bound, counted from what is started: with less, a run cannot do a single trial.
struct ArmNeeds {
  /// Processes and their threads at the barrier.
  let tasks: Int
  /// Open files of the process that has the most.
  let descriptors: Int
  /// Ports that launches and thieves hold at once, all in the pool.
  let ports: Int
  /// Memory in bytes, roughly.
  let memory: Int

  /// libzmq's context: a reaper and its I/O threads.
  private static func threads(input: Int) -> Int { 1 + input }
  /// For an API server: main thread, and a context with two I/O threads (`EndpointSockets.open`).
  private static let serverTasks = 1 + threads(input: 2)
  /// For an engine core, a coordinator and an auditor that sends messages: main thread, and a context with one.
  private static let peerTasks = 1 + threads(input: 1)
  /// Files that a process has open before it does any work for a trial: streams, region, channel, folder.
  private static let ownDescriptors = 6
  /// Files of an API server at the ownership check, measured: libzmq's threads and mailboxes, both listeners and a
  /// connection to each.
  private static let messagingDescriptors = 13
  /// The same with plain sockets: both listeners and a connection.
  private static let plainDescriptors = 3
  /// Files of an auditor that sends messages, measured: its own, and for each API server two sockets with a connection
  /// each.
  private static func auditorDescriptors(servers: Int) -> Int { 11 + 4 * servers }
  /// Files of the process of a start-up that has the most, measured: an API server, an engine core, or the coordinator.
  private static func startupDescriptors(servers: Int, engines: Int) -> Int {
    max(28 + 2 * engines, 17 + 4 * servers, 16 + servers + 2 * engines)
  }
  /// Measured: the harness, its copy of the region and the worker host.
  private static let baseMemory = 32 << 20
  /// Measured: the memory that a process writes, besides what it shares with its parent.
  private static let processMemory = 512 << 10

  init(_ arm: Arm) {
    let (launches, servers) = (arm.topology.launches, arm.topology.apiServers)
    let isMessaging = arm.sockets == .zmq
    var launch = (tasks: 1, processes: 1)
    if arm.depth.binds {
      launch.tasks += servers * (isMessaging ? Self.serverTasks : 1)
      launch.processes += servers
    }
    if let startup = arm.startup {
      let peers = startup.engines + (startup.hasCoordinator ? 1 : 0)
      let others = max(0, startup.nodes - 1) + (startup.http ? servers + 1 : 0)
      launch.tasks += peers * Self.peerTasks + others
      launch.processes += peers + others
    }
    let isChecked = arm.depth == .bind && arm.ownershipCheck != .off
    let auditor = isChecked ? isMessaging && arm.ownershipCheck == .full ? Self.peerTasks : 1 : 0
    let helpers = arm.thieves.count + (isChecked ? 1 : 0)
    // Harness and worker host.
    tasks = 2 + arm.thieves.count + auditor + launches * launch.tasks
    memory = Self.baseMemory + (helpers + launches * launch.processes) * Self.processMemory
    let held = arm.thieves.map {
      Self.held(by: $0, endpoints: launches * arm.topology.addressesPerLaunch)
    }
    let binds =
      !arm.depth.binds ? 0 : isMessaging ? Self.messagingDescriptors : Self.plainDescriptors
    descriptors = max(
      Self.ownDescriptors + max(binds, held.max() ?? 0),
      auditor == Self.peerTasks ? Self.auditorDescriptors(servers: launches * servers) : 0,
      arm.startup.map { Self.startupDescriptors(servers: servers, engines: $0.engines) } ?? 0)
    ports = launches * arm.topology.addressesPerLaunch + held.reduce(0, +)
  }
}

extension ArmNeeds {
  /// How many ports a thief has open at once, at least.
  /// - Parameter endpoints: of the trial.
  private static func held(by thief: Choice, endpoints: Int) -> Int {
    let ports = thief.options.first { $0.name == OptionName.ports }?.value ?? 0
    switch vocabulary.thief(named: thief.name)?.model {
    case .holdsThroughWindow, .holdsThroughout, .holdsOverIPv6, .scansFromBase: return ports
    case .leavesTimeWait: return 0
    // The others look for numbers of the launches, or may find fewer.
    default: return min(ports, endpoints)
    }
  }
}

/// A plan's needs beside what the host's limits leave, resource by resource.
struct HostBudget {
  /// One resource.
  struct Row {
    /// What it is, for people.
    let name: String
    /// The smallest and largest need of the plan's arms.
    let least: Int
    let most: Int
    /// The limit that leaves least; nil if there is no limit.
    let limit: HostLimits.Limit?
    /// Whether the number is exact enough to refuse a run because of it.
    let isExact: Bool
    let unit: Int

    private var left: Int? { limit.map { Int(min($0.left, UInt64(Int.max))) } }

    /// No arm can run.
    var isShort: Bool { isExact && left.map { $0 < least } ?? false }
    /// Some arms cannot run, or less than a fifth is left over.
    var isClose: Bool { left.map { $0 < most + most / 4 } ?? false }

    private func text(_ number: Int) -> String {
      unit == 1 ? "\(number)" : "\((number + unit - 1) / unit) MiB"
    }

    /// What is needed, what is left, and where the limit is set.
    var sentence: String {
      let need = least == most ? text(most) : "\(text(least)) to \(text(most))"
      guard let limit, let left else { return "\(need) needed, no limit" }
      let used = limit.used > 0 ? ", \(text(Int(limit.used))) of them used" : ""
      return
        "\(need) needed, \(text(left)) left (\(limit.source) \(text(Int(min(limit.most, UInt64(Int.max)))))\(used))"
    }
  }

  let rows: [Row]

  /// Address space that harness and workers additionally need for threads and data, measured.
  private static let heap = 40 << 20

  /// Reads the host's limits. Arms that the plan skips need nothing.
  /// - Parameter jobs: how many arms run side by side.
  init(_ plan: ResolvedPlan, jobs: Int = 1) {
    let needs = plan.arms.filter { $0.skipReason == nil }.map(ArmNeeds.init)
    func row(
      _ name: String, _ need: [Int], _ limits: [HostLimits.Limit], isExact: Bool = true,
      unit: Int = 1
    ) -> Row {
      Row(
        name: name, least: need.min() ?? 0, most: need.max() ?? 0,
        limit: limits.min { $0.left < $1.left }, isExact: isExact, unit: unit)
    }
    // Harness and shell already exist.
    let tasks = needs.map { $0.tasks * jobs - 1 }
    let region = SharedRegion.size
    rows = [
      row(Self.tasksName, tasks, HostLimits.tasks()),
      row(Self.descriptorsName, needs.map(\.descriptors), HostLimits.descriptors()),
      row("shared memory", [region], HostLimits.fileSize(), unit: 1 << 20),
      row(
        "address space", [(1 + jobs) * region + Self.heap], HostLimits.addressSpace(), unit: 1 << 20
      ),
      row(
        "memory", needs.map { $0.memory * jobs }, HostLimits.memory(), isExact: false, unit: 1 << 20
      ),
    ]
  }

  /// How to raise the limit of processes and threads.
  static let taskGrants = [
    "ulimit -u", "docker run --pids-limit, podman run --pids-limit",
    "Kubernetes: podPidsLimit of the kubelet", "pids.max of the control group",
  ]
  /// How to raise the limit of open files.
  static let descriptorGrants = [
    "ulimit -n", "docker run --ulimit nofile=65536, podman run --ulimit nofile=65536",
    "CAP_SYS_RESOURCE, with which bindstorm raises it itself",
  ]

  /// How to raise a row's limit.
  static func grants(for row: Row) -> [String] {
    switch row.name {
    case tasksName: taskGrants
    case descriptorsName: descriptorGrants
    default: row.limit.map { ["raise \($0.source)"] } ?? []
    }
  }

  private static let tasksName = "processes and threads"
  private static let descriptorsName = "open files of a process"

  /// Resources that are not sufficient for any arm.
  var short: [Row] { rows.filter(\.isShort) }
  /// Resources that may not be sufficient.
  var close: [Row] { rows.filter { $0.isClose && !$0.isShort } }

  /// Before a run: warns of limits that are close.
  /// - Throws: exit code 69 if no arm can run, after giving the reason on standard error.
  func check(_ plan: ResolvedPlan) throws {
    for row in close {
      printError(
        "bindstorm: warning: \(row.name): \(row.sentence); trials may end as harness-error. See bindstorm doctor PLAN"
      )
    }
    guard !short.isEmpty else { return }
    let rows = short.map { "\($0.name): \($0.sentence)" }.joined(separator: "; ")
    printError("bindstorm: the limits of this host are too low for the plan \(plan.name): \(rows)")
    throw ExitStatus.unavailable
  }
}

/// The plan's pools compared with the host's ephemeral ports, which matter if there is no network namespace.
struct PoolBudget {
  /// Arms whose pool has fewer ports than launches and thieves hold at once, by number.
  let crowded: [Int]
  /// Arms whose pool is not within the host's range.
  let outside: [Int]
  let hostRange: ClosedRange<Int>?

  init(_ plan: ResolvedPlan) {
    hostRange = (try? Namespace.portRange()).map { $0.low...max($0.low, $0.high) }
    let arms = plan.arms.filter { $0.skipReason == nil }
    crowded = arms.filter { ArmNeeds($0).ports > $0.pool.high - $0.pool.low + 1 }.map(\.index)
    outside = arms.filter { [hostRange] arm in
      !(hostRange.map { $0.contains(arm.pool.low) && $0.contains(arm.pool.high) } ?? false)
    }.map(\.index)
  }
}
