/// A plan after defaults are filled in and every arm is spelled out. It never changes during a run,
/// is written to `resolved.json`, and is all that running and judging know of the plan.
public struct ResolvedPlan: Sendable, Equatable, Codable {
  /// Version of the plan format (1).
  public var version: Int
  /// The plan's name, used for the results folder.
  public var name: String
  /// One line for people.
  public var title: String
  /// Seed of every choice the harness makes.
  public var seed: UInt64
  /// Every strategy under every scenario, scenario by scenario, in the order of the plan.
  public var arms: [Arm]

  public init(version: Int, name: String, title: String, seed: UInt64, arms: [Arm]) {
    self.version = version
    self.name = name
    self.title = title
    self.seed = seed
    self.arms = arms
  }
}

/// How far a trial goes.
public enum Depth: String, Sendable, Codable, CaseIterable {
  /// Addresses are allocated and compared; nothing is bound for good.
  case allocate
  /// Every API server really binds and listens on its two endpoints.
  case bind
  /// The whole start-up with coordinator and engine cores, until every API server has had a request answered by
  /// every engine core.
  case startup

  /// Whether API servers are started and bind.
  public var binds: Bool { self != .allocate }
}

/// What the API servers' endpoints are made of.
public enum SocketKind: String, Sendable, Codable, CaseIterable {
  /// libzmq ROUTER and PULL with vLLM's options.
  case zmq
  /// Plain TCP listening sockets.
  case tcp
}

/// Where the API server processes come from.
public enum WorkerKind: String, Sendable, Codable, CaseIterable {
  /// A new process per API server per trial.
  case fresh
  /// Processes are kept and reused between trials, with clean state each time.
  case pooled
}

/// How the harness checks who owns an endpoint.
public enum OwnershipCheck: String, Sendable, Codable, CaseIterable {
  /// A nonce is sent to every advertised endpoint and must be answered by its owner.
  case full
  /// The kernel's record of listening sockets must name the owner's socket, and only that.
  case kernel
  /// Only the binder's own word; for benchmarks.
  case off
}

/// How the binders are released together.
public struct Barrier: Sendable, Equatable, Codable {
  /// The mechanism of release.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// `FUTEX_WAIT` on a shared word, one broadcast wake.
    case futex
    /// Spin with `sched_yield` up to a CLOCK_MONOTONIC deadline.
    case spin
    /// `clock_nanosleep(TIMER_ABSTIME)` up to a deadline.
    case sleep
  }
  /// The mechanism of release.
  public var kind: Kind
  /// Each binder starts after a further seeded uniform delay of 0 to this many microseconds.
  public var arrivalSkewMicroseconds: Int

  public init(kind: Kind = .futex, arrivalSkewMicroseconds: Int = 0) {
    self.kind = kind
    self.arrivalSkewMicroseconds = arrivalSkewMicroseconds
  }
}

/// Processes of one trial.
public struct Topology: Sendable, Equatable, Codable {
  /// Parallel launches that share the host, at least 1.
  public var launches: Int
  /// API servers in each launch, at least 1; each has two endpoints.
  public var apiServers: Int
  /// Addresses that one launch needs: an input and an output for each API server.
  public var addressesPerLaunch: Int { 2 * apiServers }

  public init(launches: Int = 1, apiServers: Int) {
    self.launches = launches
    self.apiServers = apiServers
  }
}

/// The range of ephemeral ports (`ip_local_port_range`), both ends included.
public struct PortPool: Sendable, Equatable, Codable {
  /// First port of the range.
  public var low: Int
  /// Last port of the range.
  public var high: Int

  public init(low: Int = 32768, high: Int = 60999) {
    self.low = low
    self.high = high
  }
}

/// What lies between the release of the probed ports and their re-bind. Both conditions must be met
/// before the barrier opens.
public struct Window: Sendable, Equatable, Codable {
  /// Least length in milliseconds.
  public var milliseconds: Double
  /// Least number of ports that thieves must have drawn since the addresses were allocated.
  public var foreignDraws: Int

  public init(milliseconds: Double = 0, foreignDraws: Int = 0) {
    self.milliseconds = milliseconds
    self.foreignDraws = foreignDraws
  }
}

/// A strategy or thief chosen by name, with its options.
public struct Choice: Sendable, Equatable, Codable {
  /// Name in the registry.
  public var name: String
  /// Label in the matrix; the name unless the plan gives another.
  public var label: String
  /// Every option of the chosen one, defaults filled in, in the registry's own order.
  public var options: [OptionValue]
  /// The program that an `exec` or `check` strategy drives; nil for all others.
  public var command: AdapterCommand?
  /// The failure rate per launch, in (0, 1), for which a thief's intensity among the options was solved; nil where
  /// the plan gives the intensity itself.
  public var targetFailureRate: Double?

  public init(
    name: String, label: String, options: [OptionValue] = [], command: AdapterCommand? = nil,
    targetFailureRate: Double? = nil
  ) {
    self.name = name
    self.label = label
    self.options = options
    self.command = command
    self.targetFailureRate = targetFailureRate
  }

  /// The value of an option; traps when the registry has no such option, which is a programming error.
  public subscript(option: String) -> Int {
    guard let found = options.first(where: { $0.name == option }) else {
      preconditionFailure("\(name) has no option \(option)")
    }
    return found.value
  }
}

/// The program of an `exec` or `check` strategy.
public struct AdapterCommand: Sendable, Hashable, Codable {
  /// Most bytes of folder and words together, each with its end.
  public static let largestSize = 8_192

  /// The program and its arguments, as the plan has them. The program is searched in PATH unless it has a slash.
  public var words: [String]
  /// The folder in which it runs, against which its relative paths are meant: the plan's own.
  public var folder: String
  /// What is done to its port calls; nil if it runs as it is.
  public var forcing: Forcing?

  public init(words: [String], folder: String, forcing: Forcing? = nil) {
    self.words = words
    self.folder = folder
    self.forcing = forcing
  }

  /// Folder, forcing and words as bytes, each ended by 0.
  public var bytes: [UInt8] {
    ([folder, forcing?.text ?? ""] + words).flatMap { Array($0.utf8) + [0] }
  }

  /// The inverse of `bytes`; nil if there is no word.
  public init?(bytes: some Collection<UInt8>) {
    let parts = bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast()
      .map { String(decoding: $0, as: UTF8.self) }
    guard parts.count > 2 else { return nil }
    self.init(words: Array(parts[2...]), folder: parts[0], forcing: Forcing(text: parts[1]))
  }
}

/// One option with its value; the unit is part of the name.
public struct OptionValue: Sendable, Equatable, Codable {
  /// Name as in the plan, with the unit, for example `report_timeout_ms`.
  public var name: String
  /// Value in that unit.
  public var value: Int

  public init(name: String, value: Int) {
    self.name = name
    self.value = value
  }
}

/// What the plan demands of an arm.
public struct Expectation: Sendable, Equatable, Codable {
  /// The failure rate must be shown to be at most this, at `confidence`.
  public var failureRateAtMost: Double?
  /// The failure rate must be shown to be at least this, at `confidence`.
  public var failureRateAtLeast: Double?
  /// Label of a strategy in the same scenario whose rate must be consistent with this one's.
  public var like: String?
  /// Largest difference to that one's rate that the demand lets pass, in (0, 1): as long as a larger one cannot be
  /// ruled out at `confidence`, nothing is decided. Nil without `like`.
  public var likeWithin: Double?
  /// `likeWithin` where a plan says nothing: ten percentage points.
  public static let defaultLikeWithin = 0.1
  /// Confidence of the one-sided bound, in (0.5, 1).
  public var confidence: Double
  /// The scenario's must-fail control: if it does not fail as demanded, the scenario proves nothing.
  public var isMustFailControl: Bool
  /// Why this is expected.
  public var why: String

  public init(
    failureRateAtMost: Double? = nil, failureRateAtLeast: Double? = nil, like: String? = nil,
    likeWithin: Double? = nil, confidence: Double = 0.95,
    isMustFailControl: Bool = false, why: String = ""
  ) {
    self.failureRateAtMost = failureRateAtMost
    self.failureRateAtLeast = failureRateAtLeast
    self.like = like
    self.likeWithin = likeWithin ?? (like == nil ? nil : Self.defaultLikeWithin)
    self.confidence = confidence
    self.isMustFailControl = isMustFailControl
    self.why = why
  }
}

/// A figure somebody published for the same conditions.
public struct PublishedFigure: Sendable, Equatable, Codable {
  /// What one observation was.
  public enum Unit: String, Sendable, Codable, CaseIterable {
    /// One launch.
    case launch
    /// One trial: one launch or several parallel ones, failed when any failed.
    case trial
  }
  /// Failed observations.
  public var failures: Int
  /// All observations, at least 1.
  public var outOf: Int
  /// What one observation was.
  public var per: Unit
  /// Where it was published.
  public var source: String

  public init(failures: Int, outOf: Int, per: Unit = .launch, source: String) {
    self.failures = failures
    self.outOf = outOf
    self.per = per
    self.source = source
  }
}

/// One strategy under one scenario: one cell of the matrix.
public struct Arm: Sendable, Equatable, Codable {
  /// Position in `ResolvedPlan.arms`.
  public var index: Int
  /// Name of the scenario: the matrix column.
  public var scenario: String
  /// What the scenario is for.
  public var why: String
  /// The strategy: the matrix row.
  public var strategy: Choice
  /// How far a trial goes.
  public var depth: Depth
  /// Processes of one trial.
  public var topology: Topology
  /// The ephemeral ports of the trial's namespace.
  public var pool: PortPool
  /// Between release and re-bind.
  public var window: Window
  /// How binders are released.
  public var barrier: Barrier
  /// Fresh or pooled processes.
  public var workers: WorkerKind
  /// What the endpoints are made of.
  public var sockets: SocketKind
  /// How ownership is checked. At depth `startup` the served requests are the check.
  public var ownershipCheck: OwnershipCheck
  /// The rest of the start-up; nil unless the depth is `startup`.
  public var startup: Startup?
  /// Thieves at work, in the plan's order.
  public var thieves: [Choice]
  /// Faults, in the plan's order.
  public var faults: [PlannedFault]
  /// Number of trials, at least 1.
  public var trials: Int
  /// Longest time a phase of a trial may take, in milliseconds.
  public var timeoutMilliseconds: Int
  /// What is demanded of this arm, if anything.
  public var expectation: Expectation?
  /// Published figures for this arm.
  public var published: [PublishedFigure]
  /// Why the plan leaves this arm out; nil if it runs.
  public var skipReason: String?

  /// Most launches of one trial: the parallel ones, as often as the plan has them start in a row.
  public var launchesPerTrial: Int { topology.launches * (startup?.serialLaunches ?? 1) }

  public init(
    index: Int, scenario: String, why: String = "", strategy: Choice, depth: Depth,
    topology: Topology, pool: PortPool = PortPool(), window: Window = Window(),
    barrier: Barrier = Barrier(), workers: WorkerKind = .fresh, sockets: SocketKind = .zmq,
    ownershipCheck: OwnershipCheck = .full, startup: Startup? = nil, thieves: [Choice] = [],
    faults: [PlannedFault] = [], trials: Int, timeoutMilliseconds: Int = 10_000,
    expectation: Expectation? = nil,
    published: [PublishedFigure] = [], skipReason: String? = nil
  ) {
    self.index = index
    self.scenario = scenario
    self.why = why
    self.strategy = strategy
    self.depth = depth
    self.topology = topology
    self.pool = pool
    self.window = window
    self.barrier = barrier
    self.workers = workers
    self.sockets = sockets
    self.ownershipCheck = ownershipCheck
    self.startup = startup
    self.thieves = thieves
    self.faults = faults
    self.trials = trials
    self.timeoutMilliseconds = timeoutMilliseconds
    self.expectation = expectation
    self.published = published
    self.skipReason = skipReason
  }
}
