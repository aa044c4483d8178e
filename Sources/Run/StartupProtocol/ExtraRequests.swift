/// The requests of one API server beyond the one that each engine core must answer, pure: requests that come over HTTP,
/// and those of a measurement without HTTP. Engine cores get them in turn.
public struct ExtraRequests: Sendable {
  /// An answer that was expected.
  public struct Answer: Sendable, Equatable {
    /// The engine core that gave it.
    public var engine: Int
    /// The nonce in the answer.
    public var nonce: Int64
    /// The front end's id of the request; nil if it belongs to the measurement.
    public var id: UInt64?
    /// Whether that engine core is of this launch; vLLM takes the answer in any case.
    public var isOwn = true
  }

  private let launch: Int64
  private let server: Int
  private let engines: [Int]
  private var turn = 0
  private var underWay: [Int64: (engine: Int, id: UInt64?)] = [:]
  private var left = 0
  private var nextNonce: Int64 = 0

  /// - Parameter engines: ranks of the engine cores that this API server has to do with, at least one.
  public init(launch: Int64, server: Int, engines: [Int]) {
    self.launch = launch
    self.server = server
    self.engines = engines
    // Each API server begins at a different engine core.
    turn = server
  }

  /// Takes a request from the front end; nil if one with its nonce is in progress.
  public mutating func add(nonce: Int64, id: UInt64) -> EchoMessage? {
    guard underWay[nonce] == nil else { return nil }
    return request(nonce, id: id)
  }

  /// Plans the measurement: the given number of requests, with nonces that no other API server and no front end uses.
  /// - Parameter firstNumber: how many requests the API servers before this one have.
  public mutating func plan(_ count: Int, firstNumber: Int) {
    left = count
    // Nonces of front ends are not negative. Launches have different ones, as vLLM's requests have ids of their own: 32
    // bits of the launch, and 30 bits for the requests, of which there are a million at most.
    nextNonce = Int64.min + (launch & 0xffff_ffff) << 30 + Int64(firstNumber)
  }

  /// The measurement's next request; nil if all have been sent.
  public mutating func next() -> EchoMessage? {
    guard left > 0 else { return nil }
    left -= 1
    defer { nextNonce += 1 }
    return request(nextNonce, id: nil)
  }

  /// Whether every request of the measurement was answered.
  public var isDone: Bool { left == 0 && underWay.values.allSatisfy { $0.id != nil } }

  /// An echo that arrived; nil if it answers none of these requests.
  public mutating func take(_ frame: some Collection<UInt8>) -> Answer? {
    guard let echo = EchoMessage(frame), echo.server == server,
      let request = underWay[echo.nonce], request.engine == echo.engine
    else { return nil }
    underWay[echo.nonce] = nil
    return Answer(
      engine: echo.engine, nonce: echo.nonce, id: request.id, isOwn: echo.launch == launch)
  }

  private mutating func request(_ nonce: Int64, id: UInt64?) -> EchoMessage {
    let engine = engines[turn % engines.count]
    turn += 1
    underWay[nonce] = (engine, id)
    return EchoMessage(launch: launch, server: server, engine: engine, nonce: nonce)
  }
}
