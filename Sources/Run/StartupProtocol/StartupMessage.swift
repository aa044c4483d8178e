/// What an engine core sends to its launcher on the handshake DEALER: a MessagePack map with `status`, `local` and
/// `headless`; a READY has `parallel_config_hash`, too, when there is more than one engine.
public struct EngineStatus: Sendable, Equatable {
  /// Where the engine core is.
  public enum Status: String, Sendable {
    /// It is there and waits for the init message.
    case hello = "HELLO"
    /// It has loaded and connected.
    case ready = "READY"
  }
  public var status: Status
  /// Whether it runs on the launcher's node.
  public var isLocal: Bool
  /// Whether a headless launcher started it.
  public var isHeadless: Bool
  /// Hash of its parallel configuration; nil in a HELLO and with a single engine.
  public var configurationHash: Int64?

  public init(
    _ status: Status, isLocal: Bool, isHeadless: Bool, configurationHash: Int64? = nil
  ) {
    self.status = status
    self.isLocal = isLocal
    self.isHeadless = isHeadless
    self.configurationHash = configurationHash
  }

  /// The frame.
  public var encoded: [UInt8] {
    var fields: [(String, MessagePack)] = [
      ("status", .text(status.rawValue)), ("local", .boolean(isLocal)),
      ("headless", .boolean(isHeadless)),
    ]
    if let configurationHash {
      fields.append(("parallel_config_hash", .integer(configurationHash)))
    }
    return MessagePack.record(fields).encoded
  }

  /// Reads a frame; nil if it is not a status message.
  public init?(_ bytes: some Collection<UInt8>) {
    guard let value = MessagePack(bytes),
      let status = value["status"]?.textValue.flatMap(Status.init(rawValue:)),
      let isLocal = value["local"]?.booleanValue, let isHeadless = value["headless"]?.booleanValue
    else { return nil }
    self.init(
      status, isLocal: isLocal, isHeadless: isHeadless,
      configurationHash: value["parallel_config_hash"]?.integerValue)
  }
}

/// The launcher's answer to a HELLO: the addresses to which the engine core must connect. With the backend `ray` the
/// same object is copied into the actor, before the API servers are started.
public struct EngineAddresses: Sendable, Equatable {
  /// ROUTERs of the API servers.
  public var inputs: [String]
  /// PULLs of the API servers.
  public var outputs: [String]
  /// XPUB of the coordinator towards the engines; nil without a coordinator.
  public var coordinatorInput: String?
  /// PULL of the coordinator; nil without a coordinator.
  public var coordinatorOutput: String?
  /// XPUB of the coordinator towards the API servers; nil without a coordinator.
  public var statistics: String?
  /// How the engine cores form their data-parallel group; nil for a model without one.
  public var group: ParallelConfiguration?

  public init(
    inputs: [String], outputs: [String], coordinatorInput: String? = nil,
    coordinatorOutput: String? = nil, statistics: String? = nil,
    group: ParallelConfiguration? = nil
  ) {
    self.group = group
    self.inputs = inputs
    self.outputs = outputs
    self.coordinatorInput = coordinatorInput
    self.coordinatorOutput = coordinatorOutput
    self.statistics = statistics
  }

  /// The init message.
  public var encoded: [UInt8] {
    func optional(_ text: String?) -> MessagePack { text.map { .text($0) } ?? .null }
    return MessagePack.record([
      (
        "addresses",
        .record([
          ("inputs", .array(inputs.map { .text($0) })),
          ("outputs", .array(outputs.map { .text($0) })),
          ("coordinator_input", optional(coordinatorInput)),
          ("coordinator_output", optional(coordinatorOutput)),
          ("frontend_stats_publish_address", optional(statistics)),
        ])
      ),
      ("parallel_config", group?.message ?? .map([])),
    ]).encoded
  }

  /// Reads an init message; nil if it is not one.
  public init?(_ bytes: some Collection<UInt8>) {
    guard let message = MessagePack(bytes), let addresses = message["addresses"],
      let inputs = addresses["inputs"]?.elements?.compactMap(\.textValue),
      let outputs = addresses["outputs"]?.elements?.compactMap(\.textValue),
      inputs.count == addresses["inputs"]?.elements?.count,
      outputs.count == addresses["outputs"]?.elements?.count, inputs.count == outputs.count,
      let parallel = message["parallel_config"]
    else { return nil }
    let group = ParallelConfiguration(parallel)
    guard parallel == .map([]) || group != nil else { return nil }
    self.init(
      inputs: inputs, outputs: outputs, coordinatorInput: addresses["coordinator_input"]?.textValue,
      coordinatorOutput: addresses["coordinator_output"]?.textValue,
      statistics: addresses["frontend_stats_publish_address"]?.textValue, group: group)
  }
}

/// A request to an engine core and its echo: the two processes, and a number that only this pair in this trial has.
public struct EchoMessage: Sendable, Equatable {
  /// Type byte before a request, as vLLM's ADD.
  public static let requestType: [UInt8] = [0]

  /// Identity of the launch that the sender belongs to.
  public var launch: Int64
  /// API server that asks.
  public var server: Int
  /// Engine core that is asked.
  public var engine: Int
  /// The pair's number.
  public var nonce: Int64

  public init(launch: Int64, server: Int, engine: Int, nonce: Int64) {
    self.launch = launch
    self.server = server
    self.engine = engine
    self.nonce = nonce
  }

  /// The frame.
  public var encoded: [UInt8] {
    MessagePack.record([
      ("launch", .integer(launch)), ("client_index", .integer(Int64(server))),
      ("engine_index", .integer(Int64(engine))), ("nonce", .integer(nonce)),
    ]).encoded
  }

  /// Reads a frame; nil if it is not a request.
  public init?(_ bytes: some Collection<UInt8>) {
    guard let value = MessagePack(bytes), let launch = value["launch"]?.integerValue,
      let server = value["client_index"]?.integerValue,
      let engine = value["engine_index"]?.integerValue, let nonce = value["nonce"]?.integerValue,
      let serverNumber = Int(exactly: server), let engineNumber = Int(exactly: engine)
    else { return nil }
    self.init(launch: launch, server: serverNumber, engine: engineNumber, nonce: nonce)
  }
}

/// The identity of an engine core on all its DEALERs: its rank in two bytes, low byte first.
public enum EngineIdentity {
  public static func bytes(_ rank: Int) -> [UInt8] {
    [UInt8(rank & 0xff), UInt8(rank >> 8 & 0xff)]
  }

  /// The rank, nil if the bytes are not an identity.
  public static func rank(_ bytes: some Collection<UInt8>) -> Int? {
    guard bytes.count == 2 else { return nil }
    return bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}
