internal import Adapters
internal import Messaging
public import PlanModel
public import StrategyKit

/// Every strategy. An order names a strategy by its position here.
public enum StrategyRegistry {
  /// One line for each strategy.
  public static let all: [any Strategy.Type] = [
    ProbeThenBind.self,
    BatchDedupe.self,
    HoldAllThenRelease.self,
    HoldUntilBind.self,
    ReuseAddressHold.self,
    ReusePortHold.self,
    WildcardReportBack.self,
    InheritedListener.self,
    InheritedListenerExec.self,
    InheritedListenerPassed.self,
    PublishThroughStore.self,
    RetrySameNumber.self,
    RetryNewNumber.self,
    RandomInRange.self,
    RankWindows.self,
    FixedRanges.self,
    SequentialCounter.self,
    LockFileCursor.self,
    ReservedPorts.self,
    IPCPath.self,
    FileRendezvous.self,
    Stagger.self,
    Serialise.self,
    SingleAPIServer.self,
    SingleAPIServerWildcard.self,
    VerifyAfterClose.self,
    CentralManager.self,
    TimeWaitReservation.self,
    VLLMPortScan.self,
    WrongHostProbe.self,
    Exec.self,
    Check.self,
  ]

  /// All of them, and the deliberately broken ones if those are enabled.
  public static let available: [any Strategy.Type] =
    all + (BrokenStrategies.areSwitchedOn ? BrokenStrategies.all : [])

  /// What plans, predictions and reports know about them.
  public static var descriptors: [StrategyDescriptor] { available.map { $0.descriptor } }

  /// Version of the libzmq that the strategies bind with.
  public static var messagingLibraryVersion: String { MessagingLibrary.version }

  /// Why libzmq cannot be loaded; nil if it can.
  public static var messagingLibraryProblem: String? { MessagingLibrary.load() }

  /// Whether the strategy of that name runs a program that is the whole launch, with its port calls forced.
  public static func forcesLaunch(_ name: String) -> Bool {
    index(of: name).map { available[$0].descriptor.alwaysForces } ?? false
  }

  /// Position of the strategy of that name, nil if there is none.
  public static func index(of name: String) -> Int? {
    available.firstIndex { $0.descriptor.name == name }
  }
}
