/// What an API server and its HTTP front end say to each other, and a launcher and its HTTP client: records of one
/// size over a stream socket that only the two of them have.
public struct FrontEndRecord: Sendable, Equatable {
  /// What it means; `number`, `id` and `value` are 0 where nothing is said of them.
  public enum Kind: UInt32, Sendable, CaseIterable {
    /// API server to front end: accept connections from now on.
    case open = 1
    /// Front end to API server: a request came in; `id` names it, `value` is its nonce.
    case request
    /// API server to front end: engine core `number` has answered the request `id`; `value` is the nonce that came
    /// back from it.
    case answer
    /// API server to front end: the request `id` cannot be taken, since its nonce is under way already.
    case refusal

    /// Launcher to client: begin.
    case begin
    /// Client to launcher: API server `number` has answered for the first time; `id` requests were sent so far.
    case answered
    /// Client to launcher: an answer came that is not of this launch; `value` is the identity in it.
    case stranger
    /// Client to launcher: `id` requests were answered in `value` nanoseconds.
    case measured
    /// Client to launcher: it gave up with errno `number` after `id` requests.
    case failure
  }

  public var kind: Kind
  /// A small number, as the kind says.
  public var number: UInt32
  /// Which request, or how many.
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

  /// Reads a record; nil if the bytes are none.
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

/// What each of the front end's two parts is told on its command line, in this order.
public enum FrontEndCommand: Sendable, Equatable {
  /// Descriptors that a front end is started with.
  public enum Descriptor {
    /// The record channel to whoever started it.
    public static let channel: Int32 = 3
    /// The listener that all API servers of a launch share.
    public static let listener: Int32 = 4
  }

  /// The name of the executable, which stands beside the worker's.
  public static let executable = "bindstorm-frontend"

  /// Answers HTTP for one API server of the launch with that identity.
  case serve(launch: Int64, server: Int)
  /// Sends the requests of one launch.
  case ask(Questions)

  /// What a client has to find out.
  public struct Questions: Sendable, Equatable {
    /// Identity of the launch whose answers count.
    public var launch: Int64
    /// The address in dotted form.
    public var host: String
    public var port: Int
    /// API servers of the launch, each of which has to answer once.
    public var servers: Int
    /// Requests of the measurement that follows; 0 for none.
    public var requests: Int
    /// Connections that these go over.
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

    /// Most requests that are sent until every API server has answered. Which of them gets a connection is the
    /// kernel's choice; were each as likely, one of n would get none of these with a chance of less than
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

  /// Reads the arguments; nil if they are not as `arguments` gives them.
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
