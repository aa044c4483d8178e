public import History
internal import Judging
public import Lifelines
internal import LinuxFacts
internal import PlanModel

/// One trial's events as lifelines of its processes, ports and faults: what the trial's chart on a page and its trace are
/// made of.
public struct TrialLifelines {
  let events: [Event]
  let story: TrialStory
  let arrows: TrialArrows
  /// By launch.
  private(set) var launches: [Int: LaunchRecord] = [:]
  /// When the trial began.
  public private(set) var start: UInt64 = 0
  /// When it was over.
  public private(set) var end: UInt64 = 0
  /// When the barrier opened; 0 if it did not.
  public private(set) var barrierOpened: UInt64 = 0

  /// - Parameter events: of one whole trial.
  public init(_ events: [Event]) {
    self.events = events
    story = TrialStory(events)
    arrows = TrialArrows(events, story)
    for event in events {
      switch event {
      case .trialStarted(let record): start = record.at
      case .launch(let record): launches[record.launch] = record
      case .trialEnded(let record): (end, barrierOpened) = (record.at, record.barrierOpened)
      default: break
      }
    }
  }

  /// A name alone, where there is little room.
  static func name(_ code: Int32) -> String { LinuxErrno.name(code) ?? LinuxErrno.text(code) }

  /// A lifeline with all that happened to an actor.
  func lifeline(_ actor: TrialActor, pid: Int32) -> Lifeline {
    var lifeline = Lifeline(.process(pid: pid), actor.name)
    lifeline.instants = instants { $0.actor == actor }
    return lifeline
  }

  func instants(where isMeant: (TrialStory.Moment) -> Bool) -> [Lifeline.Instant] {
    story.moments.enumerated().filter { isMeant($0.element) }.map { place, moment in
      var instant = Lifeline.Instant(moment.meaning, moment.deed, at: moment.at)
      instant.arrows = arrows.atMoment[place] ?? []
      return instant
    }
  }

  /// What faults did to a process.
  private func faults(of victim: TrialActor) -> [Lifeline.Instant] {
    events.compactMap { event in
      guard case .fault(let record) = event, record.isDue, record.injected > 0,
        TrialActor(victim: record) == victim
      else { return nil }
      return Lifeline.Instant(
        .fault, "fault \(record.fault) (\(record.name)) at \(record.point.rawValue)",
        at: record.injected)
    }
  }

  /// Launchers whose allocation began.
  public var launchers: [Lifeline] {
    launches.values.sorted { $0.launch < $1.launch }.compactMap { record in
      guard record.allocationStarted > 0, record.forced?.isLaunch != true else { return nil }
      let actor = TrialActor.launcher(record.launch)
      var lifeline = lifeline(actor, pid: record.pid)
      lifeline.instants += faults(of: actor)
      var span = Lifeline.Span(
        .work, "allocates", from: record.allocationStarted, to: record.allocationEnded)
      span.details = [
        .init("ports", record.advertised.map { "\($0)" }.joined(separator: ", "))
      ]
      span.arrows = arrows.fromAllocation[record.launch] ?? []
      lifeline.spans = [span]
      lifeline.note =
        record.errno != 0
        ? "\(Self.name(record.errno)) at \(record.stage.rawValue)"
        : "has \(record.advertised.count) addresses"
      return lifeline
    }
  }

  /// API servers that left the barrier.
  public var servers: [Lifeline] {
    events.compactMap { event in
      guard case .server(let record) = event, record.released > 0,
        launches[record.launch]?.forced?.isLaunch != true
      else { return nil }
      let actor = TrialActor.server(record.launch, record.server)
      var lifeline = lifeline(actor, pid: record.pid)
      lifeline.instants += faults(of: actor)
      let bound = max(record.released, record.input.finished, record.output.finished)
      lifeline.spans = [.init(.work, "binds its ports", from: record.released, to: bound)]
      var failures: [String] = []
      for (role, endpoint) in [("input", record.input), ("output", record.output)]
      where endpoint.finished > 0 {
        let bind = TrialArrows.Bind(
          launch: record.launch, server: record.server, isOutput: role == "output")
        lifeline.spans += step(role, endpoint, arrows.toBind[bind] ?? [])
        if endpoint.errno != 0 {
          failures.append("\(role) \(endpoint.requested): \(Self.name(endpoint.errno))")
        }
      }
      lifeline.spans += serving(record, since: bound)
      lifeline.note = failures.joined(separator: ", ")
      return lifeline
    }
  }

  /// The bind of one endpoint.
  private func step(
    _ role: String, _ endpoint: EndpointRecord, _ arrows: [Lifeline.Arrow]
  ) -> [Lifeline.Span] {
    guard endpoint.attempted > 0 else { return [] }
    let place = endpoint.requested == 0 ? "any port" : "port \(endpoint.requested)"
    var span = Lifeline.Span(
      .step, "binds its \(role) to \(place)", from: endpoint.attempted, to: endpoint.finished)
    span.details = [
      .init("result", endpoint.errno == 0 ? "bound" : LinuxErrno.text(endpoint.errno)),
      .init("stage", endpoint.stage.rawValue), .init("bound", "\(endpoint.bound)"),
      .init("retries", "\(endpoint.retries)"), .init("ownership", endpoint.ownership.rawValue),
    ]
    span.arrows = arrows
    return [span]
  }

  /// What an API server did once it was bound, at depth `startup`.
  private func serving(_ server: ServerRecord, since bound: UInt64) -> [Lifeline.Span] {
    for case .serving(let record) in events
    where record.launch == server.launch && record.server == server.server {
      return Self.steps(
        from: bound,
        [("waits for the engine cores", record.heard), ("waits for answers", record.served)])
    }
    return []
  }

  /// Steps one after the other, as far as they were reached.
  static func steps(from start: UInt64, _ steps: [(name: String, end: UInt64)]) -> [Lifeline.Span] {
    var spans: [Lifeline.Span] = []
    var from = start
    for step in steps where step.end >= from && from > 0 {
      spans.append(.init(.step, step.name, from: from, to: step.end))
      from = step.end
    }
    return spans
  }

  /// Engine cores that were started.
  public var engines: [Lifeline] {
    events.compactMap { event in
      guard case .engine(let record) = event, record.started > 0 else { return nil }
      let actor = TrialActor.engine(record.launch, record.engine)
      var lifeline = lifeline(actor, pid: record.pid)
      lifeline.instants += faults(of: actor)
      let ends = [record.initialised, record.loaded, record.connected, record.ready]
      let last = max(record.started, ends.max() ?? 0)
      lifeline.spans =
        [.init(.work, "starts", from: record.started, to: last)]
        + Self.steps(
          from: record.started,
          [
            ("waits for the addresses", record.initialised), ("loads", record.loaded),
            ("connects", record.connected), ("waits to be READY", record.ready),
          ])
      if record.ready > 0 {
        lifeline.note = "READY"
      } else if record.errno != 0 || record.died != nil {
        lifeline.note =
          record.errno != 0
          ? "\(Self.name(record.errno)) at \(record.stage.rawValue)" : "died"
        // The time of the failure itself is not recorded.
        lifeline.instants.append(.init(.failure, "last seen; \(lifeline.note)", at: last))
      }
      return lifeline
    }
  }

  /// Faults that were injected.
  public var faults: [Lifeline] {
    events.compactMap { event in
      guard case .fault(let record) = event, record.isDue, record.injected > 0 else { return nil }
      let actor = TrialActor.fault(record.fault, serial: record.serial)
      var lifeline = Lifeline(.fault, actor.name)
      lifeline.instants = instants { $0.actor == actor }
      if record.healed > record.injected {
        lifeline.spans = [.init(.work, record.name, from: record.injected, to: record.healed)]
      }
      lifeline.note =
        "\(record.name), \(record.point.role.rawValue) \(record.launch).\(record.index)"
        + (record.port == 0 ? "" : ", port \(record.port)")
      return lifeline
    }
  }
}
