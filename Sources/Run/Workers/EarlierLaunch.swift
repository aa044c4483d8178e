internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
internal import LinuxFacts
internal import PlanModel
internal import RunContract
internal import StrategyKit
internal import Syscalls

/// What an earlier launch may have left on the host: an orphan that holds the handshake port, and services of other
/// nodes that hold ports.
struct EarlierLaunch {
  let parts: StartupLaunch

  /// Leaves an orphan that holds the handshake port, if the plan wants one in this trial.
  /// - Throws: stage `host`, when the host refuses to create a process.
  func leaveOrphan() throws(StageFailure) {
    let startup = parts.startup
    // Of launches in a row, the first one leaves it and the second one finds it.
    guard startup.hasOrphan && parts.record.pointee.serial == (startup.serialLaunches > 1 ? 1 : 0),
      let port = parts.addresses.handshakePort, let socket = try? TCPSocket.open()
    else { return }
    defer { closeDescriptor(socket) }
    do throws(SystemError) {
      try TCPSocket.allowAddressReuse(socket)
      try TCPSocket.bind(socket, parts.order.headHost, port: port)
      try TCPSocket.listen(socket)
    } catch { die("orphan: \(error)") }
    let middle = bs_fork(BS_PROCESS_ORPHAN)
    guard middle >= 0 else { throw parts.launch.refused("the orphan of an earlier launch", errno) }
    if middle == 0 {
      let parent = getpid()
      let orphan = bs_fork(BS_PROCESS_ORPHAN)
      // An errno is below 256.
      if orphan != 0 { _exit(orphan < 0 ? errno : 0) }
      while getppid() == parent { sched_yield() }
      // It is now a child of the worker host.
      _ = bs_set_parent_death_signal(SIGKILL)
      bs_set_name("bs-orphan", Int32(parts.launch.number), -1)
      while true { Glibc.pause() }
    }
    var status: Int32 = 0
    while waitpid(middle, &status, 0) < 0 && errno == EINTR {}
    if case .exited(let code) = WaitStatus(status), code != 0 {
      throw parts.launch.refused("the orphan of an earlier launch", code)
    }
  }

  /// Starts the services that run on the other nodes, and waits until they hold their ports. One launch does it for
  /// all.
  /// - Parameter nodes: network namespaces of the nodes 1, 2, ...
  /// - Throws: stage `host`, or stage `spawn` when a service does not come up in time.
  func startNodeServices(in nodes: [Int32], children: ChildTable) throws(StageFailure) {
    let count = parts.startup.nodePorts
    guard count > 0 && parts.launch.number == 0 else { return }
    for network in nodes.prefix(parts.startup.nodes - 1) {
      let ends: Channel
      do throws(SystemError) { ends = try Channel.make() } catch {
        throw parts.launch.refused("the channel to a node's services", error.code)
      }
      defer { closeDescriptor(ends.parent) }
      do {
        // Before the wait: with a copy of it here, the end of the service would go unnoticed.
        defer { closeDescriptor(ends.child) }
        _ = try children.start(
          BS_PROCESS_NODE_SERVICE, "the services of a node", keeping: ends.child, network: network
        ) { channel in Self.serve(ports: count, channel: channel) }
      }
      let code = ChannelMessage.awaitReadable(
        ends.parent,
        until: MonotonicClock.now() + UInt64(parts.order.timeoutMilliseconds) * 1_000_000)
      guard code == 0, ChannelMessage.receive(from: ends.parent) != nil else {
        throw StageFailure(stage: BS_STAGE_SPAWN.rawValue, code: code == 0 ? EPIPE : code)
      }
    }
  }

  /// In the node's process: binds ports that the kernel chooses, reports that, and keeps them.
  private static func serve(ports count: Int, channel: Int32) -> Never {
    bs_set_name("bs-node-service", -1, -1)
    for _ in 0..<count {
      guard let socket = try? TCPSocket.open(),
        (try? TCPSocket.bind(socket, .wildcard, port: 0)) != nil
      else { _exit(1) }
    }
    _ = ChannelMessage(.report).send(over: channel)
    while true { Glibc.pause() }
  }
}
