public import Lifelines
public import RaceLedger

/// The findings of a run as lifelines of its processes and ports: what the chart of a finding and the trace are made of.
public enum FindingLifelines {
  /// A port from its probe to its re-bind; nil where it was not let go in between.
  static func port(_ words: PlaceWords) -> Lifeline? {
    let finding = words.finding
    guard !words.window.isEmpty, let released = finding.probe.releasedAt,
      finding.probe.openedAt <= released, released <= finding.reboundAt
    else { return nil }
    var lifeline = Lifeline(.port, "port \(finding.key.port)")
    let thief = words.owner.map { "stolen by \($0)" } ?? "stolen"
    lifeline.spans = [
      .init(
        .held, "held by \(finding.probe.party.command) (pid \(finding.probe.party.pid))",
        from: finding.probe.openedAt, to: released),
      .init(
        finding.wasStolen ? .taken : .open, finding.wasStolen ? thief : "free", from: released,
        to: finding.reboundAt),
    ]
    lifeline.note = "open for \(words.window), re-bind \(words.result)"
    lifeline.instants = [
      .init(
        finding.result == 0 ? .success : .failure,
        "\(finding.rebinder.command) (pid \(finding.rebinder.pid)): \(words.result)",
        at: finding.reboundAt)
    ]
    return lifeline
  }

  /// The whole run: the command, each process of a finding, each port that was let go. What was not found, and what is
  /// suppressed, is not in it.
  public static func all(_ book: Book, _ facts: RunFacts) -> [Lifeline] {
    var run = Lifeline(.record, "bindstorm check")
    var processes: [Lifeline] = []
    var ports: [(key: PortKey, lifeline: Lifeline)] = []
    var last: UInt64 = 0
    func add(_ instant: Lifeline.Instant, _ pid: Int32, _ name: String) {
      let known = processes.firstIndex {
        $0.subject == .process(pid: pid) && (pid > 0 || $0.name == name)
      }
      if let known {
        // One probe may be that of several findings.
        let same = processes[known].instants.firstIndex {
          $0.at == instant.at && $0.name == instant.name && $0.details == instant.details
        }
        if let same {
          processes[known].instants[same].arrows += instant.arrows
        } else {
          processes[known].instants.append(instant)
        }
      } else {
        var lifeline = Lifeline(.process(pid: pid), name)
        lifeline.instants = [instant]
        processes.append(lifeline)
      }
    }
    for finding in book.findings {
      let words = PlaceWords(place: PlaceReport(finding), facts: facts)
      for (instant, pid, name) in instants(words, &last) { add(instant, pid, name) }
      guard let lane = port(words) else { continue }
      if let known = ports.firstIndex(where: { $0.key == finding.key }) {
        ports[known].lifeline.spans += lane.spans
        ports[known].lifeline.instants += lane.instants
      } else {
        ports.append((finding.key, named(lane, finding.key, ports.map(\.lifeline.name))))
      }
    }
    let lanes = ports.sorted { ($0.key.port, $0.lifeline.name) < ($1.key.port, $1.lifeline.name) }
      .map { port in
        var lane = port.lifeline
        lane.spans = PortStates.merged(lane.spans)
        return lane
      }
    let times = (processes + lanes).flatMap(\.times)
    let end = max(facts.startedAt + UInt64(facts.seconds * 1e9), times.max() ?? 0)
    run.spans = [.init(.work, facts.command.joined(separator: " "), from: facts.startedAt, to: end)]
    run.spans[0].details = [
      .init("ending", facts.ending), .init("races", "\(book.races.count)"),
      .init("stolen", "\(facts.stolen)"),
    ]
    return [run] + (processes + lanes).map { clamped($0, from: facts.startedAt) }
  }

  /// A name of its own: one number may be a port of two protocols and of several network namespaces.
  private static func named(_ lane: Lifeline, _ key: PortKey, _ taken: [String]) -> Lifeline {
    var lane = lane
    lane.name = "\(key.transport.rawValue) port \(key.port)"
    if taken.contains(lane.name) { lane.name += " in namespace \(key.namespace)" }
    return lane
  }

  private static func clamped(_ lifeline: Lifeline, from start: UInt64) -> Lifeline {
    var clamped = lifeline
    clamped.spans = lifeline.spans.map { span in
      var span = span
      (span.from, span.to) = (max(span.from, start), max(span.to, start))
      return span
    }
    clamped.instants = lifeline.instants.map { instant in
      var instant = instant
      instant.at = max(instant.at, start)
      return instant
    }
    return clamped
  }

  /// What the parties of a finding did, with the arrows between it.
  /// - Parameter last: the last arrow's number.
  private static func instants(
    _ words: PlaceWords, _ last: inout UInt64
  ) -> [(Lifeline.Instant, pid: Int32, name: String)] {
    let finding = words.finding
    let (probe, rebinder) = (finding.probe, finding.rebinder)
    var found: [(Lifeline.Instant, pid: Int32, name: String)] = []
    var arriving: [Lifeline.Arrow] = []
    func add(
      _ meaning: Lifeline.Instant.Meaning, _ name: String, _ at: UInt64, _ pid: Int32,
      _ who: String,
      isSource: Bool = false
    ) {
      var instant = Lifeline.Instant(meaning, name, at: at)
      instant.details = [.init("place", finding.place), .init("verdict", finding.kind.rawValue)]
      if isSource {
        last += 1
        instant.arrows = [.init(id: last, arrives: false)]
        arriving.append(.init(id: last, arrives: true))
      }
      found.append((instant, pid, who))
    }
    add(
      .step, "\(words.origin(probe)): \(probe.address)", probe.openedAt, probe.party.pid,
      probe.party.command, isSource: true)
    if let released = probe.releasedAt {
      add(.step, "releases \(probe.address)", released, probe.party.pid, probe.party.command)
    }
    if finding.wasStolen {
      let owner = finding.owner
      add(
        .step, "takes \(finding.rebindAddress)", finding.reboundAt, owner?.pid ?? 0,
        "thief of bindstorm check", isSource: true)
    }
    let isWell = finding.result == 0 || (finding.result == nil && !finding.wasStolen)
    add(
      isWell ? .success : .failure, "\(words.call) \(finding.rebindAddress): \(words.result)",
      finding.reboundAt, rebinder.pid, rebinder.command)
    found[found.count - 1].0.arrows = arriving
    return found
  }
}
