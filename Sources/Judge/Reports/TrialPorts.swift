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
      lifeline.spans = claims(window)
      if window.rebound > 0 { lifeline.instants = [rebound(window)] }
      lifeline.note =
        "\(window.verdict)\(window.isStolen ? ", stolen" : "")"
        + (window.result > 0 ? ": \(Self.name(window.result))" : "")
      return lifeline
    }
  }

  /// Every port that the launches were given, asked for or bound, by number: who held it when.
  /// - Parameter letsGo: whether the strategy releases a number before it is bound; otherwise it is not known who holds
  ///   it until then.
  func ports(letsGo: Bool) -> [Lifeline] {
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
    for place in places {
      let endpoint = place.endpoint
      if place.isLost {
        note(
          endpoint.requested, self.claims(lost: place),
          [.init(.failure, failure(place), at: endpoint.finished)])
      }
      if endpoint.bound != 0 { note(endpoint.bound, self.claims(bound: place, letsGo: letsGo)) }
    }
    for window in windowRecords {
      note(
        window.port, self.claims(window), window.rebound > 0 ? [rebound(window)] : [],
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

  /// Chosen by the launcher, then held by its API server until the trial is over.
  private func claims(bound place: Place, letsGo: Bool) -> [Lifeline.Span] {
    let endpoint = place.endpoint
    let who = "API server \(place.server.launch).\(place.server.server)"
    var spans: [Lifeline.Span] = []
    if let launch = launches[place.server.launch], endpoint.requested == endpoint.bound,
      launch.hasProbed(endpoint)
    {
      let until = max(launch.allocationEnded, endpoint.finished)
      spans +=
        letsGo
        ? [probed(launch), .init(.open, "free", from: launch.allocationEnded, to: until)]
        : [
          .init(
            .chosen, "chosen by launcher \(launch.launch), not bound yet",
            from: launch.allocationStarted, to: until)
        ]
    }
    if endpoint.finished > 0 {
      spans.append(
        .init(.held, "held by \(who) (\(place.role))", from: endpoint.finished, to: end))
    }
    return spans
  }

  private func claims(_ window: ForcedWindow) -> [Lifeline.Span] {
    var spans: [Lifeline.Span] = []
    let released = window.released > 0 ? window.released : window.rebound
    if released >= window.probed {
      spans.append(
        .init(.held, "held by process \(window.proberPid)", from: window.probed, to: released))
    }
    if window.released > 0, window.rebound > window.released {
      let thief = ForcedReport.Words(window).holder ?? "a thief"
      spans.append(
        .init(
          window.isStolen ? .taken : .open, window.isStolen ? "stolen by \(thief)" : "free",
          from: window.released, to: window.rebound))
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
