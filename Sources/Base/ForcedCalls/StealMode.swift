/// When a thief takes a port that was handed out and released: for `bindstorm check --steal`, for the plan's `check`,
/// and for the supervisor.
public enum StealMode: String, Sendable, Codable, CaseIterable {
  /// Never: races are only detected.
  case off
  /// While the re-bind waits: the victim gets the same result as if the thief had come earlier.
  case lazy
  /// As soon as the release is known, so that processes that connect to the port inside the window are affected, too;
  /// as `lazy` if it is too late for that.
  case eager
}
