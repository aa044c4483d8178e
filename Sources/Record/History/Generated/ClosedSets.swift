// Made by `make generate` from Sources/Schema/Definitions; change that.
// swift-format-ignore-file
// Long because it is generated.
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
  /// The launcher binds its own port, such as that of a store.
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
  /// An engine core meets the others of its group, or its workers one another.
  case rendezvous
  /// An API server waits until every engine core was heard.
  case readiness
  /// An API server waits for answers.
  case serve
  /// An adapter, the program of an `exec` strategy, is spoken to.
  case adapter
  /// The launcher binds the HTTP port, an API server listens on it, or the HTTP client waits for answers.
  case http
  /// The host refused a process of the launch, or its channel: a limit of the host, not a failure of the strategy.
  case host
  /// An engine core binds its KV connector's side channel.
  case sideChannel = "side-channel"

  /// The raw value as a literal: writing it neither allocates nor hashes.
  var word: StaticString {
    switch self {
    case .none: "none"
    case .probe: "probe"
    case .listenerSetup: "listener-setup"
    case .spawn: "spawn"
    case .bind: "bind"
    case .listen: "listen"
    case .adopt: "adopt"
    case .report: "report"
    case .scan: "scan"
    case .lock: "lock"
    case .service: "service"
    case .ask: "ask"
    case .coordinator: "coordinator"
    case .handshake: "handshake"
    case .load: "load"
    case .connect: "connect"
    case .rendezvous: "rendezvous"
    case .readiness: "readiness"
    case .serve: "serve"
    case .adapter: "adapter"
    case .http: "http"
    case .host: "host"
    case .sideChannel: "side-channel"
    }
  }

  /// The case that a worker wrote as a number; nil for a number that none has.
  public init?(number: UInt32) {
    switch number {
    case 0: self = .none
    case 1: self = .probe
    case 2: self = .listenerSetup
    case 3: self = .spawn
    case 4: self = .bind
    case 5: self = .listen
    case 6: self = .adopt
    case 7: self = .report
    case 8: self = .scan
    case 9: self = .lock
    case 10: self = .service
    case 11: self = .ask
    case 12: self = .coordinator
    case 13: self = .handshake
    case 14: self = .load
    case 15: self = .connect
    case 16: self = .rendezvous
    case 17: self = .readiness
    case 18: self = .serve
    case 19: self = .adapter
    case 20: self = .http
    case 21: self = .host
    case 22: self = .sideChannel
    default: return nil
    }
  }
}

extension Holder {
  /// How much is known.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// An API server of the launch `launch`.
    case apiServer = "api-server"
    /// A launcher of the launch `launch` (a listener it made or a probe it still holds).
    case launcher
    /// The coordinator of the launch `launch`.
    case coordinator
    /// Engine core `index` of the launch `launch`.
    case engineCore = "engine-core"
    /// Thief process number `index`.
    case thief
    /// A process that bindstorm did not start.
    case outsider
    /// When the kernel was asked, there was no holder any more.
    case nobody
    /// The kernel knows a holder, but its process could not be found, or the kernel could not be asked.
    case cannotTell = "cannot-tell"

    /// The raw value as a literal: writing it neither allocates nor hashes.
    var word: StaticString {
      switch self {
      case .apiServer: "api-server"
      case .launcher: "launcher"
      case .coordinator: "coordinator"
      case .engineCore: "engine-core"
      case .thief: "thief"
      case .outsider: "outsider"
      case .nobody: "nobody"
      case .cannotTell: "cannot-tell"
      }
    }
  }
}

extension Holder {
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

    /// The raw value as a literal: writing it neither allocates nor hashes.
    var word: StaticString {
      switch self {
      case .eventsAndKernel: "events-and-kernel"
      case .events: "events"
      case .kernel: "kernel"
      case .contradiction: "contradiction"
      case .neither: "neither"
      }
    }
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
  /// No process answered in time, or no process listens.
  case silent
  /// An adapter's only listener, in whose backlog a connection waits: whether it will be accepted is not known.
  case unaccepted
  /// All processes that have the adapter's listener open are stopped.
  case stopped
  /// No connection to the adapter's listener could be made: its backlog is full.
  case full

  /// The raw value as a literal: writing it neither allocates nor hashes.
  var word: StaticString {
    switch self {
    case .unchecked: "unchecked"
    case .owner: "owner"
    case .stranger: "stranger"
    case .shared: "shared"
    case .silent: "silent"
    case .unaccepted: "unaccepted"
    case .stopped: "stopped"
    case .full: "full"
    }
  }
}

extension TrialEnded {
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

    /// The raw value as a literal: writing it neither allocates nor hashes.
    var word: StaticString {
      switch self {
      case .complete: "complete"
      case .timeoutPreparing: "timeout-preparing"
      case .timeoutWindow: "timeout-window"
      case .timeoutBinding: "timeout-binding"
      case .timeoutChecking: "timeout-checking"
      case .timeoutClosing: "timeout-closing"
      case .harnessError: "harness-error"
      }
    }
  }
}

extension ForcedRun {
  /// How the program ended.
  public enum Ending: String, Sendable, Codable, CaseIterable {
    /// With the exit code `status`.
    case exited
    /// By the signal `status`.
    case signalled
    /// Its time was over, and it was ended.
    case hung

    /// The raw value as a literal: writing it neither allocates nor hashes.
    var word: StaticString {
      switch self {
      case .exited: "exited"
      case .signalled: "signalled"
      case .hung: "hung"
      }
    }

    /// The case that a worker wrote as a number; nil for a number that none has.
    public init?(number: UInt32) {
      switch number {
      case 0: self = .exited
      case 1: self = .signalled
      case 2: self = .hung
      default: return nil
      }
    }
  }
}

extension ForcedRun {
  /// Who held a port that the program was refused though nothing had been stolen.
  public enum Refusal: String, Sendable, Codable, CaseIterable {
    /// No such refusal.
    case none
    /// A process of the same program.
    case tree
    /// A process that bindstorm did not start, or an unknown one.
    case outsider

    /// The raw value as a literal: writing it neither allocates nor hashes.
    var word: StaticString {
      switch self {
      case .none: "none"
      case .tree: "tree"
      case .outsider: "outsider"
      }
    }

    /// The case that a worker wrote as a number; nil for a number that none has.
    public init?(number: UInt32) {
      switch number {
      case 0: self = .none
      case 1: self = .tree
      case 2: self = .outsider
      default: return nil
      }
    }
  }
}

extension StartupRecord {
  /// Who the launcher noticed to have failed.
  public enum Casualty: String, Sendable, Codable, CaseIterable {
    /// Nobody.
    case none
    /// API server number `casualtyNumber`.
    case apiServer = "api-server"
    /// Engine core number `casualtyNumber`.
    case engine
    /// The coordinator.
    case coordinator
    /// The launcher itself.
    case launcher

    /// The raw value as a literal: writing it neither allocates nor hashes.
    var word: StaticString {
      switch self {
      case .none: "none"
      case .apiServer: "api-server"
      case .engine: "engine"
      case .coordinator: "coordinator"
      case .launcher: "launcher"
      }
    }

    /// The case that a worker wrote as a number; nil for a number that none has.
    public init?(number: UInt32) {
      switch number {
      case 0: self = .none
      case 1: self = .apiServer
      case 2: self = .engine
      case 3: self = .coordinator
      case 4: self = .launcher
      default: return nil
      }
    }
  }
}
