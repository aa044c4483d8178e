internal import PlanModel
internal import Theory

/// Port numbers as a set of bits. Its size does not depend on how many there are.
struct PortSet: Sendable {
  private var words: [UInt64] = []

  mutating func insert(_ port: UInt16) {
    if words.isEmpty { words = [UInt64](repeating: 0, count: 1_024) }
    words[Int(port) / 64] |= 1 << (UInt64(port) % 64)
  }

  func contains(_ port: Int) -> Bool {
    !words.isEmpty && words[port / 64] & (1 << (UInt64(port) % 64)) != 0
  }

  /// Lowest and highest port; nil if there is none.
  var ends: ClosedRange<Int>? {
    guard let low = (0...65_535).first(where: contains),
      let high = (0...65_535).last(where: contains)
    else { return nil }
    return low...high
  }

  /// Whether any port of the set lies in the range.
  func overlaps(_ range: ClosedRange<Int>) -> Bool { range.contains(where: contains) }
}

/// A row no port of which any thief of its scenario could take: that nothing was lost says nothing about the strategy.
///
/// The row's ports are those of its events, over all trials: given, asked for or bound. What a thief draws from follows
/// from its kind and options (`ThiefDescriptor.Model.reach`): the pool of ephemeral ports, or numbers of its own. Thieves
/// that go for the launches' own numbers reach every port.
public struct OutOfReach: Sendable, Equatable, Codable {
  /// A range of ports, both ends included.
  public struct Span: Sendable, Equatable, Codable {
    public var low: Int
    public var high: Int

    init(_ range: ClosedRange<Int>) { (low, high) = (range.lowerBound, range.upperBound) }
  }

  /// From the row's lowest port to its highest.
  public var ports: Span
  /// What the thieves draw from.
  public var thievesDraw: [Span]
  /// A trial of the scenario that lost a port and can be forced; nil if there is none.
  public var lostTrial: LostTrial?

  /// A trial of another row.
  public struct LostTrial: Sendable, Equatable, Codable {
    public var arm: Int
    public var trial: Int
  }

  /// Nil if a thief could take one of the ports, if there is no thief or no port, or if it is not known.
  init?(_ arm: Arm, _ ports: PortSet, vocabulary: Vocabulary) {
    // A fault that steals, or a program whose calls are caught, meets the port itself.
    let isForced =
      arm.strategy.command?.forcing != nil
      || arm.faults.contains { $0.kind.name == FaultName.steal }
    guard !arm.thieves.isEmpty, !isForced, let ends = ports.ends else { return nil }
    var spans: [ClosedRange<Int>] = []
    for thief in arm.thieves {
      guard let reach = vocabulary.thief(named: thief.name)?.model.reach(thief, arm, vocabulary)
      else { return nil }
      spans += reach
    }
    guard !spans.contains(where: ports.overlaps) else { return nil }
    self.ports = Span(ends)
    thievesDraw = spans.map(Span.init)
      .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}
