internal import CInterception
internal import CLinuxShims
internal import Glibc
internal import RaceLedger
internal import Syscalls

/// Ephemeral ports that no bind chose: of connections, of autobinds, and of connections to themselves.
extension Supervisor {
  /// The end of a socket on a port that was never handed out.
  func takeLocal(_ record: bs_socket_record, _ key: PortKey, at now: UInt64) {
    guard networks.ephemeralPorts(of: key.namespace).contains(key.port) else { return }
    let party = clients.removeValue(forKey: record.cookie)
    localPorts.ended(
      key, cookie: record.cookie, address: record.localAddress, party: party,
      isUnconnected: record.peer_port == 0, at: now)
  }

  /// Reports a TCP socket that was connected to itself. One that was bound before was so on purpose.
  /// - Returns: whether it was such a socket.
  func takeSelfConnection(
    _ record: bs_socket_record, in namespace: UInt64, at now: UInt64
  ) -> Bool {
    guard record.protocol != UInt8(IPPROTO_UDP), record.port != 0,
      record.port == record.peer_port, record.localAddress == record.peerAddress,
      networks.ephemeralPorts(of: namespace).contains(record.port),
      ledger.holding(cookie: record.cookie) == nil
    else { return false }
    let key = PortKey(namespace: namespace, transport: .tcp, port: record.port)
    guard !localPorts.isBound(key) else { return false }
    ledger.connectedToItself(
      key, cookie: record.cookie, address: record.localAddress,
      party: clients.removeValue(forKey: record.cookie), at: now)
    return true
  }

  /// A bind by number to an ephemeral port that nobody was handed: the number may be that of a socket that was never
  /// bound, and a connection may hold it.
  func bindEphemeral(
    _ socket: borrowing Duplicate, _ bytes: [UInt8], _ key: PortKey, _ address: SocketAddress,
    _ thread: Threads.Record, _ call: pt_call
  ) -> Int32? {
    // A socket that was closed a moment ago: its event is on the way.
    settleEvents(of: key.namespace)
    let pool = networks.ephemeralPorts(of: key.namespace).count
    let isNew = ledger.newest(key) == nil
    if isNew, let origin = localPorts.origin(of: key, pool: pool) {
      observation.probes += 1
      followed[Int(key.port)] = true
      ledger.opened(key, origin)
    } else {
      localPorts.wasBound(key)
    }
    let error = rebind(key, address, thread, call, socket, bytes)
    if error == EADDRINUSE, isNew, !ledger.isHandedOut(key), let owner = owner(key, address),
      owner.peer != nil
    {
      noteSourcePort(key, address, owner, party(thread, call, withStack: true))
    }
    return error
  }

  /// A connection is taken for a listener that was left behind.
  private func noteSourcePort(
    _ key: PortKey, _ address: SocketAddress, _ owner: Owner, _ party: Party
  ) {
    let now = MonotonicClock.now()
    let connection = Holding(
      cookie: 0, address: address, party: .named(owner), origin: .implicit, openedAt: now)
    var finding = Finding(
      kind: .sourcePort, key: key, probe: connection, rebinder: party, rebindAddress: address,
      reboundAt: now, rebind: 1, proof: .kernel, result: EADDRINUSE)
    finding.owner = owner
    ledger.add(finding)
  }

  /// Adds to the owner of a port what its socket is connected to.
  func describe(_ owner: Owner, _ record: bs_socket_record, _ key: PortKey) -> Owner {
    guard record.peer_port != 0 else { return owner }
    var owner = owner
    owner.peer = record.peerAddress.description
    let range = networks.ephemeralPorts(of: key.namespace)
    if range.contains(key.port) { owner.ephemeralRange = "\(range.lowerBound)-\(range.upperBound)" }
    return owner
  }
}
