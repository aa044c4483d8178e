/// What a re-bind of a handed-out port means.
public enum RaceKind: String, Sendable, Codable, CaseIterable {
  /// Probed, released and bound again: any process could have taken the port in between.
  case race = "RACE"
  /// The same, but the port served connections before: a restart on the same port.
  case restart = "RESTART"
  /// The kernel handed the port to two probes, and a second owner bound it.
  case duplicate = "DUPLICATE"
  /// EADDRINUSE on a handed-out port.
  case collision = "COLLISION"
  /// A client of one group reached a server of another.
  case crossWired = "CROSS-WIRED"
  /// EADDRINUSE because the probe itself is still open: no race, the same result in every run.
  case stillHeld = "note: the probe still holds the port"
  /// Re-bound while the probe is still open: reserved by SO_REUSEADDR or SO_REUSEPORT.
  case reservation = "note: re-bound while the probe is open"
  /// The port was a client's own port before: coincidence.
  case clientPort = "note: client port"

  /// Whether it counts as a race found.
  public var isRace: Bool { ![.stillHeld, .reservation, .clientPort].contains(self) }
}

/// How it was proved that the port could be taken.
public enum Proof: String, Sendable, Codable {
  /// A socket without options bound it while the re-bind waited.
  case plainSocket = "a socket without options could bind the port while the re-bind was held"
  /// Only a socket with SO_REUSEADDR could, like the re-binder's own (TIME_WAIT of served connections).
  case reuseOnly = "a socket with SO_REUSEADDR could bind the port while the re-bind was held"
  /// A thief took it in the window.
  case thief = "a thief bound the port after its release"
  /// No trial was needed: the kernel itself refused the port or handed it out twice.
  case kernel = "the kernel's own answer"
}

/// A socket that holds or held a port which the kernel chose.
public struct Holding: Sendable, Equatable {
  /// How the port came to the socket.
  public enum Origin: Sendable, Equatable {
    case bindZero, listenUnbound
    /// By number, the n-th time.
    case rebind(Int)
  }

  /// How the release was detected.
  public enum Release: String, Sendable, Codable {
    /// The last reference was dropped while the process lived.
    case closed = "closed"
    /// The process had ended.
    case processEnded = "its process ended"
    /// Not observed yet: the port was free when the re-bind came.
    case unseen = "free before the kernel's event arrived"
  }

  public let cookie: UInt64
  public let address: SocketAddress
  public let party: Party
  public let origin: Origin
  /// Nanoseconds of CLOCK_MONOTONIC.
  public let openedAt: UInt64
  public var releasedAt: UInt64?
  public var release: Release?
  public var wasClient = false
  public var listened = false
  public var served = false
  /// A later bind to this port replaced this probe as its holder.
  public var isClaimed = false

  public init(
    cookie: UInt64, address: SocketAddress, party: Party, origin: Origin, openedAt: UInt64
  ) {
    self.cookie = cookie
    self.address = address
    self.party = party
    self.origin = origin
    self.openedAt = openedAt
  }

  public var isHandedOut: Bool {
    if case .rebind = origin { return false }
    return true
  }
}

/// Who holds a port that could not be bound.
public struct Owner: Sendable, Equatable, Codable {
  /// Whether it belongs to the tree.
  public var isInTree: Bool
  public var isThief: Bool
  public var pid: Int32
  public var command: String

  public init(isInTree: Bool, isThief: Bool = false, pid: Int32, command: String) {
    self.isInTree = isInTree
    self.isThief = isThief
    self.pid = pid
    self.command = command
  }
}

/// One finding, at one time.
public struct Finding: Sendable, Equatable {
  public var kind: RaceKind
  public var key: PortKey
  public var probe: Holding
  /// Another probe that got the same port.
  public var otherProbe: Holding?
  public var rebinder: Party
  public var rebindAddress: SocketAddress
  public var reboundAt: UInt64
  /// Which re-bind of this port it was, from 1.
  public var rebind: Int
  public var proof: Proof
  /// The result of the re-bind: 0 or an errno; nil if it was not observed (fallback mode).
  public var result: Int32?
  public var wasStolen = false
  public var owner: Owner?
  /// The client's own address, if it is known; nil for findings without a client.
  public var connectedFrom: SocketAddress?
  /// Cookie by which a release that is observed later is filled in.
  var awaits: UInt64?
  /// Whether the kernel's event for the probe's release has not come yet.
  public var isAwaitingRelease: Bool { awaits != nil }

  public init(
    kind: RaceKind, key: PortKey, probe: Holding, rebinder: Party, rebindAddress: SocketAddress,
    reboundAt: UInt64, rebind: Int, proof: Proof, result: Int32?
  ) {
    self.kind = kind
    self.key = key
    self.probe = probe
    self.rebinder = rebinder
    self.rebindAddress = rebindAddress
    self.reboundAt = reboundAt
    self.rebind = rebind
    self.proof = proof
    self.result = result
  }

  /// From the release to the re-bind, in nanoseconds; an upper bound of the release's time is used.
  public var window: UInt64? {
    probe.releasedAt.map { reboundAt >= $0 ? reboundAt - $0 : 0 }
  }

  /// The place in the program, the same in every run.
  public var place: String { Finding.place(probe.party, rebinder, key.transport, rebind) }

  static func place(_ probe: Party, _ rebinder: Party, _ transport: Transport, _ rebind: Int)
    -> String
  {
    shortName("\(transport.rawValue)|\(probe.signature)|\(rebinder.signature)|\(rebind)")
  }

  /// Kind and place in one line.
  public var summary: String {
    let nth = rebind > 1 ? ", re-bind \(rebind)" : ""
    return
      "\(kind.rawValue) \(key.transport.rawValue) \(probe.party.label) -> \(rebinder.label)\(nth) [\(place)]"
  }
}
