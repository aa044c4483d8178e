internal import LinuxFacts
public import RaceLedger
internal import TerminalText

/// The part of a report besides the places: how the command was run and how it ended.
public struct RunFacts: Sendable {
  public var command: [String]
  /// How the command ended, in words.
  public var ending: String
  /// Whether it ended with status 0.
  public var isSuccess: Bool
  /// Nanoseconds of CLOCK_MONOTONIC.
  public var startedAt: UInt64
  public var seconds: Double
  public var mode: String
  public var steal: String
  public var calls = 0
  /// Ports that the kernel chose.
  public var probes = 0
  /// Ports that the program bound by a number of its own choice.
  public var boundByNumber = 0
  public var unobserved = 0
  public var lostEvents = 0
  public var stolen = 0
  public var duplicatesForced = 0
  /// Connections that thieves accepted and closed.
  public var answered = 0
  /// Clients that reached a thief which answers as a stranger's server.
  public var encounters: [Encounter] = []
  /// Stolen ports since whose theft nobody of the command listened, though it did not fail.
  public var unserved: [String] = []
  public var injections: [String] = []
  public var isTreeRunning = false
  /// The processes that were left, as far as they are known.
  public var stillRunning: [LeftProcess] = []
  /// What a theft showed; nil if none was asked for.
  public var outcome: TheftOutcome?
  /// Options of this run that another run needs to come to the same places, word by word.
  public var options: [String] = []
  public var version: String

  public init(
    command: [String], ending: String, isSuccess: Bool, startedAt: UInt64, seconds: Double,
    mode: String, steal: String, version: String
  ) {
    self.command = command
    self.ending = ending
    self.isSuccess = isSuccess
    self.startedAt = startedAt
    self.seconds = seconds
    self.mode = mode
    self.steal = steal
    self.version = version
  }

  /// Whether there was a port whose use could be judged.
  var hasPorts: Bool { probes + boundByNumber > 0 }

  /// The ports that were followed, in words.
  var portsFollowed: String {
    let chosen = "\(count(probes, "port")) that the kernel chose"
    guard boundByNumber > 0 else { return chosen }
    return probes == 0
      ? "\(count(boundByNumber, "port")) bound by number"
      : "\(chosen) and \(boundByNumber) bound by number"
  }

  /// The command that makes this place fail in every run.
  public func forcing(_ place: PlaceReport) -> String {
    forcing(place.first, occurrence: place.occurrence)
  }

  /// The command that steals in this window alone.
  /// - Parameter occurrence: which window at its place it is, from 1.
  public func forcing(_ finding: Finding, occurrence: Int) -> String {
    var words = ["bindstorm", "check", "--steal", "lazy", "--only", finding.place]
    if finding.rebind > 1 { words += ["--steal-rebind", "\(finding.rebind)"] }
    words += ["--occurrence", "\(occurrence)"] + options + ["--"] + command
    return words.map(shellQuoted).joined(separator: " ")
  }
}

/// Nanoseconds in the most readable unit.
public func duration(_ nanoseconds: UInt64) -> String {
  let value = Double(nanoseconds)
  func cut(_ number: Double) -> String {
    number >= 100 ? "\(Int(number.rounded()))" : "\((number * 10).rounded() / 10)"
  }
  if value < 1e3 { return "\(nanoseconds) ns" }
  if value < 1e6 { return "\(cut(value / 1e3)) us" }
  if value < 1e9 { return "\(cut(value / 1e6)) ms" }
  return "\(cut(value / 1e9)) s"
}

/// The parts of a place in words, shared by all reports.
struct PlaceWords {
  let place: PlaceReport
  let facts: RunFacts
  var finding: Finding { place.first }

  func time(_ at: UInt64) -> String {
    let since = at > facts.startedAt ? at - facts.startedAt : 0
    return "at +\(duration(since))"
  }

  /// When a party did something, and in which test.
  func time(_ at: UInt64, _ party: Party) -> String {
    time(at) + (party.test.isEmpty ? "" : ", in test \(party.test)")
  }

  /// The tests of all findings at the place; nil if one test or none says it already.
  var tests: String? {
    guard place.tests.count > 1 else { return nil }
    let named = place.tests.prefix(Self.mostTests).joined(separator: ", ")
    let more = place.tests.count - Self.mostTests
    return named + (more > 0 ? " and \(more) more" : "")
  }

  private static let mostTests = 10

  func who(_ party: Party) -> String {
    if party == .unseen { return "a process that was not seen (--watch-connects names it)" }
    var text = "\(party.command) (pid \(party.pid), tid \(party.tid), thread \"\(party.thread)\""
    if party.descriptor >= 0 { text += ", descriptor \(party.descriptor)" }
    if !party.group.isEmpty { text += ", group \(party.group)" }
    return text + ")"
  }

  func origin(_ holding: Holding) -> String {
    switch holding.origin {
    case .bindZero: "bind(port 0)"
    case .listenUnbound: "listen() without bind"
    case .byNumber: "bind by number"
    case .refusedConnect: "connect, refused,"
    case .implicit: "chosen by connect() or an autobind"
    case .unseen: "a socket that was not seen being bound"
    case .rebind(let count): "bind by number, re-bind \(count)"
    }
  }

  var release: String {
    let probe = finding.probe
    if probe.origin == .refusedConnect { return "never held" }
    guard let release = probe.release else { return "not released" }
    let when = probe.releasedAt.map { " " + time($0) } ?? ""
    return release.rawValue + when
  }

  var result: String {
    switch finding.result {
    case 0?: "succeeded"
    case let code?: "failed: \(errorName(code))"
    case nil: finding.wasStolen ? "left to the kernel, with the port taken" : "left to the kernel"
    }
  }

  /// The call that met the other party's port.
  var secondCall: String {
    guard finding.kind == .crossWired else { return "\(call): \(finding.rebindAddress)" }
    let from = finding.connectedFrom.map { " from \($0)" } ?? ""
    return "Client: connected to \(finding.rebindAddress)\(from)"
  }

  var window: String {
    guard let windows = place.windows, finding.kind != .collision, !isConnect, tellsRelease
    else { return "" }
    if place.count > 1 && windows.lowerBound != windows.upperBound {
      return "\(duration(windows.lowerBound)) to \(duration(windows.upperBound))"
    }
    return duration(windows.upperBound)
  }

  /// The number as a sum of the one that it comes from.
  var sum: String {
    let offset = finding.offset
    return "\(finding.probe.address.port) \(offset < 0 ? "-" : "+") \(abs(offset))"
  }

  /// Where the thief holds the port, nil if there was none.
  var thief: String? {
    guard !finding.thiefAddresses.isEmpty else { return nil }
    let addresses = finding.thiefAddresses.map(\.description).joined(separator: ", ")
    return "holds \(addresses) until the command's tree has ended"
  }

  var owner: String? {
    finding.owner.map { owner in
      if owner.isThief { return "a thief of bindstorm" }
      if let connection = connection(owner) { return connection }
      return "\(owner.command) (pid \(owner.pid), \(owner.isInTree ? "in this tree" : "foreign"))"
    }
  }

  private func errorName(_ code: Int32) -> String { LinuxErrno.name(code) ?? "errno \(code)" }
}
