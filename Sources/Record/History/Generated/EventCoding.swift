// Made by `make generate` from Sources/Schema/Definitions; change that.
// swift-format-ignore-file
// Long because it is generated.
internal import PlanModel

extension EventEncoder {
  /// Appends an event without its newline.
  static func encodeObject(_ event: Event, into buffer: inout ByteBuffer) {
    switch event {
    case .runStarted(let record): encode(record, into: &buffer)
    case .poolSet(let record): encode(record, into: &buffer)
    case .trialStarted(let record): encode(record, into: &buffer)
    case .launch(let record): encode(record, into: &buffer)
    case .server(let record): encode(record, into: &buffer)
    case .startup(let record): encode(record, into: &buffer)
    case .engine(let record): encode(record, into: &buffer)
    case .serving(let record): encode(record, into: &buffer)
    case .thief(let record): encode(record, into: &buffer)
    case .fault(let record): encode(record, into: &buffer)
    case .trialEnded(let record): encode(record, into: &buffer)
    case .armSkipped(let record): encode(record, into: &buffer)
    case .runEnded(let record): encode(record, into: &buffer)
    case .forcedWindow(let record): encode(record, into: &buffer)
    }
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
    buffer.append(125)
  }

  private static func encode(_ record: PoolSet, into buffer: inout ByteBuffer) {
    buffer.append("{\"event\":\"pool-set\",\"low\":")
    buffer.append(decimal: record.low)
    buffer.append(",\"high\":")
    buffer.append(decimal: record.high)
    buffer.append(",\"at\":")
    buffer.append(decimal: record.at)
    if record.lane != 0 {
      buffer.append(",\"lane\":")
      buffer.append(decimal: record.lane)
    }
    buffer.append(125)
  }

  private static func encode(_ record: TrialStarted, into buffer: inout ByteBuffer) {
    buffer.append("{\"event\":\"trial-started\",\"arm\":")
    buffer.append(decimal: record.arm)
    buffer.append(",\"trial\":")
    buffer.append(decimal: record.trial)
    buffer.append(",\"at\":")
    buffer.append(decimal: record.at)
    if record.lane != 0 {
      buffer.append(",\"lane\":")
      buffer.append(decimal: record.lane)
    }
    buffer.append(125)
  }

  private static func encode(_ record: LaunchRecord, into buffer: inout ByteBuffer) {
    buffer.append("{\"event\":\"launch\",\"launch\":")
    buffer.append(decimal: record.launch)
    buffer.append(",\"pid\":")
    buffer.append(decimal: Int(record.pid))
    buffer.append(",\"advertised\":")
    buffer.append(list: record.advertised)
    buffer.append(",\"allocationStarted\":")
    buffer.append(decimal: record.allocationStarted)
    buffer.append(",\"allocationEnded\":")
    buffer.append(decimal: record.allocationEnded)
    if record.errno != 0 {
      buffer.append(",\"errno\":")
      buffer.append(decimal: Int(record.errno))
    }
    if record.stage != .none {
      buffer.append(",\"stage\":")
      buffer.append(word: record.stage.word)
    }
    if record.service != 0 {
      buffer.append(",\"service\":")
      buffer.append(decimal: UInt64(record.service))
    }
    if let value = record.holder {
      buffer.append(",\"holder\":")
      encode(value, into: &buffer)
    }
    if record.portsTaken != 0 {
      buffer.append(",\"portsTaken\":")
      buffer.append(decimal: record.portsTaken)
    }
    if !record.detail.isEmpty {
      buffer.append(",\"detail\":")
      buffer.append(quoted: record.detail)
    }
    if let value = record.forced {
      buffer.append(",\"forced\":")
      encode(value, into: &buffer)
    }
    if let value = record.died {
      buffer.append(",\"died\":")
      buffer.append(decimal: Int(value))
    }
    buffer.append(125)
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
    if let value = record.died {
      buffer.append(",\"died\":")
      buffer.append(decimal: Int(value))
    }
    buffer.append(125)
  }

  private static func encode(_ record: StartupRecord, into buffer: inout ByteBuffer) {
    buffer.append("{\"event\":\"startup\",\"launch\":")
    buffer.append(decimal: record.launch)
    if record.host != "127.0.0.1" {
      buffer.append(",\"host\":")
      buffer.append(quoted: record.host)
    }
    if record.handshakePort != 0 {
      buffer.append(",\"handshakePort\":")
      buffer.append(decimal: UInt64(record.handshakePort))
    }
    if record.handshakeBound != 0 {
      buffer.append(",\"handshakeBound\":")
      buffer.append(decimal: record.handshakeBound)
    }
    if record.coordinatorPid != 0 {
      buffer.append(",\"coordinatorPid\":")
      buffer.append(decimal: Int(record.coordinatorPid))
    }
    if record.coordinatorPorts != [0, 0] {
      buffer.append(",\"coordinatorPorts\":")
      buffer.append(list: record.coordinatorPorts)
    }
    if record.coordinatorStarted != 0 {
      buffer.append(",\"coordinatorStarted\":")
      buffer.append(decimal: record.coordinatorStarted)
    }
    if record.coordinatorBound != 0 {
      buffer.append(",\"coordinatorBound\":")
      buffer.append(decimal: record.coordinatorBound)
    }
    if record.coordinatorReported != 0 {
      buffer.append(",\"coordinatorReported\":")
      buffer.append(decimal: record.coordinatorReported)
    }
    if let value = record.coordinatorDied {
      buffer.append(",\"coordinatorDied\":")
      buffer.append(decimal: Int(value))
    }
    if record.enginesReady != 0 {
      buffer.append(",\"enginesReady\":")
      buffer.append(decimal: record.enginesReady)
    }
    if record.served != 0 {
      buffer.append(",\"served\":")
      buffer.append(decimal: record.served)
    }
    if record.noticed != 0 {
      buffer.append(",\"noticed\":")
      buffer.append(decimal: record.noticed)
    }
    if record.casualty != .none {
      buffer.append(",\"casualty\":")
      buffer.append(word: record.casualty.word)
    }
    if record.casualtyNumber != -1 {
      buffer.append(",\"casualtyNumber\":")
      buffer.append(decimal: record.casualtyNumber)
    }
    if record.httpPort != 0 {
      buffer.append(",\"httpPort\":")
      buffer.append(decimal: UInt64(record.httpPort))
    }
    if record.httpBound != 0 {
      buffer.append(",\"httpBound\":")
      buffer.append(decimal: record.httpBound)
    }
    if record.httpAnswered != 0 {
      buffer.append(",\"httpAnswered\":")
      buffer.append(decimal: record.httpAnswered)
    }
    if record.httpRequests != 0 {
      buffer.append(",\"httpRequests\":")
      buffer.append(decimal: record.httpRequests)
    }
    if record.httpStrangers != 0 {
      buffer.append(",\"httpStrangers\":")
      buffer.append(decimal: record.httpStrangers)
    }
    if record.httpListeners != 0 {
      buffer.append(",\"httpListeners\":")
      buffer.append(decimal: record.httpListeners)
    }
    if record.measuredRequests != 0 {
      buffer.append(",\"measuredRequests\":")
      buffer.append(decimal: record.measuredRequests)
    }
    if record.measured != 0 {
      buffer.append(",\"measured\":")
      buffer.append(decimal: record.measured)
    }
    if record.serial != 0 {
      buffer.append(",\"serial\":")
      buffer.append(decimal: record.serial)
    }
    if !record.groupPorts.isEmpty {
      buffer.append(",\"groupPorts\":")
      buffer.append(list: record.groupPorts)
    }
    if record.groupChosen != 0 {
      buffer.append(",\"groupChosen\":")
      buffer.append(decimal: record.groupChosen)
    }
    if record.storePort != 0 {
      buffer.append(",\"storePort\":")
      buffer.append(decimal: UInt64(record.storePort))
    }
    if record.reinitialised != 0 {
      buffer.append(",\"reinitialised\":")
      buffer.append(decimal: record.reinitialised)
    }
    if !record.headless.isEmpty {
      buffer.append(",\"headlessPids\":")
      buffer.append(list: record.headless.map { Int($0.pid) })
      buffer.append(",\"headlessStarted\":")
      buffer.append(list: record.headless.map { Int($0.started) })
      buffer.append(",\"headlessNoticed\":")
      buffer.append(list: record.headless.map { Int($0.noticed) })
      buffer.append(",\"headlessCasualties\":")
      buffer.append(list: record.headless.map { Int($0.casualty) })
      buffer.append(",\"headlessDied\":")
      buffer.append(list: record.headless.map { $0.died.map { Int($0) } ?? -1 })
    }
    buffer.append(125)
  }

  private static func encode(_ record: EngineRecord, into buffer: inout ByteBuffer) {
    buffer.append("{\"event\":\"engine\",\"launch\":")
    buffer.append(decimal: record.launch)
    buffer.append(",\"engine\":")
    buffer.append(decimal: record.engine)
    if record.node != 0 {
      buffer.append(",\"node\":")
      buffer.append(decimal: record.node)
    }
    buffer.append(",\"pid\":")
    buffer.append(decimal: Int(record.pid))
    if record.started != 0 {
      buffer.append(",\"started\":")
      buffer.append(decimal: record.started)
    }
    if record.initialised != 0 {
      buffer.append(",\"initialised\":")
      buffer.append(decimal: record.initialised)
    }
    if record.loaded != 0 {
      buffer.append(",\"loaded\":")
      buffer.append(decimal: record.loaded)
    }
    if record.connected != 0 {
      buffer.append(",\"connected\":")
      buffer.append(decimal: record.connected)
    }
    if record.ready != 0 {
      buffer.append(",\"ready\":")
      buffer.append(decimal: record.ready)
    }
    if record.placeholders != 0 {
      buffer.append(",\"placeholders\":")
      buffer.append(decimal: record.placeholders)
    }
    if record.requests != 0 {
      buffer.append(",\"requests\":")
      buffer.append(decimal: record.requests)
    }
    if record.strangers != 0 {
      buffer.append(",\"strangers\":")
      buffer.append(decimal: record.strangers)
    }
    if record.errno != 0 {
      buffer.append(",\"errno\":")
      buffer.append(decimal: Int(record.errno))
    }
    if record.stage != .none {
      buffer.append(",\"stage\":")
      buffer.append(word: record.stage.word)
    }
    if let value = record.group {
      buffer.append(",\"group\":")
      encode(value, into: &buffer)
    }
    if let value = record.workers {
      buffer.append(",\"workers\":")
      encode(value, into: &buffer)
    }
    if let value = record.reinit {
      buffer.append(",\"reinit\":")
      encode(value, into: &buffer)
    }
    if let value = record.died {
      buffer.append(",\"died\":")
      buffer.append(decimal: Int(value))
    }
    buffer.append(125)
  }

  private static func encode(_ record: ServingRecord, into buffer: inout ByteBuffer) {
    buffer.append("{\"event\":\"serving\",\"launch\":")
    buffer.append(decimal: record.launch)
    buffer.append(",\"server\":")
    buffer.append(decimal: record.server)
    if record.heard != 0 {
      buffer.append(",\"heard\":")
      buffer.append(decimal: record.heard)
    }
    if record.served != 0 {
      buffer.append(",\"served\":")
      buffer.append(decimal: record.served)
    }
    if record.failed != 0 {
      buffer.append(",\"failed\":")
      buffer.append(decimal: record.failed)
    }
    if !record.unheard.isEmpty {
      buffer.append(",\"unheard\":")
      buffer.append(list: record.unheard)
    }
    if !record.unanswered.isEmpty {
      buffer.append(",\"unanswered\":")
      buffer.append(list: record.unanswered)
    }
    if record.strangers != 0 {
      buffer.append(",\"strangers\":")
      buffer.append(decimal: record.strangers)
    }
    if record.errno != 0 {
      buffer.append(",\"errno\":")
      buffer.append(decimal: Int(record.errno))
    }
    if record.stage != .none {
      buffer.append(",\"stage\":")
      buffer.append(word: record.stage.word)
    }
    if record.httpAnswered != 0 {
      buffer.append(",\"httpAnswered\":")
      buffer.append(decimal: record.httpAnswered)
    }
    if record.httpListened != 0 {
      buffer.append(",\"httpListened\":")
      buffer.append(decimal: record.httpListened)
    }
    if record.frontEndPid != 0 {
      buffer.append(",\"frontEndPid\":")
      buffer.append(decimal: Int(record.frontEndPid))
    }
    buffer.append(125)
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
    if record.drawnBefore != 0 {
      buffer.append(",\"drawnBefore\":")
      buffer.append(decimal: record.drawnBefore)
    }
    if record.drawnAfterBind != 0 {
      buffer.append(",\"drawnAfterBind\":")
      buffer.append(decimal: record.drawnAfterBind)
    }
    buffer.append(",\"heldAtRelease\":")
    buffer.append(decimal: record.heldAtRelease)
    if record.errno != 0 {
      buffer.append(",\"errno\":")
      buffer.append(decimal: Int(record.errno))
    }
    buffer.append(125)
  }

  private static func encode(_ record: FaultRecord, into buffer: inout ByteBuffer) {
    buffer.append("{\"event\":\"fault\",\"fault\":")
    buffer.append(decimal: record.fault)
    buffer.append(",\"name\":")
    buffer.append(quoted: record.name)
    buffer.append(",\"point\":")
    buffer.append(quoted: record.point.rawValue)
    buffer.append(",\"launch\":")
    buffer.append(decimal: record.launch)
    buffer.append(",\"index\":")
    buffer.append(decimal: record.index)
    buffer.append(",\"due\":")
    buffer.append(record.isDue ? "true" : "false")
    if record.pid != 0 {
      buffer.append(",\"pid\":")
      buffer.append(decimal: Int(record.pid))
    }
    if record.armed != 0 {
      buffer.append(",\"armed\":")
      buffer.append(decimal: record.armed)
    }
    if record.injected != 0 {
      buffer.append(",\"injected\":")
      buffer.append(decimal: record.injected)
    }
    if record.witnessed != 0 {
      buffer.append(",\"witnessed\":")
      buffer.append(decimal: record.witnessed)
    }
    if record.healed != 0 {
      buffer.append(",\"healed\":")
      buffer.append(decimal: record.healed)
    }
    if record.errno != 0 {
      buffer.append(",\"errno\":")
      buffer.append(decimal: Int(record.errno))
    }
    if record.port != 0 {
      buffer.append(",\"port\":")
      buffer.append(decimal: UInt64(record.port))
    }
    if record.helper != 0 {
      buffer.append(",\"helper\":")
      buffer.append(decimal: Int(record.helper))
    }
    if record.refused != 0 {
      buffer.append(",\"refused\":")
      buffer.append(decimal: Int(record.refused))
    }
    if record.serial != 0 {
      buffer.append(",\"serial\":")
      buffer.append(decimal: record.serial)
    }
    buffer.append(125)
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
      buffer.append(",\"completion\":")
      buffer.append(word: record.completion.word)
    }
    if record.socketsLeft != 0 {
      buffer.append(",\"socketsLeft\":")
      buffer.append(decimal: record.socketsLeft)
    }
    if record.socketsInWindow != -1 {
      buffer.append(",\"socketsInWindow\":")
      buffer.append(decimal: record.socketsInWindow)
    }
    if !record.left.isEmpty {
      buffer.append(",\"left\":")
      buffer.append(quoted: record.left.joined(separator: "\n"))
    }
    if !record.detail.isEmpty {
      buffer.append(",\"detail\":")
      buffer.append(quoted: record.detail)
    }
    buffer.append(125)
  }

  private static func encode(_ record: ArmSkipped, into buffer: inout ByteBuffer) {
    buffer.append("{\"event\":\"arm-skipped\",\"arm\":")
    buffer.append(decimal: record.arm)
    buffer.append(",\"reason\":")
    buffer.append(quoted: record.reason)
    buffer.append(125)
  }

  private static func encode(_ record: RunEnded, into buffer: inout ByteBuffer) {
    buffer.append("{\"event\":\"run-ended\",\"interrupted\":")
    buffer.append(record.interrupted ? "true" : "false")
    buffer.append(",\"at\":")
    buffer.append(decimal: record.at)
    buffer.append(125)
  }

  private static func encode(_ record: EndpointRecord, into buffer: inout ByteBuffer) {
    buffer.append("{\"requested\":")
    buffer.append(decimal: UInt64(record.requested))
    buffer.append(",\"bound\":")
    buffer.append(decimal: UInt64(record.bound))
    if record.errno != 0 {
      buffer.append(",\"errno\":")
      buffer.append(decimal: Int(record.errno))
    }
    if record.stage != .none {
      buffer.append(",\"stage\":")
      buffer.append(word: record.stage.word)
    }
    buffer.append(",\"attempted\":")
    buffer.append(decimal: record.attempted)
    buffer.append(",\"finished\":")
    buffer.append(decimal: record.finished)
    if let value = record.holder {
      buffer.append(",\"holder\":")
      encode(value, into: &buffer)
    }
    if record.ownership != .unchecked {
      buffer.append(",\"ownership\":")
      buffer.append(word: record.ownership.word)
    }
    if record.retries != 0 {
      buffer.append(",\"retries\":")
      buffer.append(decimal: record.retries)
    }
    if record.reported != 0 {
      buffer.append(",\"reported\":")
      buffer.append(decimal: record.reported)
    }
    if !record.path.isEmpty {
      buffer.append(",\"path\":")
      buffer.append(quoted: record.path)
    }
    buffer.append(125)
  }

  private static func encode(_ record: Holder, into buffer: inout ByteBuffer) {
    buffer.append("{\"kind\":")
    buffer.append(word: record.kind.word)
    if record.launch != -1 {
      buffer.append(",\"launch\":")
      buffer.append(decimal: record.launch)
    }
    if record.index != -1 {
      buffer.append(",\"index\":")
      buffer.append(decimal: record.index)
    }
    if record.pid != 0 {
      buffer.append(",\"pid\":")
      buffer.append(decimal: Int(record.pid))
    }
    if !record.command.isEmpty {
      buffer.append(",\"command\":")
      buffer.append(quoted: record.command)
    }
    if record.since != 0 {
      buffer.append(",\"since\":")
      buffer.append(decimal: record.since)
    }
    buffer.append(",\"sources\":")
    buffer.append(word: record.sources.word)
    buffer.append(125)
  }

  private static func encode(_ record: RendezvousRecord, into buffer: inout ByteBuffer) {
    buffer.append("{\"port\":")
    buffer.append(decimal: UInt64(record.port))
    if record.bound != 0 {
      buffer.append(",\"bound\":")
      buffer.append(decimal: UInt64(record.bound))
    }
    if record.chosen != 0 {
      buffer.append(",\"chosen\":")
      buffer.append(decimal: record.chosen)
    }
    if record.attempted != 0 {
      buffer.append(",\"attempted\":")
      buffer.append(decimal: record.attempted)
    }
    if record.met != 0 {
      buffer.append(",\"met\":")
      buffer.append(decimal: record.met)
    }
    if record.lost != 0 {
      buffer.append(",\"lost\":")
      buffer.append(decimal: record.lost)
    }
    if record.isAccepted != false {
      buffer.append(",\"accepted\":")
      buffer.append(record.isAccepted ? "true" : "false")
    }
    if let value = record.holder {
      buffer.append(",\"holder\":")
      encode(value, into: &buffer)
    }
    buffer.append(125)
  }

  private static func encode(_ record: ForcedRun, into buffer: inout ByteBuffer) {
    buffer.append("{\"isLaunch\":")
    buffer.append(record.isLaunch ? "true" : "false")
    buffer.append(",\"ending\":")
    buffer.append(word: record.ending.word)
    if record.status != 0 {
      buffer.append(",\"status\":")
      buffer.append(decimal: Int(record.status))
    }
    if record.bindsElsewhere != false {
      buffer.append(",\"bindsElsewhere\":")
      buffer.append(record.bindsElsewhere ? "true" : "false")
    }
    if record.calls != 0 {
      buffer.append(",\"calls\":")
      buffer.append(decimal: record.calls)
    }
    if record.unobserved != 0 {
      buffer.append(",\"unobserved\":")
      buffer.append(decimal: record.unobserved)
    }
    if record.lost != 0 {
      buffer.append(",\"lost\":")
      buffer.append(decimal: record.lost)
    }
    if record.probes != 0 {
      buffer.append(",\"probes\":")
      buffer.append(decimal: record.probes)
    }
    if record.windows != 0 {
      buffer.append(",\"windows\":")
      buffer.append(decimal: record.windows)
    }
    if record.stolen != 0 {
      buffer.append(",\"stolen\":")
      buffer.append(decimal: record.stolen)
    }
    if record.injected != 0 {
      buffer.append(",\"injected\":")
      buffer.append(decimal: record.injected)
    }
    buffer.append(",\"refusal\":")
    buffer.append(word: record.refusal.word)
    buffer.append(",\"window\":")
    buffer.append(quoted: record.window)
    buffer.append(",\"lastWords\":")
    buffer.append(quoted: record.lastWords)
    buffer.append(125)
  }

  private static func encode(_ record: ForcedWindow, into buffer: inout ByteBuffer) {
    buffer.append("{\"event\":\"forced-window\",\"launch\":")
    buffer.append(decimal: record.launch)
    buffer.append(",\"verdict\":")
    buffer.append(quoted: record.verdict)
    buffer.append(",\"place\":")
    buffer.append(quoted: record.place)
    buffer.append(",\"protocolName\":")
    buffer.append(quoted: record.protocolName)
    buffer.append(",\"port\":")
    buffer.append(decimal: UInt64(record.port))
    if record.rebind != 1 {
      buffer.append(",\"rebind\":")
      buffer.append(decimal: record.rebind)
    }
    if record.occurrence != 0 {
      buffer.append(",\"occurrence\":")
      buffer.append(decimal: record.occurrence)
    }
    buffer.append(",\"prober\":")
    buffer.append(quoted: record.prober)
    buffer.append(",\"proberAt\":")
    buffer.append(quoted: record.proberAt)
    buffer.append(",\"proberPid\":")
    buffer.append(decimal: Int(record.proberPid))
    buffer.append(",\"probedAddress\":")
    buffer.append(quoted: record.probedAddress)
    buffer.append(",\"probed\":")
    buffer.append(decimal: record.probed)
    if !record.release.isEmpty {
      buffer.append(",\"release\":")
      buffer.append(quoted: record.release)
    }
    if record.released != 0 {
      buffer.append(",\"released\":")
      buffer.append(decimal: record.released)
    }
    buffer.append(",\"rebinder\":")
    buffer.append(quoted: record.rebinder)
    buffer.append(",\"rebinderAt\":")
    buffer.append(quoted: record.rebinderAt)
    buffer.append(",\"rebinderPid\":")
    buffer.append(decimal: Int(record.rebinderPid))
    buffer.append(",\"address\":")
    buffer.append(quoted: record.address)
    buffer.append(",\"rebound\":")
    buffer.append(decimal: record.rebound)
    if record.result != 0 {
      buffer.append(",\"result\":")
      buffer.append(decimal: Int(record.result))
    }
    if record.isStolen != false {
      buffer.append(",\"stolen\":")
      buffer.append(record.isStolen ? "true" : "false")
    }
    if !record.holder.isEmpty {
      buffer.append(",\"holder\":")
      buffer.append(quoted: record.holder)
    }
    if record.holderPid != 0 {
      buffer.append(",\"holderPid\":")
      buffer.append(decimal: Int(record.holderPid))
    }
    buffer.append(125)
  }

  private static func encode(_ record: HeadlessRecord, into buffer: inout ByteBuffer) {
    buffer.append("{\"pid\":")
    buffer.append(decimal: Int(record.pid))
    if record.started != 0 {
      buffer.append(",\"started\":")
      buffer.append(decimal: record.started)
    }
    if record.noticed != 0 {
      buffer.append(",\"noticed\":")
      buffer.append(decimal: record.noticed)
    }
    if record.casualty != -1 {
      buffer.append(",\"casualty\":")
      buffer.append(decimal: record.casualty)
    }
    if let value = record.died {
      buffer.append(",\"died\":")
      buffer.append(decimal: Int(value))
    }
    buffer.append(125)
  }
}

extension EventDecoder {
  /// The event of that word with those fields.
  static func event(
    _ word: String, _ fields: inout EventFields
  ) throws(Failure) -> Event {
    switch word {
    case "run-started": return .runStarted(try runStarted(&fields))
    case "pool-set": return .poolSet(try poolSet(&fields))
    case "trial-started": return .trialStarted(try trialStarted(&fields))
    case "launch": return .launch(try launchRecord(&fields))
    case "server": return .server(try serverRecord(&fields))
    case "startup": return .startup(try startupRecord(&fields))
    case "engine": return .engine(try engineRecord(&fields))
    case "serving": return .serving(try servingRecord(&fields))
    case "thief": return .thief(try thiefRecord(&fields))
    case "fault": return .fault(try faultRecord(&fields))
    case "trial-ended": return .trialEnded(try trialEnded(&fields))
    case "arm-skipped": return .armSkipped(try armSkipped(&fields))
    case "run-ended": return .runEnded(try runEnded(&fields))
    case "forced-window": return .forcedWindow(try forcedWindow(&fields))
    default: throw Failure(reason: "unknown event \"\(word)\"")
    }
  }

  private static func runStarted(
    _ fields: inout EventFields
  ) throws(Failure) -> RunStarted {
    RunStarted(
      schemaVersion: try fields.count("schemaVersion"),
      plan: try fields.text("plan"),
      seed: try fields.number("seed"),
      isolated: try fields.boolean("isolated"))
  }


  private static func poolSet(
    _ fields: inout EventFields
  ) throws(Failure) -> PoolSet {
    PoolSet(
      low: try fields.count("low"),
      high: try fields.count("high"),
      at: try fields.number("at"),
      lane: try fields.count("lane", default: 0))
  }


  private static func trialStarted(
    _ fields: inout EventFields
  ) throws(Failure) -> TrialStarted {
    TrialStarted(
      arm: try fields.count("arm"),
      trial: try fields.count("trial"),
      at: try fields.number("at"),
      lane: try fields.count("lane", default: 0))
  }


  private static func launchRecord(
    _ fields: inout EventFields
  ) throws(Failure) -> LaunchRecord {
    LaunchRecord(
      launch: try fields.count("launch"),
      pid: try fields.number("pid"),
      advertised: try fields.numbers("advertised", default: nil),
      allocationStarted: try fields.number("allocationStarted"),
      allocationEnded: try fields.number("allocationEnded"),
      errno: try fields.number("errno", default: 0),
      stage: try fields.word("stage", default: Stage.none),
      service: try fields.number("service", default: 0),
      holder: try fields.objectIfPresent("holder", holder),
      portsTaken: try fields.count("portsTaken", default: 0),
      detail: try fields.text("detail", default: ""),
      forced: try fields.objectIfPresent("forced", forcedRun),
      died: try fields.numberIfPresent("died"))
  }


  private static func serverRecord(
    _ fields: inout EventFields
  ) throws(Failure) -> ServerRecord {
    ServerRecord(
      launch: try fields.count("launch"),
      server: try fields.count("server"),
      pid: try fields.number("pid"),
      released: try fields.number("released"),
      input: try fields.object("input", endpointRecord),
      output: try fields.object("output", endpointRecord),
      died: try fields.numberIfPresent("died"))
  }


  private static func startupRecord(
    _ fields: inout EventFields
  ) throws(Failure) -> StartupRecord {
    StartupRecord(
      launch: try fields.count("launch"),
      host: try fields.text("host", default: "127.0.0.1"),
      handshakePort: try fields.number("handshakePort", default: 0),
      handshakeBound: try fields.number("handshakeBound", default: 0),
      coordinatorPid: try fields.number("coordinatorPid", default: 0),
      coordinatorPorts: try fields.numbers("coordinatorPorts", default: [0, 0]),
      coordinatorStarted: try fields.number("coordinatorStarted", default: 0),
      coordinatorBound: try fields.number("coordinatorBound", default: 0),
      coordinatorReported: try fields.number("coordinatorReported", default: 0),
      coordinatorDied: try fields.numberIfPresent("coordinatorDied"),
      enginesReady: try fields.number("enginesReady", default: 0),
      served: try fields.number("served", default: 0),
      noticed: try fields.number("noticed", default: 0),
      casualty: try fields.word("casualty", default: StartupRecord.Casualty.none),
      casualtyNumber: try fields.count("casualtyNumber", default: -1, least: -1),
      httpPort: try fields.number("httpPort", default: 0),
      httpBound: try fields.number("httpBound", default: 0),
      httpAnswered: try fields.number("httpAnswered", default: 0),
      httpRequests: try fields.count("httpRequests", default: 0),
      httpStrangers: try fields.count("httpStrangers", default: 0),
      httpListeners: try fields.count("httpListeners", default: 0),
      measuredRequests: try fields.count("measuredRequests", default: 0),
      measured: try fields.number("measured", default: 0),
      serial: try fields.count("serial", default: 0),
      groupPorts: try fields.numbers("groupPorts", default: []),
      groupChosen: try fields.number("groupChosen", default: 0),
      storePort: try fields.number("storePort", default: 0),
      reinitialised: try fields.number("reinitialised", default: 0),
      headless: try headless(&fields))
  }

  private static func headless(_ fields: inout EventFields) throws(Failure) -> [HeadlessRecord] {
    let pid: [Int32] = try fields.numbers("headlessPids", default: [])
    let started: [UInt64] = try fields.numbers("headlessStarted", default: [])
    let noticed: [UInt64] = try fields.numbers("headlessNoticed", default: [])
    let casualty: [Int] = try fields.counts("headlessCasualties", default: [], least: -1)
    let died: [Int32] = try fields.numbers("headlessDied", default: [])
    guard [started.count, noticed.count, casualty.count, died.count].allSatisfy({ $0 == pid.count }) else {
      throw Failure(reason: "the lists of headless differ in length")
    }
    return pid.indices.map {
      HeadlessRecord(pid: pid[$0], started: started[$0], noticed: noticed[$0], casualty: casualty[$0], died: died[$0] < 0 ? nil : died[$0])
    }
  }

  private static func engineRecord(
    _ fields: inout EventFields
  ) throws(Failure) -> EngineRecord {
    EngineRecord(
      launch: try fields.count("launch"),
      engine: try fields.count("engine"),
      node: try fields.count("node", default: 0),
      pid: try fields.number("pid"),
      started: try fields.number("started", default: 0),
      initialised: try fields.number("initialised", default: 0),
      loaded: try fields.number("loaded", default: 0),
      connected: try fields.number("connected", default: 0),
      ready: try fields.number("ready", default: 0),
      placeholders: try fields.count("placeholders", default: 0),
      requests: try fields.count("requests", default: 0),
      strangers: try fields.count("strangers", default: 0),
      errno: try fields.number("errno", default: 0),
      stage: try fields.word("stage", default: Stage.none),
      group: try fields.objectIfPresent("group", rendezvousRecord),
      workers: try fields.objectIfPresent("workers", rendezvousRecord),
      reinit: try fields.objectIfPresent("reinit", rendezvousRecord),
      died: try fields.numberIfPresent("died"))
  }


  private static func servingRecord(
    _ fields: inout EventFields
  ) throws(Failure) -> ServingRecord {
    ServingRecord(
      launch: try fields.count("launch"),
      server: try fields.count("server"),
      heard: try fields.number("heard", default: 0),
      served: try fields.number("served", default: 0),
      failed: try fields.number("failed", default: 0),
      unheard: try fields.counts("unheard", default: []),
      unanswered: try fields.counts("unanswered", default: []),
      strangers: try fields.count("strangers", default: 0),
      errno: try fields.number("errno", default: 0),
      stage: try fields.word("stage", default: Stage.none),
      httpAnswered: try fields.number("httpAnswered", default: 0),
      httpListened: try fields.number("httpListened", default: 0),
      frontEndPid: try fields.number("frontEndPid", default: 0))
  }


  private static func thiefRecord(
    _ fields: inout EventFields
  ) throws(Failure) -> ThiefRecord {
    ThiefRecord(
      thief: try fields.count("thief"),
      name: try fields.text("name"),
      pid: try fields.number("pid"),
      wanted: try fields.count("wanted"),
      drawnInWindow: try fields.count("drawnInWindow", least: -4294967295),
      drawnBefore: try fields.count("drawnBefore", default: 0),
      drawnAfterBind: try fields.count("drawnAfterBind", default: 0, least: -4294967295),
      heldAtRelease: try fields.count("heldAtRelease"),
      errno: try fields.number("errno", default: 0))
  }


  private static func faultRecord(
    _ fields: inout EventFields
  ) throws(Failure) -> FaultRecord {
    FaultRecord(
      fault: try fields.count("fault"),
      name: try fields.text("name"),
      point: try fields.word("point"),
      launch: try fields.count("launch"),
      index: try fields.count("index"),
      isDue: try fields.boolean("due"),
      pid: try fields.number("pid", default: 0),
      armed: try fields.number("armed", default: 0),
      injected: try fields.number("injected", default: 0),
      witnessed: try fields.number("witnessed", default: 0),
      healed: try fields.number("healed", default: 0),
      errno: try fields.number("errno", default: 0),
      port: try fields.number("port", default: 0),
      helper: try fields.number("helper", default: 0),
      refused: try fields.number("refused", default: 0),
      serial: try fields.count("serial", default: 0))
  }


  private static func trialEnded(
    _ fields: inout EventFields
  ) throws(Failure) -> TrialEnded {
    TrialEnded(
      arm: try fields.count("arm"),
      trial: try fields.count("trial"),
      barrierOpened: try fields.number("barrierOpened"),
      at: try fields.number("at"),
      completion: try fields.word("completion", default: TrialEnded.Completion.complete),
      socketsLeft: try fields.count("socketsLeft", default: 0, least: -1),
      socketsInWindow: try fields.count("socketsInWindow", default: -1, least: -1),
      left: try fields.text("left", default: "").split(separator: "\n").map(String.init),
      detail: try fields.text("detail", default: ""))
  }


  private static func armSkipped(
    _ fields: inout EventFields
  ) throws(Failure) -> ArmSkipped {
    ArmSkipped(
      arm: try fields.count("arm"),
      reason: try fields.text("reason"))
  }


  private static func runEnded(
    _ fields: inout EventFields
  ) throws(Failure) -> RunEnded {
    RunEnded(
      interrupted: try fields.boolean("interrupted"),
      at: try fields.number("at"))
  }


  private static func endpointRecord(
    _ fields: inout EventFields
  ) throws(Failure) -> EndpointRecord {
    EndpointRecord(
      requested: try fields.number("requested"),
      bound: try fields.number("bound"),
      errno: try fields.number("errno", default: 0),
      stage: try fields.word("stage", default: Stage.none),
      attempted: try fields.number("attempted"),
      finished: try fields.number("finished"),
      holder: try fields.objectIfPresent("holder", holder),
      ownership: try fields.word("ownership", default: Ownership.unchecked),
      retries: try fields.count("retries", default: 0),
      reported: try fields.number("reported", default: 0),
      path: try fields.text("path", default: ""))
  }


  private static func holder(
    _ fields: inout EventFields
  ) throws(Failure) -> Holder {
    Holder(
      kind: try fields.word("kind"),
      launch: try fields.count("launch", default: -1, least: -1),
      index: try fields.count("index", default: -1, least: -1),
      pid: try fields.number("pid", default: 0),
      command: try fields.text("command", default: ""),
      since: try fields.number("since", default: 0),
      sources: try fields.word("sources"))
  }


  private static func rendezvousRecord(
    _ fields: inout EventFields
  ) throws(Failure) -> RendezvousRecord {
    RendezvousRecord(
      port: try fields.number("port"),
      bound: try fields.number("bound", default: 0),
      chosen: try fields.number("chosen", default: 0),
      attempted: try fields.number("attempted", default: 0),
      met: try fields.number("met", default: 0),
      lost: try fields.count("lost", default: 0),
      isAccepted: try fields.boolean("accepted", default: false),
      holder: try fields.objectIfPresent("holder", holder))
  }


  private static func forcedRun(
    _ fields: inout EventFields
  ) throws(Failure) -> ForcedRun {
    ForcedRun(
      isLaunch: try fields.boolean("isLaunch"),
      ending: try fields.word("ending"),
      status: try fields.number("status", default: 0),
      bindsElsewhere: try fields.boolean("bindsElsewhere", default: false),
      calls: try fields.count("calls", default: 0),
      unobserved: try fields.count("unobserved", default: 0),
      lost: try fields.count("lost", default: 0),
      probes: try fields.count("probes", default: 0),
      windows: try fields.count("windows", default: 0),
      stolen: try fields.count("stolen", default: 0),
      injected: try fields.count("injected", default: 0),
      refusal: try fields.word("refusal"),
      window: try fields.text("window"),
      lastWords: try fields.text("lastWords"))
  }


  private static func forcedWindow(
    _ fields: inout EventFields
  ) throws(Failure) -> ForcedWindow {
    ForcedWindow(
      launch: try fields.count("launch"),
      verdict: try fields.text("verdict"),
      place: try fields.text("place"),
      protocolName: try fields.text("protocolName"),
      port: try fields.number("port"),
      rebind: try fields.count("rebind", default: 1),
      occurrence: try fields.count("occurrence", default: 0),
      prober: try fields.text("prober"),
      proberAt: try fields.text("proberAt"),
      proberPid: try fields.number("proberPid"),
      probedAddress: try fields.text("probedAddress"),
      probed: try fields.number("probed"),
      release: try fields.text("release", default: ""),
      released: try fields.number("released", default: 0),
      rebinder: try fields.text("rebinder"),
      rebinderAt: try fields.text("rebinderAt"),
      rebinderPid: try fields.number("rebinderPid"),
      address: try fields.text("address"),
      rebound: try fields.number("rebound"),
      result: try fields.number("result", default: 0),
      isStolen: try fields.boolean("stolen", default: false),
      holder: try fields.text("holder", default: ""),
      holderPid: try fields.number("holderPid", default: 0))
  }


  private static func headlessRecord(
    _ fields: inout EventFields
  ) throws(Failure) -> HeadlessRecord {
    HeadlessRecord(
      pid: try fields.number("pid"),
      started: try fields.number("started", default: 0),
      noticed: try fields.number("noticed", default: 0),
      casualty: try fields.count("casualty", default: -1, least: -1),
      died: try fields.numberIfPresent("died"))
  }

}
