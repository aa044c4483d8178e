import RaceLedger
import RaceReporting
import ReportKit
import TestSupport
import Testing

/// Every report of `check`, whole, from hand-made findings.
@Suite struct RaceSnapshotTests {
  private static func party(_ pid: Int32, _ script: String, _ function: String, line: Int) -> Party
  {
    Party(
      pid: pid, tid: pid, thread: "python3", arguments: ["python3", script], descriptor: 3,
      stack: [Frame(function: "bind", file: "/usr/lib/libc.so.6", offset: 0x10_d7)],
      sourceStack: [Frame(function: function, file: script, line: line)])
  }

  private static func finding(
    _ kind: RaceKind, port: UInt16, stolen: Bool = false
  ) -> Finding {
    let address = SocketAddress(bytes: [127, 0, 0, 1], port: port)
    var probe = Holding(
      cookie: 1, address: address, party: party(10, "launch.py", "pick", line: 12),
      origin: .bindZero, openedAt: 2_000_000)
    probe.release = .closed
    probe.releasedAt = 2_400_000
    var finding = Finding(
      kind: kind, key: PortKey(namespace: 1, transport: .tcp, port: port), probe: probe,
      rebinder: party(11, "serve.py", "main <server>", line: 40), rebindAddress: address,
      reboundAt: 9_900_000, rebind: 1, proof: .plainSocket, result: stolen ? 98 : 0)
    if stolen {
      finding.owner = Owner(isInTree: false, isThief: true, pid: 12, command: "bindstorm")
      finding.wasStolen = true
    }
    return finding
  }

  private static let findings = [
    finding(.race, port: 40_001), finding(.race, port: 40_003, stolen: true),
    finding(.reservation, port: 40_005),
  ]

  private static let encounter = Encounter(
    pid: 13, command: "curl -f http://127.0.0.1:40003/<health>", address: "127.0.0.1:40003",
    connectedFrom: "127.0.0.1:50001", connections: 3, answers: 2)

  private static var facts: RunFacts {
    var facts = RunFacts(
      command: ["python3", "launch.py", "a b"], ending: "exited with 1", isSuccess: false,
      startedAt: 1_000_000, seconds: 0.25, mode: "full", steal: "lazy", version: "1.2.3")
    facts.calls = 12
    facts.probes = 3
    facts.stolen = 1
    facts.duplicatesForced = 1
    facts.unobserved = 2
    facts.lostEvents = 1
    facts.injections = ["bind: 1 call injected"]
    facts.isTreeRunning = true
    facts.encounters = [encounter]
    facts.outcome = .metStranger
    return facts
  }

  private static var nothing: RunFacts {
    RunFacts(
      command: ["true"], ending: "exited with 0", isSuccess: true, startedAt: 0, seconds: 0.1,
      mode: "full", steal: "off", version: "1.2.3")
  }

  @Test func `reports of check say what their snapshots say`() throws {
    let (book, facts) = (Book(Self.findings), Self.facts)
    var enumeration = Enumeration(limit: 1)
    enumeration.saw(Self.findings)
    if let window = enumeration.next {
      enumeration.tried(window, .metStranger, lastWords: "ready", encounters: [Self.encounter])
    }
    enumeration.saw([Self.finding(.duplicate, port: 40_007)])
    enumeration.close()
    let series = RunFindings(enumeration, facts)
    func file(_ format: ReportFormat<RunFindings>) throws -> String {
      String(decoding: try format.bytes(series), as: UTF8.self)
    }
    let reports = [
      ("check.txt", RaceTextReport.text(book, facts)),
      ("check-verbose.txt", RaceTextReport.text(book, facts, isVerbose: true)),
      ("check-nothing.txt", RaceTextReport.text(Book([]), Self.nothing)),
      ("check.json", try RaceDocument(book, facts).text()),
      ("check.sarif", try SARIFReport.text(book, facts)),
      ("check.junit.xml", RaceJUnitReport.text(book, facts)),
      ("check-nothing.junit.xml", RaceJUnitReport.text(Book([]), Self.nothing)),
      ("check.html", Self.content(of: RaceHTMLReport.text(book, facts))),
      ("check-enumeration.txt", EnumerationReport.text(enumeration, facts)),
      ("check-enumeration.json", try file(.json)),
      ("check-enumeration.junit.xml", try file(.junit)),
      ("check-enumeration.sarif", try file(.sarif)),
      ("check-enumeration.html", Self.content(of: try file(.html))),
    ]
    for (name, text) in reports { #expect(Snapshot.problem(text, name) == nil) }
  }

  /// A page without its style and script, which are the same in all, and without their hashes.
  private static func content(of page: String) -> String {
    page.replacing(/(?s)<style>.*?<\/style>/, with: "<style></style>")
      .replacing(/(?s)<script>.*?<\/script>/, with: "<script></script>")
      .replacing(/sha256-[A-Za-z0-9+\/=]+/, with: "sha256-")
  }
}
