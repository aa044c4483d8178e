/// What the ledger and the supervisor tell each other while a re-bind is held.
extension Ledger {
  /// What has to be tried while a re-bind is held.
  public struct Question: Sendable, Equatable {
    public let key: PortKey
    /// Of the re-binder.
    public let address: SocketAddress
    /// Of holdings that are not known to be released.
    public let openAddresses: [SocketAddress]
    /// Whether the destroy event of the newest holding is still to come.
    public let isAwaitingRelease: Bool
  }

  /// What the trials showed.
  public struct Answers: Sendable, Equatable {
    /// A socket without options can be bound at the re-binder's address.
    public var isFree: Bool
    /// One with SO_REUSEADDR can be bound there and listen; only tried for a re-binder that has it.
    public var isFreeWithReuse: Bool
    /// A socket without options can be bound at each of `openAddresses`.
    public var openAddressesAreFree: Bool
    /// A thief of ours holds the port already.
    public var thiefHolds: Bool

    public init(
      isFree: Bool, isFreeWithReuse: Bool = false, openAddressesAreFree: Bool,
      thiefHolds: Bool = false
    ) {
      self.isFree = isFree
      self.isFreeWithReuse = isFreeWithReuse
      self.openAddressesAreFree = openAddressesAreFree
      self.thiefHolds = thiefHolds
    }
  }

  /// A re-bind as it is understood before it is executed.
  public struct Assessment: Sendable {
    /// Nil: not a window (held elsewhere, or occupied).
    public let kind: RaceKind?
    public let proof: Proof
    /// Which re-bind of the port, from 1.
    public let rebind: Int
    /// Time since the release in nanoseconds, 0 if that was not seen.
    public let window: UInt64
    public let place: String
    let key: PortKey
    let address: SocketAddress
    let party: Party
    let at: UInt64
    let probe: Holding
    let otherProbe: Holding?
    /// Every holding of the port is known or proved to be released.
    let isReleased: Bool
  }
}
