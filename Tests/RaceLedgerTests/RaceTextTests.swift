import RaceLedger
import RaceReporting
import Testing

@Suite struct RaceTextTests {
  private let key = PortKey(namespace: 1, transport: .tcp, port: 40_001)
  private let here = SocketAddress(bytes: [127, 0, 0, 1], port: 40_001)

  /// Names of threads and command lines are the watched programs' own.
  @Test func `what a watched program calls itself is shown, never obeyed by the terminal`() throws {
    let evil = "x\u{1B}[2J\u{9B}31m\u{7}"
    let party = Party(pid: 10, tid: 10, thread: evil, arguments: ["prog", evil], descriptor: 3)
    var ledger = Ledger()
    ledger.opened(
      key, Holding(cookie: 1, address: here, party: party, origin: .bindZero, openedAt: 100))
    ledger.destroyed(cookie: 1, key: key, peerPort: 0, at: 200) { _ in false }
    let question = try #require(ledger.question(key, address: here))
    let assessment = try #require(
      ledger.assess(
        question,
        Ledger.Answers(isFree: true, isFreeWithReuse: true, openAddressesAreFree: true),
        by: party, at: 1_000))
    _ = ledger.concluded(assessment, result: 0, cookie: 99, isAddressInUse: false)
    var facts = RunFacts(
      command: ["prog", evil], ending: evil, isSuccess: true, startedAt: 0, seconds: 1,
      mode: "full", steal: "off", version: "1")
    facts.injections = [evil]
    let text = RaceTextReport.text(Book(ledger.findings), facts, isVerbose: true)
    #expect(
      text.unicodeScalars.allSatisfy {
        ($0.value >= 0x20 || $0 == "\n") && !(0x7F...0x9F).contains($0.value)
      })
    #expect(text.contains("thread \"x␛[2J�31m␇\""), "\(text)")
    #expect(
      !EnumerationReport.text(Enumeration(limit: 1), facts).unicodeScalars.contains("\u{1B}"))
  }
}
