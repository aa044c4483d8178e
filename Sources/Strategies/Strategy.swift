public import Planning

/// A way to get a port to the process that binds it: the launcher's half and the binder's half.
///
/// One value lives in the launcher and is used for all its trials; fresh API servers inherit it by fork.
/// To add a strategy, write one file with a type that conforms to this, and add it to
/// `StrategyRegistry.all`.
public protocol Strategy: SendableMetatype {
  /// What plans, predictions and reports know of it.
  static var descriptor: StrategyDescriptor { get }

  /// What flows between launcher and binder besides the numbers in the shared region.
  static var handover: Handover { get }

  /// - Parameter options: values in the order of `descriptor.options`.
  init(options: [Int])

  /// Launcher: decide the addresses of all API servers before any of them is started or gets its orders.
  mutating func allocate(_ launch: Launch) throws(StageFailure)

  /// Binder: bind both endpoints, the input first. What fails is recorded in the slot, by `Binder`'s own
  /// calls.
  mutating func bind(_ binder: Binder)

  /// Launcher: take the API servers' reports, while they bind. Only called when `handover` is `.reports`.
  mutating func collect(_ launch: Launch) throws(StageFailure)
}

extension Strategy {
  /// Nothing to collect.
  public mutating func collect(_ launch: Launch) throws(StageFailure) {}
}

/// What flows between launcher and binder.
public enum Handover: Sendable {
  /// Port numbers only.
  case numbers
  /// The binder reports the ports it got, through a channel.
  case reports
  /// Listening sockets.
  case listeners
}

/// A failure of the launcher's half.
public struct StageFailure: Error {
  /// Where.
  public var stage: UInt32
  /// errno.
  public var code: Int32

  public init(stage: UInt32, code: Int32) {
    self.stage = stage
    self.code = code
  }
}
