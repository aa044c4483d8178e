internal import CInterception
internal import Glibc
internal import RaceLedger
internal import Syscalls

/// Stolen numbers. One theft takes one number: all addresses at which the victim could have it, until the tree ends.
extension Supervisor {
  static let thiefName = "bindstorm (thief)"

  /// Whether the number was stolen, and not handed out again since where the thief did not hold it.
  func wasStolen(_ key: PortKey) -> Bool {
    guard let at = thefts[key] else { return false }
    return ledger.newest(key).map { !$0.isHandedOut || $0.openedAt <= at } ?? true
  }

  /// Keeps the socket of a trial as the thief's, with sockets at the other addresses of the number, or closes it.
  func place(_ trial: Trial, steals: Bool, _ assessment: Ledger.Assessment) {
    let key = assessment.key
    if steals {
      if trial.socket >= 0 {
        answerAsThief(trial.socket, key)
        thieves[key, default: []].append((assessment.address.exclusive, trial.socket))
      }
      hold(
        key,
        at: SocketAddress.ofTheft(demanded: assessment.address, probed: assessment.probe.address),
        withReuse: assessment.proof == .reuseOnly)
    } else if trial.socket >= 0 {
      close(trial.socket)
    }
    if trial.answers.thiefHolds && !steals && !wasStolen(key) { dropThieves(key) }
  }

  /// Takes a number at those of the addresses where it is free.
  func hold(_ key: PortKey, at addresses: [SocketAddress], withReuse: Bool = false) {
    for address in addresses {
      let isHeld = thieves[key]?.contains { $0.address == address } ?? false
      guard !isHeld,
        let socket = networks.bind(key, address)
          ?? (withReuse ? networks.bind(key, address, reuse: true) : nil)
      else { continue }
      answerAsThief(socket, key)
      thieves[key, default: []].append((address, socket))
    }
  }

  /// The victim asks for a stolen number at one more address: the thief takes that one as well.
  func takeToo(_ address: SocketAddress, _ key: PortKey) {
    let before = thieves[key]?.count ?? 0
    hold(key, at: SocketAddress.ofTheft(demanded: address, probed: address), withReuse: true)
    if thieves[key]?.count ?? 0 > before { tellTheft(key) }
  }

  /// Records where the thief holds the number.
  func tellTheft(_ key: PortKey) {
    ledger.stole(
      key, holding: (thieves[key] ?? []).map { $0.address.with(port: key.port) })
  }

  /// Whether a thief's socket is in the way at an address.
  func thiefHolds(_ address: SocketAddress, _ key: PortKey) -> Bool {
    thieves[key]?.contains { $0.address.overlaps(address) } ?? false
  }

  /// If connections are examined, a thief listens, as another deployment's server would: clients that dial the port
  /// reach it.
  func answerAsThief(_ socket: Int32, _ key: PortKey) {
    guard key.transport == .tcp else { return }
    if supervision.theft == .stranger {
      answer(on: socket)
    } else if supervision.groupVariable != nil {
      _ = Glibc.listen(socket, 128)
    }
  }

  /// The probe whose port a listening thief holds at an address, nil if there is none.
  func listeningThief(at address: SocketAddress, _ key: PortKey) -> Holding? {
    thiefHolds(address, key) ? ledger.newest(key) : nil
  }

  func dropThieves(_ key: PortKey) {
    for thief in thieves.removeValue(forKey: key) ?? [] {
      answering.removeAll { $0 == thief.socket }
      close(thief.socket)
    }
  }
}
