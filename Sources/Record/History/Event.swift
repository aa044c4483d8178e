/// One line of `events.jsonl`. Events are the only thing that passes from running to judging.
///
/// Times are CLOCK_MONOTONIC nanoseconds; 0 means "did not happen". A trial's events are appended
/// together when it ends, in the order below, between its `trial-started` and its `trial-ended`; a
/// trial without its `trial-ended` was cut off and is not judged.
public enum Event: Sendable, Equatable {
  /// First line of the file.
  case runStarted(RunStarted)
  /// The pool was set for the arms that follow, and read back.
  case poolSet(PoolSet)
  /// A trial begins.
  case trialStarted(TrialStarted)
  /// What one launch allocated.
  case launch(LaunchRecord)
  /// What one API server did.
  case server(ServerRecord)
  /// How the rest of one launch's start-up went; only at depth `startup`.
  case startup(StartupRecord)
  /// What one engine core did; only at depth `startup`.
  case engine(EngineRecord)
  /// What one API server heard of the engine cores; only at depth `startup`.
  case serving(ServingRecord)
  /// What one thief process did.
  case thief(ThiefRecord)
  /// What became of one fault.
  case fault(FaultRecord)
  /// A trial is over, and clean.
  case trialEnded(TrialEnded)
  /// An arm does not run, and why.
  case armSkipped(ArmSkipped)
  /// Last line of the file.
  case runEnded(RunEnded)
}

/// First line of the file.
public struct RunStarted: Sendable, Equatable, Codable {
  /// Version of the event format (1).
  public var schemaVersion: Int
  /// The plan's name.
  public var plan: String
  /// The plan's seed.
  public var seed: UInt64
  /// Whether the run has a network namespace of its own.
  public var isolated: Bool

  public init(schemaVersion: Int = 1, plan: String, seed: UInt64, isolated: Bool) {
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

  public init(low: Int, high: Int, at: UInt64) {
    self.low = low
    self.high = high
    self.at = at
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

  public init(arm: Int, trial: Int, at: UInt64) {
    self.arm = arm
    self.trial = trial
    self.at = at
  }
}

/// What one launch allocated and advertised.
public struct LaunchRecord: Sendable, Equatable, Codable {
  /// Number of the launch within the trial, from 0.
  public var launch: Int
  /// Launcher's process id.
  public var pid: Int32
  /// Ports told to the peers: all inputs, then all outputs; 0 where none was known at the end.
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
  /// Text for people: what the launcher has to say about `errno`; empty unless something is to be said.
  public var detail: String
  /// What came of the launch's program, where its port calls were forced and its supervisor lived to tell.
  public var forced: ForcedRun?
  /// Wait status of a launcher that ended, which it never does by itself; nil while it lives.
  public var died: Int32?

  public init(
    launch: Int, pid: Int32, advertised: [UInt16], allocationStarted: UInt64,
    allocationEnded: UInt64, errno: Int32 = 0, stage: Stage = .none, service: UInt16 = 0,
    holder: Holder? = nil, portsTaken: Int = 0, detail: String = "",
    forced: ForcedRun? = nil, died: Int32? = nil
  ) {
    self.forced = forced
    self.died = died
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
  }
}

/// Where in its work a process was.
public enum Stage: String, Sendable, Codable, CaseIterable {
  /// Nothing went wrong.
  case none
  /// The launcher draws a number with `bind(0)`.
  case probe
  /// The launcher makes listeners to hand over.
  case listenerSetup = "listener-setup"
  /// The process is started or handed its orders.
  case spawn
  /// `bind()` of an API server's endpoint.
  case bind
  /// `listen()` of an API server's endpoint.
  case listen
  /// An inherited listener is adopted.
  case adopt
  /// The bound endpoints are reported to the launcher.
  case report
  /// A range is searched for a number that can be had.
  case scan
  /// A lock or a shared file is waited for.
  case lock
  /// The launcher binds a port of its own, as of a store.
  case service
  /// An API server asks the launcher for a number.
  case ask
  /// The launcher waits for the coordinator's addresses.
  case coordinator
  /// The launcher binds the handshake or takes its messages; an engine core waits for the init message.
  case handshake
  /// An engine core loads.
  case load
  /// An engine core connects.
  case connect
  /// An API server waits until every engine core was heard.
  case readiness
  /// An API server waits for answers.
  case serve
  /// An adapter, the program of an `exec` strategy, is spoken to.
  case adapter
  /// The launcher binds the HTTP port, or the HTTP client waits for answers.
  case http
  /// The host refused a process of the launch, or its channel: a limit of the host, and nobody's failure.
  case host
}

/// Who holds a port.
public struct Holder: Sendable, Equatable, Codable {
  /// How much is known.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// An API server of the launch `launch`.
    case apiServer = "api-server"
    /// A launcher of the launch `launch` (a listener it made or a probe it still holds).
    case launcher
    /// The coordinator of the launch `launch`.
    case coordinator
    /// Thief process number `index`.
    case thief
    /// A process that bindstorm did not start.
    case outsider
    /// The kernel knew no holder any more when it was asked.
    case nobody
    /// The kernel knows a holder, but its process could not be found, or the kernel could not be asked.
    case cannotTell = "cannot-tell"
  }
  /// How much is known.
  public var kind: Kind
  /// Launch of the holder, -1 where that does not apply.
  public var launch: Int
  /// Number of the API server within its launch or of the thief, -1 where that does not apply.
  public var index: Int
  /// Process id, 0 where unknown.
  public var pid: Int32
  /// Executable or role name, empty where unknown.
  public var command: String
  /// Since when it held the port, by its own word, in nanoseconds; 0 where that is not on record here (API servers
  /// have it in their own records).
  public var since: UInt64
  /// What the kernel's socket record and the record of events say about each other.
  public var sources: Sources

  /// Which records name the holder.
  public enum Sources: String, Sendable, Codable, CaseIterable {
    /// Both agree.
    case eventsAndKernel = "events-and-kernel"
    /// Only the record of events; the kernel showed no socket any more or could not be asked.
    case events
    /// Only the kernel.
    case kernel
    /// They contradict each other.
    case contradiction
    /// Neither.
    case neither
  }

  public init(
    kind: Kind, launch: Int = -1, index: Int = -1, pid: Int32 = 0, command: String = "",
    since: UInt64 = 0,
    sources: Sources
  ) {
    self.since = since
    self.kind = kind
    self.launch = launch
    self.index = index
    self.pid = pid
    self.command = command
    self.sources = sources
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
  /// Whether it listens.
  public var isBound: Bool { bound != 0 || (!path.isEmpty && errno == 0 && finished != 0) }

  public init(
    requested: UInt16, bound: UInt16, errno: Int32 = 0, stage: Stage = .none, attempted: UInt64,
    finished: UInt64, holder: Holder? = nil, ownership: Ownership = .unchecked, retries: Int = 0,
    reported: UInt64 = 0, path: String = ""
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

/// What the ownership check found at an advertised endpoint.
public enum Ownership: String, Sendable, Codable, CaseIterable {
  /// The check is off, or there was nothing to check.
  case unchecked
  /// The process that should own it answered or is the kernel's only listener.
  case owner
  /// Another process answered, or the kernel's listener is another's.
  case stranger
  /// More than one socket listens there.
  case shared
  /// Nobody answered in time, or nobody listens.
  case silent
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
    launch: Int, server: Int, pid: Int32, released: UInt64, input: EndpointRecord,
    output: EndpointRecord, died: Int32? = nil
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
  /// The same, after everybody had bound.
  public var drawnAfterBind: Int
  /// All of them.
  public var drawn: Int { drawnBefore + drawnInWindow + drawnAfterBind }
  /// Ports it held when the barrier opened.
  public var heldAtRelease: Int
  /// errno that stopped it, 0 if none.
  public var errno: Int32

  public init(
    thief: Int, name: String, pid: Int32, wanted: Int, drawnInWindow: Int,
    drawnBefore: Int = 0, drawnAfterBind: Int = 0, heldAtRelease: Int, errno: Int32 = 0
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

/// A trial is over.
public struct TrialEnded: Sendable, Equatable, Codable {
  /// Phase whose deadline passed, or why the harness had to give up; `complete` otherwise.
  public enum Completion: String, Sendable, Codable, CaseIterable {
    /// Every phase ended in time.
    case complete
    /// Launchers did not finish allocating and starting their servers.
    case timeoutPreparing = "timeout-preparing"
    /// Thieves did not draw what the window demands.
    case timeoutWindow = "timeout-window"
    /// Binders or report collection did not finish.
    case timeoutBinding = "timeout-binding"
    /// The ownership check did not finish.
    case timeoutChecking = "timeout-checking"
    /// Servers did not close in time and were killed.
    case timeoutClosing = "timeout-closing"
    /// The harness itself failed; `detail` says how.
    case harnessError = "harness-error"
  }
  /// `Arm.index`.
  public var arm: Int
  /// Number of the trial within its arm.
  public var trial: Int
  /// When the barrier opened.
  public var barrierOpened: UInt64
  /// When the trial was over and its processes clean.
  public var at: UInt64
  /// How it ended.
  public var completion: Completion
  /// Sockets left in the namespace after everything was closed; -1 where that was not measured.
  public var socketsLeft: Int
  /// TCP sockets of the launches, bound or listening, while the window was open; -1 where that was not
  /// measured: it is in the first trial of each block.
  public var socketsInWindow: Int
  /// Processes and socket files that were left after everything was ended, by name; looked for at depth
  /// `startup`, and cleaned up.
  public var left: [String]
  /// Text for people, empty unless something is to be said.
  public var detail: String

  public init(
    arm: Int, trial: Int, barrierOpened: UInt64, at: UInt64, completion: Completion = .complete,
    socketsLeft: Int = 0, socketsInWindow: Int = -1, left: [String] = [], detail: String = ""
  ) {
    self.left = left
    self.arm = arm
    self.trial = trial
    self.barrierOpened = barrierOpened
    self.at = at
    self.completion = completion
    self.socketsLeft = socketsLeft
    self.socketsInWindow = socketsInWindow
    self.detail = detail
  }
}

/// An arm that does not run.
public struct ArmSkipped: Sendable, Equatable, Codable {
  /// `Arm.index`.
  public var arm: Int
  /// The plan's reason, or what this host lacks.
  public var reason: String

  public init(arm: Int, reason: String) {
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

  public init(interrupted: Bool, at: UInt64) {
    self.interrupted = interrupted
    self.at = at
  }
}
