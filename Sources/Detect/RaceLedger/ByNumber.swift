/// Numbers that the program chooses by itself and tries by binding them: scans from a base, random numbers of a range.
extension Ledger {
  /// A listener or a UDP socket that was open for less time than this was a trial, in nanoseconds. A probe takes
  /// microseconds, at most some turns of an event loop; a server that nobody connected to lives longer.
  static let longestTrial: UInt64 = 300_000_000

  /// Re-binds of a number of the program's own choice are counted up to one more than this. Nothing tells where the
  /// next user of the number begins, and a suite in which each test tries 8000 first would have a place for each test.
  static let mostTrials = 3

  /// Whether a holding by number was a trial of the number: it was let go without having been of use.
  ///
  /// A TCP socket that never listened can only have been that. A listener without connections, or a UDP socket, can
  /// also have been a server on its fixed port. It counts as a trial if it was closed again at once, and its number does
  /// not stand in the command line or the environment that the command was started with.
  /// - Parameter time: now, for a holding whose release is not dated yet.
  func isProbeByNumber(_ holding: Holding, at time: UInt64) -> Bool {
    guard !holding.isHandedOut, !holding.served, !holding.wasClient,
      let key = key(of: holding)
    else { return false }
    if key.transport == .tcp && !holding.listened { return true }
    guard !configured.contains(key.port), holding.release != .processEnded else { return false }
    let end = holding.releasedAt ?? time
    return end < holding.openedAt || end - holding.openedAt < Self.longestTrial
  }

  /// Whether a socket that was just released held its port as a probe.
  public func wasProbe(_ holding: Holding) -> Bool {
    guard let key = key(of: holding), !isHandedOut(key) else {
      return !holding.wasClient && !holding.served
    }
    return isProbeByNumber(holding, at: holding.releasedAt ?? holding.openedAt)
  }

  /// Whether a number that is taken was probed before by the same process or one of its ancestors: then it lost the
  /// number. Otherwise the failure is a step of a scan.
  func lostProbe(_ assessment: Assessment) -> Bool {
    lineages[assessment.key]?.holdings.contains { holding in
      holding.releasedAt != nil && !holding.isClaimed
        && assessment.party.isOfFamily(holding.party)
        && isProbeByNumber(holding, at: assessment.at)
    } ?? false
  }
}

extension Party {
  /// Whether it is the other one's process, or a descendant of it.
  func isOfFamily(_ other: Party) -> Bool {
    pid == other.pid || ancestors.contains(other.pid)
  }
}
