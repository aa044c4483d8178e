public import RaceLedger
internal import TerminalText

/// Words for verdicts that are no probe-then-bind races.
extension PlaceWords {
  /// What the second party did.
  var call: String {
    switch finding.kind {
    case .deadPort: "Connected to"
    case .selfConnect: "Connected to itself"
    case .liveTwin: "Also given"
    default: "Re-bind"
    }
  }

  /// Whether the second party connected instead of binding.
  var isConnect: Bool { [.crossWired, .deadPort, .selfConnect].contains(finding.kind) }

  /// Whether the report tells how the first party's socket was released.
  var tellsRelease: Bool {
    ![.crossWired, .selfConnect, .liveTwin, .sourcePort].contains(finding.kind)
  }

  /// The holder of a port that is a connection's local port. Nil for others.
  func connection(_ owner: Owner) -> String? {
    owner.peer.map { peer in
      let range = owner.ephemeralRange.map {
        ", whose source port lies in the ephemeral range \($0)"
      }
      return
        "a connection of \(owner.command) (pid \(owner.pid), \(owner.isInTree ? "in this tree" : "foreign")) to \(peer)\(range ?? "")"
    }
  }
}

extension RunFacts {
  /// The command that makes the failure of this place happen; nil where no option can.
  public func way(_ place: PlaceReport) -> String? {
    let port = Int(place.first.key.port)
    switch place.first.kind {
    case .race, .restart, .crossProtocol, .crossAddress, .derived, .lookedUp: return forcing(place)
    case .liveTwin, .duplicate: return line(["--force-duplicate"])
    case .deadPort:
      return line(["--steal", "lazy", "--steal-by", "answer", "--only", place.first.place])
    case .selfConnect: return line(["--ports", "\(port)"])
    case .sourcePort:
      return port < UInt16.max ? line(["--ports", "\(port)-\(port + 1)"]) : nil
    case .collision, .crossWired, .shared, .stillHeld, .reservation, .clientPort, .pool,
      .nearNumber, .refusedBefore:
      return nil
    }
  }

  /// A command with these options, and those of this run that they leave as they are.
  private func line(_ own: [String]) -> String {
    var words = ["bindstorm", "check"] + own
    var rest = options[...]
    while let name = rest.popFirst() {
      // An option's value follows it.
      let value = rest.first.map { $0.hasPrefix("--") } ?? true ? nil : rest.popFirst()
      if !own.contains(name) { words += [name] + (value.map { [$0] } ?? []) }
    }
    return (words + ["--"] + command).map(shellQuoted).joined(separator: " ")
  }
}

extension RaceTextReport {
  /// What is told without a place: connections that hold fixed ports, sockets that share a port, and thefts after which
  /// nobody listened.
  static func remarks(_ book: Book, _ facts: RunFacts) -> [String] {
    var lines = book.notes.filter { $0.first.kind == .sourcePort }.map { place in
      let words = PlaceWords(place: place, facts: facts)
      return
        "bindstorm check: \(place.first.rebindAddress) was refused to \(words.who(place.first.rebinder)): no listener, but \(words.owner ?? "a connection") holds it"
    }
    lines += book.notes.filter { $0.first.kind == .pool }.map { place in
      "bindstorm check: \(place.first.key.transport.rawValue) \(place.first.rebindAddress) was bound beside another socket of the command, through SO_REUSEPORT and after its probe had let it go: a pool of workers, or owners that do not know of each other (-v tells both)"
    }
    lines += encounters(facts.encounters).map { "bindstorm check: \($0)" }
    if facts.answered > 0 && facts.encounters.isEmpty {
      lines.append(
        "bindstorm check: thieves accepted and closed \(count(facts.answered, "connection"))")
    }
    if !facts.unserved.isEmpty {
      lines.append(
        "bindstorm check: the command \(facts.ending), but since \(facts.unserved.joined(separator: ", ")) was stolen none of its processes listened on any port: if it says that it is up, it has no server"
      )
    }
    return lines
  }

  /// The clients that reached the thief, one a line.
  static func encounters(_ all: [Encounter]) -> [String] {
    let more = all.count - mostEncounters
    return all.prefix(mostEncounters).map(\.text)
      + (more > 0 ? ["\(count(more, "more client")) reached the thief (JSON has all)"] : [])
  }

  private static let mostEncounters = 8
}
