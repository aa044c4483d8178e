/// What the ledger and the supervisor exchange while a re-bind waits.
extension Ledger {
  /// What must be tried while a re-bind waits.
  public struct Question: Sendable, Equatable {
    public let key: PortKey
    /// The re-binder's address.
    public let address: SocketAddress
    /// Addresses of holdings that are not known to be released.
    public let openAddresses: [SocketAddress]
    /// Whether the destroy event of the newest holding has not come yet.
    public let isAwaitingRelease: Bool
  }

  /// The results of the trials.
  public struct Answers: Sendable, Equatable {
    /// A socket without options can be bound at the re-binder's address.
    public var isFree: Bool
    /// A socket with SO_REUSEADDR can be bound there and listen; tried only if the re-binder sets that option.
    public var isFreeWithReuse: Bool
    /// A socket without options can be bound at each of `openAddresses`.
    public var openAddressesAreFree: Bool
    /// One of our thieves already holds the port.
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

  /// The interpretation of a re-bind before it is executed.
  public struct Assessment: Sendable {
    /// Nil: not a window (held elsewhere, or occupied).
    public let kind: RaceKind?
    /// What it is, also if the number is occupied: nothing ever reserved it.
    var unreserved: RaceKind?
    public let proof: Proof
    /// Which re-bind of the port, from 1.
    public let rebind: Int
    /// Time since the release in nanoseconds, 0 if the release was not seen.
    public let window: UInt64
    public let place: String
    public let key: PortKey
    public let address: SocketAddress
    let party: Party
    let at: UInt64
    public let probe: Holding
    let otherProbe: Holding?
    /// Every holding of the port is known or proved to be released.
    let isReleased: Bool
  }
}
