/// The messages between an API server and its HTTP front end, and between a launcher and its HTTP client: records of
/// fixed size over a private stream socket.
public struct FrontEndRecord: Sendable, Equatable {
  /// What it means; `number`, `id` and `value` are 0 where the kind does not use them.
  public enum Kind: UInt32, Sendable, CaseIterable {
    /// API server to front end: accept connections from now on.
    case open = 1
    /// Front end to API server: a request came in; `id` names it, `value` is its nonce.
    case request
    /// API server to front end: engine core `number` has answered the request `id`; `value` is the nonce that it
    /// returned.
    case answer
    /// API server to front end: the request `id` is rejected, because its nonce is already in progress.
    case refusal

    /// Launcher to client: begin.
    case begin
    /// Client to launcher: API server `number` has answered for the first time; `id` requests have been sent so far.
    case answered
    /// Client to launcher: an answer was not of its launch; `value` is the identity in it, -1 if there is none.
    case stranger
    /// Client to launcher: `id` requests were answered in `value` nanoseconds.
    case measured
    /// Client to launcher: it gave up with errno `number` after `id` requests.
    case failure
  }

  public var kind: Kind
  /// A small number; the kind determines its meaning.
  public var number: UInt32
  /// A request, or a number of requests.
  public var id: UInt64
  /// A nonce, an identity or a time.
  public var value: Int64

  public init(_ kind: Kind, number: UInt32 = 0, id: UInt64 = 0, value: Int64 = 0) {
    self.kind = kind
    self.number = number
    self.id = id
    self.value = value
  }

  /// Bytes of a record.
  public static let size = 24

  /// The record, every field with its lowest byte first.
  public var bytes: [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(Self.size)
    func append(_ value: some FixedWidthInteger) {
      withUnsafeBytes(of: value.littleEndian) { result.append(contentsOf: $0) }
    }
    append(kind.rawValue)
    append(number)
    append(id)
    append(value)
    return result
  }

  /// Reads a record; nil if the bytes are not a record.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Self.size else { return nil }
    let bytes = Array(bytes)
    func read<Value: FixedWidthInteger>(_ first: Int, _: Value.Type) -> Value {
      bytes.withUnsafeBytes {
        Value(littleEndian: $0.loadUnaligned(fromByteOffset: first, as: Value.self))
      }
    }
    guard let kind = Kind(rawValue: read(0, UInt32.self)) else { return nil }
    self.init(
      kind, number: read(4, UInt32.self), id: read(8, UInt64.self), value: read(16, Int64.self))
  }
}

/// What each of the front end's two parts gets on its command line, in this order.
public enum FrontEndCommand: Sendable, Equatable {
  /// Descriptors that a front end is started with.
  public enum Descriptor {
    /// The record channel to the process that started it.
    public static let channel: Int32 = 3
    /// The listener that all API servers of a launch share.
    public static let listener: Int32 = 4
  }

  /// The name of the executable, which is in the same folder as the worker's.
  public static let executable = "bindstorm-frontend"

  /// Answers HTTP for one API server of the launch with that identity.
  case serve(launch: Int64, server: Int)
  /// Sends the requests of one launch.
  case ask(Questions)

  /// What a client must find out.
  public struct Questions: Sendable, Equatable {
    /// Identity of the launch whose answers count.
    public var launch: Int64
    /// The address in dotted form.
    public var host: String
    public var port: Int
    /// API servers of the launch, each of which has to answer once.
    public var servers: Int
    /// Requests of the measurement that follows; 0 for no measurement.
    public var requests: Int
    /// The number of connections for these.
    public var connections: Int
    /// Limit of the first part, in milliseconds.
    public var timeoutMilliseconds: Int
    /// Seed of the nonces.
    public var seed: UInt64

    public init(
      launch: Int64, host: String, port: Int, servers: Int, requests: Int, connections: Int,
      timeoutMilliseconds: Int, seed: UInt64
    ) {
      self.launch = launch
      self.host = host
      self.port = port
      self.servers = servers
      self.requests = requests
      self.connections = connections
      self.timeoutMilliseconds = timeoutMilliseconds
      self.seed = seed
    }

    /// The largest number of requests that are sent until every API server has answered. The kernel chooses which API
    /// server gets a connection. If each were equally likely, the chance that one of n gets none of these is less than
    /// n e^-200.
    public var limit: Int { 200 * servers }
  }

  /// The arguments after the executable's name.
  public var arguments: [String] {
    switch self {
    case .serve(let launch, let server): ["serve", "\(launch)", "\(server)"]
    case .ask(let questions):
      [
        "ask", "\(questions.launch)", questions.host, "\(questions.port)", "\(questions.servers)",
        "\(questions.requests)", "\(questions.connections)", "\(questions.timeoutMilliseconds)",
        "\(questions.seed)",
      ]
    }
  }

  /// Parses the arguments; nil if they do not have the form that `arguments` gives them.
  public init?(_ arguments: some Collection<String>) {
    let words = Array(arguments)
    guard let verb = words.first, words.count > 1, let launch = Int64(words[1]) else { return nil }
    switch (verb, words.count) {
    case ("serve", 3):
      guard let server = Int(words[2]), server >= 0 else { return nil }
      self = .serve(launch: launch, server: server)
    case ("ask", 9):
      let numbers = words[3...7].compactMap { Int($0) }
      guard numbers.count == 5, let seed = UInt64(words[8]), numbers.allSatisfy({ $0 >= 0 })
      else { return nil }
      self = .ask(
        Questions(
          launch: launch, host: words[2], port: numbers[0], servers: numbers[1],
          requests: numbers[2], connections: numbers[3], timeoutMilliseconds: numbers[4],
          seed: seed))
    default: return nil
    }
  }
}
