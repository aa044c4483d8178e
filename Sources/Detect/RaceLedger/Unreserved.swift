/// Numbers that somebody holds or held, and that are bound where nothing ever reserved them: over the other protocol, at
/// another address, or at a distance.
extension Ledger {
  /// Where a number comes from that the tree never held in this protocol.
  public struct Source: Sendable, Equatable {
    /// `crossProtocol`, `derived`, `nearNumber`, `lookedUp` or `refusedBefore`.
    public let kind: RaceKind
    /// Who got the number that it comes from.
    public let holding: Holding
    let offset: Int
  }

  /// Distances at which programs put further ports: the neighbour (RTCP), the next ones, and the cluster bus of Redis.
  public static let usualOffsets = [1, 2, 10_000]
  /// Distances that count only if the process itself, or an ancestor of it, got the number that it comes from.
  public static let closeOffsets = [-1, 3, 4, -2, 100, 1_000]
  /// With more chosen numbers than these, any number in the range is close to one of them by chance.
  static let fewNumbers = 64
  /// In a smaller pool a fixed number is close to a chosen one by chance.
  public static let smallestPool = 1_024

  /// Where a number comes from, nil if it has nothing to do with a chosen one.
  /// - Parameter pool: ports of which the kernel chooses.
  public func source(
    of key: PortKey, for party: Party, pool: Int = smallestPool
  ) -> Source? {
    let other = PortKey(
      namespace: key.namespace, transport: key.transport == .tcp ? .udp : .tcp, port: key.port)
    if let holding = origin(other) {
      return Source(kind: .crossProtocol, holding: holding, offset: 0)
    }
    guard !configured.contains(key.port), pool >= Self.smallestPool else { return nil }
    var near: Source?
    for offset in Self.usualOffsets + Self.closeOffsets {
      guard let port = UInt16(exactly: Int(key.port) - offset) else { continue }
      for transport in [key.transport, other.transport] {
        let from = PortKey(namespace: key.namespace, transport: transport, port: port)
        guard let holding = origin(from), isRecent(from) else { continue }
        let isUsual = Self.usualOffsets.contains(offset)
        if isFamily(party, from, withSiblings: isUsual) {
          return Source(kind: .derived, holding: holding, offset: offset)
        }
        if isUsual && near == nil {
          near = Source(kind: .nearNumber, holding: holding, offset: offset)
        }
      }
    }
    return near
  }

  /// The socket by which the kernel's choice of a number is known, nil if it did not choose it or a client had it.
  private func origin(_ key: PortKey) -> Holding? {
    guard let lineage = lineages[key], lineage.isChosen else { return nil }
    let holding = lineage.holdings.last(where: \.isHandedOut) ?? lineage.holdings.last
    return holding?.wasClient == true ? nil : holding
  }

  /// Whether a number is in use, or is one of so few that nothing is near it by chance.
  private func isRecent(_ key: PortKey) -> Bool {
    chosenCount <= Self.fewNumbers
      || lineages[key]?.holdings.contains { $0.releasedAt == nil } == true
  }

  /// Whether a process holds or held the port, or descends from one that does.
  /// - Parameter withSiblings: processes of the same parent count as well: a shell asks a helper for a number.
  private func isFamily(_ party: Party, _ key: PortKey, withSiblings: Bool) -> Bool {
    lineages[key]?.holdings.contains { holding in
      if party.isOfFamily(holding.party) { return true }
      guard withSiblings, let parent = holding.party.ancestors.first else { return false }
      return party.pid == parent || party.ancestors.contains(parent)
    } ?? false
  }

  /// The meaning of a bind to a number that comes from a chosen one, before it is executed.
  /// - Parameter isFree: a socket without options can be bound there.
  public func assess(
    _ source: Source, _ key: PortKey, address: SocketAddress, isFree: Bool, by party: Party,
    at time: UInt64
  ) -> Assessment {
    Assessment(
      kind: isFree ? source.kind : nil, unreserved: source.kind, proof: .plainSocket, rebind: 1,
      window: source.holding.releasedAt.map { time > $0 ? time - $0 : 0 } ?? 0,
      place: Finding.place(
        source.holding.party, party, key.transport, 1,
        shape: Finding.shape(source.kind, source.offset)),
      key: key, address: address, party: party, at: time, probe: source.holding, otherProbe: nil,
      isReleased: source.holding.releasedAt != nil)
  }

  /// A socket that holds a chosen number at another address than the given one, nil if none does or one is in the way.
  static func holderElsewhere(_ lineage: Lineage, _ address: SocketAddress) -> Holding? {
    guard lineage.isChosen else { return nil }
    let open = lineage.holdings.filter { $0.releasedAt == nil }
    let isInTheWay = open.contains {
      $0.address.isIPv6 == address.isIPv6 && $0.address.overlaps(address)
    }
    return isInTheWay ? nil : open.last
  }
}
