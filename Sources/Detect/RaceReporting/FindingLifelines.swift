public import Lifelines
public import RaceLedger

/// The findings of a run as lifelines of its processes and ports: what the chart of a finding and the trace are made of.
public enum FindingLifelines {
  /// A port from its probe to its re-bind, with whoever took it by then; nil where it was not let go in between.
  static func port(_ words: PlaceWords) -> Lifeline? {
    let finding = words.finding
    guard !words.window.isEmpty, let released = finding.probe.releasedAt,
      finding.probe.openedAt <= released, released <= finding.reboundAt
    else { return nil }
    var lifeline = Lifeline(.port, "port \(finding.key.port)")
    lifeline.spans = [
      .init(
        .held, "held by \(finding.probe.party.command) (pid \(finding.probe.party.pid))",
        from: finding.probe.openedAt, to: released),
      .init(.open, "free", from: released, to: finding.takenAt ?? finding.reboundAt),
    ]
    if let taken = finding.takenAt {
      let thief = words.owner.map { "stolen by \($0)" } ?? "stolen"
      lifeline.spans.append(.init(.taken, thief, from: taken, to: finding.reboundAt))
    }
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
    var lines = LifelineTable()
    var last: UInt64 = 0
    let end = max(
      facts.startedAt + UInt64(facts.seconds * 1e9), book.findings.map(\.reboundAt).max() ?? 0)
    for finding in book.findings {
      let words = PlaceWords(place: PlaceReport(finding), facts: facts)
      for (instant, pid, name) in instants(words, &last) { lines.add(instant, pid, name) }
      guard var lane = port(words) else { continue }
      // Thieves let go when the command's tree has ended.
      for index in lane.spans.indices
      where lane.spans[index].meaning == .taken && !finding.thiefAddresses.isEmpty {
        lane.spans[index].to = end
      }
      lines.add(lane, finding.key)
    }
    var run = Lifeline(.record, "bindstorm check")
    run.spans = [.init(.work, facts.command.joined(separator: " "), from: facts.startedAt, to: end)]
    run.spans[0].details = [
      .init("ending", facts.ending), .init("races", "\(book.races.count)"),
      .init("stolen", "\(facts.stolen)"),
    ]
    return [run] + (lines.processes + lines.ports).map { clamped($0, from: facts.startedAt) }
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
    if let released = probe.releasedAt, let how = probe.release {
      add(
        .step, "lets \(probe.address) go: \(how.rawValue)", released, probe.party.pid,
        probe.party.command)
    }
    if let taken = finding.takenAt {
      add(
        .step, "takes \(finding.rebindAddress)", taken, finding.owner?.pid ?? 0,
        "thief of bindstorm check", isSource: true)
    }
    let isWell = finding.result == 0 || (finding.result == nil && !finding.wasStolen)
    add(
      isWell ? .success : .failure, "\(words.call) \(finding.rebindAddress): \(words.result)",
      finding.reboundAt, rebinder.pid, rebinder.command)
    found[found.count - 1].0.arrows = arriving
    found[found.count - 1].0.details = [
      .init("verdict", finding.kind.rawValue), .init("place", finding.place),
    ]
    return found
  }
}

extension Finding {
  /// When a thief took the port: at its release, or while the re-bind waited; nil if none did.
  fileprivate var takenAt: UInt64? {
    guard wasStolen else { return nil }
    return proof == .thief ? probe.releasedAt ?? reboundAt : reboundAt
  }
}
