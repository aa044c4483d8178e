public import History
public import PlanModel
internal import PortModel

extension Arm {
  /// An arm for tests that start nothing: two API servers in each launch, unless something else is said.
  public static func sample(
    index: Int = 0, scenario: String = "quiet", strategy: String = "probe-then-bind",
    label: String? = nil, depth: Depth = .bind, launches: Int = 1, apiServers: Int = 2,
    trials: Int = 100, _ change: (inout Arm) -> Void = { _ in }
  ) -> Arm {
    var arm = Arm(
      index: index, scenario: scenario,
      strategy: Choice(name: strategy, label: label ?? strategy), depth: depth,
      topology: Topology(launches: launches, apiServers: apiServers), trials: trials)
    change(&arm)
    return arm
  }

  /// A thief that holds that many ports, for `thieves`.
  public static func holder(ports: Int) -> Choice {
    Choice(
      name: "bind-hold", label: "bind-hold", options: [OptionValue(name: "ports", value: ports)])
  }

  /// A thief that churns, for `thieves`.
  public static func churner(ratePerSecond: Int, holdMilliseconds: Int) -> Choice {
    Choice(
      name: "bind-churn", label: "bind-churn",
      options: [
        OptionValue(name: "rate_per_second", value: ratePerSecond),
        OptionValue(name: "hold_ms", value: holdMilliseconds),
      ])
  }
}

extension ResolvedPlan {
  /// A plan of these arms, which are numbered here.
  public static func sample(
    name: String = "demo", title: String = "a plan for tests", _ arms: [Arm]
  ) -> ResolvedPlan {
    var numbered = arms
    for index in arms.indices { numbered[index].index = index }
    return ResolvedPlan(version: 1, name: name, title: title, seed: 7, arms: numbered)
  }
}

extension StrategyTraits {
  /// Of a strategy whose traits do not matter.
  public static let sample = StrategyTraits(
    cooperation: .nobody, isKnownBeforehand: true, worksAcrossHosts: true, failure: .closed,
    weakness: "none")
}

extension Vocabulary {
  /// One strategy that races, one that does not, and a thief of each kind.
  public static let sample = Vocabulary(
    strategies: [
      StrategyDescriptor(
        name: "probe-then-bind", summary: "races", origin: "", collisionModel: .probeThenBind,
        depths: [.allocate, .bind], traits: .sample),
      StrategyDescriptor(
        name: "wildcard-report-back", summary: "holds", origin: "",
        collisionModel: .heldFromTheStart,
        depths: [.bind], traits: .sample),
    ],
    thieves: [
      ThiefDescriptor(
        name: "bind-hold", summary: "holds",
        options: [
          OptionDescriptor(name: "ports", defaultValue: nil, range: 1...60_000, summary: "")
        ], model: .holdsThroughWindow),
      ThiefDescriptor(
        name: "bind-churn", summary: "churns",
        options: [
          OptionDescriptor(
            name: "rate_per_second", defaultValue: nil, range: 1...1_000_000, summary: ""),
          OptionDescriptor(name: "hold_ms", defaultValue: nil, range: 0...60_000, summary: ""),
        ], model: .churns),
    ])
}

/// The record of one trial, to be changed by hand. As made, every launch is ready: launch l has ports of its
/// own from 40001 + 100·l, inputs first; times are milliseconds after `start` that rise with the phases.
public struct TrialHistory {
  /// Start of the trial in nanoseconds.
  public static let start: UInt64 = 1_000_000_000

  /// First line.
  public var started: TrialStarted
  /// One for each launch.
  public var launches: [LaunchRecord]
  /// API servers, launch by launch; none at depth `allocate`.
  public var servers: [ServerRecord]
  /// One for each launch at depth `startup`; none below.
  public var startups: [StartupRecord] = []
  /// Engine cores, launch by launch.
  public var engines: [EngineRecord] = []
  /// What API servers heard, launch by launch.
  public var servings: [ServingRecord] = []
  /// One for each of the arm's thieves.
  public var thieves: [ThiefRecord]
  /// One for each of the arm's faults.
  public var faults: [FaultRecord]
  /// Last line.
  public var ended: TrialEnded

  /// A trial of the arm in which all goes well, then changed.
  public init(_ arm: Arm, trial: Int = 0, _ change: (inout TrialHistory) -> Void = { _ in }) {
    func at(_ milliseconds: Double) -> UInt64 { Self.start + UInt64(milliseconds * 1e6) }
    started = TrialStarted(arm: arm.index, trial: trial, at: Self.start)
    let launches = (0..<arm.topology.launches).map { launch in
      LaunchRecord(
        launch: launch, pid: 800 + Int32(launch),
        advertised: (0..<arm.topology.addressesPerLaunch).map {
          UInt16(40_001 + 100 * launch + $0)
        }, allocationStarted: at(0.1), allocationEnded: at(1))
    }
    var servers: [ServerRecord] = []
    let isChecked = arm.ownershipCheck != .off && arm.depth == .bind
    for launch in 0..<(arm.depth.binds ? arm.topology.launches : 0) {
      for server in 0..<arm.topology.apiServers {
        func endpoint(_ address: Int) -> EndpointRecord {
          let port = launches[launch].advertised[address]
          return EndpointRecord(
            requested: port, bound: port, attempted: at(3.5), finished: at(4),
            ownership: isChecked ? .owner : .unchecked)
        }
        servers.append(
          ServerRecord(
            launch: launch, server: server, pid: 900 + Int32(100 * launch + server),
            released: at(3) + UInt64(1_000 * server), input: endpoint(server),
            output: endpoint(arm.topology.apiServers + server)))
      }
    }
    if let startup = arm.startup {
      for launch in launches.indices {
        startups.append(
          StartupRecord(
            launch: launch, handshakePort: 29_550, handshakeBound: at(2),
            coordinatorPid: 600 + Int32(launch), coordinatorStarted: at(1.1),
            coordinatorBound: at(1.5), coordinatorReported: at(1.6), enginesReady: at(7),
            served: at(8), httpPort: startup.http ? 8_000 : 0, httpBound: startup.http ? at(1) : 0,
            httpAnswered: startup.http ? at(8.5) : 0,
            httpRequests: startup.http ? arm.topology.apiServers : 0,
            measuredRequests: startup.requests, measured: startup.requests > 0 ? 500_000_000 : 0,
            serial: startup.serialLaunches - 1,
            headless: (1..<startup.nodes).map {
              HeadlessRecord(pid: 400 + Int32($0), started: at(2))
            }))
        engines += (0..<startup.engines).map {
          EngineRecord(
            launch: launch, engine: $0, node: startup.node(ofEngine: $0), pid: 500 + Int32($0),
            started: at(2), initialised: at(3),
            loaded: at(5), connected: at(6), ready: at(6.5), requests: arm.topology.apiServers)
        }
        servings += (0..<arm.topology.apiServers).map {
          ServingRecord(
            launch: launch, server: $0, heard: at(7), served: at(7.5),
            httpAnswered: startup.http ? at(8.2) : 0)
        }
      }
    }
    self.launches = launches
    self.servers = servers
    thieves = arm.thieves.enumerated().map { number, thief in
      let ports = thief.options.first { $0.name == "ports" }?.value ?? 0
      return ThiefRecord(
        thief: number, name: thief.name, pid: 700 + Int32(number), wanted: ports,
        drawnInWindow: ports, heldAtRelease: ports)
    }
    faults = arm.faults.enumerated().map { number, fault in
      FaultRecord(
        fault: number, name: fault.kind.name, point: fault.point, launch: fault.launch ?? 0,
        index: fault.index ?? 0, isDue: true, pid: 900, armed: at(1), injected: at(3.5),
        witnessed: at(3.6), healed: at(3.7))
    }
    ended = TrialEnded(arm: arm.index, trial: trial, barrierOpened: at(2.5), at: at(9))
    change(&self)
  }

  /// In the order in which the engine writes them.
  public var events: [Event] {
    [.trialStarted(started)] + launches.map(Event.launch) + servers.map(Event.server)
      + startups.map(Event.startup) + engines.map(Event.engine) + servings.map(Event.serving)
      + thieves.map(Event.thief) + faults.map(Event.fault) + [.trialEnded(ended)]
  }

  /// Has the input of an API server lose its port to a holder; its output is not tried any more.
  public mutating func lose(_ server: Int, to holder: Holder?, stage: Stage = .bind) {
    servers[server].input.bound = 0
    servers[server].input.errno = 98
    servers[server].input.stage = stage
    servers[server].input.holder = holder
    servers[server].input.ownership = .unchecked
    servers[server].output.bound = 0
    servers[server].output.attempted = 0
    servers[server].output.finished = 0
    servers[server].output.ownership = .unchecked
  }

  /// Has the victim of the first fault never come to its point.
  public mutating func missFault() {
    faults[0].injected = 0
    faults[0].witnessed = 0
    faults[0].healed = 0
  }

  /// Has the launcher have failed before it started any API server.
  public mutating func startNoServers() {
    forgetBinds()
    for server in servers.indices { servers[server].pid = 0 }
  }

  /// Has every endpoint be as before its bind, and nothing advertised: the trial ended too early for more.
  public mutating func forgetBinds() {
    for launch in launches.indices {
      launches[launch].advertised = launches[launch].advertised.map { _ in 0 }
    }
    for server in servers.indices {
      servers[server].released = 0
      servers[server].input = EndpointRecord(requested: 0, bound: 0, attempted: 0, finished: 0)
      servers[server].output = servers[server].input
    }
  }
}
