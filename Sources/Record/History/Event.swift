// The records themselves are generated: Generated/Records.swift.

extension EndpointRecord {
  /// Whether it listens.
  public var isBound: Bool { bound != 0 || (!path.isEmpty && errno == 0 && finished != 0) }
}

extension ThiefRecord {
  /// Ports that it drew in the whole trial.
  public var drawn: Int { drawnBefore + drawnInWindow + drawnAfterBind }
}

extension ForcedWindow {
  /// The largest number of one launch: BS_MAX_FORCED_WINDOWS of the shared region.
  static let most = 16

  /// From the release to the re-bind, in nanoseconds; nil if the release is unknown.
  public var window: UInt64? {
    released == 0 ? nil : rebound >= released ? rebound - released : 0
  }
}
