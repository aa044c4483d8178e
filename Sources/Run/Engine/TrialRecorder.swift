internal import CSharedRegion
internal import Glibc
internal import History
internal import PlanModel
internal import RunContract
internal import Strategies
internal import StrategyKit
internal import Syscalls

/// Turns the contents of the shared region at the end of a trial into events.
///
/// The records are made from a copy, so that the launchers can already prepare the next trial.
final class TrialRecorder {
  private let live: SharedRegion
  let region = SharedRegion.privateCopy()
  let arm: Arm
  private let host: WorkerHost

  init(arm: Arm, host: WorkerHost) {
    live = host.region
    self.arm = arm
    self.host = host
  }

  deinit { region.deallocate() }

  /// Copies what the workers wrote; everything except `snapshot` reads the copy.
  func freeze() {
    region.copySlots(
      from: live, servers: arm.topology.launches * arm.topology.apiServers,
      launches: arm.topology.launches, thieves: arm.thieves.count,
      engines: arm.topology.launches * (arm.startup?.engines ?? 0),
      faults: arm.faults.count)
  }

  /// The thieves' state when the window opened and when the barrier opened.
  struct ThiefSnapshot {
    var drawn: Int
    var held: Int
  }

  /// The present state of every thief.
  func snapshot() -> [ThiefSnapshot] {
    arm.thieves.indices.map {
      let thief = live.thief($0).pointee
      return ThiefSnapshot(drawn: Int(thief.drawn), held: Int(thief.held))
    }
  }

  /// The thieves' state when the last launch had allocated; the present state if a launch has not.
  func allocationSnapshot() -> [ThiefSnapshot] {
    let isAllocated = (0..<arm.topology.launches).allSatisfy {
      live.launcher($0).pointee.allocation_ended_ns != 0
    }
    guard isAllocated else { return snapshot() }
    return snapshot().enumerated().map { number, now in
      ThiefSnapshot(drawn: Int(live.thief(number).pointee.drawn_before), held: now.held)
    }
  }

  /// Who held each lost port. Asked while the holders still hold them.
  func holders() throws(RunError) -> [HolderKey: Holder] {
    freeze()
    var lost: [LostPort] = []
    for slot in 0..<(arm.topology.launches * arm.topology.apiServers) {
      for role in EndpointRole.allCases {
        let endpoint = endpoint(slot, role)
        guard endpoint.error == EADDRINUSE && endpoint.requested != 0 else { continue }
        lost.append(
          lostPort(
            .endpoint(slot: slot, role: role), endpoint.requested, endpoint.holder_claim,
            endpoint.holder_state, endpoint.holder_inode))
      }
    }
    for launch in 0..<arm.topology.launches {
      let slot = region.launcher(launch).pointee
      guard slot.holder_state != BS_HOLDER_NOT_ASKED.rawValue else { continue }
      lost.append(
        lostPort(
          .service(launch: launch), slot.service_port, slot.holder_claim, slot.holder_state,
          slot.holder_inode))
    }
    lost += lostByEngines()
    var result: [HolderKey: Holder] = [:]
    for start in stride(from: 0, to: lost.count, by: Self.mostLostAtOnce) {
      let part = lost[start..<min(start + Self.mostLostAtOnce, lost.count)]
      let answer: ControlMessage
      do throws(WorkerHost.StartError) {
        answer = try host.request(
          ControlMessage(
            .identify,
            part.flatMap { [Int64($0.inode), Int64($0.claimed?.pid ?? 0)] }))
      } catch {
        throw .workers("cannot ask who holds a port: \(error)")
      }
      let names = answer.text.split(separator: "\n", omittingEmptySubsequences: false)
      for (number, item) in part.enumerated() {
        result[item.key] = HolderResolution.resolve(
          claimed: item.claimed, kernelState: bs_holder_state(item.state),
          kernelPid: number < answer.values.count ? Int32(answer.values[number]) : 0,
          kernelCommand: number < names.count ? String(names[number]) : "",
          roleOfPid: role(ofPid:))
      }
    }
    return result
  }

  /// How many lost ports one query can cover: each takes two numbers, and the names in the answer must fit, too.
  private static let mostLostAtOnce = 1_000

  /// A port that one of our processes wanted and did not get.
  private struct LostPort {
    var key: HolderKey
    var state: UInt32
    var inode: UInt64
    var claimed: HolderResolution.Role?
  }

  /// Ports that engine cores wanted for their rendezvous and did not get.
  private func lostByEngines() -> [LostPort] {
    var lost: [LostPort] = []
    for engine in 0..<(arm.topology.launches * (arm.startup?.engines ?? 0)) {
      for kind in StartupRecorder.rendezvousKinds {
        let slot = bs_rendezvous_of(region.engine(engine))[Int(kind.rawValue)]
        guard slot.holder_state != BS_HOLDER_NOT_ASKED.rawValue else { continue }
        lost.append(
          lostPort(
            .rendezvous(engine: engine, kind: kind), slot.port, slot.holder_claim,
            slot.holder_state, slot.holder_inode))
      }
    }
    return lost
  }

  private func lostPort(
    _ key: HolderKey, _ port: UInt16, _ claim: UInt32, _ state: UInt32, _ inode: UInt64
  ) -> LostPort {
    // The claim may be written a moment after the successful bind: look again.
    let claim = claim != 0 ? claim : live.claim(on: port)
    return LostPort(key: key, state: state, inode: inode, claimed: role(of: claim))
  }

  /// The events between `trial-started` and `trial-ended`.
  func records(
    windowOpened: [ThiefSnapshot], barrierOpened: [ThiefSnapshot], holders: [HolderKey: Holder],
    earlierFaults: [FaultRecord], serial: Int, ended: UInt64
  ) -> [Event] {
    var events: [Event] = []
    let servers = arm.topology.apiServers
    events.reserveCapacity(2 + arm.topology.launches * (servers + 1) + arm.thieves.count)
    for launch in 0..<arm.topology.launches {
      events.append(.launch(launchRecord(launch, holders[.service(launch: launch)])))
      events += forcedWindows(launch).map(Event.forcedWindow)
      guard arm.depth.binds else { continue }
      for server in 0..<servers {
        events.append(.server(serverRecord(launch: launch, server: server, holders)))
      }
      if let startup = arm.startup {
        events += StartupRecorder(region: region, arm: arm, startup: startup, holders: holders)
          .records(launch)
      }
    }
    for number in arm.thieves.indices {
      let thief = region.thief(number).pointee
      events.append(
        .thief(
          ThiefRecord(
            thief, thief: number, name: arm.thieves[number].name,
            drawnInWindow: barrierOpened[number].drawn - windowOpened[number].drawn,
            drawnBefore: windowOpened[number].drawn,
            drawnAfterBind: Int(thief.drawn) - barrierOpened[number].drawn,
            heldAtRelease: barrierOpened[number].held)))
    }
    events += (earlierFaults + faultRecords(serial: serial, ended)).map(Event.fault)
    return events
  }

  private func launchRecord(_ launch: Int, _ holder: Holder?) -> LaunchRecord {
    let slot = region.launcher(launch).pointee
    let first = launch * arm.topology.apiServers
    let slots = first..<(first + arm.topology.apiServers)
    var advertised: [UInt16] = []
    advertised.reserveCapacity(2 * slots.count)
    var portsTaken = Int(slot.draws)
    for role in EndpointRole.allCases {
      for server in slots {
        let server = region.server(server)
        let endpoint = role == .input ? server.input : server.output
        advertised.append(endpoint.pointee.advertised)
        portsTaken += Int(endpoint.pointee.draws)
      }
    }
    // Ports computed by a formula are taken without being drawn.
    portsTaken = max(portsTaken, Set(advertised).subtracting([0]).count)
    return LaunchRecord(
      slot, launch: launch, advertised: advertised, holder: holder, portsTaken: portsTaken,
      detail: slot.error == 0 ? "" : region.detail(launch), forced: forcedRun(launch))
  }

  private func serverRecord(
    launch: Int, server: Int, _ holders: [HolderKey: Holder]
  ) -> ServerRecord {
    let slot = launch * arm.topology.apiServers + server
    return ServerRecord(
      region.server(slot).pointee, launch: launch, server: server,
      input: endpointRecord(slot, .input, holders[.endpoint(slot: slot, role: .input)]),
      output: endpointRecord(slot, .output, holders[.endpoint(slot: slot, role: .output)]))
  }

  private func endpointRecord(_ slot: Int, _ role: EndpointRole, _ holder: Holder?)
    -> EndpointRecord
  {
    let endpoint = endpoint(slot, role)
    var holder = holder
    if endpoint.holder_claim != 0 { holder?.since = endpoint.holder_since_ns }
    return EndpointRecord(
      endpoint, holder: holder,
      ownership: endpoint.is_bound == 0 ? .unchecked : ownership(slot, role, endpoint),
      path: endpoint.is_path == 0 ? "" : path(slot, role))
  }

  private func path(_ slot: Int, _ role: EndpointRole) -> String {
    let server = region.server(slot)
    return String(cString: bs_path_of(role == .input ? server.input : server.output))
  }

  private func ownership(_ slot: Int, _ role: EndpointRole, _ endpoint: bs_endpoint) -> Ownership {
    let server = region.server(slot)
    // At depth startup the served requests are the check.
    guard arm.depth == .bind, server.input.pointee.is_bound != 0,
      server.output.pointee.is_bound != 0
    else { return .unchecked }
    switch arm.ownershipCheck {
    case .off: return .unchecked
    case .kernel, .full:
      if endpoint.listeners_seen > 1 { return .shared }
      return Self.ownership(answeredBy: endpoint.answered_by, slot)
    }
  }

  private static func ownership(answeredBy: UInt32, _ slot: Int) -> Ownership {
    switch answeredBy {
    case 0: .silent
    case UInt32(slot) + 1: .owner
    case BS_ANSWERED_BY_BACKLOG.rawValue: .unaccepted
    case BS_ANSWERED_BY_STOPPED.rawValue: .stopped
    case BS_ANSWERED_BY_FULL.rawValue: .full
    default: .stranger
    }
  }

  private func endpoint(_ slot: Int, _ role: EndpointRole) -> bs_endpoint {
    let server = region.server(slot)
    return role == .input ? server.input.pointee : server.output.pointee
  }

  private func role(of claim: UInt32) -> HolderResolution.Role? {
    let slot = Int(bs_claim_slot_of(claim))
    switch bs_claim_kind(bs_claim_kind_of(claim)) {
    case BS_CLAIM_SERVER: return serverRole(slot)
    case BS_CLAIM_LAUNCHER:
      return HolderResolution.Role(
        kind: .launcher, launch: slot, index: -1, pid: region.launcher(slot).pointee.pid)
    case BS_CLAIM_THIEF: return thiefRole(slot)
    case BS_CLAIM_FAULT: return faultRole(slot)
    case BS_CLAIM_COORDINATOR:
      return HolderResolution.Role(
        kind: .coordinator, launch: slot, index: -1,
        pid: region.startup(slot).pointee.coordinator_pid)
    case BS_CLAIM_ENGINE: return engineRole(slot)
    default: return nil
    }
  }

  private func role(ofPid pid: Int32) -> HolderResolution.Role? {
    for launch in 0..<arm.topology.launches
    where pid > 0 && region.launcher(launch).pointee.forced.supervisor == pid {
      return HolderResolution.Role(kind: .thief, launch: -1, index: -1, pid: pid)
    }
    for slot in 0..<(arm.topology.launches * arm.topology.apiServers)
    where region.server(slot).pointee.pid == pid { return serverRole(slot) }
    for launch in 0..<arm.topology.launches where region.launcher(launch).pointee.pid == pid {
      return HolderResolution.Role(kind: .launcher, launch: launch, index: -1, pid: pid)
    }
    if arm.startup != nil {
      for launch in 0..<arm.topology.launches
      where region.startup(launch).pointee.coordinator_pid == pid {
        return HolderResolution.Role(kind: .coordinator, launch: launch, index: -1, pid: pid)
      }
      for slot in 0..<(arm.topology.launches * (arm.startup?.engines ?? 0))
      where region.engine(slot).pointee.pid == pid { return engineRole(slot) }
    }
    // Processes that an adapter starts belong to its launch.
    for launch in 0..<arm.topology.launches {
      let root = region.launcher(launch).pointee.tree_pid
      guard root > 0, ProcessRecords.descends(pid, from: root) else { continue }
      return HolderResolution.Role(kind: .launcher, launch: launch, index: -1, pid: pid)
    }
    for thief in arm.thieves.indices where region.thief(thief).pointee.pid == pid {
      return thiefRole(thief)
    }
    for fault in arm.faults.indices where region.fault(fault).pointee.helper_pid == pid {
      return faultRole(fault)
    }
    return nil
  }

  private func engineRole(_ slot: Int) -> HolderResolution.Role {
    let engines = max(1, arm.startup?.engines ?? 1)
    return HolderResolution.Role(
      kind: .engineCore, launch: slot / engines, index: slot % engines,
      pid: region.engine(slot).pointee.pid)
  }

  private func serverRole(_ slot: Int) -> HolderResolution.Role {
    HolderResolution.Role(
      kind: .apiServer, launch: slot / arm.topology.apiServers,
      index: slot % arm.topology.apiServers, pid: region.server(slot).pointee.pid)
  }

  /// A process that steals for a fault counts as a thief; such thieves are numbered after the plan's.
  private func faultRole(_ number: Int) -> HolderResolution.Role {
    HolderResolution.Role(
      kind: .thief, launch: -1, index: arm.thieves.count + number,
      pid: region.fault(number).pointee.helper_pid)
  }

  private func thiefRole(_ thief: Int) -> HolderResolution.Role {
    HolderResolution.Role(
      kind: .thief, launch: -1, index: thief, pid: region.thief(thief).pointee.pid)
  }
}

/// The owner of a port.
enum HolderKey: Hashable {
  /// An API server's endpoint.
  case endpoint(slot: Int, role: EndpointRole)
  /// A launcher's own service.
  case service(launch: Int)
  /// A rendezvous of an engine core, by its slot.
  case rendezvous(engine: Int, kind: bs_rendezvous_kind)
}
