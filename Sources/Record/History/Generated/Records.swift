// Made by `make generate` from Sources/Schema/Definitions; change that.
// swift-format-ignore-file
// Long because it is generated.
public import PlanModel

/// One line of `events.jsonl`. Events are the only thing that passes from running to judging.
///
/// Times are CLOCK_MONOTONIC nanoseconds; 0 means "did not happen". A trial's events are appended together when it
/// ends, in the order below, between its `trial-started` and its `trial-ended`; a trial without its `trial-ended` was
/// cut off and is not judged.
public enum Event: Sendable, Equatable {
  /// First line of the file.
  case runStarted(RunStarted)
  /// The pool as the kernel reports it after it was set.
  case poolSet(PoolSet)
  /// A trial begins.
  case trialStarted(TrialStarted)
  /// What one launch allocated and advertised.
  case launch(LaunchRecord)
  /// What one API server did.
  case server(ServerRecord)
  /// How the rest of one launch's start-up went: coordinator, handshake, and what the launcher noticed.
  case startup(StartupRecord)
  /// What one engine core did. Times are 0 until the step has happened.
  case engine(EngineRecord)
  /// What one API server received from the engine cores. Times are 0 until the step has happened.
  case serving(ServingRecord)
  /// What one thief process did in this trial.
  case thief(ThiefRecord)
  /// What became of one fault of the plan in one trial. Each state has its time; one that was not reached has 0.
  case fault(FaultRecord)
  /// A trial is over.
  case trialEnded(TrialEnded)
  /// An arm that does not run.
  case armSkipped(ArmSkipped)
  /// Last line of the file.
  case runEnded(RunEnded)
  /// A finding of a program whose port calls were forced, as `bindstorm check` reports it: a port that was probed, released and bound again. The first 16 of a launch.
  case forcedWindow(ForcedWindow)
}

/// First line of the file.
public struct RunStarted: Sendable, Equatable, Codable {
  /// Version of the event format (1).
  public var schemaVersion: Int
  /// The plan's name.
  public var plan: String
  /// The plan's seed.
  public var seed: UInt64
  /// Whether the run has its own network namespace.
  public var isolated: Bool

  public init(
    schemaVersion: Int = 1,
    plan: String,
    seed: UInt64,
    isolated: Bool
  ) {
    self.schemaVersion = schemaVersion
    self.plan = plan
    self.seed = seed
    self.isolated = isolated
  }
}

/// The pool as the kernel reports it after it was set.
public struct PoolSet: Sendable, Equatable, Codable {
  /// First port of `ip_local_port_range`, read back.
  public var low: Int
  /// Last port of `ip_local_port_range`, read back.
  public var high: Int
  /// When, in nanoseconds.
  public var at: UInt64
  /// The lane in which it was set, from 0; lanes run side by side.
  public var lane: Int

  public init(
    low: Int,
    high: Int,
    at: UInt64,
    lane: Int = 0
  ) {
    self.low = low
    self.high = high
    self.at = at
    self.lane = lane
  }
}

/// A trial begins.
public struct TrialStarted: Sendable, Equatable, Codable {
  /// `Arm.index`.
  public var arm: Int
  /// Number of the trial within its arm, from 0.
  public var trial: Int
  /// When, in nanoseconds.
  public var at: UInt64
  /// The lane in which it runs, from 0; lanes run side by side.
  public var lane: Int

  public init(
    arm: Int,
    trial: Int,
    at: UInt64,
    lane: Int = 0
  ) {
    self.arm = arm
    self.trial = trial
    self.at = at
    self.lane = lane
  }
}

/// What one launch allocated and advertised.
public struct LaunchRecord: Sendable, Equatable, Codable {
  /// Number of the launch within the trial, from 0.
  public var launch: Int
  /// Launcher's process id.
  public var pid: Int32
  /// Ports reported to the peers: all inputs, then all outputs; 0 if none was known at the end.
  public var advertised: [UInt16]
  /// Start of the allocation.
  public var allocationStarted: UInt64
  /// End of the allocation: probed ports are released by now, the window is open.
  public var allocationEnded: UInt64
  /// errno of the allocation or of collecting the reports, 0 if they succeeded.
  public var errno: Int32
  /// Stage at which `errno` occurred; `none` when 0.
  public var stage: Stage
  /// Port of the launcher's own service, as of a store; 0 if it has none.
  public var service: UInt16
  /// Who held the service's port when its bind failed; nil otherwise.
  public var holder: Holder?
  /// Ports that launcher and API servers took, probes included.
  public var portsTaken: Int
  /// Text for people: the launcher's explanation of `errno`; empty if there is none.
  public var detail: String
  /// The result of the launch's program, if its port calls were forced and its supervisor reported it.
  public var forced: ForcedRun?
  /// Wait status of a launcher that ended, which it never does by itself; nil while it lives.
  public var died: Int32?

  public init(
    launch: Int,
    pid: Int32,
    advertised: [UInt16],
    allocationStarted: UInt64,
    allocationEnded: UInt64,
    errno: Int32 = 0,
    stage: Stage = .none,
    service: UInt16 = 0,
    holder: Holder? = nil,
    portsTaken: Int = 0,
    detail: String = "",
    forced: ForcedRun? = nil,
    died: Int32? = nil
  ) {
    self.launch = launch
    self.pid = pid
    self.advertised = advertised
    self.allocationStarted = allocationStarted
    self.allocationEnded = allocationEnded
    self.errno = errno
    self.stage = stage
    self.service = service
    self.holder = holder
    self.portsTaken = portsTaken
    self.detail = detail
    self.forced = forced
    self.died = died
  }
}

/// What one API server did.
public struct ServerRecord: Sendable, Equatable, Codable {
  /// Launch it belongs to.
  public var launch: Int
  /// Number within the launch, from 0.
  public var server: Int
  /// Process id.
  public var pid: Int32
  /// When it left the barrier; 0 if it never did.
  public var released: UInt64
  /// ROUTER (requests).
  public var input: EndpointRecord
  /// PULL (results).
  public var output: EndpointRecord
  /// Wait status as of `waitpid(2)` if it died before it was told to stop; nil while it lived.
  public var died: Int32?

  public init(
    launch: Int,
    server: Int,
    pid: Int32,
    released: UInt64,
    input: EndpointRecord,
    output: EndpointRecord,
    died: Int32? = nil
  ) {
    self.launch = launch
    self.server = server
    self.pid = pid
    self.released = released
    self.input = input
    self.output = output
    self.died = died
  }
}

/// How the rest of one launch's start-up went: coordinator, handshake, and what the launcher noticed.
public struct StartupRecord: Sendable, Equatable, Codable {
  /// Number of the launch.
  public var launch: Int
  /// Address that endpoints are bound to, in dotted form.
  public var host: String
  /// Port of the handshake; 0 if it was not bound.
  public var handshakePort: UInt16
  /// When the handshake was bound.
  public var handshakeBound: UInt64
  /// Coordinator's process id, 0 if there is none.
  public var coordinatorPid: Int32
  /// Coordinator's ports towards the engine cores, 0 for paths; with hybrid load balancing a third one, towards the API servers.
  public var coordinatorPorts: [UInt16]
  /// When the coordinator was started.
  public var coordinatorStarted: UInt64
  /// When the coordinator had bound, in time or not.
  public var coordinatorBound: UInt64
  /// When the launcher took its report; 0 if it gave up.
  public var coordinatorReported: UInt64
  /// Wait status of a coordinator that died by itself; nil while it lived.
  public var coordinatorDied: Int32?
  /// When every engine core was READY.
  public var enginesReady: UInt64
  /// When every API server was served by every engine core.
  public var served: UInt64
  /// When the launcher noticed that the launch has failed; 0 if it did not.
  public var noticed: UInt64
  /// Who it noticed.
  public var casualty: StartupRecord.Casualty
  /// Which of them, -1 where that does not apply.
  public var casualtyNumber: Int
  /// The HTTP port that the launcher bound for its API servers; 0 if it did not.
  public var httpPort: UInt16
  /// When it was bound.
  public var httpBound: UInt64
  /// When every API server had answered a request over HTTP; 0 if they did not.
  public var httpAnswered: UInt64
  /// Requests that the HTTP client had sent by then, or when it gave up.
  public var httpRequests: Int
  /// Answers over HTTP that were not of this launch.
  public var httpStrangers: Int
  /// Sockets that a connection to the HTTP port could reach when the HTTP client was done; 0 if that was not looked at.
  public var httpListeners: Int
  /// Requests of the measurement, all answered; 0 if there was none.
  public var measuredRequests: Int
  /// How long they took in nanoseconds.
  public var measured: UInt64
  /// Number of the launch in its row, from 0; the records of the trial are this launch's.
  public var serial: Int
  /// Ports that the launcher probed for the data-parallel group, in the order of their use; empty if it has none.
  public var groupPorts: [UInt16]
  /// When it had probed them.
  public var groupChosen: UInt64
  /// Port of the coordination store that the launcher holds; 0 if there is none.
  public var storePort: UInt16
  /// When every engine core had formed the group anew; 0 if they did not.
  public var reinitialised: UInt64
  /// The launchers on the nodes 1, 2, ...
  public var headless: [HeadlessRecord]

  public init(
    launch: Int,
    host: String = "127.0.0.1",
    handshakePort: UInt16 = 0,
    handshakeBound: UInt64 = 0,
    coordinatorPid: Int32 = 0,
    coordinatorPorts: [UInt16] = [0, 0],
    coordinatorStarted: UInt64 = 0,
    coordinatorBound: UInt64 = 0,
    coordinatorReported: UInt64 = 0,
    coordinatorDied: Int32? = nil,
    enginesReady: UInt64 = 0,
    served: UInt64 = 0,
    noticed: UInt64 = 0,
    casualty: StartupRecord.Casualty = .none,
    casualtyNumber: Int = -1,
    httpPort: UInt16 = 0,
    httpBound: UInt64 = 0,
    httpAnswered: UInt64 = 0,
    httpRequests: Int = 0,
    httpStrangers: Int = 0,
    httpListeners: Int = 0,
    measuredRequests: Int = 0,
    measured: UInt64 = 0,
    serial: Int = 0,
    groupPorts: [UInt16] = [],
    groupChosen: UInt64 = 0,
    storePort: UInt16 = 0,
    reinitialised: UInt64 = 0,
    headless: [HeadlessRecord] = []
  ) {
    self.launch = launch
    self.host = host
    self.handshakePort = handshakePort
    self.handshakeBound = handshakeBound
    self.coordinatorPid = coordinatorPid
    self.coordinatorPorts = coordinatorPorts
    self.coordinatorStarted = coordinatorStarted
    self.coordinatorBound = coordinatorBound
    self.coordinatorReported = coordinatorReported
    self.coordinatorDied = coordinatorDied
    self.enginesReady = enginesReady
    self.served = served
    self.noticed = noticed
    self.casualty = casualty
    self.casualtyNumber = casualtyNumber
    self.httpPort = httpPort
    self.httpBound = httpBound
    self.httpAnswered = httpAnswered
    self.httpRequests = httpRequests
    self.httpStrangers = httpStrangers
    self.httpListeners = httpListeners
    self.measuredRequests = measuredRequests
    self.measured = measured
    self.serial = serial
    self.groupPorts = groupPorts
    self.groupChosen = groupChosen
    self.storePort = storePort
    self.reinitialised = reinitialised
    self.headless = headless
  }
}

/// What one engine core did. Times are 0 until the step has happened.
public struct EngineRecord: Sendable, Equatable, Codable {
  /// Launch it belongs to.
  public var launch: Int
  /// Its rank, from 0.
  public var engine: Int
  /// The node it runs on.
  public var node: Int
  /// Process id.
  public var pid: Int32
  /// When its process began.
  public var started: UInt64
  /// When it had the addresses.
  public var initialised: UInt64
  /// When it had loaded.
  public var loaded: UInt64
  /// When its sockets were connected and its first messages sent.
  public var connected: UInt64
  /// When it was READY.
  public var ready: UInt64
  /// Addresses with port 0 that it was told to connect to.
  public var placeholders: Int
  /// Requests of its launch that it answered.
  public var requests: Int
  /// Requests that were not for it or not of its launch.
  public var strangers: Int
  /// errno that ended it, 0 if none.
  public var errno: Int32
  /// Stage of `errno`.
  public var stage: Stage
  /// Its part in the data-parallel group of the engine cores; nil if it had none.
  public var group: RendezvousRecord?
  /// The rendezvous of its workers; nil if it had none.
  public var workers: RendezvousRecord?
  /// Its part in the group that was formed anew; nil if it had none.
  public var reinit: RendezvousRecord?
  /// Wait status if it died by itself; nil while it lived.
  public var died: Int32?

  public init(
    launch: Int,
    engine: Int,
    node: Int = 0,
    pid: Int32,
    started: UInt64 = 0,
    initialised: UInt64 = 0,
    loaded: UInt64 = 0,
    connected: UInt64 = 0,
    ready: UInt64 = 0,
    placeholders: Int = 0,
    requests: Int = 0,
    strangers: Int = 0,
    errno: Int32 = 0,
    stage: Stage = .none,
    group: RendezvousRecord? = nil,
    workers: RendezvousRecord? = nil,
    reinit: RendezvousRecord? = nil,
    died: Int32? = nil
  ) {
    self.launch = launch
    self.engine = engine
    self.node = node
    self.pid = pid
    self.started = started
    self.initialised = initialised
    self.loaded = loaded
    self.connected = connected
    self.ready = ready
    self.placeholders = placeholders
    self.requests = requests
    self.strangers = strangers
    self.errno = errno
    self.stage = stage
    self.group = group
    self.workers = workers
    self.reinit = reinit
    self.died = died
  }
}

/// What one API server received from the engine cores. Times are 0 until the step has happened.
public struct ServingRecord: Sendable, Equatable, Codable {
  /// Launch it belongs to.
  public var launch: Int
  /// Number within the launch.
  public var server: Int
  /// When every engine core had been heard.
  public var heard: UInt64
  /// When every engine core had answered a request.
  public var served: UInt64
  /// When it gave up.
  public var failed: UInt64
  /// Engine cores that were not heard.
  public var unheard: [Int]
  /// Engine cores that did not answer.
  public var unanswered: [Int]
  /// Messages that were not of this launch.
  public var strangers: Int
  /// errno that ended it, 0 if none.
  public var errno: Int32
  /// Stage of `errno`.
  public var stage: Stage
  /// When its first answer over HTTP had come; 0 if none did.
  public var httpAnswered: UInt64
  /// When it listened on the HTTP port; 0 if it did not.
  public var httpListened: UInt64
  /// Process id of its HTTP front end, 0 if there is none.
  public var frontEndPid: Int32

  public init(
    launch: Int,
    server: Int,
    heard: UInt64 = 0,
    served: UInt64 = 0,
    failed: UInt64 = 0,
    unheard: [Int] = [],
    unanswered: [Int] = [],
    strangers: Int = 0,
    errno: Int32 = 0,
    stage: Stage = .none,
    httpAnswered: UInt64 = 0,
    httpListened: UInt64 = 0,
    frontEndPid: Int32 = 0
  ) {
    self.launch = launch
    self.server = server
    self.heard = heard
    self.served = served
    self.failed = failed
    self.unheard = unheard
    self.unanswered = unanswered
    self.strangers = strangers
    self.errno = errno
    self.stage = stage
    self.httpAnswered = httpAnswered
    self.httpListened = httpListened
    self.frontEndPid = frontEndPid
  }
}

/// What one thief process did in this trial.
public struct ThiefRecord: Sendable, Equatable, Codable {
  /// Number of the thief in the arm, from 0.
  public var thief: Int
  /// Name in the registry.
  public var name: String
  /// Process id.
  public var pid: Int32
  /// Ports it was told to draw before the barrier opened; 0 if it has no quota.
  public var wanted: Int
  /// Ports it drew between allocation and barrier, or tried by number and was refused.
  public var drawnInWindow: Int
  /// The same, before the addresses were allocated.
  public var drawnBefore: Int
  /// The same, after all API servers had bound.
  public var drawnAfterBind: Int
  /// Ports it held when the barrier opened.
  public var heldAtRelease: Int
  /// errno that stopped it, 0 if none.
  public var errno: Int32

  public init(
    thief: Int,
    name: String,
    pid: Int32,
    wanted: Int,
    drawnInWindow: Int,
    drawnBefore: Int = 0,
    drawnAfterBind: Int = 0,
    heldAtRelease: Int,
    errno: Int32 = 0
  ) {
    self.thief = thief
    self.name = name
    self.pid = pid
    self.wanted = wanted
    self.drawnInWindow = drawnInWindow
    self.drawnBefore = drawnBefore
    self.drawnAfterBind = drawnAfterBind
    self.heldAtRelease = heldAtRelease
    self.errno = errno
  }
}

/// What became of one fault of the plan in one trial. Each state has its time; one that was not reached has 0.
public struct FaultRecord: Sendable, Equatable, Codable {
  /// Position in `Arm.faults`.
  public var fault: Int
  /// Name in the registry.
  public var name: String
  /// Where it was to be injected.
  public var point: InjectionPoint
  /// Launch of the victim.
  public var launch: Int
  /// Number of the victim within its launch.
  public var index: Int
  /// Whether it was to happen in this trial: scheduled. Nothing else is said of one that was not.
  public var isDue: Bool
  /// The victim's process id, 0 while unknown.
  public var pid: Int32
  /// When the victim was ready to inject it.
  public var armed: UInt64
  /// When the victim came to the point and the fault was done to it.
  public var injected: UInt64
  /// When a witness other than the injecting code saw its effect, or it was read back from the kernel.
  public var witnessed: UInt64
  /// When its effect was over: the victim went on, or was gone and taken leave of.
  public var healed: UInt64
  /// errno that it made or met, 0 for none.
  public var errno: Int32
  /// The number at stake, 0 for none.
  public var port: UInt16
  /// A process that acted for it, as the one that steals; 0 for none.
  public var helper: Int32
  /// errno with which the host refused a process that was to act for it, 0 if it did not.
  public var refused: Int32
  /// Number of the launch in its row, from 0; each launch of a row has a record of every fault.
  public var serial: Int

  public init(
    fault: Int,
    name: String,
    point: InjectionPoint,
    launch: Int,
    index: Int,
    isDue: Bool,
    pid: Int32 = 0,
    armed: UInt64 = 0,
    injected: UInt64 = 0,
    witnessed: UInt64 = 0,
    healed: UInt64 = 0,
    errno: Int32 = 0,
    port: UInt16 = 0,
    helper: Int32 = 0,
    refused: Int32 = 0,
    serial: Int = 0
  ) {
    self.fault = fault
    self.name = name
    self.point = point
    self.launch = launch
    self.index = index
    self.isDue = isDue
    self.pid = pid
    self.armed = armed
    self.injected = injected
    self.witnessed = witnessed
    self.healed = healed
    self.errno = errno
    self.port = port
    self.helper = helper
    self.refused = refused
    self.serial = serial
  }
}

/// A trial is over.
public struct TrialEnded: Sendable, Equatable, Codable {
  /// `Arm.index`.
  public var arm: Int
  /// Number of the trial within its arm.
  public var trial: Int
  /// When the barrier opened.
  public var barrierOpened: UInt64
  /// When the trial was over and its processes clean.
  public var at: UInt64
  /// How it ended.
  public var completion: TrialEnded.Completion
  /// Sockets left in the namespace after everything was closed; -1 where that was not measured.
  public var socketsLeft: Int
  /// TCP sockets of the launches, bound or listening, while the window was open; -1 if not measured; it is measured in the first trial of each block.
  public var socketsInWindow: Int
  /// Processes and socket files that were left after everything was ended, by name; looked for at depth `startup`, and cleaned up.
  public var left: [String]
  /// Text for people, empty if there is none.
  public var detail: String

  public init(
    arm: Int,
    trial: Int,
    barrierOpened: UInt64,
    at: UInt64,
    completion: TrialEnded.Completion = .complete,
    socketsLeft: Int = 0,
    socketsInWindow: Int = -1,
    left: [String] = [],
    detail: String = ""
  ) {
    self.arm = arm
    self.trial = trial
    self.barrierOpened = barrierOpened
    self.at = at
    self.completion = completion
    self.socketsLeft = socketsLeft
    self.socketsInWindow = socketsInWindow
    self.left = left
    self.detail = detail
  }
}

/// An arm that does not run.
public struct ArmSkipped: Sendable, Equatable, Codable {
  /// `Arm.index`.
  public var arm: Int
  /// The plan's reason, or what this host lacks.
  public var reason: String

  public init(
    arm: Int,
    reason: String
  ) {
    self.arm = arm
    self.reason = reason
  }
}

/// Last line of the file.
public struct RunEnded: Sendable, Equatable, Codable {
  /// Whether the run was interrupted before all trials were done.
  public var interrupted: Bool
  /// When, in nanoseconds.
  public var at: UInt64

  public init(
    interrupted: Bool,
    at: UInt64
  ) {
    self.interrupted = interrupted
    self.at = at
  }
}

/// One endpoint of an API server at the end of a trial.
public struct EndpointRecord: Sendable, Equatable, Codable {
  /// The port it asked for; 0 for a wildcard bind.
  public var requested: UInt16
  /// The port it got and listens on; 0 if none.
  public var bound: UInt16
  /// errno of the failure, 0 if it listens.
  public var errno: Int32
  /// Stage of the failure; `none` if it listens.
  public var stage: Stage
  /// When the bind was attempted.
  public var attempted: UInt64
  /// When it listened or failed.
  public var finished: UInt64
  /// Who held the port at the moment of failure; nil if it listens or the port was not the reason.
  public var holder: Holder?
  /// What the ownership check found.
  public var ownership: Ownership
  /// Binds that failed with EADDRINUSE and were followed by another one.
  public var retries: Int
  /// When the binder told its launcher; 0 if it did not.
  public var reported: UInt64
  /// Path of the Unix socket it is advertised as; empty for a TCP port.
  public var path: String

  public init(
    requested: UInt16,
    bound: UInt16,
    errno: Int32 = 0,
    stage: Stage = .none,
    attempted: UInt64,
    finished: UInt64,
    holder: Holder? = nil,
    ownership: Ownership = .unchecked,
    retries: Int = 0,
    reported: UInt64 = 0,
    path: String = ""
  ) {
    self.requested = requested
    self.bound = bound
    self.errno = errno
    self.stage = stage
    self.attempted = attempted
    self.finished = finished
    self.holder = holder
    self.ownership = ownership
    self.retries = retries
    self.reported = reported
    self.path = path
  }
}

/// Who holds a port.
public struct Holder: Sendable, Equatable, Codable {
  /// How much is known.
  public var kind: Holder.Kind
  /// Launch of the holder, -1 where that does not apply.
  public var launch: Int
  /// Number of the API server or engine core within its launch, or of the thief; -1 where that does not apply.
  public var index: Int
  /// Process id, 0 where unknown.
  public var pid: Int32
  /// Executable or role name, empty where unknown.
  public var command: String
  /// Since when it held the port, according to its claim, in nanoseconds; 0 if not recorded here (API servers have it in their own records).
  public var since: UInt64
  /// What the kernel's socket record and the record of events say about each other.
  public var sources: Holder.Sources

  public init(
    kind: Holder.Kind,
    launch: Int = -1,
    index: Int = -1,
    pid: Int32 = 0,
    command: String = "",
    since: UInt64 = 0,
    sources: Holder.Sources
  ) {
    self.kind = kind
    self.launch = launch
    self.index = index
    self.pid = pid
    self.command = command
    self.since = since
    self.sources = sources
  }
}

/// One rendezvous of an engine core: the store of a process group, which one member binds and all dial. Times are 0 until the step has happened.
public struct RendezvousRecord: Sendable, Equatable, Codable {
  /// The number that it was to bind or to dial first.
  public var port: UInt16
  /// Where it listens; 0 if it only dials.
  public var bound: UInt16
  /// When the number was chosen.
  public var chosen: UInt64
  /// When it first bound or dialled.
  public var attempted: UInt64
  /// When all members were there.
  public var met: UInt64
  /// Numbers whose bind failed with EADDRINUSE.
  public var lost: Int
  /// Whether whoever listens there took its connection.
  public var isAccepted: Bool
  /// Who held the first number that it lost; nil if it lost none.
  public var holder: Holder?

  public init(
    port: UInt16,
    bound: UInt16 = 0,
    chosen: UInt64 = 0,
    attempted: UInt64 = 0,
    met: UInt64 = 0,
    lost: Int = 0,
    isAccepted: Bool = false,
    holder: Holder? = nil
  ) {
    self.port = port
    self.bound = bound
    self.chosen = chosen
    self.attempted = attempted
    self.met = met
    self.lost = lost
    self.isAccepted = isAccepted
    self.holder = holder
  }
}

/// What came of a program whose port calls were forced: the supervisor's own account.
public struct ForcedRun: Sendable, Equatable, Codable {
  /// Whether the program was the whole launch, whose success is exit code 0; else it was an adapter.
  public var isLaunch: Bool
  /// How it ended.
  public var ending: ForcedRun.Ending
  /// Exit code or signal.
  public var status: Int32
  /// Whether API servers bind the numbers of the adapter, whose calls are not caught.
  public var bindsElsewhere: Bool
  /// Port calls that were caught.
  public var calls: Int
  /// Calls that could not be looked into.
  public var unobserved: Int
  /// Times that the kernel dropped socket events: windows may have been missed.
  public var lost: Int
  /// Ports that the kernel chose for it, or that it bound by a number of its own.
  public var probes: Int
  /// Ports that were released and bound again.
  public var windows: Int
  /// Re-binds that a thief made fail.
  public var stolen: Int
  /// Calls that were made to fail or wait.
  public var injected: Int
  /// Who held a port that it was refused though nothing had been stolen.
  public var refusal: ForcedRun.Refusal
  /// Prober and re-binder of the stolen window, or else of the first one; empty if there was none.
  public var window: String
  /// Last lines of its output.
  public var lastWords: String

  public init(
    isLaunch: Bool,
    ending: ForcedRun.Ending = .exited,
    status: Int32 = 0,
    bindsElsewhere: Bool = false,
    calls: Int = 0,
    unobserved: Int = 0,
    lost: Int = 0,
    probes: Int = 0,
    windows: Int = 0,
    stolen: Int = 0,
    injected: Int = 0,
    refusal: ForcedRun.Refusal = .none,
    window: String = "",
    lastWords: String = ""
  ) {
    self.isLaunch = isLaunch
    self.ending = ending
    self.status = status
    self.bindsElsewhere = bindsElsewhere
    self.calls = calls
    self.unobserved = unobserved
    self.lost = lost
    self.probes = probes
    self.windows = windows
    self.stolen = stolen
    self.injected = injected
    self.refusal = refusal
    self.window = window
    self.lastWords = lastWords
  }
}

/// A finding of a program whose port calls were forced, as `bindstorm check` reports it: a port that was probed, released and bound again. The first 16 of a launch.
public struct ForcedWindow: Sendable, Equatable, Codable {
  /// Launch whose program it was.
  public var launch: Int
  /// As in the report of `bindstorm check`: `RACE`, `RESTART` and so on.
  public var verdict: String
  /// The place in the program, as in the report of `bindstorm check`.
  public var place: String
  /// `tcp` or `udp`.
  public var protocolName: String
  /// The number.
  public var port: UInt16
  /// Which re-bind of the port it was, from 1.
  public var rebind: Int
  /// Which window at its place it was, from 1; 0 if no thief can take the port there.
  public var occurrence: Int
  /// Command line of the process that probed.
  public var prober: String
  /// The same with its source line, if that is known.
  public var proberAt: String
  /// Its process id.
  public var proberPid: Int32
  /// Address of the probe.
  public var probedAddress: String
  /// When it got the port.
  public var probed: UInt64
  /// How the port was released; empty if it was not.
  public var release: String
  /// When it was released; 0 if that is unknown.
  public var released: UInt64
  /// Command line of the process that bound the port again.
  public var rebinder: String
  /// The same with its source line, if that is known.
  public var rebinderAt: String
  /// Its process id.
  public var rebinderPid: Int32
  /// Address of the re-bind.
  public var address: String
  /// When the re-bind was called.
  public var rebound: UInt64
  /// errno of the re-bind, 0 if it succeeded; -1 if it was not observed.
  public var result: Int32
  /// Whether a thief of bindstorm took the port in the window.
  public var isStolen: Bool
  /// Command line of another process that held the port; empty if there was none, or the thief.
  public var holder: String
  /// Its process id, or the thief's.
  public var holderPid: Int32

  public init(
    launch: Int,
    verdict: String,
    place: String,
    protocolName: String,
    port: UInt16,
    rebind: Int = 1,
    occurrence: Int = 0,
    prober: String,
    proberAt: String,
    proberPid: Int32,
    probedAddress: String,
    probed: UInt64,
    release: String = "",
    released: UInt64 = 0,
    rebinder: String,
    rebinderAt: String,
    rebinderPid: Int32,
    address: String,
    rebound: UInt64,
    result: Int32 = 0,
    isStolen: Bool = false,
    holder: String = "",
    holderPid: Int32 = 0
  ) {
    self.launch = launch
    self.verdict = verdict
    self.place = place
    self.protocolName = protocolName
    self.port = port
    self.rebind = rebind
    self.occurrence = occurrence
    self.prober = prober
    self.proberAt = proberAt
    self.proberPid = proberPid
    self.probedAddress = probedAddress
    self.probed = probed
    self.release = release
    self.released = released
    self.rebinder = rebinder
    self.rebinderAt = rebinderAt
    self.rebinderPid = rebinderPid
    self.address = address
    self.rebound = rebound
    self.result = result
    self.isStolen = isStolen
    self.holder = holder
    self.holderPid = holderPid
  }
}

/// The launcher of one launch on another node than the head node, as `vllm serve --headless`: the parent of the engine cores there.
public struct HeadlessRecord: Sendable, Equatable, Codable {
  /// Process id, 0 if it was not started.
  public var pid: Int32
  /// When it began.
  public var started: UInt64
  /// When it noticed that one of its engine cores had died; 0 if it did not.
  public var noticed: UInt64
  /// Rank of that engine core; -1 if there is none.
  public var casualty: Int
  /// Wait status if it ended by itself; nil while it lived.
  public var died: Int32?

  public init(
    pid: Int32,
    started: UInt64 = 0,
    noticed: UInt64 = 0,
    casualty: Int = -1,
    died: Int32? = nil
  ) {
    self.pid = pid
    self.started = started
    self.noticed = noticed
    self.casualty = casualty
    self.died = died
  }
}
