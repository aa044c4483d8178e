internal import LinuxFacts
public import RaceLedger

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
  public var probes = 0
  public var unobserved = 0
  public var lostEvents = 0
  public var stolen = 0
  public var duplicatesForced = 0
  public var injections: [String] = []
  public var isTreeRunning = false
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

  /// Which ports were followed, in words.
  var portsFollowed: String { "\(count(probes, "port")) that the kernel chose" }
}

/// A word as a POSIX shell reads it back.
public func shellQuoted(_ word: String) -> String {
  let plain = word.utf8.allSatisfy {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || "-_./=:,+@%".utf8.contains($0)
  }
  if plain && !word.isEmpty { return word }
  return "'"
    + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
    + "'"
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

  func who(_ party: Party) -> String {
    var text = "\(party.command) (pid \(party.pid), tid \(party.tid), thread \"\(party.thread)\""
    if party.descriptor >= 0 { text += ", descriptor \(party.descriptor)" }
    if !party.group.isEmpty { text += ", group \(party.group)" }
    return text + ")"
  }

  func origin(_ holding: Holding) -> String {
    switch holding.origin {
    case .bindZero: "bind(port 0)"
    case .listenUnbound: "listen() without bind"
    case .rebind(let count): "bind by number, re-bind \(count)"
    }
  }

  var release: String {
    let probe = finding.probe
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

  var window: String {
    guard let windows = place.windows, finding.kind != .collision, finding.kind != .crossWired
    else { return "" }
    if place.count > 1 && windows.lowerBound != windows.upperBound {
      return "\(duration(windows.lowerBound)) to \(duration(windows.upperBound))"
    }
    return duration(windows.upperBound)
  }

  var owner: String? {
    finding.owner.map { owner in
      if owner.isThief { return "a thief of bindstorm" }
      return "\(owner.command) (pid \(owner.pid), \(owner.isInTree ? "in this tree" : "foreign"))"
    }
  }

  private func errorName(_ code: Int32) -> String { LinuxErrno.name(code) ?? "errno \(code)" }
}
