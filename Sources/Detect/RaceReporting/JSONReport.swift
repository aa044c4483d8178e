public import RaceLedger
public import ReportKit

/// The findings as a value that encodes to JSON. Field names are part of the format; `format` changes when their
/// meaning does.
public struct RaceDocument: Encodable, Sendable {
  public struct Endpoint: Encodable, Sendable {
    public var call: String
    public var address: String
    public var atNanoseconds: UInt64
    public var pid: Int32
    public var tid: Int32
    public var thread: String
    public var command: [String]
    public var descriptor: Int32
    public var group: String
    public var test: String
    public var sourceStack: [Frame]
    public var nativeStack: [Frame]

    init(_ party: Party, call: String, address: SocketAddress, at: UInt64, since: UInt64) {
      self.call = call
      self.address = address.description
      atNanoseconds = at > since ? at - since : 0
      pid = party.pid
      tid = party.tid
      thread = party.thread
      command = party.arguments
      descriptor = party.descriptor
      group = party.group
      test = party.test
      sourceStack = party.sourceStack
      nativeStack = party.stack
    }
  }

  public struct Place: Encodable, Sendable {
    public var place: String
    /// The part of `place` that names the programs and their roles.
    public var coarsePlace: String
    /// Why `place` has no call site, if it could have one.
    public var callSiteGap: String?
    public var verdict: String
    public var isRace: Bool
    public var summary: String
    public var count: Int
    public var stolen: Int
    public var transport: String
    public var port: UInt16
    public var rebind: Int
    /// Which window at its place the first finding is, from 1.
    public var occurrence: Int
    public var probe: Endpoint
    public var otherProbe: Endpoint?
    public var rebinder: Endpoint
    public var released: String?
    public var releasedAtNanoseconds: UInt64?
    public var windowNanoseconds: UInt64?
    public var shortestWindowNanoseconds: UInt64?
    public var longestWindowNanoseconds: UInt64?
    public var result: Int32?
    public var proof: String
    public var owner: Owner?
    public var force: String?
    /// The bound number minus the one that it was computed from; absent for other findings.
    public var offset: Int?
    /// Where the thief holds the port; absent if there was none.
    public var thiefAddresses: [String]?
    public var connectedFrom: String?
    public var tests: [String]
  }

  public var format = "bindstorm-check/1"
  public var bindstormVersion: String
  public var command: [String]
  public var ending: String
  public var isSuccess: Bool
  public var seconds: Double
  public var mode: String
  public var steal: String
  public var races: Int
  public var suppressed: Int
  public var callsCaught: Int
  public var portsChosenByKernel: Int
  public var portsBoundByNumber: Int
  public var unobservedCalls: Int
  public var lostEvents: Int
  public var stolen: Int
  public var duplicatesForced: Int
  public var connectionsAnswered: Int
  public var reachedThief: [Encounter]
  public var stolenWithoutListener: [String]
  public var injections: [String]
  public var isTreeRunning: Bool
  public var stillRunning: [LeftProcess]
  /// `survived`, `fails` or `not decided`; absent if no theft was asked for.
  public var verdict: String?
  /// What the verdict comes from, and what to do if it is not decided.
  public var reason: String?
  public var advice: String?
  public var places: [Place]

  public init(_ book: Book, _ facts: RunFacts) {
    bindstormVersion = facts.version
    command = facts.command
    ending = facts.ending
    isSuccess = facts.isSuccess
    seconds = facts.seconds
    mode = facts.mode
    steal = facts.steal
    races = book.races.count
    suppressed = book.suppressed
    callsCaught = facts.calls
    portsChosenByKernel = facts.probes
    portsBoundByNumber = facts.boundByNumber
    unobservedCalls = facts.unobserved
    lostEvents = facts.lostEvents
    stolen = facts.stolen
    duplicatesForced = facts.duplicatesForced
    connectionsAnswered = facts.answered
    reachedThief = facts.encounters
    stolenWithoutListener = facts.unserved
    injections = facts.injections
    isTreeRunning = facts.isTreeRunning
    stillRunning = facts.stillRunning
    verdict = facts.outcome?.word.rawValue
    reason = facts.outcome?.text
    advice = facts.outcome?.undecided?.advice
    places = book.places.map { Place($0, facts) }
  }

  /// The document, indented, with sorted keys.
  /// - Throws: `EncodingError` for numbers that JSON cannot represent.
  public func text() throws -> String { try encoded(self) }
}

extension RaceDocument.Place {
  init(_ report: PlaceReport, _ facts: RunFacts) {
    let finding = report.first
    let words = PlaceWords(place: report, facts: facts)
    func endpoint(_ holding: Holding) -> RaceDocument.Endpoint {
      RaceDocument.Endpoint(
        holding.party, call: words.origin(holding), address: holding.address,
        at: holding.openedAt, since: facts.startedAt)
    }
    place = finding.place
    coarsePlace = finding.coarsePlace
    callSiteGap = finding.callSiteGap.isEmpty ? nil : finding.callSiteGap
    verdict = finding.kind.rawValue
    isRace = finding.kind.isRace
    summary = finding.summary
    count = report.count
    stolen = report.stolen
    transport = finding.key.transport.rawValue
    port = finding.key.port
    rebind = finding.rebind
    occurrence = report.occurrence
    probe = endpoint(finding.probe)
    otherProbe = finding.otherProbe.map(endpoint)
    rebinder = RaceDocument.Endpoint(
      finding.rebinder,
      call: words.isConnect
        ? "connect" : finding.kind == .liveTwin ? "bind(port 0)" : "bind by number",
      address: finding.rebindAddress, at: finding.reboundAt, since: facts.startedAt)
    released = finding.probe.release?.rawValue
    releasedAtNanoseconds = finding.probe.releasedAt.map {
      $0 > facts.startedAt ? $0 - facts.startedAt : 0
    }
    windowNanoseconds = words.window.isEmpty ? nil : finding.window
    shortestWindowNanoseconds = words.window.isEmpty ? nil : report.windows?.lowerBound
    longestWindowNanoseconds = words.window.isEmpty ? nil : report.windows?.upperBound
    result = finding.result
    proof = finding.proof.rawValue
    owner = finding.owner
    connectedFrom = finding.connectedFrom?.description
    tests = report.tests
    force = facts.way(report)
    offset = finding.offset == 0 ? nil : finding.offset
    thiefAddresses =
      finding.thiefAddresses.isEmpty ? nil : finding.thiefAddresses.map(\.description)
  }
}

func encoded(_ value: some Encodable) throws -> String {
  String(decoding: try IndentedJSON.bytes(value), as: UTF8.self)
}

extension ReportFormat where Document == RunFindings {
  public static var json: Self {
    Self(
      "JSON",
      text: { findings in
        if let series = findings.series {
          return try EnumerationReport.json(series, findings.facts)
        }
        return try RaceDocument(findings.book, findings.facts).text()
      })
  }
}
