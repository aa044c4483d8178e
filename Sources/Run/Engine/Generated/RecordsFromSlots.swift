// Made by `make generate` from Sources/Schema/Definitions; change that.
// swift-format-ignore-file
// Long because it is generated.
internal import CSharedRegion
internal import History
internal import PlanModel

extension LaunchRecord {
  /// Takes what a worker left in its slot.
  init(
    _ slot: bs_launcher,
    launch: Int,
    advertised: [UInt16],
    holder: Holder? = nil,
    portsTaken: Int = 0,
    detail: String = "",
    forced: ForcedRun? = nil
  ) {
    self.init(
      launch: launch,
      pid: Int32(slot.pid),
      advertised: advertised,
      allocationStarted: UInt64(slot.allocation_started_ns),
      allocationEnded: UInt64(slot.allocation_ended_ns),
      errno: Int32(slot.error),
      stage: Stage(number: slot.stage) ?? .none,
      service: UInt16(truncatingIfNeeded: slot.service_port),
      holder: holder,
      portsTaken: portsTaken,
      detail: detail,
      forced: forced,
      died: slot.is_dead != 0 ? slot.wait_status : nil)
  }
}

extension ServerRecord {
  /// Takes what a worker left in its slot.
  init(
    _ slot: bs_server,
    launch: Int,
    server: Int,
    input: EndpointRecord,
    output: EndpointRecord
  ) {
    self.init(
      launch: launch,
      server: server,
      pid: Int32(slot.pid),
      released: UInt64(slot.released_ns),
      input: input,
      output: output,
      died: slot.is_dead != 0 ? slot.wait_status : nil)
  }
}

extension StartupRecord {
  /// Takes what a worker left in its slot.
  init(
    _ slot: bs_startup,
    launch: Int,
    host: String = "127.0.0.1",
    coordinatorPorts: [UInt16] = [0, 0],
    groupPorts: [UInt16] = [],
    headless: [HeadlessRecord] = []
  ) {
    self.init(
      launch: launch,
      host: host,
      handshakePort: UInt16(truncatingIfNeeded: slot.handshake_port),
      handshakeBound: UInt64(slot.handshake_bound_ns),
      coordinatorPid: Int32(slot.coordinator_pid),
      coordinatorPorts: coordinatorPorts,
      coordinatorStarted: UInt64(slot.coordinator_started_ns),
      coordinatorBound: UInt64(slot.coordinator_bound_ns),
      coordinatorReported: UInt64(slot.coordinator_reported_ns),
      coordinatorDied: slot.coordinator_is_dead != 0 ? slot.coordinator_status : nil,
      enginesReady: UInt64(slot.engines_ready_ns),
      served: UInt64(slot.served_ns),
      noticed: UInt64(slot.noticed_ns),
      casualty: StartupRecord.Casualty(number: slot.casualty) ?? .none,
      casualtyNumber: slot.casualty != 0 ? Int(slot.casualty_number) : -1,
      httpPort: UInt16(truncatingIfNeeded: slot.http_port),
      httpBound: UInt64(slot.http_bound_ns),
      httpAnswered: UInt64(slot.http_answered_ns),
      httpRequests: Int(slot.http_requests),
      httpStrangers: Int(slot.http_strangers),
      httpListeners: Int(slot.http_listeners),
      measuredRequests: Int(slot.measured_requests),
      measured: UInt64(slot.measured_ns),
      serial: Int(slot.serial),
      groupPorts: groupPorts,
      groupChosen: UInt64(slot.group_chosen_ns),
      storePort: UInt16(truncatingIfNeeded: slot.store_port),
      reinitialised: UInt64(slot.reinitialised_ns),
      headless: headless)
  }
}

extension EngineRecord {
  /// Takes what a worker left in its slot.
  init(
    _ slot: bs_engine,
    launch: Int,
    engine: Int,
    node: Int = 0,
    group: RendezvousRecord? = nil,
    workers: RendezvousRecord? = nil,
    reinit: RendezvousRecord? = nil
  ) {
    self.init(
      launch: launch,
      engine: engine,
      node: node,
      pid: Int32(slot.pid),
      started: UInt64(slot.started_ns),
      initialised: UInt64(slot.initialised_ns),
      loaded: UInt64(slot.loaded_ns),
      connected: UInt64(slot.connected_ns),
      ready: UInt64(slot.ready_ns),
      placeholders: Int(slot.placeholders),
      requests: Int(slot.requests),
      strangers: Int(slot.strangers),
      errno: Int32(slot.error),
      stage: Stage(number: slot.stage) ?? .none,
      group: group,
      workers: workers,
      reinit: reinit,
      died: slot.is_dead != 0 ? slot.wait_status : nil)
  }
}

extension ServingRecord {
  /// Takes what a worker left in its slot.
  init(
    _ slot: bs_serving,
    launch: Int,
    server: Int,
    unheard: [Int] = [],
    unanswered: [Int] = []
  ) {
    self.init(
      launch: launch,
      server: server,
      heard: UInt64(slot.heard_ns),
      served: UInt64(slot.served_ns),
      failed: UInt64(slot.failed_ns),
      unheard: unheard,
      unanswered: unanswered,
      strangers: Int(slot.strangers),
      errno: Int32(slot.error),
      stage: Stage(number: slot.stage) ?? .none,
      httpAnswered: UInt64(slot.http_answered_ns),
      httpListened: UInt64(slot.http_listened_ns),
      frontEndPid: Int32(slot.frontend_pid))
  }
}

extension ThiefRecord {
  /// Takes what a worker left in its slot.
  init(
    _ slot: bs_thief,
    thief: Int,
    name: String,
    drawnInWindow: Int,
    drawnBefore: Int = 0,
    drawnAfterBind: Int = 0,
    heldAtRelease: Int
  ) {
    self.init(
      thief: thief,
      name: name,
      pid: Int32(slot.pid),
      wanted: Int(slot.wanted),
      drawnInWindow: drawnInWindow,
      drawnBefore: drawnBefore,
      drawnAfterBind: drawnAfterBind,
      heldAtRelease: heldAtRelease,
      errno: Int32(slot.error))
  }
}

extension FaultRecord {
  /// Takes what a worker left in its slot.
  init(
    _ slot: bs_fault,
    fault: Int,
    name: String,
    point: InjectionPoint,
    serial: Int = 0
  ) {
    self.init(
      fault: fault,
      name: name,
      point: point,
      launch: Int(slot.launch),
      index: Int(slot.victim),
      isDue: slot.is_due != 0,
      pid: Int32(slot.pid),
      armed: UInt64(slot.armed_ns),
      injected: UInt64(slot.injected_ns),
      witnessed: UInt64(slot.witnessed_ns),
      healed: UInt64(slot.healed_ns),
      errno: Int32(slot.error),
      port: UInt16(truncatingIfNeeded: slot.port),
      helper: Int32(slot.helper_pid),
      refused: Int32(slot.refused),
      serial: serial)
  }
}

extension EndpointRecord {
  /// Takes what a worker left in its slot.
  init(
    _ slot: bs_endpoint,
    holder: Holder? = nil,
    ownership: Ownership = .unchecked,
    path: String = ""
  ) {
    self.init(
      requested: UInt16(truncatingIfNeeded: slot.requested),
      bound: UInt16(truncatingIfNeeded: slot.bound),
      errno: Int32(slot.error),
      stage: Stage(number: slot.stage) ?? .none,
      attempted: UInt64(slot.attempted_ns),
      finished: UInt64(slot.finished_ns),
      holder: holder,
      ownership: ownership,
      retries: Int(slot.retries),
      reported: UInt64(slot.reported_ns),
      path: path)
  }
}

extension RendezvousRecord {
  /// Takes what a worker left in its slot.
  init(
    _ slot: bs_rendezvous,
    holder: Holder? = nil
  ) {
    self.init(
      port: UInt16(truncatingIfNeeded: slot.port),
      bound: UInt16(truncatingIfNeeded: slot.bound),
      chosen: UInt64(slot.chosen_ns),
      attempted: UInt64(slot.attempted_ns),
      met: UInt64(slot.met_ns),
      lost: Int(slot.lost),
      isAccepted: slot.is_accepted != 0,
      holder: holder)
  }
}

extension ForcedRun {
  /// Takes what a worker left in its slot.
  init(
    _ slot: bs_forced_run,
    isLaunch: Bool,
    window: String = "",
    lastWords: String = ""
  ) {
    self.init(
      isLaunch: isLaunch,
      ending: ForcedRun.Ending(number: slot.ending) ?? .exited,
      status: Int32(slot.status),
      bindsElsewhere: slot.binds_elsewhere != 0,
      calls: Int(slot.calls),
      unobserved: Int(slot.unobserved),
      lost: Int(slot.lost),
      probes: Int(slot.probes),
      windows: Int(slot.windows),
      stolen: Int(slot.stolen),
      injected: Int(slot.injected),
      refusal: ForcedRun.Refusal(number: slot.refusal) ?? .none,
      window: window,
      lastWords: lastWords)
  }
}

extension ForcedWindow {
  /// Takes what a worker left in its slot.
  init(
    _ slot: bs_forced_window,
    launch: Int,
    verdict: String,
    place: String,
    protocolName: String,
    prober: String,
    proberAt: String,
    probedAddress: String,
    release: String = "",
    rebinder: String,
    rebinderAt: String,
    address: String,
    holder: String = ""
  ) {
    self.init(
      launch: launch,
      verdict: verdict,
      place: place,
      protocolName: protocolName,
      port: UInt16(truncatingIfNeeded: slot.port),
      rebind: Int(slot.rebind),
      occurrence: Int(slot.occurrence),
      prober: prober,
      proberAt: proberAt,
      proberPid: Int32(slot.prober_pid),
      probedAddress: probedAddress,
      probed: UInt64(slot.probed_ns),
      release: release,
      released: UInt64(slot.released_ns),
      rebinder: rebinder,
      rebinderAt: rebinderAt,
      rebinderPid: Int32(slot.rebinder_pid),
      address: address,
      rebound: UInt64(slot.rebound_ns),
      result: Int32(slot.error),
      isStolen: slot.is_stolen != 0,
      holder: holder,
      holderPid: Int32(slot.holder_pid))
  }
}

extension HeadlessRecord {
  /// Takes what a worker left in its slot.
  init(
    _ slot: bs_headless
  ) {
    self.init(
      pid: Int32(slot.pid),
      started: UInt64(slot.started_ns),
      noticed: UInt64(slot.noticed_ns),
      casualty: slot.noticed_ns != 0 ? Int(slot.casualty) : -1,
      died: slot.is_dead != 0 ? slot.wait_status : nil)
  }
}
