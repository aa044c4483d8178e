internal import CInterception
internal import CLinuxShims
internal import Glibc
internal import RaceLedger
internal import Syscalls

/// UDP sockets that `bind(0)` gives the number of another live socket.
extension Supervisor {
  /// Binds to the port of a live UDP socket of the tree, as `bind(0)` may by itself. An errno if there is none.
  func bindTwin(
    _ socket: borrowing Duplicate, _ bytes: [UInt8], _ namespace: UInt64
  ) -> Int32 {
    guard socket.transport == .udp, socket.sharesNumbers else { return EADDRINUSE }
    for key in ledger.liveDatagramPorts(namespace: namespace, isIPv6: socket.isIPv6)
      .prefix(Self.mostForcedTrials)
    {
      if socket.bind(replacingPort(bytes, with: key.port)) == 0 {
        observation.duplicatesForced += 1
        return 0
      }
    }
    return EADDRINUSE
  }

  /// How many ports of others a forced `bind(0)` tries.
  static let mostForcedTrials = 16

  /// Looks for a live socket with the number that the kernel just gave. Without the two options it gives none.
  func lookForTwin(_ socket: borrowing Duplicate, _ namespace: UInt64) {
    guard socket.transport == .udp, socket.sharesNumbers, let address = socket.address else {
      return
    }
    lookForTwin(
      PortKey(namespace: namespace, transport: .udp, port: address.port), address, socket.cookie,
      isIPv6Only: socket.isIPv6Only)
  }

  /// The same for a UDP socket of which the kernel's record is known.
  func lookForTwin(
    _ key: PortKey, _ address: SocketAddress, _ cookie: UInt64, isIPv6Only: Bool
  ) {
    let twins = networks.sockets(in: key.namespace, .udp, port: key.port).filter {
      $0.cookie != cookie && $0.meets(address, isIPv6Only: isIPv6Only)
    }
    guard let twin = twins.first(where: { ledger.holding(cookie: $0.cookie) != nil }) ?? twins.first
    else { return }
    if let known = ledger.holding(cookie: twin.cookie)?.holding {
      ledger.hasTwin(cookie: cookie, known, owner: nil)
    } else {
      let owner = owner(key, address, except: cookie)
      // In fallback mode this one is asked about later, and then it has its twin.
      if observation.mode == .fallback && owner?.isInTree == true { return }
      var party = Party.unseen
      if let owner { party = .named(owner) }
      ledger.hasTwin(
        cookie: cookie,
        Holding(
          cookie: twin.cookie, address: twin.localAddress, party: party, origin: .unseen,
          openedAt: observation.startedAt), owner: owner)
    }
  }
}

extension Party {
  /// A process of which only its id and its name are known.
  static func named(_ owner: Owner) -> Party {
    Party(
      pid: owner.pid, tid: owner.pid, thread: owner.command, arguments: [owner.command],
      descriptor: -1)
  }
}

extension Duplicate {
  /// Whether SO_REUSEADDR or SO_REUSEPORT is set.
  var sharesNumbers: Bool { reusesAddress || reusesPort }
}

extension bs_socket_record {
  /// The local address.
  var localAddress: SocketAddress {
    withUnsafeBytes(of: address) {
      SocketAddress(bytes: Array($0.prefix(family == UInt8(AF_INET) ? 4 : 16)), port: port)
    }
  }

  /// Whether this socket and one at that address can get the same datagrams.
  func meets(_ other: SocketAddress, isIPv6Only: Bool) -> Bool {
    let own = localAddress
    if own.isIPv6 == other.isIPv6 { return own.overlaps(other) }
    // [::] without IPV6_V6ONLY is bound for IPv4, too.
    return own.isIPv6 ? own.isWildcard && is_ipv6_only == 0 : other.isWildcard && !isIPv6Only
  }

  /// The address that it is connected to; port 0 if it is not.
  var peerAddress: SocketAddress {
    withUnsafeBytes(of: peer_address) {
      SocketAddress(bytes: Array($0.prefix(family == UInt8(AF_INET) ? 4 : 16)), port: peer_port)
    }
  }
}
