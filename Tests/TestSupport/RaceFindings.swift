public import RaceLedger

extension Party {
  /// A process of one thread.
  public static func sample(
    _ arguments: [String] = ["prog"], pid: Int32 = 10, thread: String? = nil,
    _ change: (inout Party) -> Void = { _ in }
  ) -> Party {
    var party = Party(
      pid: pid, tid: pid, thread: thread ?? arguments[0], arguments: arguments, descriptor: 3)
    change(&party)
    return party
  }
}

extension Finding {
  /// A finding of one program on port 40001 of loopback, for tests that need no ledger: probed at 100 ns, bound again
  /// at 1 us.
  /// - Parameter window: time since the release in nanoseconds; nil for one that was not seen.
  public static func sample(
    _ kind: RaceKind = .race, _ program: String = "prog", window: UInt64? = nil, rebind: Int = 1,
    probe: Party? = nil, rebinder: Party? = nil, _ change: (inout Finding) -> Void = { _ in }
  ) -> Finding {
    let address = SocketAddress(bytes: [127, 0, 0, 1], port: 40_001)
    var holding = Holding(
      cookie: 1, address: address, party: probe ?? .sample([program]), origin: .bindZero,
      openedAt: 100)
    holding.releasedAt = window.map { 1_000 - $0 }
    holding.release = window.map { _ in .closed }
    var finding = Finding(
      kind: kind, key: PortKey(namespace: 1, transport: .tcp, port: 40_001), probe: holding,
      rebinder: rebinder ?? .sample([program], pid: 20), rebindAddress: address, reboundAt: 1_000,
      rebind: rebind, proof: .plainSocket, result: 0)
    change(&finding)
    return finding
  }
}
