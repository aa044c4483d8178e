public import RaceLedger
internal import TerminalText

/// The report as text for a terminal or a log.
public enum RaceTextReport {
  private static let rule = "=================="

  /// The whole report, ending with a line break. Empty if there is nothing to report.
  /// - Parameter isVerbose: adds the details of notes, and what was watched.
  public static func text(_ book: Book, _ facts: RunFacts, isVerbose: Bool = false) -> String {
    var lines: [String] = []
    for place in book.races { lines += block(place, facts, isVerbose: isVerbose) }
    for place in book.notes {
      if isVerbose {
        lines += block(place, facts, isVerbose: isVerbose)
      }
    }
    lines.append(last(book, facts))
    lines += CallSiteRemarks.lines(book)
    if facts.stolen > 0 || facts.duplicatesForced > 0 {
      lines.append(
        "bindstorm check: \(count(facts.stolen, "re-bind")) found the port stolen (--steal); \(count(facts.duplicatesForced, "port")) deliberately handed out twice (--force-duplicate)"
      )
    }
    lines += remarks(book, facts)
    lines += facts.injections.map { "bindstorm check: injected (synthetic errors): \($0)" }
    if isVerbose {
      lines.append(
        "bindstorm check: \(facts.mode) mode, \(count(facts.calls, "call")) caught, \(count(facts.probes, "port")) chosen by the kernel, \(facts.boundByNumber) bound by number, \(count(book.suppressed, "finding")) suppressed"
      )
      lines += book.suppressionsUsed.sorted { $0.key < $1.key }.map {
        "bindstorm check: suppression '\($0.key)' took \($0.value)"
      }
    }
    if facts.unobserved > 0 {
      lines.append(
        "bindstorm check: \(count(facts.unobserved, "call")) could not be looked into (another user's process, or a network namespace that cannot be entered), and so not covered by this result"
      )
    }
    if facts.lostEvents > 0 {
      lines.append(
        "bindstorm check: the kernel dropped socket events \(count(facts.lostEvents, "time")): releases may be dated late"
      )
    }
    if facts.isTreeRunning {
      lines.append(
        "bindstorm check: some of the command's processes are still running; they are no longer monitored"
          + (facts.stillRunning.isEmpty ? "" : ": \(LeftProcess.list(facts.stillRunning))"))
    }
    lines += verdict(facts)
    return lines.map { TerminalText.safeLine($0) + "\n" }.joined()
  }

  /// What the theft showed, and what to do where it showed nothing.
  static func verdict(_ facts: RunFacts) -> [String] {
    guard let outcome = facts.outcome else {
      return facts.steal == "off" || facts.stolen > 0
        ? []
        : ["bindstorm check: nothing was stolen: no port was let go and bound again in this run"]
    }
    let advice = outcome.undecided.map { ["bindstorm check: what to do: \($0.advice)"] } ?? []
    return ["bindstorm check: \(outcome.sentence)"] + advice
  }

  static func last(_ book: Book, _ facts: RunFacts) -> String {
    let ending = "the command \(facts.ending)"
    guard !book.races.isEmpty else {
      let nothing =
        facts.hasPorts
        ? "no race in \(facts.portsFollowed)" : Undecided.nothingFollowed
      let suppressed =
        book.suppressed > 0 ? ", \(count(book.suppressed, "finding")) suppressed" : ""
      return "bindstorm check: \(nothing)\(suppressed); \(ending)"
    }
    let counts = RaceKind.allCases.compactMap { kind -> String? in
      let count = book.races.filter { $0.first.kind == kind }.count
      return count > 0 ? "\(count) \(kind.rawValue)" : nil
    }
    return "bindstorm check: races found at \(book.races.count) "
      + "\(book.races.count == 1 ? "place" : "places") (\(counts.joined(separator: ", "))); \(ending)"
  }

  private static func block(_ place: PlaceReport, _ facts: RunFacts, isVerbose: Bool) -> [String] {
    let words = PlaceWords(place: place, facts: facts)
    let finding = place.first
    let port = finding.probe.address.description
    var lines = [
      rule,
      "WARNING: bindstorm: \(title(finding)) on \(finding.key.transport.rawValue) \(port)",
    ]
    let isReached = finding.kind == .crossWired && finding.owner?.isThief != true
    lines.append(
      "  \(isReached ? "Server" : "Probe"): \(words.origin(finding.probe)) by \(words.who(finding.probe.party))"
    )
    lines.append("         \(words.time(finding.probe.openedAt, finding.probe.party))")
    lines += StackLines.lines(finding.probe.party, isVerbose: isVerbose)
    if words.tellsRelease { lines.append("  Released: \(words.release)") }
    if let other = finding.otherProbe {
      lines.append("  Also handed out: \(words.origin(other)) to \(words.who(other.party))")
      lines.append("         \(words.time(other.openedAt, other.party))")
      lines += StackLines.lines(other.party, isVerbose: isVerbose)
    }
    lines.append("  \(words.secondCall) by \(words.who(finding.rebinder))")
    let result = words.isConnect ? "" : ", \(words.result)"
    lines.append("         \(words.time(finding.reboundAt, finding.rebinder))\(result)")
    lines += StackLines.lines(finding.rebinder, isVerbose: isVerbose)
    if let owner = words.owner { lines.append("  Held by: \(owner)") }
    if !words.window.isEmpty { lines.append("  Window: \(words.window)") }
    if let tests = words.tests { lines.append("  Tests: \(tests)") }
    if finding.offset != 0 {
      lines.append("  Number: \(finding.key.port) = \(words.sum)")
    }
    lines.append("  Proof: \(finding.proof.rawValue)")
    if let thief = words.thief { lines.append("  Thief: \(thief)") }
    if let way = facts.way(place) { lines.append("  Force it: \(way)") }
    let stolen = place.stolen > 0 ? ", \(place.stolen) stolen" : ""
    let count = place.count == 1 ? "once" : "\(place.count) times"
    lines.append("SUMMARY: bindstorm: \(finding.summary) (\(count)\(stolen))")
    lines.append(rule)
    return lines
  }

  private static func title(_ finding: Finding) -> String {
    finding.kind == .crossWired && finding.owner?.isThief == true
      ? "a client reached the thief instead of its server" : title(finding.kind)
  }

  static func title(_ kind: RaceKind) -> String {
    switch kind {
    case .race: "port race (probed, let go, bound again)"
    case .restart: "port race (a server restarts on a port that the kernel once chose)"
    case .duplicate: "one port handed out to two owners"
    case .collision: "a handed-out port is taken"
    case .crossWired: "a client reached another deployment's server"
    case .crossProtocol: "a number chosen for one protocol is bound for the other, unreserved there"
    case .crossAddress: "a number held at one address is bound at another, unreserved there"
    case .derived: "a number computed from a chosen one is bound, and nothing reserved it"
    case .lookedUp: "a number is bound because a connection to it was refused"
    case .refusedBefore: "a number is bound to which a connection was refused"
    case .nearNumber: "a number near a chosen one is bound"
    case .liveTwin: "two live UDP sockets were given one number"
    case .shared: "a stranger's socket shares the port by SO_REUSEPORT, without an error"
    case .selfConnect: "a TCP connection is connected to itself"
    case .deadPort: "a released number is taken for dead"
    case .stillHeld: "a handed-out port is bound again while its probe holds it"
    case .reservation: "a port was re-bound while its probe is open"
    case .pool: "several sockets of the tree share a port by SO_REUSEPORT"
    case .sourcePort: "a connection's source port is taken for a listener"
    case .clientPort: "a port that was a client's own is bound by number"
    }
  }
}
