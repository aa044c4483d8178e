internal import CInterception
internal import Glibc
internal import RaceLedger
internal import Syscalls

/// The kernel's events about sockets whose last reference was dropped.
extension Supervisor {
  func drainEvents() {
    var records = [bs_socket_record](repeating: bs_socket_record(), count: 128)
    for (cookie, network) in networks.known {
      while true {
        var lost: Int32 = 0
        let count = pt_read_destroy_events(network.events, &records, 128, &lost)
        observation.lostEvents += Int(lost)
        if count <= 0 { break }
        let now = MonotonicClock.now()
        for record in records[..<Int(count)] { take(record, in: cookie, at: now) }
        if count < 128 { break }
      }
    }
  }

  func take(_ record: bs_socket_record, in namespace: UInt64, at now: UInt64) {
    if marks.remove(record.cookie) != nil { return }
    if takeSelfConnection(record, in: namespace, at: now) { return }
    let transport: Transport = record.protocol == UInt8(IPPROTO_UDP) ? .udp : .tcp
    let key = PortKey(namespace: namespace, transport: transport, port: record.port)
    guard followed[Int(record.port)], ledger.newest(key) != nil else {
      return takeLocal(record, key, at: now)
    }
    clients[record.cookie] = nil
    meetAccepted(record, key)
    let released = ledger.destroyed(
      cookie: record.cookie, key: key, peerPort: record.peer_port, at: now,
      processEnded: hasEnded)
    guard let released, thieves[key] == nil, ledger.wasProbe(released.holding),
      supervision.steal.wantsRelease(released.holding, rebinds: ledger.rebinds(key)),
      thieves.count < 8_192
    else { return }
    hold(
      key,
      at: SocketAddress.ofTheft(
        demanded: released.holding.address, probed: released.holding.address))
  }

  /// Takes all pending events of a namespace. The kernel's worker threads send them, which can be late on a busy host,
  /// and events of different CPUs come in no fixed order.
  func settleEvents(of namespace: UInt64) {
    marks = networks.markEvents(in: namespace)
    let deadline = MonotonicClock.now() + Self.longestEventDelay
    while !marks.isEmpty && MonotonicClock.now() < deadline { waitForEvents(milliseconds: 1) }
    marks = []
  }

  /// How long to wait for an event that must come, unless the kernel dropped it.
  static let longestEventDelay: UInt64 = 500_000_000

  func waitForEvents(milliseconds: Int32) {
    var items = networks.known.values.map {
      pollfd(fd: $0.events, events: Int16(POLLIN), revents: 0)
    }
    if poll(&items, nfds_t(items.count), milliseconds) > 0 { drainEvents() }
  }
}
