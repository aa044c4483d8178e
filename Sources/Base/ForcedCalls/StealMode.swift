/// When a thief takes a port that was handed out and released: for `bindstorm check --steal`, for the plan's `check`, and
/// for the supervisor that does it.
public enum StealMode: String, Sendable, Codable, CaseIterable {
  /// Never: races are only detected.
  case off
  /// While the re-bind is held: the victim sees what it would see had the thief come earlier.
  case lazy
  /// As soon as the release is known, so that those see it who talk to the port inside the window; lazily where that is
  /// too late.
  case eager
}
