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
  /// Only the k-th window that the other settings select, in the order of the run; nil for each.
  public var occurrence: Int?
  /// Windows so far that the other settings select.
  private var selected = 0
  /// Steals done so far.
  public private(set) var done = 0

  public init(
    mode: StealMode = .off, limit: Int = 1, rebind: Int? = nil, minimumWindow: UInt64 = 0,
    only: String? = nil, occurrence: Int? = nil
  ) {
    self.mode = mode
    self.limit = limit
    self.rebind = rebind
    self.minimumWindow = minimumWindow
    self.only = only
    self.occurrence = occurrence
  }

  private var isExhausted: Bool { limit > 0 && done >= limit }

  /// Whether a thief must take this port before the re-bind is executed. To be asked once for each re-bind, in their
  /// order: it counts the windows.
  public mutating func wants(_ assessment: Ledger.Assessment) -> Bool {
    guard mode != .off, let kind = assessment.kind, kind.isRace,
      rebind == nil || rebind == assessment.rebind, assessment.window >= minimumWindow,
      only.map({ PlaceName.isMeant(assessment.place, by: $0) || assessment.label.contains($0) })
        ?? true
    else { return false }
    selected += 1
    return !isExhausted && (occurrence == nil || occurrence == selected)
  }

  /// Whether the settings select the window of a finding, whatever its number and the limit.
  public func selects(_ finding: Finding) -> Bool {
    (rebind == nil || rebind == finding.rebind) && (finding.window ?? 0) >= minimumWindow
      && (only.map { PlaceName.isMeant(finding.place, by: $0) || finding.label.contains($0) }
        ?? true)
  }

  /// The settings that leave windows out, as on the command line; empty if there are none.
  public var filters: String {
    var words: [String] = []
    if let only { words.append("--only \(only)") }
    if let occurrence { words.append("--occurrence \(occurrence)") }
    if let rebind { words.append("--steal-rebind \(rebind)") }
    if minimumWindow > 0 { words.append("--min-window") }
    return words.joined(separator: " ")
  }

  /// Whether a thief must take a port that was just released, in case it is bound again.
  public func wantsRelease(_ holding: Holding, rebinds: Int) -> Bool {
    mode == .eager && !isExhausted && !holding.wasClient && !holding.served && only == nil
      && occurrence == nil && minimumWindow == 0 && (rebind == nil ? true : rebind == rebinds + 1)
  }

  /// A re-bind was made to fail.
  public mutating func stole() { done += 1 }
}

extension Finding {
  /// Both parties in words, for partial matches.
  var label: String { "\(probe.party.label) -> \(rebinder.label)" }
}

extension Ledger.Assessment {
  /// Both parties in words, for partial matches.
  var label: String { "\(probe.party.label) -> \(party.label)" }
}
