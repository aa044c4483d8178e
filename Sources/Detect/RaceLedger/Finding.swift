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
  /// The number was chosen for one protocol and is bound for the other, where nothing reserved it.
  case crossProtocol = "CROSS-PROTOCOL"
  /// The number is held at one address and is bound at another one, or in the other family, where nothing reserved it.
  case crossAddress = "CROSS-ADDRESS"
  /// The number was computed from a chosen one, and nothing reserved it.
  case derived = "DERIVED"
  /// Whether the number is free was looked up by a connect that was refused, and then the tree bound it.
  case lookedUp = "LOOKED-UP"
  /// The kernel gave `bind(0)` a number that another live UDP socket has.
  case liveTwin = "LIVE-TWIN"
  /// A bind by number succeeded through SO_REUSEPORT although a stranger's socket has the port.
  case shared = "SHARED"
  /// Both ends of a TCP connection are the same socket.
  case selfConnect = "SELF-CONNECT"
  /// A connect to a released number that nobody bound again.
  case deadPort = "DEAD-PORT"
  /// EADDRINUSE because the probe itself is still open: no race, the same result in every run.
  case stillHeld = "note: the probe still holds the port"
  /// Re-bound while the probe is still open: reserved by SO_REUSEADDR or SO_REUSEPORT.
  case reservation = "note: re-bound while the probe is open"
  /// The port was a client's own port before: coincidence.
  case clientPort = "note: client port"
  /// The number is close to a chosen one, and who bound it has nothing to do with who got that one.
  case nearNumber = "note: a number near a chosen one"
  /// A connect to the number was refused before another process or thread bound it: as likely, it waited for that one.
  case refusedBefore = "note: a connect was refused before"
  /// Several sockets of the tree listen on the port by SO_REUSEPORT: a pool of workers, or owners that do not know of
  /// each other.
  case pool = "note: several sockets share the port"
  /// A number that was never handed out is refused, because a connection has it as its source port.
  case sourcePort = "note: a connection holds the port"

  /// Whether it counts as a race found.
  public var isRace: Bool {
    ![
      .stillHeld, .reservation, .clientPort, .nearNumber, .refusedBefore, .pool, .sourcePort,
    ].contains(self)
  }

  /// Whether a thief can take the port in it.
  public var isWindow: Bool {
    [.race, .restart, .duplicate, .crossProtocol, .crossAddress, .derived, .lookedUp].contains(
      self)
  }

  /// Whether nothing ever reserved the number where it was bound.
  var isUnreserved: Bool {
    [.crossProtocol, .crossAddress, .derived, .nearNumber, .lookedUp, .refusedBefore].contains(
      self)
  }
}

/// How it was proved that the port could be taken.
public enum Proof: String, Sendable, Codable {
  /// A socket without options bound it while the re-bind waited.
  case plainSocket = "a socket without options could bind the port while the re-bind was held"
  /// Only a socket with SO_REUSEADDR could, like the re-binder's own (TIME_WAIT of served connections).
  case reuseOnly = "a socket with SO_REUSEADDR could bind the port while the re-bind was held"
  /// A socket without options, or with the option that a server sets, bound it while a connect to it waited.
  case duringConnect = "a socket could bind the port while the connect was held"
  /// A thief took it in the window.
  case thief = "a thief bound the port after its release"
  /// No trial was needed: the kernel itself refused the port or handed it out twice.
  case kernel = "the kernel's own answer"
}

/// A socket that holds or held a port which the kernel chose or the program bound by number.
public struct Holding: Sendable, Equatable {
  /// How the port came to the socket.
  public enum Origin: Sendable, Equatable {
    case bindZero, listenUnbound
    /// By connect() or an autobind, without any bind.
    case implicit
    /// Not seen: a socket outside the tree, or older than the run.
    case unseen
    /// By a number that the tree did not hold before.
    case byNumber
    /// Not at all: a connect to the number was refused.
    case refusedConnect
    /// By number, the n-th time after it was handed out or first bound.
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
    /// Its process closed it, and another one that inherited the socket keeps it open.
    case inherited = "by its process only; another process keeps the socket open"
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
    switch origin {
    case .bindZero, .listenUnbound, .implicit: true
    case .byNumber, .refusedConnect, .rebind, .unseen: false
    }
  }
}

/// Who holds a port that could not be bound.
public struct Owner: Sendable, Equatable, Codable {
  /// Whether it belongs to the tree.
  public var isInTree: Bool
  public var isThief: Bool
  public var pid: Int32
  public var command: String
  /// The address that it is connected to, if a connection's local port is what holds the port; nil otherwise.
  public var peer: String?
  /// First and last ephemeral port, as "32768-60999", if `peer` is given and the port lies inside.
  public var ephemeralRange: String?

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
  /// Addresses at which the thief holds the port until the tree ends.
  public var thiefAddresses: [SocketAddress] = []
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

  /// The place in the program, the same in every run: `PlaceName` as text.
  public var place: String {
    Finding.place(probe.party, rebinder, key.transport, rebind, shape: shape)
  }

  /// What tells numbers that nothing reserved from re-binds by the same program, and from one another.
  private var shape: String { Finding.shape(kind, offset) }

  static func shape(_ kind: RaceKind?, _ offset: Int) -> String {
    guard let kind, kind.isUnreserved else { return "" }
    return "|\(kind.rawValue)\(offset)"
  }

  /// The bound number minus the one that it was computed from; 0 for other findings.
  public var offset: Int {
    [.derived, .nearNumber].contains(kind) ? Int(key.port) - Int(probe.address.port) : 0
  }

  static func place(
    _ probe: Party, _ rebinder: Party, _ transport: Transport, _ rebind: Int, shape: String = ""
  ) -> String {
    PlaceName(probe, rebinder, transport, use: "\(rebind)\(shape)").description
  }

  /// The place without its call sites.
  public var coarsePlace: String { String(place.prefix { $0 != "/" }) }

  /// Why the call sites of its place are not known, empty if they are or the programs have none.
  public var callSiteGap: String {
    for site in [probe.party.callSite, rebinder.callSite] {
      if case .notTaken(let why) = site { return why }
    }
    return ""
  }

  /// Kind and place in one line.
  public var summary: String {
    let nth = rebind > 1 ? ", re-bind \(rebind)" : ""
    let distance = offset == 0 ? "" : ", number \(offset > 0 ? "+" : "")\(offset)"
    return
      "\(kind.rawValue) \(key.transport.rawValue) \(probe.party.label) -> \(rebinder.label)\(nth)\(distance) [\(place)]"
  }
}
