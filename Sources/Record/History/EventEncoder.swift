/// Writes events as JSON Lines into a buffer, by hand: it lies on the path of every trial.
///
/// The order of the fields is fixed, `event` first. A field is left out when it has the default that
/// its type's initialiser gives it (`errno` 0, `stage` none, `holder` nil, `ownership` unchecked,
/// `died` nil, `completion` complete, `socketsLeft` 0, `socketsInWindow` -1, `detail` empty, `service`,
/// `portsTaken`, `retries` and `reported` 0, a launch's `detail` empty, `path` empty; in a holder `launch` and
/// `index` -1, `pid` and `since` 0, `command` empty). Times stay whole CLOCK_MONOTONIC nanoseconds.
public enum EventEncoder {
  /// Version of the event format that this encoder writes and `EventDecoder` reads.
  public static let schemaVersion = 1

  /// Appends `event` and a newline to `buffer`.
  public static func encode(_ event: Event, into buffer: inout ByteBuffer) {
    switch event {
    case .runStarted(let record): encode(record, into: &buffer)
    case .poolSet(let record): encode(record, into: &buffer)
    case .trialStarted(let record): encode(record, into: &buffer)
    case .launch(let record): encode(record, into: &buffer)
    case .server(let record): encode(record, into: &buffer)
    case .startup(let record): StartupCoding.encode(record, into: &buffer)
    case .engine(let record): StartupCoding.encode(record, into: &buffer)
    case .serving(let record): StartupCoding.encode(record, into: &buffer)
    case .thief(let record): encode(record, into: &buffer)
    case .fault(let record): FaultCoding.encode(record, into: &buffer)
    case .trialEnded(let record): encode(record, into: &buffer)
    case .armSkipped(let record): encode(record, into: &buffer)
    case .runEnded(let record): encode(record, into: &buffer)
    }
    buffer.append("}\n")
  }

  private static func encode(_ record: RunStarted, into buffer: inout ByteBuffer) {
    buffer.append("{\"event\":\"run-started\",\"schemaVersion\":")
    buffer.append(decimal: record.schemaVersion)
    buffer.append(",\"plan\":")
    buffer.append(quoted: record.plan)
    buffer.append(",\"seed\":")
    buffer.append(decimal: record.seed)
    buffer.append(",\"isolated\":")
    buffer.append(record.isolated ? "true" : "false")
  }

  private static func encode(_ record: PoolSet, into buffer: inout ByteBuffer) {
    buffer.append("{\"event\":\"pool-set\",\"low\":")
    buffer.append(decimal: record.low)
    buffer.append(",\"high\":")
    buffer.append(decimal: record.high)
    buffer.append(",\"at\":")
    buffer.append(decimal: record.at)
  }

  private static func encode(_ record: TrialStarted, into buffer: inout ByteBuffer) {
    buffer.append("{\"event\":\"trial-started\",\"arm\":")
    buffer.append(decimal: record.arm)
    buffer.append(",\"trial\":")
    buffer.append(decimal: record.trial)
    buffer.append(",\"at\":")
    buffer.append(decimal: record.at)
  }

  private static func encode(_ record: LaunchRecord, into buffer: inout ByteBuffer) {
    buffer.append("{\"event\":\"launch\",\"launch\":")
    buffer.append(decimal: record.launch)
    buffer.append(",\"pid\":")
    buffer.append(decimal: Int(record.pid))
    buffer.append(",\"advertised\":[")
    var isFirst = true
    for port in record.advertised {
      if !isFirst { buffer.append(44) }
      isFirst = false
      buffer.append(decimal: UInt64(port))
    }
    buffer.append("],\"allocationStarted\":")
    buffer.append(decimal: record.allocationStarted)
    buffer.append(",\"allocationEnded\":")
    buffer.append(decimal: record.allocationEnded)
    appendError(record.errno, record.stage, into: &buffer)
    append("service", Int(record.service), unless: 0, into: &buffer)
    append(record.holder, into: &buffer)
    append("portsTaken", record.portsTaken, unless: 0, into: &buffer)
    if !record.detail.isEmpty {
      buffer.append(",\"detail\":")
      buffer.append(quoted: record.detail)
    }
    if let forced = record.forced { append(forced, into: &buffer) }
    append(died: record.died, into: &buffer)
  }

  private static func append(died status: Int32?, into buffer: inout ByteBuffer) {
    guard let status else { return }
    buffer.append(",\"died\":")
    buffer.append(decimal: Int(status))
  }

  private static func encode(_ record: ServerRecord, into buffer: inout ByteBuffer) {
    buffer.append("{\"event\":\"server\",\"launch\":")
    buffer.append(decimal: record.launch)
    buffer.append(",\"server\":")
    buffer.append(decimal: record.server)
    buffer.append(",\"pid\":")
    buffer.append(decimal: Int(record.pid))
    buffer.append(",\"released\":")
    buffer.append(decimal: record.released)
    buffer.append(",\"input\":")
    encode(record.input, into: &buffer)
    buffer.append(",\"output\":")
    encode(record.output, into: &buffer)
    append(died: record.died, into: &buffer)
  }

  private static func encode(_ endpoint: EndpointRecord, into buffer: inout ByteBuffer) {
    buffer.append("{\"requested\":")
    buffer.append(decimal: UInt64(endpoint.requested))
    buffer.append(",\"bound\":")
    buffer.append(decimal: UInt64(endpoint.bound))
    appendError(endpoint.errno, endpoint.stage, into: &buffer)
    buffer.append(",\"attempted\":")
    buffer.append(decimal: endpoint.attempted)
    buffer.append(",\"finished\":")
    buffer.append(decimal: endpoint.finished)
    append(endpoint.holder, into: &buffer)
    if endpoint.ownership != .unchecked {
      buffer.append(",\"ownership\":\"")
      buffer.append(endpoint.ownership.word)
      buffer.append(34)
    }
    append("retries", endpoint.retries, unless: 0, into: &buffer)
    if endpoint.reported != 0 {
      buffer.append(",\"reported\":")
      buffer.append(decimal: endpoint.reported)
    }
    if !endpoint.path.isEmpty {
      buffer.append(",\"path\":")
      buffer.append(quoted: endpoint.path)
    }
    buffer.append(125)
  }

  private static func encode(_ holder: Holder, into buffer: inout ByteBuffer) {
    buffer.append("{\"kind\":\"")
    buffer.append(holder.kind.word)
    buffer.append(34)
    if holder.launch != -1 {
      buffer.append(",\"launch\":")
      buffer.append(decimal: holder.launch)
    }
    if holder.index != -1 {
      buffer.append(",\"index\":")
      buffer.append(decimal: holder.index)
    }
    if holder.pid != 0 {
      buffer.append(",\"pid\":")
      buffer.append(decimal: Int(holder.pid))
    }
    if !holder.command.isEmpty {
      buffer.append(",\"command\":")
      buffer.append(quoted: holder.command)
    }
    if holder.since != 0 {
      buffer.append(",\"since\":")
      buffer.append(decimal: holder.since)
    }
    buffer.append(",\"sources\":\"")
    buffer.append(holder.sources.word)
    buffer.append("\"}")
  }

  private static func encode(_ record: ThiefRecord, into buffer: inout ByteBuffer) {
    buffer.append("{\"event\":\"thief\",\"thief\":")
    buffer.append(decimal: record.thief)
    buffer.append(",\"name\":")
    buffer.append(quoted: record.name)
    buffer.append(",\"pid\":")
    buffer.append(decimal: Int(record.pid))
    buffer.append(",\"wanted\":")
    buffer.append(decimal: record.wanted)
    buffer.append(",\"drawnInWindow\":")
    buffer.append(decimal: record.drawnInWindow)
    append("drawnBefore", record.drawnBefore, unless: 0, into: &buffer)
    append("drawnAfterBind", record.drawnAfterBind, unless: 0, into: &buffer)
    buffer.append(",\"heldAtRelease\":")
    buffer.append(decimal: record.heldAtRelease)
    appendError(record.errno, .none, into: &buffer)
  }

  private static func encode(_ record: TrialEnded, into buffer: inout ByteBuffer) {
    buffer.append("{\"event\":\"trial-ended\",\"arm\":")
    buffer.append(decimal: record.arm)
    buffer.append(",\"trial\":")
    buffer.append(decimal: record.trial)
    buffer.append(",\"barrierOpened\":")
    buffer.append(decimal: record.barrierOpened)
    buffer.append(",\"at\":")
    buffer.append(decimal: record.at)
    if record.completion != .complete {
      buffer.append(",\"completion\":\"")
      buffer.append(record.completion.word)
      buffer.append(34)
    }
    append("socketsLeft", record.socketsLeft, unless: 0, into: &buffer)
    append("socketsInWindow", record.socketsInWindow, unless: -1, into: &buffer)
    if !record.left.isEmpty {
      buffer.append(",\"left\":")
      buffer.append(quoted: record.left.joined(separator: "\n"))
    }
    if !record.detail.isEmpty {
      buffer.append(",\"detail\":")
      buffer.append(quoted: record.detail)
    }
  }

  private static func encode(_ record: ArmSkipped, into buffer: inout ByteBuffer) {
    buffer.append("{\"event\":\"arm-skipped\",\"arm\":")
    buffer.append(decimal: record.arm)
    buffer.append(",\"reason\":")
    buffer.append(quoted: record.reason)
  }

  private static func encode(_ record: RunEnded, into buffer: inout ByteBuffer) {
    buffer.append("{\"event\":\"run-ended\",\"interrupted\":")
    buffer.append(record.interrupted ? "true" : "false")
    buffer.append(",\"at\":")
    buffer.append(decimal: record.at)
  }

  static func append(
    _ name: StaticString, _ value: Int, unless standard: Int, into buffer: inout ByteBuffer
  ) {
    guard value != standard else { return }
    buffer.append(",\"")
    buffer.append(name)
    buffer.append("\":")
    buffer.append(decimal: value)
  }

  private static func append(_ holder: Holder?, into buffer: inout ByteBuffer) {
    guard let holder else { return }
    buffer.append(",\"holder\":")
    encode(holder, into: &buffer)
  }

  private static func appendError(_ errno: Int32, _ stage: Stage, into buffer: inout ByteBuffer) {
    if errno != 0 {
      buffer.append(",\"errno\":")
      buffer.append(decimal: Int(errno))
    }
    if stage != .none {
      buffer.append(",\"stage\":\"")
      buffer.append(stage.word)
      buffer.append(34)
    }
  }
}
