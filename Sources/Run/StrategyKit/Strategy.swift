public import PlanModel

/// A way to get a port to the process that binds it: the launcher's half and the binder's half.
///
/// One value lives in the launcher and is used for all its trials. Fresh API servers inherit it by fork; those that are
/// started by exec make their own. To add a strategy, write one file with a type that conforms to this protocol, and
/// add it to `StrategyRegistry.all`.
///
/// The course of a trial: `allocate`; the API servers are started or get their orders, with what was handed
/// over; the window; the barrier opens: every API server runs `bind`, and the launcher `collect` if there are
/// channels; the ownership check; the API servers close; `release`.
public protocol Strategy: SendableMetatype {
  /// What plans, predictions and reports know about it.
  static var descriptor: StrategyDescriptor { get }

  /// What the launcher passes to the binder and back, besides the ports in the shared region.
  static var handover: Handover { get }

  init(options: OptionValues)

  /// Launcher, once before its first trial: start what lives longer than a trial. Only called if the strategy drives a
  /// program.
  mutating func start(_ launch: Launch)

  /// Launcher: choose the addresses of all API servers before any of them is started or gets its order.
  mutating func allocate(_ launch: Launch) throws(StageFailure)

  /// Binder: bind both endpoints, the input first. `Binder`'s methods record failures in the slot.
  mutating func bind(_ binder: Binder)

  /// Launcher: take the API servers' reports and answer their questions while they bind. Only called if
  /// `handover.collects`.
  mutating func collect(_ launch: Launch) throws(StageFailure)

  /// Launcher: the API servers have closed; release what is still held. What `Launch` keeps is closed automatically
  /// afterwards.
  mutating func release(_ launch: Launch)

  /// Launcher, when the arm is over: end what lives longer than a trial. Only called if the strategy drives a program.
  mutating func stop(_ launch: Launch)

  /// Ports that are reserved in the run's namespace while the arm runs (`ip_local_reserved_ports`).
  var reservedPorts: ClosedRange<Int>? { get }

  /// Whether closed connections leave TIME_WAIT behind in the run's namespace while the arm runs. Otherwise the
  /// namespace keeps none, so that trials do not affect each other.
  var leavesTimeWait: Bool { get }
}

extension Strategy {
  /// Numbers only.
  public static var handover: Handover { Handover() }
  /// Nothing to start.
  public mutating func start(_ launch: Launch) {}
  /// Nothing to collect.
  public mutating func collect(_ launch: Launch) throws(StageFailure) {}
  /// Nothing to release.
  public mutating func release(_ launch: Launch) {}
  /// Nothing to end.
  public mutating func stop(_ launch: Launch) {}
  /// None.
  public var reservedPorts: ClosedRange<Int>? { nil }
  /// None.
  public var leavesTimeWait: Bool { false }
}

/// What the launcher passes to the binder and back, besides port numbers.
public struct Handover: Sendable, Equatable {
  /// How sockets that the launcher made reach the API server.
  public enum Sockets: Sendable {
    /// By fork or exec. Pooled API servers, which are older than the sockets, receive them through the channel.
    case inherited
    /// Through the channel (SCM_RIGHTS), always.
    case passed
  }

  /// How a fresh API server starts.
  public enum Start: Sendable {
    /// By fork of the launcher.
    case fork
    /// By fork and exec of a new program, as vLLM's "spawn" does. Pooled API servers are forked in any case.
    case exec
  }

  /// Whether the API server has a channel to its launcher.
  public var hasChannel: Bool
  /// Whether the launcher runs `collect`; it does if there are channels.
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
