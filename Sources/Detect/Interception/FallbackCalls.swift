internal import CInterception
internal import Glibc
internal import RaceLedger
internal import Syscalls

/// The caught calls in fallback mode: the kernel executes them, and the supervisor looks up their results.
extension Supervisor {
  func descriptorName(_ thread: Threads.Record, _ call: pt_call) -> UInt64 {
    UInt64(UInt32(bitPattern: thread.party.pid)) << 32
      | UInt64(UInt32(truncatingIfNeeded: call.arguments.0))
  }

  func bindByKernel(_ call: pt_call) -> Int32? {
    guard let bytes = addressBytes(call), let address = SocketAddress(socketBytes: bytes),
      let thread = threads.record(call.tid)
    else { return nil }
    if address.port == 0 {
      // The stack is taken here, as in full mode: getsockname() may be called elsewhere.
      unnamed[descriptorName(thread, call)] = party(thread, call, withStack: true)
      return nil
    }
    // What else is bound by number cannot be followed: the kernel tells no result.
    guard
      followed[Int(address.port)] || mayBeDerived(address.port) || supervision.watchesConnects
    else { return nil }
    // For a socket that is not bound yet, only an attribute of its inode shows the type.
    let number = pt_socket_protocol(
      pid_t(call.tid), Int32(truncatingIfNeeded: call.arguments.0))
    guard number == Int32(IPPROTO_TCP) || number == Int32(IPPROTO_UDP) else { return nil }
    let key = PortKey(
      namespace: networks.own, transport: number == Int32(IPPROTO_TCP) ? .tcp : .udp,
      port: address.port)
    _ = rebind(key, address, thread, call, .none) { (nil, 0) }
    return nil
  }

  /// Whether a number is at one of the distances from a followed one that are looked at.
  private func mayBeDerived(_ port: UInt16) -> Bool {
    (Ledger.usualOffsets + Ledger.closeOffsets).contains { offset in
      UInt16(exactly: Int(port) - offset).map { followed[Int($0)] } ?? false
    }
  }

  /// At getsockname() and listen() the kernel knows the port; the socket's record is found by the inode.
  func lookUp(_ call: pt_call) -> Int32? {
    guard let thread = threads.record(call.tid),
      let target = link("/proc/\(call.tid)/fd/\(Int32(truncatingIfNeeded: call.arguments.0))"),
      target.hasPrefix("socket:["), let inode = UInt64(target.dropFirst(8).dropLast())
    else { return nil }
    // Whether the call succeeds is not known.
    if call.kind == PT_CALL_LISTEN.rawValue { stolenUnserved = [] }
    for transport in [Transport.tcp, .udp] {
      guard
        let record = networks.sockets(
          in: networks.own, transport, port: 0, inode: inode
        ).first, record.port != 0
      else { continue }
      let key = PortKey(namespace: networks.own, transport: transport, port: record.port)
      if ledger.holding(cookie: record.cookie) == nil {
        let address = SocketAddress(record)
        if let prober = unnamed.removeValue(forKey: descriptorName(thread, call)) {
          note(key, address, record.cookie, .bindZero, prober)
          if transport == .udp {
            lookForTwin(key, address, record.cookie, isIPv6Only: record.is_ipv6_only != 0)
          }
        } else if ledger.isHandedOut(key) {
          note(
            key, address, record.cookie, .rebind(ledger.rebinds(key) + 1),
            party(thread, call, withStack: true))
        }
      }
      if call.kind == PT_CALL_LISTEN.rawValue { ledger.listened(cookie: record.cookie) }
    }
    return nil
  }
}
