// The records themselves are generated: Generated/Records.swift.

extension EndpointRecord {
  /// Whether it listens.
  public var isBound: Bool { bound != 0 || (!path.isEmpty && errno == 0 && finished != 0) }
}

extension ThiefRecord {
  /// Ports that it drew in the whole trial.
  public var drawn: Int { drawnBefore + drawnInWindow + drawnAfterBind }
}
