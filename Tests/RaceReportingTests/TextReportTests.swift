import RaceLedger
import RaceReporting
import TestSupport
import Testing

@Suite struct TextReportTests {
  private func text(
    _ findings: [Finding], isVerbose: Bool = false, suppressions: String = "",
    _ change: (inout RunFacts) -> Void = { _ in }
  ) throws -> String {
    RaceTextReport.text(
      Book(findings, suppressions: try Suppressions(parsing: suppressions)),
      WordsTests.facts(change: change), isVerbose: isVerbose)
  }

  @Test func `a race is told with both sides, its window, its proof and how to force it`() throws {
    let finding = Finding.sample(window: 600) {
      $0.rebinder.stack = [Frame(function: "bind", file: "libc.so", offset: 31)]
      $0.rebinder.sourceStack = [Frame(function: "serve", file: "/x/app.py", line: 7)]
    }
    #expect(
      try text([finding]) == """
        ==================
        WARNING: bindstorm: port race (probed, let go, bound again) on tcp 127.0.0.1:40001
          Probe: bind(port 0) by prog (pid 10, tid 10, thread "prog", descriptor 3)
                 at +50 ns
          Released: closed at +350 ns
          Re-bind: 127.0.0.1:40001 by prog (pid 20, tid 20, thread "prog", descriptor 3)
                 at +950 ns, succeeded
            #0 serve /x/app.py:7
            1 frame of libraries and the runtime (-v)
          Window: 600 ns
          Proof: a socket without options could bind the port while the re-bind was held
          Force it: bindstorm check --steal lazy --only \(finding.place) --occurrence 1 -- prog
        SUMMARY: bindstorm: RACE tcp prog -> prog (serve app.py:7) [\(finding.place)] (once)
        ==================
        bindstorm check: races found at 1 place (1 RACE); the command exited with 0

        """)
  }

  @Test func `what an option can do again is told how to force`() throws {
    let ways: [RaceKind: String] = [
      .race: "--steal lazy --only PLACE --occurrence 1",
      .restart: "--steal lazy --only PLACE --occurrence 1",
      .crossProtocol: "--steal lazy --only PLACE --occurrence 1",
      .crossAddress: "--steal lazy --only PLACE --occurrence 1",
      .derived: "--steal lazy --only PLACE --occurrence 1",
      .lookedUp: "--steal lazy --only PLACE --occurrence 1",
      .duplicate: "--force-duplicate", .liveTwin: "--force-duplicate",
      .deadPort: "--steal lazy --steal-by answer --only PLACE", .selfConnect: "--ports 40001",
      .sourcePort: "--ports 40001-40002",
    ]
    for kind in RaceKind.allCases {
      let finding = Finding.sample(kind)
      let report = try text([finding], isVerbose: true)
      let way = ways[kind].map {
        "  Force it: bindstorm check \($0.replacing("PLACE", with: finding.place)) -- prog\n"
      }
      #expect(report.contains("Force it") == (way != nil), "\(kind)")
      if let way { #expect(report.contains(way), "\(report)") }
    }
  }

  @Test func `who connected has not bound, and what is open was not released`() throws {
    func lines(_ kind: RaceKind) throws -> String { try text([.sample(kind)], isVerbose: true) }
    #expect(try lines(.deadPort).contains("  Connected to: 127.0.0.1:40001 by prog"))
    #expect(try lines(.selfConnect).contains("  Connected to itself: 127.0.0.1:40001 by prog"))
    #expect(try lines(.liveTwin).contains("  Also given: 127.0.0.1:40001 by prog"))
    #expect(try lines(.liveTwin).contains(", succeeded\n"))
    #expect(try !lines(.deadPort).contains("succeeded"))
    for kind in [RaceKind.liveTwin, .selfConnect, .sourcePort] {
      #expect(try !lines(kind).contains("Released"), "\(kind)")
    }
    #expect(try lines(.deadPort).contains("  Released: "))
  }

  @Test func `connections that hold a port, and servers that are missing, are told without asking`()
    throws
  {
    let squat = Finding.sample(.sourcePort) {
      $0.owner = Owner(isInTree: false, pid: 5, command: "sidecar")
      $0.owner?.peer = "10.0.0.1:443"
      $0.owner?.ephemeralRange = "32768-60999"
    }
    let report = try text([squat])
    #expect(
      report.contains(
        "no listener, but a connection of sidecar (pid 5, foreign) to 10.0.0.1:443, whose source port lies in the ephemeral range 32768-60999 holds it\n"
      ), "\(report)")
    let shared = try text([.sample(.pool)])
    #expect(shared.contains("tcp 127.0.0.1:40001 was bound beside another socket of the command"))
    let empty = try text([]) {
      $0.answered = 2
      $0.unserved = ["127.0.0.1:1", "127.0.0.1:2"]
    }
    #expect(empty.contains("thieves accepted and closed 2 connections\n"))
    #expect(empty.contains("since 127.0.0.1:1, 127.0.0.1:2 was stolen none of its processes"))
  }

  @Test func `a derived number and a theft are told with numbers and addresses`() throws {
    let derived = Finding.sample(.derived) {
      $0.key = PortKey(namespace: 1, transport: .tcp, port: 50_001)
      $0.wasStolen = true
      $0.thiefAddresses = [
        SocketAddress(bytes: [127, 0, 0, 1], port: 50_001),
        SocketAddress(bytes: [UInt8](repeating: 0, count: 15) + [1], port: 50_001),
      ]
    }
    let report = try text([derived])
    #expect(report.contains("\n  Number: 50001 = 40001 + 10000\n"))
    #expect(
      report.contains(
        "\n  Thief: holds 127.0.0.1:50001, [::1]:50001 until the command's tree has ended\n"))
    let below = Finding.sample(.derived) {
      $0.key = PortKey(namespace: 1, transport: .tcp, port: 40_000)
    }
    #expect(try text([below]).contains("\n  Number: 40000 = 40001 - 1\n"))
    #expect(!(try text([.sample()]).contains("Number: ")))
  }

  @Test func `ports that were bound by number are counted beside the chosen ones`() throws {
    #expect(
      try text([]) { $0.boundByNumber = 2 }.hasPrefix(
        "bindstorm check: no race in 3 ports that the kernel chose and 2 bound by number; "))
    #expect(
      try text([]) {
        $0.probes = 0
        $0.boundByNumber = 1
      }.hasPrefix("bindstorm check: no race in 1 port bound by number; "))
  }

  @Test func `a duplicate names both probes`() throws {
    let duplicate = Finding.sample(.duplicate) {
      $0.otherProbe = Finding.sample(probe: .sample(["other"], pid: 30)).probe
    }
    let report = try text([duplicate])
    #expect(report.contains("WARNING: bindstorm: one port handed out to two owners on tcp"))
    #expect(report.contains("  Also handed out: bind(port 0) to other (pid 30, tid 30,"))
  }

  @Test func `a client at the wrong server has connected, not bound`() throws {
    let wrong = Finding.sample(.crossWired) { $0.result = nil }
    let report = try text([wrong])
    #expect(report.contains("a client reached another deployment's server on tcp"))
    #expect(report.contains("  Server: bind(port 0) by prog (pid 10,"))
    #expect(report.contains("  Client: connected to 127.0.0.1:40001 by prog (pid 20,"))
    #expect(!report.contains("Released:") && !report.contains("left to the kernel"))
    let known = Finding.sample(.crossWired) {
      $0.connectedFrom = SocketAddress(bytes: [127, 0, 0, 1], port: 50_002)
    }
    #expect(
      try text([known]).contains("  Client: connected to 127.0.0.1:40001 from 127.0.0.1:50002 by"))
    let thief = Finding.sample(.crossWired) {
      $0.owner = Owner(isInTree: false, isThief: true, pid: 1, command: "t")
    }
    let other = try text([thief])
    #expect(other.contains("a client reached the thief instead of its server"))
    #expect(other.contains("  Held by: a thief of bindstorm\n"))
    #expect(other.contains("  Probe: bind(port 0) by"), "the probe is not whom the client reached")
  }

  @Test func `places are counted by verdict, and findings by place`() throws {
    let stolen = Finding.sample(.race, "a") { $0.wasStolen = true }
    let report = try text([
      .sample(.collision, "b"), stolen, .sample(.race, "a"), .sample(.race, "c"),
    ])
    #expect(report.contains("(2 times, 1 stolen)\n"))
    #expect(
      report.hasSuffix(
        "bindstorm check: races found at 3 places (2 RACE, 1 COLLISION); the command exited with 0\n"
      ))
  }

  @Test func `notes are told in full on demand only`() throws {
    let note = Finding.sample(.clientPort)
    #expect(
      try text([note])
        == "bindstorm check: no race in 3 ports that the kernel chose; the command exited with 0\n")
    let verbose = try text([note], isVerbose: true)
    #expect(verbose.contains("SUMMARY: bindstorm: note: client port tcp prog -> prog"))
    #expect(
      verbose.hasSuffix(
        "bindstorm check: full mode, 7 calls caught, 3 ports chosen by the kernel, 0 bound by number, 0 findings suppressed\n"
      ))
  }

  @Test func `what was suppressed is counted, one as well as many`() throws {
    let one = try text([.sample()], isVerbose: true, suppressions: "RACE:prog")
    #expect(one.contains("ports that the kernel chose, 1 finding suppressed; the command"))
    #expect(one.contains(", 1 finding suppressed\n"))
    #expect(one.hasSuffix("bindstorm check: suppression 'prog' took 1\n"))
    #expect(!(try text([]).contains("suppressed")))
  }

  @Test func `where nothing could be judged that is said`() throws {
    #expect(
      try text([]) { $0.probes = 0 }
        == "bindstorm check: no port was chosen by the kernel or bound by number, so nothing could be judged; the command exited with 0\n"
    )
  }

  @Test func `what was done on purpose, missed or left is told`() throws {
    let report = try text([]) {
      $0.stolen = 1
      $0.duplicatesForced = 2
      $0.injections = ["bind struck 1 times"]
      $0.unobserved = 4
      $0.lostEvents = 5
      $0.isTreeRunning = true
    }
    let lines = report.split(separator: "\n").map { $0.dropFirst("bindstorm check: ".count) }
    try #require(lines.count == 6, "\(report)")
    #expect(
      lines[1]
        == "1 re-bind found the port stolen (--steal); 2 ports deliberately handed out twice (--force-duplicate)"
    )
    #expect(lines[2] == "injected (synthetic errors): bind struck 1 times")
    #expect(lines[3].hasPrefix("4 calls could not be looked into"))
    #expect(lines[4].hasPrefix("the kernel dropped socket events 5 times"))
    #expect(lines[5].hasPrefix("some of the command's processes are still running"))
    let named = try text([]) {
      $0.isTreeRunning = true
      $0.stillRunning = (1...7).map { LeftProcess(pid: $0, command: "server \($0)") }
    }
    #expect(named.contains("monitored: pid 1 (server 1), pid 2 (server 2), "))
    #expect(named.hasSuffix(", pid 5 (server 5) and 2 more\n"))
  }

  @Test func `the tests in whose runs a race was seen are named`() throws {
    func finding(_ test: String) -> Finding {
      Finding.sample {
        $0.probe = Finding.sample(probe: .sample { $0.test = "\(test) (setup)" }).probe
        $0.rebinder.test = "\(test) (call)"
      }
    }
    let one = try text([finding("t.py::a")])
    #expect(one.contains("         at +50 ns, in test t.py::a (setup)\n"))
    #expect(one.contains("         at +950 ns, in test t.py::a (call), succeeded\n"))
    #expect(!one.contains("  Tests: "), "it stands above")
    let many = try text((1...12).map { finding("t.py::a\($0)") } + [finding("t.py::a1")])
    #expect(many.contains("  Tests: t.py::a1, t.py::a2, "))
    #expect(many.contains(", t.py::a10 and 2 more\n"))
  }

  @Test func `a deep stack is cut at 24 frames`() throws {
    let deep = Finding.sample {
      $0.rebinder.stack = (0..<30).map { Frame(function: "f\($0)", file: "") }
    }
    let report = try text([deep])
    #expect(report.contains("    #23 f23\n") && !report.contains("#24 "))
  }
}

@Suite struct EnumerationReportTests {
  private func enumeration(limit: Int = 9) -> Enumeration {
    var enumeration = Enumeration(limit: limit)
    enumeration.saw([.sample(.race, "a"), .sample(.race, "b"), .sample(.race, "c")])
    return enumeration
  }

  @Test func `every window is red, green or not decided, with the reason and what to do`() {
    var walk = enumeration()
    let outcomes: [Enumeration.Outcome] = [
      .died("exited with 1"), .survived, .undecided(.notReached),
    ]
    for (window, outcome) in zip(walk.windows, outcomes) {
      walk.saw([])
      walk.tried(window, outcome, lastWords: outcome == .survived ? "fine" : "")
    }
    let places = walk.windows.map(\.place)
    func force(_ place: String) -> String {
      "Force it: bindstorm check --steal lazy --only \(place) --occurrence 1 -- prog"
    }
    #expect(
      EnumerationReport.text(walk, WordsTests.facts()) == """
        bindstorm check: 3 windows in 4 runs
          RED   fails: died: exited with 1
                RACE tcp a -> a [\(places[0])]
                \(force(places[0]))
          green survived
                RACE tcp b -> b [\(places[1])]
                its last words: fine
                \(force(places[1]))
          ?     not decided: not reached again, so nothing was stolen there
                RACE tcp c -> c [\(places[2])]
                what to do: \(Undecided.notReached.advice)
                \(force(places[2]))
        bindstorm check: fails: 1 of 3 windows red, 1 survived, 1 not decided

        """)
  }

  @Test func `windows beyond the limit are named as not decided`() {
    var walk = enumeration(limit: 1)
    walk.tried(walk.windows[0], .survived, lastWords: "")
    walk.close()
    let lines = EnumerationReport.text(walk, WordsTests.facts()).split(separator: "\n")
    #expect(
      lines.filter { $0 == "  ?     not decided: not tried: --enumerate-max 1 was met" }.count == 2)
    #expect(lines.contains("        what to do: raise --enumerate-max"))
    #expect(
      lines.last == "bindstorm check: not decided: 0 of 3 windows red, 1 survived, 2 not decided")
  }

  @Test func `no window is told with how the command ended, and whether there could be one`() {
    var walk = Enumeration(limit: 9)
    walk.saw([])
    #expect(
      EnumerationReport.text(walk, WordsTests.facts { $0.probes = 1 })
        == "bindstorm check: 0 windows in 1 run\nbindstorm check: no window in 1 port that the kernel chose, so there was nothing to steal; the command exited with 0\n"
    )
    walk.obstacle = .noPort
    #expect(
      EnumerationReport.text(walk, WordsTests.facts()).hasSuffix(
        "bindstorm check: not decided: no window was seen; the command exited with 0\n"))
  }
}

/// What a theft in a single run showed.
@Suite struct TheftReportTests {
  @Test func `the verdict stands last, with what to do`() {
    let facts = WordsTests.facts {
      $0.steal = "lazy"
      $0.outcome = .undecided(.noPort)
    }
    let text = RaceTextReport.text(Book([]), facts)
    #expect(
      text.hasSuffix(
        "bindstorm check: \(TheftOutcome.undecided(.noPort).sentence)\nbindstorm check: what to do: \(Undecided.noPort.advice)\n"
      ))
    let idle = WordsTests.facts { $0.steal = "lazy" }
    #expect(
      RaceTextReport.text(Book([]), idle).hasSuffix(
        "nothing was stolen: no port was let go and bound again in this run\n"))
  }

  @Test func `JUnit tells a failure, a pass and what is not decided apart`() {
    let stolen = Finding.sample(.race, "a") { $0.wasStolen = true }
    let findings = [stolen, .sample(.race, "b")]
    func counts(_ outcome: TheftOutcome) -> String {
      let text = RaceJUnitReport.text(Book(findings), WordsTests.facts { $0.outcome = outcome })
      let head = text.firstMatch(of: /failures="(\d)" errors="(\d)" skipped="(\d)"/)!
      #expect(text.ranges(of: "<failure ").count == Int(head.1))
      #expect(text.ranges(of: #"<error type="not-decided""#).count == Int(head.2))
      #expect(text.ranges(of: "<skipped").count == Int(head.3))
      return "\(head.1) \(head.2) \(head.3)"
    }
    #expect(counts(.died("exited with 1")) == "1 1 0")
    #expect(counts(.survived) == "0 1 0")
    #expect(counts(.undecided(.othersNotTried(1, stolen: 1))) == "0 1 0")
    #expect(counts(.undecided(.interrupted)) == "0 2 0")
  }

  @Test func `JUnit of a series has a case for each window`() {
    var walk = Enumeration(limit: 2)
    walk.saw([.sample(.race, "a"), .sample(.race, "a"), .sample(.race, "a")])
    walk.tried(walk.windows[0], .survived, lastWords: "")
    walk.tried(walk.windows[1], .hung, lastWords: "bye")
    walk.close()
    let text = RaceJUnitReport.text(walk, WordsTests.facts())
    #expect(text.contains(#"tests="3" failures="1" errors="1" skipped="0""#))
    #expect(text.contains(#"<error type="not-decided" message="not decided: not tried: "#))
    #expect(text.contains("its last words: bye") && text.contains(", occurrence 3\""))
  }
}
