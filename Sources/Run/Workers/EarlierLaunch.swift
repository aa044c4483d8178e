internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
internal import LinuxFacts
internal import PlanModel
internal import RunContract
internal import StrategyKit
internal import Syscalls

/// What an earlier launch may have left on the host: orphans that hold the handshake port or the HTTP port, and services
/// of other nodes that hold ports.
struct EarlierLaunch {
  let parts: StartupLaunch

  /// Leaves the orphans that the plan wants in this trial.
  /// - Throws: stage `host`, when the host refuses to create a process.
  func leaveOrphans() throws(StageFailure) {
    let startup = parts.startup
    // Of launches in a row, the first one leaves them and the second one finds them.
    guard parts.record.pointee.serial == (startup.serialLaunches > 1 ? 1 : 0) else { return }
    if startup.hasOrphan, let port = parts.addresses.handshakePort {
      try leaveOrphan(
        at: parts.order.headHost, port: port, sharing: .reuseAddress
      ) { _ in while true { Glibc.pause() } }
    }
    // Of launches that share the port, one leaves it for all.
    if startup.hasHTTPOrphan && !(startup.sharesHTTPPort && parts.launch.number > 0) {
      try leaveOrphan(
        at: .wildcard, port: parts.addresses.httpPort, sharing: HTTPProbe.sharing(parts)
      ) { Self.refuseRequests($0) }
    }
  }

  /// In an API server that has outlived its engine cores: answers 503 to everything.
  private static func refuseRequests(_ listener: Int32) -> Never {
    let answer = Array(
      "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".utf8)
    var request = [UInt8](repeating: 0, count: 4_096)
    while true {
      guard let connection = try? TCPSocket.accept(listener) else { continue }
      // The test's client sends a request at once and whole; whatever is missing does not change the answer.
      _ = recv(connection, &request, request.count, 0)
      _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
      closeDescriptor(connection)
    }
  }

  /// - Parameter body: what the orphan does with its listener.
  private func leaveOrphan(
    at host: TCPSocket.Host, port: UInt16, sharing: TCPSocket.Sharing, _ body: (Int32) -> Never
  ) throws(StageFailure) {
    let socket: Int32
    do throws(SystemError) {
      socket = try TCPSocket.open(for: host)
      try TCPSocket.share(socket, sharing)
      try TCPSocket.bind(socket, host, port: port)
      try TCPSocket.listen(socket)
    } catch { die("orphan: \(error)") }
    defer { closeDescriptor(socket) }
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
      body(socket)
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
