/// How a strategy obtains its ports, as far as theory needs to know it to predict a failure rate.
public enum CollisionModel: String, Sendable, Codable, CaseIterable {
  /// Each number is drawn by `bind(0)` without SO_REUSEADDR, released at once, and bound again later.
  case probeThenBind = "probe-then-bind"
  /// The process that uses the port draws it and never lets go; only exhaustion can fail it.
  case heldFromTheStart = "held-from-the-start"
}
