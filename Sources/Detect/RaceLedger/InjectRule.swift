public import ForcedCalls

/// An injection with the calls that it has met.
public struct InjectRule: Sendable, Equatable {
  public let injection: CallInjection
  private var seen = 0
  /// How often it struck.
  public private(set) var struck = 0

  public init(_ injection: CallInjection) { self.injection = injection }

  /// Whether the rule strikes this call. Counts it.
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
