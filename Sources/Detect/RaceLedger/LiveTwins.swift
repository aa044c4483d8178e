/// UDP sockets that got a number from `bind(0)` which another live socket has: with SO_REUSEADDR or SO_REUSEPORT the
/// kernel gives such numbers without an error, and the last one that bound gets the datagrams.
extension Ledger {
  /// Open UDP sockets that were handed their port, newest first: another `bind(0)` with the same option can get it.
  public func liveDatagramPorts(namespace: UInt64, isIPv6: Bool) -> [PortKey] {
    lineages.compactMap { key, lineage -> (key: PortKey, openedAt: UInt64)? in
      guard key.namespace == namespace, key.transport == .udp, let newest = lineage.holdings.last,
        newest.releasedAt == nil, newest.isHandedOut, newest.address.isIPv6 == isIPv6
      else { return nil }
      return (key, newest.openedAt)
    }.sorted { $0.openedAt > $1.openedAt }.map(\.key)
  }

  /// A socket that was just handed its port has a live twin.
  /// - Parameters:
  ///   - cookie: the new socket, which the ledger knows.
  ///   - twin: the socket that had the port before.
  ///   - owner: who has the twin, if it is not of the tree.
  public mutating func hasTwin(cookie: UInt64, _ twin: Holding, owner: Owner?) {
    guard let (key, new) = holding(cookie: cookie), twin.cookie != cookie else { return }
    var finding = Finding(
      kind: .liveTwin, key: key, probe: twin, rebinder: new.party, rebindAddress: new.address,
      reboundAt: new.openedAt, rebind: 1, proof: .kernel, result: 0)
    finding.owner = owner
    add(finding)
  }
}
