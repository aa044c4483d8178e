internal import CLinuxShims
public import PlanModel

/// A process that takes ephemeral ports while a trial runs.
///
/// One value serves one trial; the thief's process serves all of an arm. To add a thief, write one file
/// with a type that conforms to this, and add it to `ThiefRegistry.all`.
public protocol Thief: SendableMetatype {
  /// What plans, predictions and reports know about it.
  static var descriptor: ThiefDescriptor { get }

  /// - Parameter seed: the seed of this thief in this trial.
  init(options: OptionValues, seed: UInt64)

  /// The trial begins: nothing has been allocated yet.
  mutating func trialBegan(_ loot: Loot)

  /// The addresses are allocated: the window is open. The barrier stays shut until this returns.
  mutating func windowOpened(_ loot: Loot)

  /// All API servers have bound or failed, and the ownership check has not begun. Only called if `actsAfterBind`.
  mutating func endpointsBound(_ loot: Loot)

  /// Whether `endpointsBound` must be called.
  static var actsAfterBind: Bool { get }

  /// Called whenever `nextAction` is due, until the trial ends.
  mutating func act(_ loot: Loot, now: UInt64)

  /// The trial is over; everything is released afterwards. Draws that the thief could not demand earlier it demands
  /// here, with `Loot.want`.
  mutating func trialEnds(_ loot: Loot, now: UInt64)

  /// Whether the namespace must keep TIME_WAIT entries for it.
  static var leavesTimeWait: Bool { get }

  /// When `act` is due next, in nanoseconds of CLOCK_MONOTONIC; nil for never.
  var nextAction: UInt64? { get }
}

extension Thief {
  /// Nothing to do.
  public mutating func trialBegan(_ loot: Loot) {}
  /// Nothing to do.
  public mutating func windowOpened(_ loot: Loot) {}
  /// Nothing to do.
  public mutating func endpointsBound(_ loot: Loot) {}
  /// No.
  public static var actsAfterBind: Bool { false }
  /// Nothing to do.
  public mutating func act(_ loot: Loot, now: UInt64) {}
  /// Nothing to do.
  public mutating func trialEnds(_ loot: Loot, now: UInt64) {}
  /// No.
  public static var leavesTimeWait: Bool { false }
  /// Never.
  public var nextAction: UInt64? { nil }
}

/// Every thief. An order names a thief by its position here.
public enum ThiefRegistry {
  /// One line for each thief.
  public static let all: [any Thief.Type] = [
    BindHold.self,
    BindChurn.self,
    PortSquatter.self,
    EngineSquatter.self,
    ResidentHold.self,
    ConnectHold.self,
    ListenerHold.self,
    SiblingDeployments.self,
    BasePortScanner.self,
    ConnectChurn.self,
    SelfConnect.self,
    TimeWaitResidue.self,
    DatagramHold.self,
    DualStackHold.self,
    SpecificAddressHold.self,
    ExhaustPool.self,
  ]

  /// What plans, predictions and reports know about them.
  public static var descriptors: [ThiefDescriptor] { all.map { $0.descriptor } }

  /// Position of the thief of that name, nil if there is none.
  public static func index(of name: String) -> Int? {
    all.firstIndex { $0.descriptor.name == name }
  }
}
