public import History
internal import Judging
internal import LinuxFacts
internal import PlanModel
internal import TerminalText

/// One trial's events as sentences, in the order of time.
public enum Timeline {
  /// What happened at one time.
  public struct Item: Sendable, Equatable, Encodable {
    /// Nanoseconds since the trial began; 0 for what happened before.
    public var atNanoseconds: UInt64
    /// One sentence.
    public var event: String
  }

  /// One line for each event that has a time, relative to the trial's start.
  public static func text(_ events: [Event]) -> String {
    items(events).map {
      "+\(Wording.fixed(Double($0.atNanoseconds) / 1e6, 3)) ms  \(TerminalText.safeLine($0.event))\n"
    }.joined()
  }

  /// Every event that has a time, in the order of time. The words are not escaped.
  public static func items(_ events: [Event]) -> [Item] {
    guard case .trialStarted(let started)? = events.first else { return [] }
    var items: [(at: UInt64, words: String)] = []
    func add(_ time: UInt64, _ words: String) { if time != 0 { items.append((time, words)) } }
    let isRow = events.contains {
      if case .fault(let record) = $0 { record.serial > 0 } else { false }
    }
    let programs = programLaunches(events)
    for event in events {
      switch event {
      case .trialStarted(let record): add(record.at, "the trial begins")
      case .launch(let record) where programs.contains(record.launch):
        add(started.at, "launch \(record.launch) is one program, which bindstorm supervises")
      case .launch(let record): append(record, add)
      case .forcedWindow(let record): append(record, add)
      case .server(let record) where programs.contains(record.launch): break
      case .server(let record): append(record, add)
      case .startup(let record): append(record, add)
      case .engine(let record): append(record, add)
      case .serving(let record): append(record, add)
      case .fault(let record): append(record, isRow: isRow, add)
      case .trialEnded(let record):
        if programs.isEmpty {
          add(record.barrierOpened, "the barrier opens: API servers are released")
        }
        add(record.at, "the trial is over: \(record.completion.rawValue)")
      case .thief, .runStarted, .poolSet, .armSkipped, .runEnded: break
      }
    }
    // A stable order for what happened in the same nanosecond.
    let sorted = items.enumerated().sorted {
      ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
    }
    return sorted.map {
      let time = $0.element.at >= started.at ? $0.element.at - started.at : 0
      return Item(atNanoseconds: time, event: $0.element.words)
    }
  }

  private typealias Add = (UInt64, String) -> Void

  /// Launches that are a program of the plan and nothing else: they have no launcher, addresses or API servers.
  static func programLaunches(_ events: [Event]) -> Set<Int> {
    Set(
      events.compactMap {
        guard case .launch(let record) = $0, record.forced?.isLaunch == true else { return nil }
        return record.launch
      })
  }

  private static func append(_ record: ForcedWindow, _ add: Add) {
    let port = "\(record.protocolName) port \(record.port)"
    let words = ForcedReport.Words(record)
    add(
      record.probed, "\(record.proberAt) (pid \(record.proberPid)) gets \(record.probedAddress)")
    add(record.released, "\(port) is free: \(words.release)")
    if record.isStolen, let thief = words.holder {
      add(record.rebound, "\(thief), takes \(port)")
    }
    add(
      record.rebound,
      "\(record.rebinderAt) (pid \(record.rebinderPid)) binds \(port) again: \(words.result)")
  }

  private static func append(_ record: LaunchRecord, _ add: Add) {
    let who = "launcher \(record.launch)"
    add(record.allocationStarted, "\(who) begins to allocate")
    let failure = record.errno == 0 ? "" : "; it failed later, at \(record.stage.rawValue)"
    add(
      record.allocationEnded,
      "\(who) has allocated \(Counted.text(record.advertised.count, "address", "addresses"))"
        + failure)
  }

  private static func append(_ record: ServerRecord, _ add: Add) {
    let who = "API server \(record.launch).\(record.server)"
    add(record.released, "\(who) leaves the barrier")
    for (role, endpoint) in [("input", record.input), ("output", record.output)] {
      if endpoint.errno != 0 {
        if let holder = endpoint.holder, holder.since != 0 {
          let thief = RaceReport.holder(holder, of: record.launch).text
          add(holder.since, "\(thief) takes port \(endpoint.requested)")
        }
        add(
          endpoint.finished,
          "\(who) fails to bind its \(role) to port \(endpoint.requested): \(LinuxErrno.text(endpoint.errno))"
        )
      } else if endpoint.isBound {
        let place = endpoint.path.isEmpty ? "port \(endpoint.bound)" : endpoint.path
        add(endpoint.finished, "\(who) listens with its \(role) on \(place)")
      }
      if role == "input" { add(endpoint.reported, "\(who) reports its ports") }
    }
  }

  /// - Parameter isRow: the launches run in a row, and the fault was scheduled for each launch separately.
  private static func append(_ record: FaultRecord, isRow: Bool, _ add: Add) {
    guard record.isDue else { return }
    let victim = "\(record.point.role.rawValue) \(record.launch).\(record.index)"
    let row = isRow ? " of launch \(record.serial + 1) in the row" : ""
    let what = "fault \(record.fault) (\(record.name))\(row)"
    add(
      record.armed, "\(what) is armed for \(victim) (pid \(record.pid)) at \(record.point.rawValue)"
    )
    let stake = record.port == 0 ? "" : ", on port \(record.port)"
    add(record.injected, "\(what) is injected into \(victim)\(stake)")
    let code = record.errno == 0 ? "" : ": \(LinuxErrno.text(record.errno))"
    let helper = record.helper == 0 ? "" : " by pid \(record.helper)"
    add(record.witnessed, "\(what) is witnessed\(helper)\(code)")
    if record.witnessed == 0 && record.errno != 0 { add(record.injected, "\(what) failed\(code)") }
    add(record.healed, "\(what) is over")
  }

  private static func append(_ record: StartupRecord, _ add: Add) {
    let who = "launcher \(record.launch)"
    add(record.coordinatorStarted, "coordinator \(record.launch) begins")
    add(record.coordinatorBound, "coordinator \(record.launch) has bound")
    add(record.coordinatorReported, "\(who) has the coordinator's addresses")
    let numbers = record.groupPorts.map { "\($0)" }.joined(separator: ", ")
    add(record.groupChosen, "\(who) has probed the data-parallel group's ports \(numbers)")
    add(record.reinitialised, "every engine core of \(who) has formed its group anew")
    add(record.handshakeBound, "\(who) has bound the handshake to port \(record.handshakePort)")
    add(record.enginesReady, "\(who) has seen every engine core READY")
    add(record.served, "\(who) has seen every API server served")
    let casualty =
      record.casualty.rawValue + (record.casualtyNumber < 0 ? "" : " \(record.casualtyNumber)")
    add(record.httpBound, "\(who) listens for HTTP on port \(record.httpPort)")
    add(
      record.httpAnswered,
      "every API server of \(who) has answered over HTTP, after \(record.httpRequests) requests")
    for (number, headless) in record.headless.enumerated() {
      let there = "launcher \(record.launch) on node \(number + 1)"
      add(headless.started, "\(there) begins")
      add(
        headless.noticed, "\(there) notices that its engine core \(headless.casualty) has died")
    }
    add(record.noticed, "\(who) notices that the launch has failed: \(casualty)")
  }

  private static func append(_ record: EngineRecord, _ add: Add) {
    let who = "engine core \(record.launch).\(record.engine) on node \(record.node)"
    add(record.started, "\(who) begins")
    add(record.initialised, "\(who) has the addresses")
    for (name, meeting) in [
      ("the data-parallel group", record.group), ("the workers' group", record.workers),
      ("the group that is formed anew", record.reinit),
    ] {
      guard let meeting else { continue }
      let lost = meeting.lost == 0 ? "" : ", and loses \(meeting.lost) numbers"
      let place = meeting.bound == 0 ? "" : ", and listens on port \(meeting.bound)"
      add(
        meeting.attempted,
        "\(who) goes to \(name) at port \(meeting.port)\(lost)\(place)")
      add(meeting.met, "\(who) is in \(name)")
    }
    add(record.loaded, "\(who) has loaded")
    let leak = record.placeholders == 0 ? "" : ", to port 0 in \(record.placeholders) cases"
    add(record.connected, "\(who) has connected\(leak)")
    add(record.ready, "\(who) is READY")
  }

  private static func append(_ record: ServingRecord, _ add: Add) {
    let who = "API server \(record.launch).\(record.server)"
    add(record.heard, "\(who) has heard every engine core")
    add(record.served, "\(who) has been answered by every engine core")
    add(record.httpAnswered, "\(who) has answered over HTTP")
    add(record.failed, "\(who) gives up at \(record.stage.rawValue)")
  }
}
