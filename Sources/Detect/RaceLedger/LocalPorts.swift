/// Ports of sockets that were never bound: connect() or an autobind (a UDP socket's first send) chose them. They are
/// known from the kernel's events about the sockets' ends, which name no process.
///
/// Whether a program that binds such a number learned it from that socket cannot be seen, and a fixed number may be
/// equal by chance. For a number that is among the last k that ended of a pool of n, chance has the probability k / n at
/// most; it is taken for a hand-out if that is below 1/1000. A program that binds several fixed numbers has as many
/// chances: the m-th one of its protocol must keep below a m-th of that.
public struct LocalPorts: Sendable {
  private struct Lane: Hashable {
    let namespace: UInt64
    let transport: Transport
  }

  /// Numbers that are kept for each protocol; the largest pool allows 65.
  static let kept = 65
  /// The largest probability of chance, as 1 of this many.
  static let chance = 1_000

  private var ended: [Lane: [(key: PortKey, holding: Holding)]] = [:]
  private var bound: Set<PortKey> = []
  private var numbersBound: [Lane: Int] = [:]

  public init() {}

  /// A socket of a number that nobody was handed has ended.
  /// - Parameters:
  ///   - party: who connected it, nil if that was not seen.
  ///   - isUnconnected: it had no peer. A TCP socket without a peer was bound, and gave its port to accepted ones.
  public mutating func ended(
    _ key: PortKey, cookie: UInt64, address: SocketAddress, party: Party?, isUnconnected: Bool,
    at time: UInt64
  ) {
    if isUnconnected && key.transport == .tcp { wasBound(key) }
    guard !bound.contains(key) else { return }
    var holding = Holding(
      cookie: cookie, address: address, party: party ?? .unseen, origin: .implicit, openedAt: time)
    holding.releasedAt = time
    holding.release = .closed
    let lane = Lane(namespace: key.namespace, transport: key.transport)
    ended[lane, default: []].removeAll { $0.key == key }
    ended[lane]!.append((key, holding))
    if ended[lane]!.count > Self.kept { ended[lane]!.removeFirst() }
  }

  /// A socket was bound to this port by number, so that later sockets with it can be accepted connections.
  public mutating func wasBound(_ key: PortKey) {
    let lane = Lane(namespace: key.namespace, transport: key.transport)
    if bound.insert(key).inserted { numbersBound[lane, default: 0] += 1 }
    ended[lane]?.removeAll { $0.key == key }
  }

  /// Whether a socket was bound to this port by number.
  public func isBound(_ key: PortKey) -> Bool { bound.contains(key) }

  /// The socket from which a bind by number has its port: nil if there was none. If chance is too likely, the holding
  /// is marked as a client's.
  /// - Parameter pool: ports of which the kernel chooses.
  public func origin(of key: PortKey, pool: Int) -> Holding? {
    let lane = Lane(namespace: key.namespace, transport: key.transport)
    let candidates = ended[lane] ?? []
    guard let index = candidates.firstIndex(where: { $0.key == key }) else { return nil }
    var holding = candidates[index].holding
    // connect() takes every second port as long as there are any.
    let choices = key.transport == .tcp ? pool / 2 : pool
    let trials = (candidates.count - index) * (1 + numbersBound[lane, default: 0])
    let isCertain = holding.party != .unseen || trials * Self.chance <= choices
    holding.wasClient = !isCertain
    return holding
  }
}

extension Party {
  /// A process that is not known: the kernel's events name none.
  public static let unseen = Party(
    pid: 0, tid: 0, thread: "unknown", arguments: ["(unknown)"], descriptor: -1)
}
