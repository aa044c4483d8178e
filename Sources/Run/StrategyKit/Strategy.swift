public import PlanModel

/// A way to get a port to the process that binds it: the launcher's half and the binder's half.
///
/// One value lives in the launcher and is used for all its trials; fresh API servers inherit it by fork,
/// those that are started by exec make their own. To add a strategy, write one file with a type that conforms
/// to this, and add it to `StrategyRegistry.all`.
///
/// The course of a trial: `allocate`; the API servers are started or get their orders, with what was handed
/// over; the window; the barrier opens: every API server runs `bind`, and the launcher `collect` if there are
/// channels; the ownership check; the API servers close; `release`.
public protocol Strategy: SendableMetatype {
  /// What plans, predictions and reports know of it.
  static var descriptor: StrategyDescriptor { get }

  /// What flows between launcher and binder besides the numbers in the shared region.
  static var handover: Handover { get }

  init(options: OptionValues)

  /// Launcher, once before its first trial: start what lives longer than a trial. Only called when the strategy
  /// drives a program.
  mutating func start(_ launch: Launch)

  /// Launcher: decide the addresses of all API servers before any of them is started or gets its orders.
  mutating func allocate(_ launch: Launch) throws(StageFailure)

  /// Binder: bind both endpoints, the input first. What fails is recorded in the slot, by `Binder`'s own
  /// calls.
  mutating func bind(_ binder: Binder)

  /// Launcher: take the API servers' reports and answer their questions, while they bind. Only called when
  /// `handover.collects`.
  mutating func collect(_ launch: Launch) throws(StageFailure)

  /// Launcher: the API servers have closed; let go of what is still held. What `Launch` keeps is closed by
  /// itself afterwards.
  mutating func release(_ launch: Launch)

  /// Launcher, when the arm is over: end what lives longer than a trial. Only called when the strategy drives a
  /// program.
  mutating func stop(_ launch: Launch)

  /// Ports that the run's namespace reserves while the arm runs (`ip_local_reserved_ports`).
  var reservedPorts: ClosedRange<Int>? { get }

  /// Whether closed connections leave TIME_WAIT behind in the run's namespace while the arm runs. Without it
  /// the namespace keeps none, so that trials do not disturb each other.
  var leavesTimeWait: Bool { get }
}

extension Strategy {
  /// Numbers only.
  public static var handover: Handover { Handover() }
  /// Nothing to start.
  public mutating func start(_ launch: Launch) {}
  /// Nothing to collect.
  public mutating func collect(_ launch: Launch) throws(StageFailure) {}
  /// Nothing to let go of.
  public mutating func release(_ launch: Launch) {}
  /// Nothing to end.
  public mutating func stop(_ launch: Launch) {}
  /// None.
  public var reservedPorts: ClosedRange<Int>? { nil }
  /// None.
  public var leavesTimeWait: Bool { false }
}

/// What flows between launcher and binder besides port numbers.
public struct Handover: Sendable, Equatable {
  /// How sockets that the launcher made reach the API server.
  public enum Sockets: Sendable {
    /// By fork or exec; pooled API servers, which are older than the sockets, get them passed.
    case inherited
    /// Through the channel (SCM_RIGHTS), always.
    case passed
  }

  /// How a fresh API server starts.
  public enum Start: Sendable {
    /// By fork of the launcher.
    case fork
    /// By fork and exec of a new program, as vLLM's "spawn" does. Pooled API servers are forked all the same.
    case exec
  }

  /// Whether the API server has a channel to its launcher.
  public var hasChannel: Bool
  /// Whether the launcher runs `collect`; it does where there are channels.
  public var collects: Bool
  /// How sockets reach the API server; nil if none do.
  public var sockets: Sockets?
  /// How a fresh API server starts.
  public var start: Start

  public init(
    hasChannel: Bool = false, sockets: Sockets? = nil, start: Start = .fork, collects: Bool = false
  ) {
    self.hasChannel = hasChannel
    self.collects = collects || hasChannel
    self.sockets = sockets
    self.start = start
  }
}

/// A failure of the launcher's half.
public struct StageFailure: Error {
  /// Where (`bs_stage`).
  public var stage: UInt32
  /// errno.
  public var code: Int32

  public init(stage: UInt32, code: Int32) {
    self.stage = stage
    self.code = code
  }
}
