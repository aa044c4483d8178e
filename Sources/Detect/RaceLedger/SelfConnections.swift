/// TCP connections whose two ends are the same socket: the kernel chose, as the source port of a connect, the number
/// that the connect goes to.
extension Ledger {
  /// - Parameter party: who connected, nil if that was not seen.
  public mutating func connectedToItself(
    _ key: PortKey, cookie: UInt64, address: SocketAddress, party: Party?, at time: UInt64
  ) {
    let party = party ?? .unseen
    let holding = Holding(
      cookie: cookie, address: address, party: party, origin: .implicit, openedAt: time)
    add(
      Finding(
        kind: .selfConnect, key: key, probe: holding, rebinder: party, rebindAddress: address,
        reboundAt: time, rebind: 1, proof: .kernel, result: nil))
  }
}
