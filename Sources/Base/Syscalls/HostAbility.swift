/// One ability of the host, as `bindstorm doctor` reports it.
public struct HostAbility: Sendable, Equatable, Encodable {
  /// How far it goes.
  public enum State: String, Sendable, Encodable, CaseIterable {
    case works
    /// It is replaced by something that does less.
    case weaker
    case missing
  }

  /// What it is, in a few words.
  public let name: String
  public let state: State
  /// What was found: a version, a reason. Empty if there is nothing to say.
  public let detail: String
  /// What follows from a state that is not `works`; empty otherwise.
  public let meaning: String
  /// What grants it, each by itself; empty if it works.
  public let grants: [String]
  /// Whether its part does not work at all without it.
  public let isNeeded: Bool

  /// - Parameters:
  ///   - meaning: left out if it works.
  ///   - grants: left out if it works; evaluated only otherwise.
  public init(
    _ name: String, _ state: State, _ detail: String = "", means meaning: String = "",
    grants: @autoclosure () -> [String] = [], isNeeded: Bool = false
  ) {
    self.name = name
    self.state = state
    self.detail = detail
    self.meaning = state == .works ? "" : meaning
    self.grants = state == .works ? [] : grants()
    self.isNeeded = isNeeded
  }

  /// Name, reason and remedies in one sentence, for a message.
  public var sentence: String {
    let reason = detail.isEmpty ? "" : " (\(detail))"
    return "\(name)\(reason)"
      + (grants.isEmpty ? "" : "; to grant it: \(grants.joined(separator: ", or "))")
  }
}
