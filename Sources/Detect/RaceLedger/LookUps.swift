/// Numbers whose freedom was looked up by a connect that was refused.
extension Ledger {
  /// A connect to a number that nobody listens on.
  public struct LookUp: Sendable {
    /// Who connected, as if it had held the number at that moment only.
    public let holding: Holding
    /// The newest process id of the host at that time.
    public let newestProcess: Int32

    public init(_ party: Party, _ address: SocketAddress, at time: UInt64, newestProcess: Int32) {
      var holding = Holding(
        cookie: 0, address: address, party: party, origin: .refusedConnect, openedAt: time)
      holding.releasedAt = time
      self.holding = holding
      self.newestProcess = newestProcess
    }
  }

  /// Records a refused connect; a later one to the same number replaces it.
  public mutating func lookedUp(_ key: PortKey, _ lookUp: LookUp) { lookUps[key] = lookUp }

  /// The last refused connect to a number, nil if there was none.
  public func lookUp(of key: PortKey) -> LookUp? { lookUps[key] }

  /// What a refused connect means for a bind by the given party.
  ///
  /// Who waits for a server connects as well, again and again until it is there. It has started the server before, or
  /// somebody else has. So the connect was a look-up if the same thread binds the number, or a descendant of the
  /// connecting process that began later. The number of a server that the user chose is none.
  /// - Parameter beganLater: the binding process began after the connect.
  public func source(of key: PortKey, lookedUpFor party: Party, beganLater: Bool) -> Source? {
    guard let holding = lookUps[key]?.holding else { return nil }
    let isSameThread = party.tid == holding.party.tid
    let isLaterChild = beganLater && party.ancestors.contains(holding.party.pid)
    let isLookUp = (isSameThread || isLaterChild) && !configured.contains(key.port)
    return Source(kind: isLookUp ? .lookedUp : .refusedBefore, holding: holding, offset: 0)
  }
}
