internal import History
internal import Lifelines

/// The arrows of a trial: from the choice of a number to its bind, and from the bind of whoever took a port to the bind
/// that failed for it.
struct TrialArrows {
  /// A bind of an API server.
  struct Bind: Hashable {
    var launch: Int
    var server: Int
    var isOutput: Bool
  }

  /// At a moment of the story, by its position.
  private(set) var atMoment: [Int: [Lifeline.Arrow]] = [:]
  /// From a launcher's allocation, by launch.
  private(set) var fromAllocation: [Int: [Lifeline.Arrow]] = [:]
  private(set) var toBind: [Bind: [Lifeline.Arrow]] = [:]
  private var last: UInt64 = 0

  init(_ events: [Event], _ story: TrialStory) {
    var launches: [Int: LaunchRecord] = [:]
    for case .launch(let record) in events { launches[record.launch] = record }
    for case .server(let server) in events {
      guard let launch = launches[server.launch], launch.forced?.isLaunch != true else { continue }
      for (isOutput, endpoint) in [(false, server.input), (true, server.output)]
      where launch.hasChosen(endpoint) {
        last += 1
        fromAllocation[server.launch, default: []].append(.init(id: last, arrives: false))
        let bind = Bind(launch: server.launch, server: server.server, isOutput: isOutput)
        toBind[bind] = [.init(id: last, arrives: true)]
      }
    }
    for (place, moment) in story.moments.enumerated() {
      switch moment.act {
      case .fails(let port, let holder?):
        let source = story.moments[..<place].lastIndex {
          $0.act == .binds(port) && $0.actor == holder
        }
        if let source { connect(source, place) }
      case .rebinds(let window):
        for source in story.moments[..<place].indices
        where [.probes(window), .steals(window)].contains(story.moments[source].act) {
          connect(source, place)
        }
      case .other, .binds, .fails, .probes, .steals: break
      }
    }
  }

  private mutating func connect(_ source: Int, _ end: Int) {
    last += 1
    atMoment[source, default: []].append(.init(id: last, arrives: false))
    atMoment[end, default: []].append(.init(id: last, arrives: true))
  }
}

extension LaunchRecord {
  /// Whether an endpoint asks for a number that the launcher had before; one that was tried again may be a new one.
  func hasChosen(_ endpoint: EndpointRecord) -> Bool {
    endpoint.requested != 0 && advertised.contains(endpoint.requested) && allocationStarted > 0
      && allocationEnded >= allocationStarted && endpoint.attempted >= allocationEnded
      && endpoint.retries == 0
  }
}
