internal import Glibc
public import Syscalls

/// Checks that an adapter's listeners are where it says, are its own, and take connections. An adapter does not answer
/// nonces on its ports, so this check uses the kernel's records; Documentation/adapter-protocol.md has the rules.
public struct ListenerCheck {
  /// A port that an adapter says it listens on.
  public struct Claim: Sendable {
    public var port: UInt16
    /// The keeper, the process above the adapter: a process below it must have the listener open. 0 if there is none.
    public var root: Int32

    public init(port: UInt16, root: Int32) {
      self.port = port
      self.root = root
    }
  }

  /// The result for a port.
  public enum Finding: Sendable, Equatable {
    /// One listener, which is the adapter's and accepted a connection.
    case owner
    /// One listener, which is the adapter's; a connection to it waits in its backlog.
    case unaccepted
    /// No connection to the address reaches a listener.
    case nobody
    /// A connection could reach any of several listeners.
    case shared(Int)
    /// A process that is not below the adapter has the listener open; pid 0 if it cannot be found.
    case stranger(ProcessRecords.Owner)
    /// All processes that have the listener open are stopped.
    case stopped
    /// No connection was made in time: the backlog is full.
    case full
  }

  /// The source address of connections.
  public struct Source: Sendable {
    public var host: TCPSocket.Host
    public var port: UInt16

    public init(_ host: TCPSocket.Host, port: UInt16) {
      self.host = host
      self.port = port
    }
  }

  /// How long to search for a process that has a listener open: one process may pass it to another in that time.
  private static let ownerNanoseconds: UInt64 = 1_000_000_000
  /// How often a listener must be missed below the adapter before another process counts as a stranger: a listener that
  /// changes hands while /proc is read is missed once.
  private static let fewestMisses = 2
  /// How long a connection may take. The kernel drops its SYN while the backlog is full, and retries after one second
  /// (TCP_TIMEOUT_INIT).
  private static let connectNanoseconds: UInt64 = 1_500_000_000
  /// How long to wait for an accept. Only the text of the evidence depends on it.
  private static let acceptNanoseconds: UInt64 = 50_000_000
  private static let nanosecondsBetweenLooks: UInt64 = 2_000_000

  private let claims: [Claim]
  private let source: Source?
  private let isCalledOff: () -> Bool
  private var findings: [Finding?]
  /// The adapter's processes that have the listener open, by claim; empty until they are known.
  private var holders: [Set<Int32>]

  private init(_ claims: [Claim], from source: Source?, isCalledOff: @escaping () -> Bool) {
    self.claims = claims
    self.source = source
    self.isCalledOff = isCalledOff
    findings = [Finding?](repeating: nil, count: claims.count)
    holders = [Set<Int32>](repeating: [], count: claims.count)
  }

  /// Checks all claims, which takes up to three seconds if something is wrong.
  /// - Parameters:
  ///   - source: where to connect from; nil for what the kernel chooses.
  ///   - isCalledOff: whether the answer is no longer needed.
  /// - Returns: a finding for each claim.
  /// - Throws: the kernel's error.
  public static func examine(
    _ claims: [Claim], from source: Source? = nil, isCalledOff: @escaping () -> Bool = { false }
  ) throws(SystemError) -> [Finding] {
    var check = ListenerCheck(claims, from: source, isCalledOff: isCalledOff)
    try check.findOwners()
    try check.connect()
    // The check was called off: nothing is known about these listeners.
    return check.findings.map { $0 ?? .nobody }
  }

  // MARK: Ownership

  /// Finds the owner of each listener. The list and the processes are read again as long as a listener has no owner:
  /// while it changes hands below the adapter, neither process may have it when it is read.
  private mutating func findOwners() throws(SystemError) {
    let deadline = MonotonicClock.now() + Self.ownerNanoseconds
    var round = 1
    while true {
      let isLast = MonotonicClock.now() >= deadline
      let open = try lookForOwners(round, isLast: isLast)
      if open == 0 || isLast || isCalledOff() { return }
      MonotonicClock.sleep(until: MonotonicClock.now() + Self.nanosecondsBetweenLooks)
      round += 1
    }
  }

  /// - Returns: how many claims are undecided.
  private mutating func lookForOwners(_ round: Int, isLast: Bool) throws(SystemError) -> Int {
    let reached = try SocketListing.reached(
      at: HostAddress(AdapterRequest.host), expected: 2 * claims.count + 64)
    let open = claims.indices.filter { findings[$0] == nil && holders[$0].isEmpty }
    var sockets: [Int32: [UInt64: Set<Int32>]] = [:]
    for root in Set(open.map { claims[$0].root }) where root > 0 {
      // Without it nothing tells whose the adapter's processes are: they would be strangers.
      if [nil, "Z", "X"].contains(ProcessRecords.state(of: root)) {
        throw SystemError("the process above an adapter (pid \(root)) was ended", code: ESRCH)
      }
      sockets[root] = ProcessRecords.holders(ofSocketsIn: ProcessRecords.tree(of: root))
    }
    var missed: [Int: UInt64] = [:]
    for index in open {
      let (port, root) = (claims[index].port, claims[index].root)
      let listeners = reached[port] ?? []
      switch listeners.count {
      case 0: findings[index] = .nobody
      case 1:
        let inode = listeners[0].inode
        holders[index] = sockets[root]?[inode] ?? []
        if holders[index].isEmpty { missed[index] = inode }
      default: findings[index] = .shared(listeners.count)
      }
    }
    if round >= Self.fewestMisses || isLast { blameStrangers(missed, isLast: isLast) }
    return missed.keys.count { findings[$0] == nil }
  }

  /// - Parameter missed: inodes of listeners that no process below the adapter has open, by claim.
  private mutating func blameStrangers(_ missed: [Int: UInt64], isLast: Bool) {
    let indices = Array(missed.keys)
    let owners = ProcessRecords.owners(ofSockets: indices.map { missed[$0]! })
    for (index, owner) in zip(indices, owners) {
      let isOutside = ProcessRecords.isOutside(owner.pid, of: claims[index].root)
      if isOutside || isLast { findings[index] = .stranger(owner) }
    }
  }

  // MARK: Taking connections

  /// A connection to a port.
  private struct Call {
    var socket: Int32
    /// Its source port.
    var port: UInt16 = 0
    /// Nil until this is known.
    var isConnected: Bool?
  }

  /// Connects once to each port whose listener is the adapter's.
  private mutating func connect() throws(SystemError) {
    var calls: [UInt16: Call] = [:]
    defer { for call in calls.values { closeDescriptor(call.socket) } }
    for index in claims.indices where findings[index] == nil && !holders[index].isEmpty {
      let port = claims[index].port
      if calls[port] == nil { calls[port] = try call(port) }
    }
    guard !calls.isEmpty else { return }
    awaitConnections(&calls)
    let waiting = try unaccepted(calls)
    for index in claims.indices where findings[index] == nil && !holders[index].isEmpty {
      let port = claims[index].port
      let states = holders[index].compactMap(ProcessRecords.isStopped)
      if !states.isEmpty && states.allSatisfy({ $0 }) {
        findings[index] = .stopped
      } else if let isConnected = calls[port]?.isConnected {
        findings[index] = !isConnected ? .nobody : waiting.contains(port) ? .unaccepted : .owner
      } else {
        findings[index] = .full
      }
    }
  }

  private func call(_ port: UInt16) throws(SystemError) -> Call {
    let socket = try TCPSocket.open(nonBlocking: true)
    do throws(SystemError) {
      TCPSocket.resetOnClose(socket)
      if let source {
        try TCPSocket.allowAddressReuse(socket)
        try TCPSocket.bind(socket, source.host, port: source.port)
      }
    } catch {
      closeDescriptor(socket)
      throw error
    }
    var call = Call(socket: socket)
    do throws(SystemError) {
      if try TCPSocket.connect(socket, AdapterRequest.host, port: port) { call.isConnected = true }
      call.port = try TCPSocket.port(of: socket)
    } catch {
      // An error of this host, such as no free ephemeral port, does not describe the listener.
      guard error.code == ECONNREFUSED || error.code == ECONNRESET else {
        closeDescriptor(socket)
        throw error
      }
      call.isConnected = false
    }
    return call
  }

  /// Waits until every connection is established or refused, or the time is over.
  private func awaitConnections(_ calls: inout [UInt16: Call]) {
    let deadline = MonotonicClock.now() + Self.connectNanoseconds
    while true {
      let ports = calls.keys.filter { calls[$0]!.isConnected == nil }
      var items = ports.map {
        pollfd(fd: calls[$0]!.socket, events: Int16(POLLOUT), revents: 0)
      }
      guard !items.isEmpty, MonotonicClock.now() < deadline, !isCalledOff() else { return }
      guard poll(&items, nfds_t(items.count), 20) > 0 else { continue }
      for (port, item) in zip(ports, items) where item.revents != 0 {
        calls[port]!.isConnected = item.revents & Int16(POLLERR | POLLHUP) == 0
      }
    }
  }

  /// The ports whose connections are in the backlog: the kernel shows no descriptor for them. Accepting may take time.
  private func unaccepted(_ calls: [UInt16: Call]) throws(SystemError) -> Set<UInt16> {
    let deadline = MonotonicClock.now() + Self.acceptNanoseconds
    while true {
      let waiting = try SocketListing.sockets(.connected, expected: 4 * calls.count + 64).filter {
        let call = calls[$0.listener.port]
        return $0.isConnected && $0.inode == 0 && call?.isConnected == true
          && call?.port == $0.peerPort
      }
      if waiting.isEmpty || MonotonicClock.now() >= deadline || isCalledOff() {
        return Set(waiting.map(\.listener.port))
      }
      MonotonicClock.sleep(until: MonotonicClock.now() + Self.nanosecondsBetweenLooks)
    }
  }
}

extension ListenerCheck.Finding: CustomStringConvertible {
  /// What is wrong, to be printed after "where" and a space.
  public var description: String {
    switch self {
    case .owner: "it listens and accepts"
    case .unaccepted: "it listens"
    case .nobody: "no listener is reached"
    case .shared(let count): "\(count) sockets listen"
    case .stranger(let owner):
      owner.pid == 0
        ? "another process listens, which cannot be found"
        : "another process listens: pid \(owner.pid) \(owner.command)"
    case .stopped: "all processes that have the listener open are stopped"
    case .full: "no connection can be made: the backlog is full"
    }
  }
}
