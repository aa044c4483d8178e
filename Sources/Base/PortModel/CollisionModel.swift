/// How a strategy obtains its ports, as far as theory needs to know it to predict a failure rate.
public enum CollisionModel: String, Sendable, Codable, CaseIterable {
  /// Each number is drawn by `bind(0)` without SO_REUSEADDR, released at once, and bound again later.
  case probeThenBind = "probe-then-bind"
  /// As above, but drawn where the ports of the binder's host are not seen.
  case probedElsewhere = "probed-elsewhere"
  /// As probe-then-bind, but the numbers of one launch differ.
  case distinctProbes = "distinct-probes"
  /// The process that uses the port draws it and never lets go; only exhaustion can fail it.
  case heldFromTheStart = "held-from-the-start"
  /// A socket with SO_REUSEADDR that does not listen holds the number until it is bound over.
  case heldWithReuseAddress = "held-with-reuse-address"
  /// A socket with SO_REUSEPORT holds the number; whoever sets it, too, shares the port.
  case heldWithReusePort = "held-with-reuse-port"
  /// A number that `bind(0)` never gives: only another launch with the same formula can have it, or whoever
  /// asks for it by number. Theory predicts it for one launch alone.
  case outsideThePool = "outside-the-pool"
  /// A number inside the pool that is on the kernel's reserved list: as outside the pool.
  case reserved
  /// No port at all.
  case noPort = "no-port"
  /// Theory has no closed form for it.
  case unmodelled
}
