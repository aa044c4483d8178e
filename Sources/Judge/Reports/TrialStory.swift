internal import History
internal import Judging
internal import Lifelines
internal import LinuxFacts
internal import PlanModel

/// What happened in one trial at which time, and to whom: what `explain` tells and what lifelines are made of.
struct TrialStory {
  /// What an event is for the arrows between processes.
  enum Act: Equatable {
    case other
    /// The actor has bound this port.
    case binds(UInt16)
    /// Somebody held the port.
    case fails(UInt16, holder: TrialActor?)
    /// Parts of the window of that number in the record.
    case probes(Int)
    case steals(Int)
    case rebinds(Int)
  }

  /// One event that has a time.
  struct Moment {
    var at: UInt64
    /// One sentence.
    var words: String
    /// The sentence without who it is about, if it begins with that.
    var deed: String
    var actor: TrialActor
    var meaning: Lifeline.Instant.Meaning
    var act: Act
  }

  /// In the order of time; what happened in the same nanosecond in the order of the record.
  private(set) var moments: [Moment] = []
  /// Processes that act for faults, by their ids.
  private(set) var helpers: [Int32: Int] = [:]

  /// - Parameter events: of one whole trial.
  init(_ events: [Event]) {
    guard case .trialStarted(let started)? = events.first else { return }
    var isRow = false
    for case .fault(let record) in events {
      if record.serial > 0 { isRow = true }
      if record.helper > 0 { helpers[record.helper] = record.fault }
    }
    let programs = Timeline.programLaunches(events)
    var windows = 0
    for event in events {
      switch event {
      case .trialStarted(let record): add(record.at, .trial, "the trial", "begins")
      case .launch(let record) where programs.contains(record.launch):
        add(
          started.at, .trial, nil,
          "launch \(record.launch) is one program, which bindstorm supervises")
      case .launch(let record): append(record)
      case .forcedWindow(let record):
        append(record, number: windows)
        windows += 1
      case .server(let record) where programs.contains(record.launch): break
      case .server(let record): append(record)
      case .startup(let record): append(record)
      case .engine(let record): append(record)
      case .serving(let record): append(record)
      case .fault(let record): append(record, isRow: isRow)
      case .trialEnded(let record):
        if programs.isEmpty {
          add(
            record.barrierOpened, .trial, nil, "the barrier opens: API servers are released")
        }
        add(record.at, .trial, "the trial", "is over: \(record.completion.rawValue)")
      case .thief, .runStarted, .poolSet, .armSkipped, .runEnded: break
      }
    }
    // A stable order for what happened in the same nanosecond.
    moments = moments.enumerated().sorted {
      ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
    }.map(\.element)
  }

  /// - Parameter time: 0 for what did not happen.
  mutating func add(
    _ time: UInt64, _ actor: TrialActor, _ who: String?, _ deed: String,
    _ meaning: Lifeline.Instant.Meaning = .step, _ act: Act = .other
  ) {
    guard time != 0 else { return }
    moments.append(
      Moment(
        at: time, words: who.map { "\($0) \(deed)" } ?? deed, deed: deed, actor: actor,
        meaning: meaning, act: act))
  }

  private mutating func append(_ record: ForcedWindow, number: Int) {
    let port = "\(record.protocolName) port \(record.port)"
    let words = ForcedReport.Words(record)
    let prober = TrialActor.program(pid: record.proberPid)
    add(
      record.probed, prober, "\(record.proberAt) (pid \(record.proberPid))",
      "gets \(record.probedAddress)", .step, .probes(number))
    add(record.released, prober, nil, "\(port) is free: \(words.release)")
    if record.isStolen, let thief = words.holder {
      add(
        record.rebound, .windowThief(pid: record.holderPid), "\(thief),", "takes \(port)", .step,
        .steals(number))
    }
    let hasFailed = record.result > 0 || record.isStolen
    add(
      record.rebound, .program(pid: record.rebinderPid),
      "\(record.rebinderAt) (pid \(record.rebinderPid))", "binds \(port) again: \(words.result)",
      record.result == 0 ? .success : hasFailed ? .failure : .step, .rebinds(number))
  }

  private mutating func append(_ record: LaunchRecord) {
    let actor = TrialActor.launcher(record.launch)
    add(record.allocationStarted, actor, actor.name, "begins to allocate")
    let failure = record.errno == 0 ? "" : "; it failed later, at \(record.stage.rawValue)"
    add(
      record.allocationEnded, actor, actor.name,
      "has allocated \(Counted.text(record.advertised.count, "address", "addresses"))" + failure,
      record.errno == 0 ? .step : .failure)
  }

  private mutating func append(_ record: ServerRecord) {
    let actor = TrialActor.server(record.launch, record.server)
    add(record.released, actor, actor.name, "leaves the barrier")
    for (role, endpoint) in [("input", record.input), ("output", record.output)] {
      if endpoint.errno != 0 {
        let holder = endpoint.holder.map { TrialActor($0, helpers: helpers) }
        if let known = endpoint.holder, known.since != 0, let holder {
          let thief = RaceReport.holder(known, of: record.launch).text
          add(
            known.since, holder, thief, "takes port \(endpoint.requested)", .step,
            .binds(endpoint.requested))
        }
        add(
          endpoint.finished, actor, actor.name,
          "fails to bind its \(role) to port \(endpoint.requested): \(LinuxErrno.text(endpoint.errno))",
          .failure, .fails(endpoint.requested, holder: holder))
      } else if endpoint.isBound {
        let place = endpoint.path.isEmpty ? "port \(endpoint.bound)" : endpoint.path
        add(
          endpoint.finished, actor, actor.name, "listens with its \(role) on \(place)", .success,
          .binds(endpoint.bound))
      }
      if role == "input" { add(endpoint.reported, actor, actor.name, "reports its ports") }
    }
  }

  /// - Parameter isRow: the launches run in a row, and the fault was scheduled for each launch separately.
  private mutating func append(_ record: FaultRecord, isRow: Bool) {
    guard record.isDue else { return }
    let actor = TrialActor.fault(record.fault, serial: record.serial)
    let victim = "\(record.point.role.rawValue) \(record.launch).\(record.index)"
    let row = isRow ? " of launch \(record.serial + 1) in the row" : ""
    let what = "fault \(record.fault) (\(record.name))\(row)"
    add(
      record.armed, actor, what,
      "is armed for \(victim) (pid \(record.pid)) at \(record.point.rawValue)")
    let stake = record.port == 0 ? "" : ", on port \(record.port)"
    add(record.injected, actor, what, "is injected into \(victim)\(stake)", .fault)
    let code = record.errno == 0 ? "" : ": \(LinuxErrno.text(record.errno))"
    let helper = record.helper == 0 ? "" : " by pid \(record.helper)"
    add(record.witnessed, actor, what, "is witnessed\(helper)\(code)")
    if record.witnessed == 0 && record.errno != 0 {
      add(record.injected, actor, what, "failed\(code)", .failure)
    }
    add(record.healed, actor, what, "is over")
  }
}
