public import RaceLedger
public import ReportKit
internal import TerminalText

/// Findings as SARIF 2.1.0, for code scanning: a result a place, at the source line where one is known.
public enum SARIFReport {
  struct Message: Encodable { var text: String }
  struct Artifact: Encodable { var uri: String }
  struct Region: Encodable { var startLine: Int }
  struct Physical: Encodable {
    var artifactLocation: Artifact
    var region: Region
  }
  struct Logical: Encodable {
    var name: String
    var kind = "function"
  }
  struct Location: Encodable {
    var physicalLocation: Physical?
    var logicalLocations: [Logical]?
    var message: Message?
  }
  struct StackFrame: Encodable { var location: Location }
  struct Stack: Encodable {
    var message: Message
    var frames: [StackFrame]
  }
  struct Result: Encodable {
    var ruleId: String
    var level: String
    var message: Message
    var locations: [Location]
    var relatedLocations: [Location]
    var stacks: [Stack]
    var partialFingerprints: [String: String]
    var occurrenceCount: Int
  }
  struct Rule: Encodable {
    var id: String
    var shortDescription: Message
    /// How to fix it.
    var help: Message?
  }
  struct Driver: Encodable {
    var name = "bindstorm check"
    var version: String
    var rules: [Rule]
  }
  struct Tool: Encodable { var driver: Driver }
  struct Invocation: Encodable {
    var commandLine: String
    var executionSuccessful: Bool
  }
  struct Run: Encodable {
    var tool: Tool
    var invocations: [Invocation]
    var results: [Result]
  }
  struct Log: Encodable {
    var schema = "https://json.schemastore.org/sarif-2.1.0.json"
    var version = "2.1.0"
    var runs: [Run]

    enum CodingKeys: String, CodingKey {
      case schema = "$schema"
      case version, runs
    }
  }

  /// The document.
  /// - Throws: `EncodingError`, never for these values.
  public static func text(_ book: Book, _ facts: RunFacts) throws -> String {
    try text(book.races.map { result($0, facts) }, facts)
  }

  /// The document with these results.
  static func text(_ results: [Result], _ facts: RunFacts) throws -> String {
    let kinds = RaceKind.allCases.filter(\.isRace)
    let rules = kinds.map { kind in
      Rule(
        id: kind.rawValue, shortDescription: Message(text: RaceTextReport.title(kind)),
        help: Remedy.of(kind).map { Message(text: $0.short) })
    }
    let run = Run(
      tool: Tool(driver: Driver(version: facts.version, rules: rules)),
      invocations: [
        Invocation(
          commandLine: facts.command.map(shellQuoted).joined(separator: " "),
          executionSuccessful: facts.isSuccess)
      ],
      results: results)
    return try encoded(Log(runs: [run]))
  }

  static func result(_ place: PlaceReport, _ facts: RunFacts) -> Result {
    let finding = place.first
    let words = PlaceWords(place: place, facts: facts)
    var text = finding.summary
    if !words.window.isEmpty { text += ". Window: \(words.window)" }
    text += ". Proof: \(finding.proof.rawValue)."
    let isSurvived = facts.outcome == .survived && place.stolen == place.count
    return Result(
      ruleId: finding.kind.rawValue, level: isSurvived ? "note" : "error",
      message: Message(text: text),
      locations: [location(finding.probe.party, "the probe")],
      relatedLocations: [location(finding.rebinder, "the re-bind")],
      stacks: [stack(finding.probe.party, "the probe"), stack(finding.rebinder, "the re-bind")]
        .filter { !$0.frames.isEmpty },
      partialFingerprints: [
        "bindstormPlace/v1": finding.place, "bindstormCoarsePlace/v1": finding.coarsePlace,
      ], occurrenceCount: place.count)
  }

  private static func location(_ party: Party, _ what: String) -> Location {
    let message = Message(text: "\(what): \(party.label)")
    guard let frame = party.ownFrame, frame.line > 0 else {
      return Location(logicalLocations: [Logical(name: party.label)], message: message)
    }
    return Location(
      physicalLocation: physical(frame), logicalLocations: [Logical(name: frame.function)],
      message: message)
  }

  private static func physical(_ frame: Frame) -> Physical {
    Physical(artifactLocation: Artifact(uri: frame.file), region: Region(startLine: frame.line))
  }

  private static func stack(_ party: Party, _ what: String) -> Stack {
    let frames = (party.sourceStack + party.stack).prefix(48).map { frame in
      StackFrame(
        location: Location(
          physicalLocation: frame.line > 0 ? physical(frame) : nil,
          logicalLocations: [Logical(name: frame.text)]))
    }
    return Stack(message: Message(text: what), frames: frames)
  }
}

extension ReportFormat where Document == RunFindings {
  public static var sarif: Self {
    Self(
      "SARIF",
      text: { findings in
        let facts = findings.facts
        if let series = findings.series {
          return try SARIFReport.text(SARIFReport.results(series, facts), facts)
        }
        return try SARIFReport.text(findings.book, facts)
      })
  }
}
