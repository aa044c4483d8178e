internal import CLinuxShims
internal import History
internal import Launching
internal import Planning
internal import Syscalls

/// Turns what stands in the shared region about the rest of a start-up into events.
struct StartupRecorder {
  let region: SharedRegion
  let arm: Arm
  let startup: Startup

  /// One `startup`, then the engine cores, then what the API servers heard.
  func records(_ launch: Int) -> [Event] {
    let servers = arm.topology.apiServers
    return [.startup(startupRecord(launch))]
      + (0..<startup.engines).map { .engine(engineRecord(launch, $0)) }
      + (0..<servers).map { .serving(servingRecord(launch, $0, slot: launch * servers + $0)) }
  }

  private func startupRecord(_ launch: Int) -> StartupRecord {
    let pointer = region.startup(launch)
    let record = pointer.pointee
    let ports = bs_coordinator_ports_of(pointer)
    let casualties = StartupRecord.Casualty.allCases
    let host =
      startup.nodes > 1
      ? TCPSocket.Host.address(NodeAddress.of(startup.apiServerNode)) : .loopback
    return StartupRecord(
      launch: launch, host: host.text, handshakePort: record.handshake_port,
      handshakeBound: record.handshake_bound_ns, coordinatorPid: record.coordinator_pid,
      coordinatorPorts: [ports[1], ports[2]], coordinatorStarted: record.coordinator_started_ns,
      coordinatorBound: record.coordinator_bound_ns,
      coordinatorReported: record.coordinator_reported_ns,
      coordinatorDied: record.coordinator_is_dead != 0 ? record.coordinator_status : nil,
      enginesReady: record.engines_ready_ns, served: record.served_ns, noticed: record.noticed_ns,
      casualty: Int(record.casualty) < casualties.count ? casualties[Int(record.casualty)] : .none,
      casualtyNumber: record.casualty == 0 ? -1 : Int(record.casualty_number))
  }

  private func engineRecord(_ launch: Int, _ rank: Int) -> EngineRecord {
    let engine = region.engine(launch * startup.engines + rank).pointee
    return EngineRecord(
      launch: launch, engine: rank, node: startup.node(ofEngine: rank), pid: engine.pid,
      started: engine.started_ns, initialised: engine.initialised_ns, loaded: engine.loaded_ns,
      connected: engine.connected_ns, ready: engine.ready_ns,
      placeholders: Int(engine.placeholders), requests: Int(engine.requests),
      strangers: Int(engine.strangers), errno: engine.error,
      stage: TrialRecorder.stage(engine.stage),
      died: engine.is_dead != 0 ? engine.wait_status : nil)
  }

  private func servingRecord(_ launch: Int, _ server: Int, slot: Int) -> ServingRecord {
    let pointer = region.serving(slot)
    let record = pointer.pointee
    return ServingRecord(
      launch: launch, server: server, heard: record.heard_ns, served: record.served_ns,
      failed: record.failed_ns, unheard: missing(in: bs_heard_of(pointer)),
      unanswered: missing(in: bs_answered_of(pointer)), strangers: Int(record.strangers),
      errno: record.error, stage: TrialRecorder.stage(record.stage))
  }

  /// Engine cores whose bit is not set.
  private func missing(in words: UnsafeMutablePointer<UInt64>) -> [Int] {
    (0..<startup.engines).filter { words[$0 / 64] >> UInt64($0 % 64) & 1 == 0 }
  }
}
