internal import JSON
public import PlanModel
public import Syscalls

/// Version 1 of the protocol between bindstorm and an adapter, the program of an `exec` strategy: one JSON object per
/// line, requests on the adapter's standard input, answers on its standard output. `Documentation/adapter-protocol.md`
/// is the specification.
public enum AdapterProtocol {
  /// The version implemented here.
  public static let version = 1
  /// The largest length of an answer in bytes, its line break included.
  public static let longestLine = 65_536
  /// The adapter's end of the channel for listening sockets.
  public static let listenerDescriptor: Int32 = 3
  /// Name of the environment variable that holds the version.
  public static let versionVariable = "BINDSTORM_ADAPTER_PROTOCOL"
}

/// What an adapter can do besides answering.
public enum AdapterCapability: String, Sendable, CaseIterable {
  /// It chooses the ports, and API servers bind them. Every adapter can do this.
  case allocate
  /// It passes listening sockets, which API servers adopt.
  case listeners
  /// It binds the endpoints itself, in its own process or in child processes.
  case bind
}

/// A request of bindstorm.
public struct AdapterRequest: Sendable {
  /// What is asked.
  public enum Kind: String, Sendable, CaseIterable {
    case hello, allocate, bind, report, release, stop
  }

  /// What an adapter is told about the launch for which it plays the launcher.
  public struct Launch: Sendable {
    /// Number of the launch within the trial.
    public var number: Int
    /// API servers of the launch.
    public var apiServers: Int
    /// Number of addresses: an input for each API server, then an output for each.
    public var addresses: Int { 2 * apiServers }
    /// What the endpoints are made of.
    public var sockets: SocketKind
    /// How far a trial goes.
    public var depth: Depth

    public init(number: Int, apiServers: Int, sockets: SocketKind, depth: Depth) {
      self.number = number
      self.apiServers = apiServers
      self.sockets = sockets
      self.depth = depth
    }
  }

  /// Where an adapter's endpoints are to be bound, and where connections to them are made.
  public static let host = TCPSocket.Host.loopback

  /// The line of a request, with its line break.
  public static func line(_ kind: Kind, id: Int, _ launch: Launch, seed: UInt64 = 0) -> String {
    var text = "{\"id\":\(id),\"request\":\"\(kind.rawValue)\""
    switch kind {
    case .hello:
      text +=
        ",\"protocol\":\(AdapterProtocol.version),\"launch\":\(launch.number)"
        + ",\"api_servers\":\(launch.apiServers),\"addresses\":\(launch.addresses)"
        + ",\"host\":\"\(host.text)\",\"sockets\":\"\(launch.sockets.rawValue)\""
        + ",\"depth\":\"\(launch.depth.rawValue)\""
        + ",\"listener_descriptor\":\(AdapterProtocol.listenerDescriptor)"
    case .allocate:
      // Some JSON readers cannot represent numbers above 2^53.
      text += ",\"addresses\":\(launch.addresses),\"seed\":\(seed >> 11)"
    case .bind, .report, .release, .stop: break
    }
    return text + "}\n"
  }
}

/// How an adapter broke the protocol.
public struct AdapterFault: Error, Sendable, Equatable {
  /// Which rule.
  public enum Kind: String, Sendable, CaseIterable {
    /// The program cannot be started.
    case notStarted = "not-started"
    /// An answer is not a JSON object, or lacks a required member.
    case malformed
    /// No answer, or no exit, before the deadline.
    case late
    /// An answer is longer than `AdapterProtocol.longestLine`.
    case oversized
    /// An answer to another request than the last.
    case wrongID = "wrong-id"
    /// The number of ports differs from the number of addresses.
    case wrongCount = "wrong-count"
    /// An impossible port number.
    case wrongPort = "wrong-port"
    /// A line without a request.
    case unsolicited
    /// The program ended without having been told to.
    case earlyExit = "early-exit"
    /// Another version, or capabilities that do not go together.
    case wrongHello = "wrong-hello"
    /// The number of sockets differs from the number of addresses, or one message has too many.
    case wrongSockets = "wrong-sockets"
    /// A descriptor that is not a socket listening on the stated port.
    case notListening = "not-listening"
    /// A socket of the trial is left after its release; only `adapter-check` looks for it.
    case stillBound = "still-bound"
  }
  /// Which rule.
  public var kind: Kind
  /// What was asked, sent and received.
  public var text: String

  public init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }
}

/// A failure that an adapter reports itself, as defined in the protocol.
public struct AdapterRefusal: Error, Sendable, Equatable {
  /// What failed.
  public enum Kind: String, Sendable, CaseIterable {
    /// It cannot work on this host, for example because a library is missing; only in answer to `hello`.
    case unavailable
    /// A port that it had chosen is taken; `address` and `port` say which.
    case addressInUse = "address-in-use"
    /// There is no free port.
    case exhausted
    /// Anything else.
    case failed
  }
  /// What failed.
  public var kind: Kind
  /// Its message.
  public var message: String
  /// The address, -1 where it gives none.
  public var address: Int
  /// The number, 0 where it gives none.
  public var port: UInt16
}

/// An answer to `hello`.
public struct AdapterHello: Sendable, Equatable {
  /// The adapter's name.
  public var name: String
  /// Version of the program that it drives; empty if it gives none.
  public var version: String
  /// What it can do.
  public var capabilities: Set<AdapterCapability>
}

/// An answer, read strictly: required members must be present and have the right type. Unknown members are ignored.
public struct AdapterAnswer: Sendable {
  private let members: [JSONValue.Member]
  private let line: String

  /// Reads the answer to request `id`.
  /// - Parameter bytes: the line without its line break.
  public init(
    _ bytes: some Collection<UInt8>, to kind: AdapterRequest.Kind, id: Int
  ) throws(AdapterFault) {
    line = Self.excerpt(bytes)
    let value: JSONValue
    do throws(JSONSyntaxError) {
      value = try JSONParser.parse(bytes)
    } catch {
      throw AdapterFault(
        .malformed,
        "the answer to \(kind.rawValue) is no JSON (column \(error.position.column): \(error.message)): \(line)"
      )
    }
    guard case .object(let members) = value.content else {
      throw AdapterFault(.malformed, "the answer to \(kind.rawValue) is no object: \(line)")
    }
    self.members = members
    guard let answered = try integer("id") else {
      throw AdapterFault(.malformed, "the answer to \(kind.rawValue) has no id: \(line)")
    }
    guard answered == id else {
      throw AdapterFault(
        .wrongID, "the answer to \(kind.rawValue), request \(id), has the id \(answered): \(line)")
    }
  }

  /// The failure that it reports, if any.
  public func refusal(to kind: AdapterRequest.Kind) throws(AdapterFault) -> AdapterRefusal? {
    guard let word = try string("error") else { return nil }
    guard let what = AdapterRefusal.Kind(rawValue: word) else {
      let known = AdapterRefusal.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw AdapterFault(.malformed, "error is none of \(known): \(line)")
    }
    if what == .unavailable && kind != .hello {
      throw AdapterFault(.malformed, "error unavailable is for hello only: \(line)")
    }
    let port = try integer("port") ?? 0
    let address = try integer("address") ?? -1
    guard let number = UInt16(exactly: port) else {
      throw AdapterFault(.malformed, "port is no port: \(line)")
    }
    if what == .addressInUse && (number == 0 || address < 0) {
      throw AdapterFault(.malformed, "error address-in-use needs address and port: \(line)")
    }
    return AdapterRefusal(
      kind: what, message: try string("message") ?? "", address: address, port: number)
  }

  /// The answer to `hello`.
  public func hello() throws(AdapterFault) -> AdapterHello {
    guard let version = try integer("protocol") else {
      throw AdapterFault(.malformed, "the answer to hello has no protocol: \(line)")
    }
    guard version == AdapterProtocol.version else {
      throw AdapterFault(
        .wrongHello,
        "it speaks protocol \(version), bindstorm speaks \(AdapterProtocol.version): \(line)")
    }
    guard let name = try string("name"), !name.isEmpty else {
      throw AdapterFault(.malformed, "the answer to hello has no name: \(line)")
    }
    var capabilities: Set<AdapterCapability> = []
    for word in try strings("capabilities") {
      guard let capability = AdapterCapability(rawValue: word) else {
        throw AdapterFault(.wrongHello, "there is no capability \"\(word)\": \(line)")
      }
      capabilities.insert(capability)
    }
    guard capabilities.contains(.allocate) else {
      throw AdapterFault(.wrongHello, "the capability allocate is missing: \(line)")
    }
    guard !capabilities.isSuperset(of: [.listeners, .bind]) else {
      throw AdapterFault(.wrongHello, "listeners and bind exclude each other: \(line)")
    }
    return AdapterHello(
      name: name, version: try string("version") ?? "", capabilities: capabilities)
  }

  /// The ports of all addresses.
  /// - Parameter mayBeUnknown: whether 0 stands for "not known yet".
  public func ports(count: Int, mayBeUnknown: Bool) throws(AdapterFault) -> [UInt16] {
    guard case .array(let elements)? = members.first(where: { $0.key == "ports" })?.value.content
    else { throw AdapterFault(.malformed, "the answer has no list \"ports\": \(line)") }
    var ports: [UInt16] = []
    for element in elements {
      guard case .number(let text) = element.content, let number = Int(text) else {
        throw AdapterFault(.malformed, "a port is no whole number: \(line)")
      }
      guard let port = UInt16(exactly: number), port > 0 || mayBeUnknown else {
        throw AdapterFault(.wrongPort, "\(number) is no port that can be had: \(line)")
      }
      ports.append(port)
    }
    guard ports.count == count else {
      throw AdapterFault(
        .wrongCount, "\(ports.count) ports for \(count) addresses: \(line)")
    }
    return ports
  }

  private func content(_ key: String) -> JSONValue.Content? {
    members.first { $0.key == key }?.value.content
  }

  private func integer(_ key: String) throws(AdapterFault) -> Int? {
    guard let content = content(key) else { return nil }
    guard case .number(let text) = content, let number = Int(text) else {
      throw AdapterFault(.malformed, "\(key) is no whole number: \(line)")
    }
    return number
  }

  private func string(_ key: String) throws(AdapterFault) -> String? {
    guard let content = content(key) else { return nil }
    guard case .string(let text) = content else {
      throw AdapterFault(.malformed, "\(key) is no text: \(line)")
    }
    return text
  }

  private func strings(_ key: String) throws(AdapterFault) -> [String] {
    guard case .array(let elements)? = content(key) else {
      throw AdapterFault(.malformed, "the answer has no list \"\(key)\": \(line)")
    }
    var words: [String] = []
    for element in elements {
      guard case .string(let word) = element.content else {
        throw AdapterFault(.malformed, "\(key) holds something else than text: \(line)")
      }
      words.append(word)
    }
    return words
  }

  /// A line for people: its beginning, without control characters.
  public static func excerpt(_ bytes: some Collection<UInt8>) -> String {
    let text = String(decoding: bytes.prefix(200), as: UTF8.self).unicodeScalars.map {
      $0.value < 0x20 || $0.value == 0x7F ? "\u{FFFD}" : Character($0)
    }
    return String(text) + (bytes.count > 200 ? "... (\(bytes.count) bytes)" : "")
  }
}
