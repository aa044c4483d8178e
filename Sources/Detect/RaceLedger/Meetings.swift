/// Connections of one process to a thief that answers in the place of the command's own server.
public struct Encounter: Sendable, Equatable, Codable {
  /// The client; 0 if it does not belong to the command.
  public var pid: Int32
  public var command: String
  /// Where the thief listens.
  public var address: String
  /// The client's own address at its first connection.
  public var connectedFrom: String
  public var connections: Int
  /// HTTP requests that the thief answered with 200.
  public var answers: Int

  public init(
    pid: Int32, command: String, address: String, connectedFrom: String, connections: Int = 1,
    answers: Int = 0
  ) {
    self.pid = pid
    self.command = command
    self.address = address
    self.connectedFrom = connectedFrom
    self.connections = connections
    self.answers = answers
  }

  /// In one line.
  public var text: String {
    let who = pid == 0 ? command : "\(command) (pid \(pid))"
    let requests =
      answers == 0 ? "no HTTP request" : "\(count(answers, "HTTP request")) answered with 200"
    return
      "\(who) reached the thief at \(address) from \(connectedFrom): \(count(connections, "connection")), \(requests)"
  }
}

/// Whom a command's clients reached after a theft: the thief, which answers as a stranger's server would, or servers of
/// the command. Times are nanoseconds of CLOCK_MONOTONIC.
public struct Meetings: Sendable, Equatable {
  /// One for each client process and address of a thief.
  public private(set) var encounters: [Encounter] = []
  /// How often a TCP socket of the command began to listen.
  public private(set) var listens = 0
  private var firstTheft: UInt64?
  /// When the command began to listen for the first time after the theft.
  private var firstServerSince: UInt64?
  private var lastWithThief: UInt64?
  /// The last connection to a server that began after the theft.
  private var lastWithServer: UInt64?

  public init() {}

  public mutating func stole(at time: UInt64) { firstTheft = firstTheft ?? time }

  /// A TCP socket of the command listens.
  public mutating func listened(at time: UInt64) {
    listens += 1
    if firstTheft != nil { firstServerSince = firstServerSince ?? time }
  }

  /// A client of the command connects to a server of the command.
  /// - Parameter time: when it did, or when the server was bound if that is not known.
  public mutating func reachedServer(boundAt: UInt64, at time: UInt64) {
    guard let firstTheft, boundAt >= firstTheft else { return }
    lastWithServer = max(lastWithServer ?? 0, time)
  }

  /// The thief accepted a connection.
  /// - Parameters:
  ///   - client: nil if nobody of the command connected.
  ///   - time: when the client called connect().
  /// - Returns: the index of the encounter, for `answered`.
  public mutating func reachedThief(
    _ client: Party?, at address: SocketAddress, from: SocketAddress, time: UInt64
  ) -> Int {
    let pid = client?.pid ?? 0
    let place = address.description
    if client != nil { lastWithThief = max(lastWithThief ?? 0, time) }
    if let index = encounters.firstIndex(where: { $0.pid == pid && $0.address == place }) {
      encounters[index].connections += 1
      return index
    }
    encounters.append(
      Encounter(
        pid: pid, command: client?.command ?? Self.outsider, address: place,
        connectedFrom: from.description))
    return encounters.count - 1
  }

  /// The thief answered an HTTP request with 200.
  public mutating func answered(_ encounter: Int) { encounters[encounter].answers += 1 }

  static let outsider = "a process outside the command's tree"

  /// What it means that the command reported success.
  /// - Parameter listensWithoutThief: how often the command began to listen in a run without a thief; nil if there was
  ///   no such run.
  public func outcomeOfSuccess(listensWithoutThief: Int?) -> TheftOutcome {
    guard let lastWithThief else { return .survived }
    guard let firstServerSince else { return .metStranger }
    if lastWithServer == nil && lastWithThief > firstServerSince { return .metStranger }
    guard let usual = listensWithoutThief else { return .undecided(.metStrangerAndServer) }
    // The server whose port was stolen has no successor.
    if listens < usual { return .metStranger }
    return (lastWithServer ?? 0) > lastWithThief ? .survived : .undecided(.metStrangerAndServer)
  }
}
