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
  let holders: [HolderKey: Holder]

  static let rendezvousKinds = [
    BS_RENDEZVOUS_GROUP, BS_RENDEZVOUS_WORKERS, BS_RENDEZVOUS_REINIT,
  ]

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
    let groupPorts = slot.pointee.group_chosen_ns == 0 ? 0 : startup.groupPorts
    return StartupRecord(
      slot.pointee, launch: launch, host: host.text,
      coordinatorPorts: [ports[1], ports[2]] + (startup.isHybrid ? [ports[0]] : []),
      groupPorts: (0..<groupPorts).map { bs_group_ports_of(slot)[$0] },
      headless: (1..<max(1, startup.nodes)).map {
        HeadlessRecord(region.headless(launch, node: $0).pointee)
      })
  }

  private func engineRecord(_ launch: Int, _ rank: Int) -> EngineRecord {
    let number = launch * startup.engines + rank
    return EngineRecord(
      region.engine(number).pointee, launch: launch, engine: rank,
      node: startup.node(ofEngine: rank), group: rendezvous(number, BS_RENDEZVOUS_GROUP),
      workers: rendezvous(number, BS_RENDEZVOUS_WORKERS),
      reinit: rendezvous(number, BS_RENDEZVOUS_REINIT))
  }

  /// Nil if the engine core has not begun that rendezvous.
  private func rendezvous(_ engine: Int, _ kind: bs_rendezvous_kind) -> RendezvousRecord? {
    let slot = bs_rendezvous_of(region.engine(engine))[Int(kind.rawValue)]
    guard slot.port != 0 || slot.attempted_ns != 0 else { return nil }
    return RendezvousRecord(slot, holder: holders[.rendezvous(engine: engine, kind: kind)])
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
