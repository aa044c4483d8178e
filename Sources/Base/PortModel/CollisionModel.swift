/// How a strategy obtains its ports, in the detail that theory needs to predict a failure rate.
public enum CollisionModel: String, Sendable, Codable, CaseIterable {
  /// Each number is drawn by `bind(0)` without SO_REUSEADDR, released at once, and bound again later.
  case probeThenBind = "probe-then-bind"
  /// As above, but drawn where the ports of the binder's host are not visible.
  case probedElsewhere = "probed-elsewhere"
  /// As probe-then-bind, but the ports of one launch differ.
  case distinctProbes = "distinct-probes"
  /// The process that uses the port draws it and never releases it; only exhaustion can make it fail.
  case heldFromTheStart = "held-from-the-start"
  /// A socket with SO_REUSEADDR that does not listen holds the number until it is bound over.
  case heldWithReuseAddress = "held-with-reuse-address"
  /// A socket with SO_REUSEPORT holds the port; other processes that set it, too, share the port.
  case heldWithReusePort = "held-with-reuse-port"
  /// A port that `bind(0)` never gives, unless the plan puts it into the pool: it collides only with another launch with
  /// the same formula, or with a process that asks for it by number. Theory predicts the rate only for a single launch.
  case outsideThePool = "outside-the-pool"
  /// A port inside the pool that is on the kernel's reserved list; otherwise like outside the pool.
  case reserved
  /// No port at all.
  case noPort = "no-port"
  /// Theory has no closed formula for it.
  case unmodelled
}
