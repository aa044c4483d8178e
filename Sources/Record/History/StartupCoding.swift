/// The three events of depth `startup` as JSON Lines, both ways. A field is left out when it has the default
/// of its type's initialiser; times of what did not happen are such.
enum StartupCoding {
  static func encode(_ record: StartupRecord, into buffer: inout ByteBuffer) {
    begin("startup", record.launch, into: &buffer)
    if record.host != "127.0.0.1" {
      buffer.append(",\"host\":")
      buffer.append(quoted: record.host)
    }
    append("handshakePort", UInt64(record.handshakePort), into: &buffer)
    append("handshakeBound", record.handshakeBound, into: &buffer)
    append("coordinatorPid", nonZero: record.coordinatorPid, into: &buffer)
    if record.coordinatorPorts != [0, 0] {
      list("coordinatorPorts", record.coordinatorPorts.map(Int.init), into: &buffer)
    }
    append("coordinatorStarted", record.coordinatorStarted, into: &buffer)
    append("coordinatorBound", record.coordinatorBound, into: &buffer)
    append("coordinatorReported", record.coordinatorReported, into: &buffer)
    append("coordinatorDied", record.coordinatorDied, into: &buffer)
    append("enginesReady", record.enginesReady, into: &buffer)
    append("served", record.served, into: &buffer)
    append("noticed", record.noticed, into: &buffer)
    if record.casualty != .none {
      buffer.append(",\"casualty\":")
      buffer.append(quoted: record.casualty.rawValue)
    }
    if record.casualtyNumber != -1 {
      append("casualtyNumber", Int32(record.casualtyNumber), into: &buffer)
    }
    append("httpPort", UInt64(record.httpPort), into: &buffer)
    append("httpBound", record.httpBound, into: &buffer)
    append("httpAnswered", record.httpAnswered, into: &buffer)
    append("httpRequests", UInt64(record.httpRequests), into: &buffer)
    append("httpStrangers", UInt64(record.httpStrangers), into: &buffer)
    append("measuredRequests", UInt64(record.measuredRequests), into: &buffer)
    append("measured", record.measured, into: &buffer)
    append("serial", UInt64(record.serial), into: &buffer)
    // One list a field, each with one element a node.
    if !record.headless.isEmpty {
      list("headlessPids", record.headless.map { Int($0.pid) }, into: &buffer)
      list("headlessStarted", record.headless.map { Int($0.started) }, into: &buffer)
      list("headlessNoticed", record.headless.map { Int($0.noticed) }, into: &buffer)
      list("headlessCasualties", record.headless.map(\.casualty), into: &buffer)
      list("headlessDied", record.headless.map { $0.died.map(Int.init) ?? -1 }, into: &buffer)
    }
  }

  static func encode(_ record: EngineRecord, into buffer: inout ByteBuffer) {
    begin("engine", record.launch, into: &buffer)
    append("engine", Int32(record.engine), into: &buffer)
    append("node", UInt64(record.node), into: &buffer)
    append("pid", record.pid, into: &buffer)
    append("started", record.started, into: &buffer)
    append("initialised", record.initialised, into: &buffer)
    append("loaded", record.loaded, into: &buffer)
    append("connected", record.connected, into: &buffer)
    append("ready", record.ready, into: &buffer)
    append("placeholders", UInt64(record.placeholders), into: &buffer)
    append("requests", UInt64(record.requests), into: &buffer)
    append("strangers", UInt64(record.strangers), into: &buffer)
    failure(record.errno, record.stage, into: &buffer)
    append("died", record.died, into: &buffer)
  }

  static func encode(_ record: ServingRecord, into buffer: inout ByteBuffer) {
    begin("serving", record.launch, into: &buffer)
    append("server", Int32(record.server), into: &buffer)
    append("heard", record.heard, into: &buffer)
    append("served", record.served, into: &buffer)
    append("failed", record.failed, into: &buffer)
    if !record.unheard.isEmpty { list("unheard", record.unheard, into: &buffer) }
    if !record.unanswered.isEmpty { list("unanswered", record.unanswered, into: &buffer) }
    append("strangers", UInt64(record.strangers), into: &buffer)
    append("httpAnswered", record.httpAnswered, into: &buffer)
    append("frontEndPid", nonZero: record.frontEndPid, into: &buffer)
    failure(record.errno, record.stage, into: &buffer)
  }

  static func startup(_ fields: inout EventFields) throws(EventDecoder.Failure) -> StartupRecord {
    StartupRecord(
      launch: try fields.number("launch"), host: try fields.text("host", default: "127.0.0.1"),
      handshakePort: try fields.number("handshakePort", default: 0),
      handshakeBound: try fields.number("handshakeBound", default: 0),
      coordinatorPid: try fields.number("coordinatorPid", default: 0),
      coordinatorPorts: try ports(&fields),
      coordinatorStarted: try fields.number("coordinatorStarted", default: 0),
      coordinatorBound: try fields.number("coordinatorBound", default: 0),
      coordinatorReported: try fields.number("coordinatorReported", default: 0),
      coordinatorDied: try fields.numberIfPresent("coordinatorDied"),
      enginesReady: try fields.number("enginesReady", default: 0),
      served: try fields.number("served", default: 0),
      noticed: try fields.number("noticed", default: 0),
      casualty: try fields.word("casualty", default: StartupRecord.Casualty.none),
      casualtyNumber: try fields.number("casualtyNumber", default: -1),
      httpPort: try fields.number("httpPort", default: 0),
      httpBound: try fields.number("httpBound", default: 0),
      httpAnswered: try fields.number("httpAnswered", default: 0),
      httpRequests: try fields.number("httpRequests", default: 0),
      httpStrangers: try fields.number("httpStrangers", default: 0),
      measuredRequests: try fields.number("measuredRequests", default: 0),
      measured: try fields.number("measured", default: 0),
      serial: try fields.number("serial", default: 0), headless: try headless(&fields))
  }

  private static func headless(
    _ fields: inout EventFields
  ) throws(EventDecoder.Failure) -> [HeadlessRecord] {
    let pids: [Int32] = try fields.numbers("headlessPids")
    let started: [UInt64] = try fields.numbers("headlessStarted")
    let noticed: [UInt64] = try fields.numbers("headlessNoticed")
    let casualties: [Int] = try fields.numbers("headlessCasualties")
    let died: [Int32] = try fields.numbers("headlessDied")
    let count = pids.count
    guard [started.count, noticed.count, casualties.count, died.count].allSatisfy({ $0 == count })
    else { throw EventDecoder.Failure(reason: "the lists of headless launchers differ in length") }
    return pids.indices.map {
      HeadlessRecord(
        pid: pids[$0], started: started[$0], noticed: noticed[$0], casualty: casualties[$0],
        died: died[$0] < 0 ? nil : died[$0])
    }
  }

  static func engine(_ fields: inout EventFields) throws(EventDecoder.Failure) -> EngineRecord {
    EngineRecord(
      launch: try fields.number("launch"), engine: try fields.number("engine"),
      node: try fields.number("node", default: 0), pid: try fields.number("pid"),
      started: try fields.number("started", default: 0),
      initialised: try fields.number("initialised", default: 0),
      loaded: try fields.number("loaded", default: 0),
      connected: try fields.number("connected", default: 0),
      ready: try fields.number("ready", default: 0),
      placeholders: try fields.number("placeholders", default: 0),
      requests: try fields.number("requests", default: 0),
      strangers: try fields.number("strangers", default: 0),
      errno: try fields.number("errno", default: 0),
      stage: try fields.word("stage", default: Stage.none),
      died: try fields.numberIfPresent("died"))
  }

  static func serving(_ fields: inout EventFields) throws(EventDecoder.Failure) -> ServingRecord {
    ServingRecord(
      launch: try fields.number("launch"), server: try fields.number("server"),
      heard: try fields.number("heard", default: 0),
      served: try fields.number("served", default: 0),
      failed: try fields.number("failed", default: 0), unheard: try fields.numbers("unheard"),
      unanswered: try fields.numbers("unanswered"),
      strangers: try fields.number("strangers", default: 0),
      errno: try fields.number("errno", default: 0),
      stage: try fields.word("stage", default: Stage.none),
      httpAnswered: try fields.number("httpAnswered", default: 0),
      frontEndPid: try fields.number("frontEndPid", default: 0))
  }

  private static func ports(_ fields: inout EventFields) throws(EventDecoder.Failure) -> [UInt16] {
    let ports: [UInt16] = try fields.numbers("coordinatorPorts")
    return ports.isEmpty ? [0, 0] : ports
  }

  private static func begin(_ name: StaticString, _ launch: Int, into buffer: inout ByteBuffer) {
    buffer.append("{\"event\":\"")
    buffer.append(name)
    buffer.append("\",\"launch\":")
    buffer.append(decimal: launch)
  }

  /// Nothing for 0.
  private static func append(_ name: StaticString, _ value: UInt64, into buffer: inout ByteBuffer) {
    guard value != 0 else { return }
    buffer.append(",\"")
    buffer.append(name)
    buffer.append("\":")
    buffer.append(decimal: value)
  }

  /// Nothing for 0. A process id of a damaged record may be negative, and must not end the run.
  private static func append(
    _ name: StaticString, nonZero value: Int32, into buffer: inout ByteBuffer
  ) {
    if value != 0 { append(name, value, into: &buffer) }
  }

  /// Nothing for nil.
  private static func append(_ name: StaticString, _ value: Int32?, into buffer: inout ByteBuffer) {
    guard let value else { return }
    buffer.append(",\"")
    buffer.append(name)
    buffer.append("\":")
    buffer.append(decimal: Int(value))
  }

  private static func list(_ name: StaticString, _ values: [Int], into buffer: inout ByteBuffer) {
    buffer.append(",\"")
    buffer.append(name)
    buffer.append("\":[")
    for (number, value) in values.enumerated() {
      if number > 0 { buffer.append(44) }
      buffer.append(decimal: value)
    }
    buffer.append(93)
  }

  private static func failure(_ errno: Int32, _ stage: Stage, into buffer: inout ByteBuffer) {
    if errno != 0 { append("errno", errno, into: &buffer) }
    if stage != .none {
      buffer.append(",\"stage\":\"")
      buffer.append(stage.word)
      buffer.append(34)
    }
  }
}
