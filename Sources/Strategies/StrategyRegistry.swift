internal import Messaging
public import Planning

/// Every strategy there is. Workers get a strategy as its position here.
public enum StrategyRegistry {
  /// One line a strategy.
  public static let all: [any Strategy.Type] = [
    ProbeThenBind.self,
    WildcardReportBack.self,
    InheritedListener.self,
  ]

  /// What plans, predictions and reports know of them.
  public static var descriptors: [StrategyDescriptor] { all.map { $0.descriptor } }

  /// Version of the libzmq that the strategies bind with.
  public static var messagingLibraryVersion: String { MessagingLibrary.version }

  /// Position of the strategy of that name, nil if there is none.
  public static func index(of name: String) -> Int? {
    all.firstIndex { $0.descriptor.name == name }
  }
}
