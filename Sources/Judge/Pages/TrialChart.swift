internal import History
internal import LinuxFacts
internal import PageKit
internal import PlanModel
internal import Reports

/// The lanes of a trial's chart, from its events: launchers, what was lost, and whoever was beside it.
struct TrialChart {
  /// Lanes of one kind that are drawn; those that failed come first.
  private static let mostLanes = 8

  private let events: [Event]
  private var start: UInt64 = 0
  private var moments: [(name: String, at: UInt64)] = []
  /// By launch.
  private var launches: [Int: LaunchRecord] = [:]

  init(_ events: [Event]) {
    self.events = events
    for event in events {
      switch event {
      case .trialStarted(let record): start = record.at
      case .launch(let record): launches[record.launch] = record
      case .trialEnded(let record) where record.barrierOpened > 0:
        moments.append(("barrier opens", record.barrierOpened))
      default: break
      }
    }
  }

  func chart(words: String) -> TimelineChart {
    let ports = lostPorts + windows
    let lanes =
      Self.bounded(launchers, "launchers") + Self.bounded(ports, "lost ports")
      + Self.bounded(servers, "API servers") + Self.bounded(engines, "engine cores")
      + Self.bounded(faults, "faults")
    let isDrawn = !lanes.isEmpty
    return TimelineChart(
      lanes: lanes, moments: isDrawn ? moments : [], start: start, words: words)
  }

  /// A chart has room for a name alone.
  private static func name(_ code: Int32) -> String {
    LinuxErrno.name(code) ?? LinuxErrno.text(code)
  }

  private static func bounded(_ lanes: [TimelineChart.Lane], _ what: String) -> [TimelineChart.Lane]
  {
    guard lanes.count > mostLanes else { return lanes }
    var shown = Array(lanes.prefix(mostLanes - 1))
    shown.append(TimelineChart.Lane("and \(lanes.count - shown.count) \(what)"))
    return shown
  }

  private var launchers: [TimelineChart.Lane] {
    launches.values.sorted { $0.launch < $1.launch }.compactMap { record in
      guard record.allocationStarted > 0, record.forced?.isLaunch != true else { return nil }
      var lane = TimelineChart.Lane("launcher \(record.launch)")
      let end = max(record.allocationEnded, record.allocationStarted)
      lane.spans = [(.work, record.allocationStarted, end)]
      if record.errno != 0 {
        lane.instants = [(.failure, end)]
        lane.note = "\(Self.name(record.errno)) at \(record.stage.rawValue)"
      } else {
        lane.note = "has \(record.advertised.count) addresses"
      }
      return lane
    }
  }

  /// Endpoints with the server that they belong to, those that failed first.
  private var endpoints: [(server: ServerRecord, role: String, endpoint: EndpointRecord)] {
    events.flatMap { event -> [(server: ServerRecord, role: String, endpoint: EndpointRecord)] in
      guard case .server(let server) = event else { return [] }
      return [(server, "input", server.input), (server, "output", server.output)]
    }
  }

  private var lostPorts: [TimelineChart.Lane] {
    endpoints.compactMap { server, _, endpoint in
      guard endpoint.errno == LinuxErrno.addressInUse, endpoint.requested != 0,
        endpoint.finished > 0
      else { return nil }
      var lane = TimelineChart.Lane("port \(endpoint.requested)")
      let launch = launches[server.launch]
      let released = launch?.allocationEnded ?? 0
      if let launch, launch.allocationStarted > 0, released >= launch.allocationStarted {
        lane.spans.append((.held, launch.allocationStarted, released))
      }
      let taken = endpoint.holder.flatMap { $0.since > 0 ? $0.since : nil }
      let from = taken ?? endpoint.attempted
      if released > 0, from > released { lane.spans.append((.open, released, from)) }
      if let taken, taken < endpoint.finished {
        lane.spans.append((.taken, taken, endpoint.finished))
      }
      lane.instants = [(.failure, endpoint.finished)]
      let holder = RaceReport.holderText(endpoint.holder, of: server.launch)
      lane.note = "held by \(holder)"
      return lane
    }
  }

  private var windows: [TimelineChart.Lane] {
    events.compactMap { event in
      guard case .forcedWindow(let window) = event, window.probed > 0 else { return nil }
      var lane = TimelineChart.Lane("\(window.protocolName) port \(window.port)")
      let released = window.released > 0 ? window.released : window.rebound
      if released >= window.probed { lane.spans.append((.held, window.probed, released)) }
      if window.released > 0, window.rebound > window.released {
        lane.spans.append((window.isStolen ? .taken : .open, window.released, window.rebound))
      }
      if window.rebound > 0 {
        lane.instants = [(window.result == 0 ? .success : .failure, window.rebound)]
      }
      lane.note =
        "\(window.verdict)\(window.isStolen ? ", stolen" : "")"
        + (window.result > 0 ? ": \(Self.name(window.result))" : "")
      return lane
    }
  }

  private var servers: [TimelineChart.Lane] {
    let programs = Set(launches.values.filter { $0.forced?.isLaunch == true }.map(\.launch))
    let lanes = events.compactMap { event -> (hasFailed: Bool, lane: TimelineChart.Lane)? in
      guard case .server(let record) = event, record.released > 0, !programs.contains(record.launch)
      else { return nil }
      var lane = TimelineChart.Lane("API server \(record.launch).\(record.server)")
      let ends = [record.input.finished, record.output.finished]
      lane.spans = [(.work, record.released, max(record.released, ends.max() ?? 0))]
      var failures: [String] = []
      for (role, endpoint) in [("input", record.input), ("output", record.output)]
      where endpoint.finished > 0 {
        lane.instants.append((endpoint.errno == 0 ? .success : .failure, endpoint.finished))
        if endpoint.errno != 0 {
          failures.append("\(role) \(endpoint.requested): \(Self.name(endpoint.errno))")
        }
      }
      lane.note = failures.joined(separator: ", ")
      return (!failures.isEmpty, lane)
    }
    return lanes.filter(\.hasFailed).map(\.lane) + lanes.filter { !$0.hasFailed }.map(\.lane)
  }

  private var engines: [TimelineChart.Lane] {
    events.compactMap { event in
      guard case .engine(let record) = event, record.started > 0 else { return nil }
      var lane = TimelineChart.Lane("engine core \(record.launch).\(record.engine)")
      let steps = [record.initialised, record.loaded, record.connected, record.ready]
      lane.spans = [(.work, record.started, max(record.started, steps.max() ?? 0))]
      if record.ready > 0 {
        lane.instants = [(.success, record.ready)]
        lane.note = "READY"
      } else if record.errno != 0 || record.died != nil {
        lane.instants = [(.failure, max(record.started, steps.max() ?? 0))]
        lane.note =
          record.errno != 0
          ? "\(Self.name(record.errno)) at \(record.stage.rawValue)" : "died"
      }
      return lane
    }
  }

  private var faults: [TimelineChart.Lane] {
    events.compactMap { event in
      guard case .fault(let record) = event, record.isDue, record.injected > 0 else { return nil }
      var lane = TimelineChart.Lane("fault \(record.fault)")
      lane.instants = [(.fault, record.injected)]
      if record.healed > record.injected {
        lane.spans = [(.work, record.injected, record.healed)]
      }
      lane.note =
        "\(record.name), \(record.point.role.rawValue) \(record.launch).\(record.index)"
        + (record.port == 0 ? "" : ", port \(record.port)")
      return lane
    }
  }
}
