public import ForcedCalls

/// An injection, and the number of calls that it has matched.
public struct InjectRule: Sendable, Equatable {
  public let injection: CallInjection
  private var seen = 0
  /// How often it was applied.
  public private(set) var struck = 0

  public init(_ injection: CallInjection) { self.injection = injection }

  /// Whether the rule applies to this call. Counts the call.
  public mutating func strikes(
    _ call: InjectedCall, port: UInt16?, thread: String, command: String
  ) -> Bool {
    guard call == injection.call,
      injection.ports.map({ range in port.map { range.contains($0) } ?? false }) ?? true,
      injection.process.map({ thread.contains($0) || command.contains($0) }) ?? true
    else { return false }
    seen += 1
    guard injection.nth == nil || injection.nth == seen else { return false }
    struck += 1
    return true
  }
}
