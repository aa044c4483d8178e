/// Reads one line of `events.jsonl` back: the exact inverse of `EventEncoder`.
///
/// It is strict. A field that the format does not have, one that occurs twice and one that is missing
/// though it has no default are errors, since within one version of the format they mean damage.
public enum EventDecoder {
  /// Why a line is not an event: one sentence that names the field or the column.
  public struct Failure: Error, Equatable {
    /// The sentence.
    public let reason: String
  }

  /// Decodes one line without its newline.
  ///
  /// - Throws: `Failure` when the line is not an event of this format. Of a `run-started`
  ///   line of another version only the version is returned; `HistoryReader` refuses it.
  public static func decode(_ line: UnsafeBufferPointer<UInt8>) throws(Failure) -> Event {
    guard case .object(let object) = try JSONLine.parse(line) else {
      throw Failure(reason: "expected an object")
    }
    var fields = EventFields(object)
    let event = try decode(&fields)
    try fields.finish()
    return event
  }

  /// Decodes one line of text, for tests and small tools.
  ///
  /// - Throws: `Failure` as above.
  public static func decode(_ line: String) throws(Failure) -> Event {
    let bytes = Array(line.utf8)
    return try bytes.withUnsafeBufferPointer { (buffer) throws(Failure) in try decode(buffer) }
  }

  private static func decode(_ fields: inout EventFields) throws(Failure) -> Event {
    let kind = try fields.text("event")
    switch kind {
    case "run-started":
      return .runStarted(try runStarted(&fields))
    case "pool-set":
      return .poolSet(
        PoolSet(
          low: try fields.number("low"), high: try fields.number("high"),
          at: try fields.number("at")
        ))
    case "trial-started":
      return .trialStarted(
        TrialStarted(
          arm: try fields.number("arm"), trial: try fields.number("trial"),
          at: try fields.number("at")))
    case "launch": return .launch(try launch(&fields))
    case "server": return .server(try server(&fields))
    case "startup": return .startup(try StartupCoding.startup(&fields))
    case "engine": return .engine(try StartupCoding.engine(&fields))
    case "serving": return .serving(try StartupCoding.serving(&fields))
    case "thief": return .thief(try thief(&fields))
    case "fault": return .fault(try FaultCoding.decode(&fields))
    case "trial-ended": return .trialEnded(try trialEnded(&fields))
    case "arm-skipped":
      return .armSkipped(
        ArmSkipped(arm: try fields.number("arm"), reason: try fields.text("reason")))
    case "run-ended":
      return .runEnded(
        RunEnded(interrupted: try fields.boolean("interrupted"), at: try fields.number("at")))
    default: throw Failure(reason: "unknown event \"\(kind)\"")
    }
  }

  private static func runStarted(_ fields: inout EventFields) throws(Failure) -> RunStarted {
    let version: Int = try fields.number("schemaVersion")
    guard version == EventEncoder.schemaVersion else {
      // The other fields may be anything in a version that is not known.
      fields = EventFields([])
      return RunStarted(schemaVersion: version, plan: "", seed: 0, isolated: false)
    }
    return RunStarted(
      schemaVersion: version, plan: try fields.text("plan"), seed: try fields.number("seed"),
      isolated: try fields.boolean("isolated"))
  }

  private static func launch(_ fields: inout EventFields) throws(Failure) -> LaunchRecord {
    LaunchRecord(
      launch: try fields.number("launch"), pid: try fields.number("pid"),
      advertised: try fields.ports("advertised"),
      allocationStarted: try fields.number("allocationStarted"),
      allocationEnded: try fields.number("allocationEnded"),
      errno: try fields.number("errno", default: 0),
      stage: try fields.word("stage", default: Stage.none),
      service: try fields.number("service", default: 0), holder: try holder(of: &fields),
      portsTaken: try fields.number("portsTaken", default: 0),
      detail: try fields.text("detail", default: ""), forced: try forcedRun(of: &fields),
      died: try fields.numberIfPresent("died"))
  }

  private static func server(_ fields: inout EventFields) throws(Failure) -> ServerRecord {
    ServerRecord(
      launch: try fields.number("launch"), server: try fields.number("server"),
      pid: try fields.number("pid"), released: try fields.number("released"),
      input: try endpoint("input", of: &fields), output: try endpoint("output", of: &fields),
      died: try fields.numberIfPresent("died"))
  }

  private static func endpoint(
    _ name: String, of parent: inout EventFields
  ) throws(Failure) -> EndpointRecord {
    guard var fields = try parent.fieldsIfPresent(name) else {
      throw Failure(reason: "field \"\(name)\" is missing")
    }
    let endpoint = EndpointRecord(
      requested: try fields.number("requested"), bound: try fields.number("bound"),
      errno: try fields.number("errno", default: 0),
      stage: try fields.word("stage", default: Stage.none),
      attempted: try fields.number("attempted"), finished: try fields.number("finished"),
      holder: try holder(of: &fields), ownership: try fields.word("ownership", default: .unchecked),
      retries: try fields.number("retries", default: 0),
      reported: try fields.number("reported", default: 0),
      path: try fields.text("path", default: ""))
    try fields.finish()
    return endpoint
  }

  private static func holder(of parent: inout EventFields) throws(Failure) -> Holder? {
    guard var fields = try parent.fieldsIfPresent("holder") else { return nil }
    let holder = Holder(
      kind: try fields.word("kind"), launch: try fields.number("launch", default: -1),
      index: try fields.number("index", default: -1), pid: try fields.number("pid", default: 0),
      command: try fields.text("command", default: ""),
      since: try fields.number("since", default: 0), sources: try fields.word("sources"))
    try fields.finish()
    return holder
  }

  private static func thief(_ fields: inout EventFields) throws(Failure) -> ThiefRecord {
    ThiefRecord(
      thief: try fields.number("thief"), name: try fields.text("name"),
      pid: try fields.number("pid"), wanted: try fields.number("wanted"),
      drawnInWindow: try fields.number("drawnInWindow"),
      drawnBefore: try fields.number("drawnBefore", default: 0),
      drawnAfterBind: try fields.number("drawnAfterBind", default: 0),
      heldAtRelease: try fields.number("heldAtRelease"),
      errno: try fields.number("errno", default: 0))
  }

  private static func trialEnded(_ fields: inout EventFields) throws(Failure) -> TrialEnded {
    TrialEnded(
      arm: try fields.number("arm"), trial: try fields.number("trial"),
      barrierOpened: try fields.number("barrierOpened"), at: try fields.number("at"),
      completion: try fields.word("completion", default: .complete),
      socketsLeft: try fields.number("socketsLeft", default: 0),
      socketsInWindow: try fields.number("socketsInWindow", default: -1),
      left: try fields.text("left", default: "").split(separator: "\n").map(String.init),
      detail: try fields.text("detail", default: ""))
  }
}
