/// Binds by number that succeed although the port is not free, and sockets that outlive their process.
extension Ledger {
  /// The meaning of a bind by number that succeeded on a port that could not be taken by others.
  ///
  /// Two owners are told from a pool of workers by the hand-outs: a pool has one, of which each worker got the number.
  /// If the kernel handed the number out twice, and one of the two hand-outs has no bind yet, this bind is the second
  /// owner. With one hand-out nothing tells several listeners of a pool from owners that do not know of each other.
  /// - Parameter owner: who else has the port, for a port of which the ledger knows no open socket.
  /// - Returns: nil if nothing overlaps.
  func sharing(_ assessment: Assessment, owner: Owner?) -> RaceKind? {
    let open = (lineages[assessment.key]?.holdings ?? []).filter {
      $0.releasedAt == nil && $0.address.isIPv6 == assessment.address.isIPv6
        && $0.address.overlaps(assessment.address)
    }
    if open.isEmpty {
      guard let owner, !owner.isThief else { return nil }
      return owner.isInTree ? .pool : .shared
    }
    if open.contains(where: \.isHandedOut) { return .reservation }
    return assessment.otherProbe?.releasedAt == nil ? .pool : .duplicate
  }

  /// Whether the probe's process let the socket go, and a process that inherited it keeps it open: for the program, the
  /// port was released.
  func isInherited(_ assessment: Assessment, _ owner: Owner?) -> Bool {
    guard let owner, owner.isInTree, owner.pid != 0, owner.peer == nil, !assessment.isReleased,
      assessment.kind == nil
    else { return false }
    return owner.pid != assessment.probe.party.pid && owner.pid != assessment.party.pid
  }
}

extension Ledger.Assessment {
  /// Whether a bind that succeeds shares the port with a socket that is not of the ledger.
  public var sharesWithUnknown: Bool { kind == nil && isReleased }
}
