internal import CSharedRegion
internal import History
internal import PlanModel
internal import RunContract
internal import Syscalls

/// Turns the shared region's records of the rest of a start-up into events.
struct StartupRecorder {
  let region: SharedRegion
  let arm: Arm
  let startup: Startup

  /// One `startup`, then the engine cores, then what the API servers received.
  func records(_ launch: Int) -> [Event] {
    let servers = arm.topology.apiServers
    return [.startup(startupRecord(launch))]
      + (0..<startup.engines).map { .engine(engineRecord(launch, $0)) }
      + (0..<servers).map { .serving(servingRecord(launch, $0, slot: launch * servers + $0)) }
  }

  private func startupRecord(_ launch: Int) -> StartupRecord {
    let slot = region.startup(launch)
    let ports = bs_coordinator_ports_of(slot)
    let host = NodeAddress.host(
      ofNode: startup.apiServerNode, in: startup.nodes, usesIPv6: startup.usesIPv6)
    return StartupRecord(
      slot.pointee, launch: launch, host: host.text,
      coordinatorPorts: [ports[1], ports[2]] + (startup.isHybrid ? [ports[0]] : []),
      headless: (1..<max(1, startup.nodes)).map {
        HeadlessRecord(region.headless(launch, node: $0).pointee)
      })
  }

  private func engineRecord(_ launch: Int, _ rank: Int) -> EngineRecord {
    EngineRecord(
      region.engine(launch * startup.engines + rank).pointee, launch: launch, engine: rank,
      node: startup.node(ofEngine: rank))
  }

  private func servingRecord(_ launch: Int, _ server: Int, slot: Int) -> ServingRecord {
    let pointer = region.serving(slot)
    return ServingRecord(
      pointer.pointee, launch: launch, server: server,
      unheard: missing(in: bs_heard_of(pointer), server),
      unanswered: missing(in: bs_answered_of(pointer), server))
  }

  /// Engine cores of an API server whose bit is not set.
  private func missing(in words: UnsafeMutablePointer<UInt64>, _ server: Int) -> [Int] {
    (0..<startup.engines).filter {
      words[$0 / 64] >> UInt64($0 % 64) & 1 == 0
        && startup.isPair(server: server, engine: $0, of: arm.topology.apiServers)
    }
  }
}
