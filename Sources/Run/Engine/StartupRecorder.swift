internal import CSharedRegion
internal import History
internal import PlanModel
internal import RunContract
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
      casualtyNumber: record.casualty == 0 ? -1 : Int(record.casualty_number),
      httpPort: record.http_port, httpBound: record.http_bound_ns,
      httpAnswered: record.http_answered_ns, httpRequests: Int(record.http_requests),
      httpStrangers: Int(record.http_strangers),
      measuredRequests: Int(record.measured_requests), measured: record.measured_ns,
      serial: Int(record.serial),
      headless: (1..<max(1, startup.nodes)).map { headlessRecord(launch, node: $0) })
  }

  private func headlessRecord(_ launch: Int, node: Int) -> HeadlessRecord {
    let record = region.headless(launch, node: node).pointee
    return HeadlessRecord(
      pid: record.pid, started: record.started_ns, noticed: record.noticed_ns,
      casualty: record.noticed_ns == 0 ? -1 : Int(record.casualty),
      died: record.is_dead != 0 ? record.wait_status : nil)
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
      failed: record.failed_ns, unheard: missing(in: bs_heard_of(pointer), server),
      unanswered: missing(in: bs_answered_of(pointer), server), strangers: Int(record.strangers),
      errno: record.error, stage: TrialRecorder.stage(record.stage),
      httpAnswered: record.http_answered_ns, frontEndPid: record.frontend_pid)
  }

  /// Engine cores of an API server whose bit is not set.
  private func missing(in words: UnsafeMutablePointer<UInt64>, _ server: Int) -> [Int] {
    (0..<startup.engines).filter {
      words[$0 / 64] >> UInt64($0 % 64) & 1 == 0
        && startup.isPair(server: server, engine: $0, of: arm.topology.apiServers)
    }
  }
}
