internal import History
public import Lifelines
internal import LinuxFacts

/// The ports of a trial along time.
extension TrialLifelines {
  /// An endpoint with the server that it belongs to.
  private struct Place {
    var server: ServerRecord
    var role: String
    var endpoint: EndpointRecord

    /// Whether its number was in use.
    var isLost: Bool {
      endpoint.errno == LinuxErrno.addressInUse && endpoint.requested != 0 && endpoint.finished > 0
    }
  }

  private var places: [Place] {
    events.flatMap { event -> [Place] in
      guard case .server(let server) = event,
        launches[server.launch]?.forced?.isLaunch != true
      else { return [] }
      return [
        Place(server: server, role: "input", endpoint: server.input),
        Place(server: server, role: "output", endpoint: server.output),
      ]
    }
  }

  private var windowRecords: [ForcedWindow] {
    events.compactMap {
      guard case .forcedWindow(let window) = $0, window.probed > 0 else { return nil }
      return window
    }
  }

  /// One lifeline for each endpoint whose number was in use.
  public var lostPorts: [Lifeline] {
    places.filter(\.isLost).map { place in
      var lifeline = Lifeline(.port, "port \(place.endpoint.requested)")
      lifeline.spans = claims(lost: place)
      lifeline.instants = [.init(.failure, failure(place), at: place.endpoint.finished)]
      let holder = RaceReport.holder(place.endpoint.holder, of: place.server.launch).text
      lifeline.note = "held by \(holder)"
      return lifeline
    }
  }

  /// One lifeline for each window of a program under `check`.
  public var windows: [Lifeline] {
    windowRecords.map { window in
      var lifeline = Lifeline(.port, "\(window.protocolName) port \(window.port)")
      lifeline.spans = claims(window, until: window.rebound)
      if window.rebound > 0 { lifeline.instants = [rebound(window)] }
      lifeline.note =
        "\(window.verdict)\(window.isStolen ? ", stolen" : "")"
        + (window.result > 0 ? ": \(Self.name(window.result))" : "")
      return lifeline
    }
  }

  /// What happens to a number between its choice and its bind.
  enum Choice {
    /// It is released at the end of the allocation.
    case released
    /// It is known by then; whether somebody holds it is not recorded.
    case known
    /// It is chosen later.
    case later
  }

  /// Every port that the launches were given, asked for or bound, by number: who held it when.
  func ports(_ choice: Choice) -> [Lifeline] {
    var claims: [String: [Lifeline.Span]] = [:]
    var instants: [String: [Lifeline.Instant]] = [:]
    var numbers: [String: UInt16] = [:]
    func note(
      _ port: UInt16, _ spans: [Lifeline.Span], _ marks: [Lifeline.Instant] = [],
      _ transport: String = "tcp"
    ) {
      let name = "\(transport == "tcp" ? "" : transport + " ")port \(port)"
      numbers[name] = port
      claims[name, default: []] += spans
      instants[name, default: []] += marks
    }
    if choice == .released {
      for launch in launches.values.sorted(by: { $0.launch < $1.launch })
      where launch.allocationStarted > 0 {
        for port in launch.advertised where port != 0 { note(port, [probed(launch)]) }
      }
    }
    for place in places {
      let endpoint = place.endpoint
      if place.isLost {
        note(
          endpoint.requested, self.claims(lost: place, choice),
          [.init(.failure, failure(place), at: endpoint.finished)])
      }
      if endpoint.bound != 0 { note(endpoint.bound, self.claims(bound: place, choice)) }
    }
    for window in windowRecords {
      note(
        window.port, self.claims(window, until: end), window.rebound > 0 ? [rebound(window)] : [],
        window.protocolName)
    }
    for (port, span) in services { note(port, [span]) }
    return numbers.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map { name, _ in
      var lifeline = Lifeline(.port, name)
      lifeline.spans = PortStates.merged(claims[name] ?? [])
      lifeline.instants = instants[name] ?? []
      return lifeline
    }
  }

  private func failure(_ place: Place) -> String {
    "API server \(place.server.launch).\(place.server.server) gets EADDRINUSE for its \(place.role)"
  }

  private func probed(_ launch: LaunchRecord) -> Lifeline.Span {
    .init(
      .held, "held by launcher \(launch.launch)", from: launch.allocationStarted,
      to: launch.allocationEnded)
  }

  /// Held by the probe, then by nobody, then by whoever took it, until the bind failed.
  private func claims(lost place: Place) -> [Lifeline.Span] {
    var spans: [Lifeline.Span] = []
    let endpoint = place.endpoint
    let launch = launches[place.server.launch]
    let released = launch?.allocationEnded ?? 0
    if let launch, launch.allocationStarted > 0, released >= launch.allocationStarted {
      spans.append(probed(launch))
    }
    let taken = RaceReport.bound(endpoint, events)
    let from = taken ?? endpoint.attempted
    if released > 0, from > released {
      spans.append(.init(.open, "free", from: released, to: from))
    }
    if let taken, taken < endpoint.finished {
      let holder = RaceReport.holder(endpoint.holder, of: place.server.launch)
      let verb = holder.kind == "a thief" ? "stolen" : "taken"
      var span = Lifeline.Span(
        .taken, "\(verb) by \(holder.text)", from: taken, to: endpoint.finished)
      span.details = [.init("sources", (endpoint.holder?.sources ?? .neither).rawValue)]
      spans.append(span)
    }
    return spans
  }

  /// The same for a strategy that may not release its numbers.
  private func claims(lost place: Place, _ choice: Choice) -> [Lifeline.Span] {
    let claims = claims(lost: place)
    let taken = claims.filter { $0.meaning == .taken }
    switch choice {
    case .released: return claims
    case .known: return chosen(place, until: taken.first?.from ?? place.endpoint.finished) + taken
    case .later: return taken
    }
  }

  private func chosen(_ place: Place, until time: UInt64) -> [Lifeline.Span] {
    guard let launch = launches[place.server.launch], launch.hasChosen(place.endpoint),
      launch.allocationStarted < time
    else { return [] }
    return [
      .init(
        .chosen, "chosen by launcher \(launch.launch), not bound yet",
        from: launch.allocationStarted, to: time)
    ]
  }

  /// Chosen by the launcher, then held by its API server until the trial is over.
  private func claims(bound place: Place, _ choice: Choice) -> [Lifeline.Span] {
    let endpoint = place.endpoint
    let who = "API server \(place.server.launch).\(place.server.server)"
    var spans: [Lifeline.Span] = []
    if let launch = launches[place.server.launch], endpoint.requested == endpoint.bound,
      launch.hasChosen(endpoint)
    {
      switch choice {
      case .released:
        spans += [
          probed(launch),
          .init(.open, "free", from: launch.allocationEnded, to: endpoint.finished),
        ]
      case .known: spans += chosen(place, until: endpoint.finished)
      case .later: break
      }
    }
    if endpoint.finished > 0 {
      spans.append(
        .init(.held, "held by \(who) (\(place.role))", from: endpoint.finished, to: end))
    }
    return spans
  }

  /// - Parameter end: until when the thief's possession is shown, which lasts as long as the program.
  private func claims(_ window: ForcedWindow, until end: UInt64) -> [Lifeline.Span] {
    var spans: [Lifeline.Span] = []
    let released = window.released > 0 ? window.released : window.rebound
    if released >= window.probed {
      spans.append(
        .init(.held, "held by process \(window.proberPid)", from: window.probed, to: released))
    }
    if window.released > 0, window.rebound > window.released {
      spans.append(.init(.open, "free", from: window.released, to: window.rebound))
    }
    if window.isStolen, window.rebound > 0 {
      let thief = ForcedReport.Words(window).holder ?? "a thief"
      spans.append(.init(.taken, "stolen by \(thief)", from: window.rebound, to: end))
    }
    return spans
  }

  private func rebound(_ window: ForcedWindow) -> Lifeline.Instant {
    .init(
      window.result == 0 ? .success : .failure,
      "process \(window.rebinderPid) binds it again: \(ForcedReport.Words(window).result)",
      at: window.rebound)
  }

  /// Ports of the rest of the start-up, which are held until the trial is over.
  private var services: [(port: UInt16, span: Lifeline.Span)] {
    var found: [(UInt16, Lifeline.Span)] = []
    for case .startup(let record) in events {
      func add(_ port: UInt16, _ who: String, _ since: UInt64) {
        guard port != 0, since != 0 else { return }
        found.append((port, .init(.held, "held by \(who) \(record.launch)", from: since, to: end)))
      }
      add(record.handshakePort, "launcher", record.handshakeBound)
      add(record.httpPort, "launcher", record.httpBound)
      for port in record.coordinatorPorts { add(port, "coordinator", record.coordinatorBound) }
    }
    return found
  }
}
