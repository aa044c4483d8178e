public import ForcedCalls

/// Which windows a thief steals.
public struct StealPolicy: Sendable, Equatable {
  public var mode: StealMode
  /// The largest number of re-binds that are made to fail; 0 for no limit.
  public var limit: Int
  /// Only the n-th re-bind of a port; nil for each.
  public var rebind: Int?
  /// Only windows of at least this many nanoseconds.
  public var minimumWindow: UInt64
  /// Only this place: its name (both parts, or one of them), or a part of its summary.
  public var only: String?
  /// Steals done so far.
  public private(set) var done = 0

  public init(
    mode: StealMode = .off, limit: Int = 1, rebind: Int? = nil, minimumWindow: UInt64 = 0,
    only: String? = nil
  ) {
    self.mode = mode
    self.limit = limit
    self.rebind = rebind
    self.minimumWindow = minimumWindow
    self.only = only
  }

  private var isExhausted: Bool { limit > 0 && done >= limit }

  /// Whether a thief must take this port before the re-bind is executed.
  public func wants(_ assessment: Ledger.Assessment) -> Bool {
    guard mode != .off, !isExhausted, let kind = assessment.kind, kind.isRace,
      rebind == nil || rebind == assessment.rebind, assessment.window >= minimumWindow
    else { return false }
    return only.map { PlaceName.isMeant(assessment.place, by: $0) || assessment.label.contains($0) }
      ?? true
  }

  /// Whether a thief must take a port that was just released, in case it is bound again.
  public func wantsRelease(_ holding: Holding, rebinds: Int) -> Bool {
    mode == .eager && !isExhausted && !holding.wasClient && !holding.served && only == nil
      && minimumWindow == 0 && (rebind == nil ? true : rebind == rebinds + 1)
  }

  /// A re-bind was made to fail.
  public mutating func stole() { done += 1 }
}

extension Ledger.Assessment {
  /// Both parties in words, for partial matches.
  var label: String { "\(probe.party.label) -> \(party.label)" }
}
