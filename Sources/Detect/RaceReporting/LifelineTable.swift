internal import Lifelines
internal import RaceLedger

/// The lifelines of a run's processes and ports while findings are added.
struct LifelineTable {
  /// A process by its id, or by its name where that is unknown.
  private struct Process: Hashable {
    var pid: Int32
    var name: String
  }
  private struct Event: Hashable {
    var process: Process
    var at: UInt64
    var name: String
  }

  /// In the order in which they were added.
  private(set) var processes: [Lifeline] = []
  private var lanes: [(key: PortKey, lifeline: Lifeline)] = []
  private var places: [Process: Int] = [:]
  private var events: [Event: Int] = [:]
  private var keys: [PortKey: Int] = [:]
  private var names: Set<String> = []

  /// Adds what a process did. One probe may be that of several findings: it is one event with an arrow to each.
  mutating func add(_ instant: Lifeline.Instant, _ pid: Int32, _ name: String) {
    let process = Process(pid: pid, name: pid > 0 ? "" : name)
    let place = places[process] ?? processes.count
    if place == processes.count {
      places[process] = place
      processes.append(Lifeline(.process(pid: pid), name))
    }
    let event = Event(process: process, at: instant.at, name: instant.name)
    if let known = events[event], instant.details.isEmpty {
      processes[place].instants[known].arrows += instant.arrows
    } else {
      events[event] = processes[place].instants.count
      processes[place].instants.append(instant)
    }
  }

  /// Adds what became of a port in one window.
  mutating func add(_ lane: Lifeline, _ key: PortKey) {
    if let known = keys[key] {
      lanes[known].lifeline.spans += lane.spans
      lanes[known].lifeline.instants += lane.instants
      return
    }
    var lane = lane
    lane.name = "\(key.transport.rawValue) port \(key.port)"
    // One number may be a port of several network namespaces.
    if !names.insert(lane.name).inserted { lane.name += " in namespace \(key.namespace)" }
    keys[key] = lanes.count
    lanes.append((key, lane))
  }

  /// Sorted by number.
  var ports: [Lifeline] {
    lanes.sorted { ($0.key.port, $0.lifeline.name) < ($1.key.port, $1.lifeline.name) }.map { lane in
      var lifeline = lane.lifeline
      lifeline.spans = PortStates.merged(lifeline.spans)
      return lifeline
    }
  }
}
