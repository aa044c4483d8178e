internal import CLinuxShims
internal import CSharedRegion
internal import Faults
internal import Glibc
internal import PlanModel
internal import RunContract
internal import StrategyKit
internal import Syscalls

/// How a launcher starts its API servers: by fork, or by fork and exec.
extension LauncherRole {
  /// Starts the API servers, unless the host has refused a process.
  func startServers() {
    let serverWord = bs_load(bs_server_word(region.pointer))
    let parent = getpid()
    // Count in a local variable, not in `running`: each page written between two forks is copied.
    var started = 0
    defer { running += started }
    for server in 0..<order.serversPerLaunch {
      let slot = region.server(launch.slot(of: server))
      if startup != nil && self.slot.pointee.error != 0 {
        // A launcher that raises an error starts no API servers: the harness must not wait for them.
        bs_complete(region.pointer, bs_server_done(slot), bs_load(bs_phase_word(region.pointer)))
        continue
      }
      if isRefused {
        markDead(server, status: 0)
        continue
      }
      var ends = Channel.none
      if hasChannels {
        do throws(SystemError) { ends = try Channel.make() } catch {
          launch.note(launch.refused("the channel to API server \(server)", error.code))
          markDead(server, status: 0)
          continue
        }
      }
      let pid = bs_fork(BS_PROCESS_API_SERVER)
      let code = pid < 0 ? errno : 0
      if pid == 0 { becomeServer(server, parent: parent, channel: ends, seen: serverWord) }
      if ends.child >= 0 {
        closeDescriptor(ends.child)
        launch.channels[server] = ends.parent
      }
      if pid > 0 {
        slot.pointee.pid = pid
        started += 1
      } else {
        launch.note(launch.refused("API server \(server)", code))
        markDead(server, status: 0)
      }
    }
  }

  /// Whether the host has refused a process of this trial. Then no more are requested.
  private var isRefused: Bool {
    slot.pointee.error != 0 && slot.pointee.stage == BS_STAGE_HOST.rawValue
  }

  /// In the child: runs the API server.
  private func becomeServer(
    _ server: Int, parent: Int32, channel: Channel, seen: UInt32
  ) -> Never {
    dieWith(parent: parent)
    // A fault's helper is a child of the API server; its end must not interrupt the bind (EINTR).
    if order.faults > 0 { _ = bs_disregard_child_exits() }
    if let startup {
      bs_unblock_child_signal()
      let network = startup.network(ofServer: server)
      if network >= 0, bs_enter_network(network) != 0 { die("cannot enter a node's network") }
    }
    for descriptor in launch.privateDescriptors { closeDescriptor(descriptor) }
    if let startup, startup.handshake.listener >= 0 { closeDescriptor(startup.handshake.listener) }
    if let startup, startup.measurementPipe.write >= 0 {
      closeDescriptor(startup.measurementPipe.write)
    }
    var inherited: (input: Int32, output: Int32) = (-1, -1)
    if order.workers == .fresh {
      let handed = launch.takeHanded(of: server)
      if !passesSockets {
        inherited = handed
      } else {
        for socket in [handed.input, handed.output] where socket >= 0 { closeDescriptor(socket) }
      }
    }
    if channel.parent >= 0 {
      closeDescriptor(channel.parent)
      for other in launch.channels where other >= 0 { closeDescriptor(other) }
    }
    if handover.start == .exec && order.workers == .fresh {
      executeServer(server, parent: parent, channel: channel.child, inherited, seen: seen)
    }
    if !roles.isEmpty {
      roles[server].run(channel: -1, inherited: (-1, -1), seen: seen, injector: nil)
    }
    makeRole(of: server).run(
      channel: channel.child, inherited: inherited, seen: seen,
      injector: FaultInjector(
        region: region, faults: order.faults, role: .apiServer, launch: launch.number,
        index: server),
      httpListener: startup?.httpListener ?? -1, measurement: startup?.measurementPipe.read ?? -1)
  }

  func makeRole(of server: Int) -> ServerRole {
    ServerRole(
      region: region, launch: launch.number, server: server, slot: launch.slot(of: server),
      order: binding, strategy: strategy, receivesSockets: passesSockets)
  }

  /// Becomes an API server by exec: `main` continues with the arguments and the fixed descriptors.
  private func executeServer(
    _ server: Int, parent: Int32, channel: Int32, _ inherited: (input: Int32, output: Int32),
    seen: UInt32
  ) -> Never {
    let arguments =
      ["bindstorm-worker", ServerRole.command]
      + [
        Int(parent), launch.number, server, Int(seen),
      ].map { String($0) }
    var vector = arguments.map { strdup($0) }
    vector.append(nil)
    let from = [
      WorkerDescriptor.region, channel, WorkerDescriptor.scratch, inherited.input, inherited.output,
      startup?.httpListener ?? -1, startup?.measurementPipe.read ?? -1,
    ]
    let to = [
      WorkerDescriptor.region, WorkerDescriptor.control, WorkerDescriptor.scratch,
      WorkerDescriptor.handedInput, WorkerDescriptor.handedOutput, WorkerDescriptor.httpListener,
      WorkerDescriptor.measurement,
    ]
    let code = bs_exec_with_descriptors(
      "/proc/self/exe", vector, from, to, Int32(from.count))
    die("cannot start an API server: exec: \(ErrorNumber.text(code))")
  }
}
