internal import History
internal import Lifelines
internal import PlanModel

/// What happened at depth `startup`.
extension TrialStory {
  mutating func append(_ record: StartupRecord) {
    let actor = TrialActor.launcher(record.launch)
    let coordinator = TrialActor.coordinator(record.launch)
    let who = actor.name
    add(record.coordinatorStarted, coordinator, coordinator.name, "begins")
    add(record.coordinatorBound, coordinator, coordinator.name, "has bound")
    add(record.coordinatorReported, actor, who, "has the coordinator's addresses")
    let numbers = record.groupPorts.map { "\($0)" }.joined(separator: ", ")
    add(
      record.groupChosen, actor, who, "has probed the data-parallel group's ports \(numbers)")
    add(
      record.reinitialised, actor, nil, "every engine core of \(who) has formed its group anew")
    add(
      record.handshakeBound, actor, who,
      "has bound the handshake to port \(record.handshakePort)")
    add(record.enginesReady, actor, who, "has seen every engine core READY")
    add(record.served, actor, who, "has seen every API server served", .success)
    let casualty =
      record.casualty.rawValue + (record.casualtyNumber < 0 ? "" : " \(record.casualtyNumber)")
    add(record.httpBound, actor, who, "listens for HTTP on port \(record.httpPort)")
    add(
      record.httpAnswered, actor, nil,
      "every API server of \(who) has answered over HTTP, after \(record.httpRequests) requests")
    for (number, headless) in record.headless.enumerated() {
      let there = TrialActor.headless(record.launch, node: number + 1)
      add(headless.started, there, there.name, "begins")
      add(
        headless.noticed, there, there.name,
        "notices that its engine core \(headless.casualty) has died", .failure)
    }
    add(
      record.noticed, actor, who, "notices that the launch has failed: \(casualty)", .failure)
  }

  mutating func append(_ record: EngineRecord) {
    let actor = TrialActor.engine(record.launch, record.engine)
    let who = "\(actor.name) on node \(record.node)"
    add(record.started, actor, who, "begins")
    add(record.initialised, actor, who, "has the addresses")
    for (name, meeting) in [
      ("the data-parallel group", record.group), ("the workers' group", record.workers),
      ("the group that is formed anew", record.reinit),
    ] {
      guard let meeting else { continue }
      let lost = meeting.lost == 0 ? "" : ", and loses \(meeting.lost) numbers"
      let place = meeting.bound == 0 ? "" : ", and listens on port \(meeting.bound)"
      add(
        meeting.attempted, actor, who, "goes to \(name) at port \(meeting.port)\(lost)\(place)")
      add(meeting.met, actor, who, "is in \(name)")
    }
    add(record.loaded, actor, who, "has loaded")
    let leak = record.placeholders == 0 ? "" : ", to port 0 in \(record.placeholders) cases"
    add(record.connected, actor, who, "has connected\(leak)")
    add(record.ready, actor, who, "is READY", .success)
  }

  mutating func append(_ record: ServingRecord) {
    let actor = TrialActor.server(record.launch, record.server)
    let who = actor.name
    add(record.heard, actor, who, "has heard every engine core")
    add(record.served, actor, who, "has been answered by every engine core", .success)
    add(record.httpAnswered, actor, who, "has answered over HTTP")
    add(record.failed, actor, who, "gives up at \(record.stage.rawValue)", .failure)
  }
}
