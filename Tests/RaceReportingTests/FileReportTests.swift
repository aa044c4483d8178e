import Foundation
import RaceLedger
import RaceReporting
import TestSupport
import Testing

/// The report files for programs, read back as such programs do.
@Suite struct JSONReportTests {
  private struct Document: Decodable {
    struct Endpoint: Decodable {
      var call: String
      var address: String
      var atNanoseconds: UInt64
      var pid: Int32
      var tid: Int32
      var thread: String
      var command: [String]
      var descriptor: Int32
      var group: String
      var sourceStack: [Frame]
      var nativeStack: [Frame]
    }
    struct Place: Decodable {
      var place: String
      var verdict: String
      var isRace: Bool
      var summary: String
      var count: Int
      var stolen: Int
      var transport: String
      var port: UInt16
      var rebind: Int
      var probe: Endpoint
      var otherProbe: Endpoint?
      var rebinder: Endpoint
      var released: String?
      var releasedAtNanoseconds: UInt64?
      var windowNanoseconds: UInt64?
      var shortestWindowNanoseconds: UInt64?
      var longestWindowNanoseconds: UInt64?
      var result: Int32?
      var proof: String
      var owner: Owner?
      var force: String?
    }
    var format: String
    var bindstormVersion: String
    var command: [String]
    var races: Int
    var suppressed: Int
    var callsCaught: Int
    var portsChosenByKernel: Int
    var unobservedCalls: Int
    var lostEvents: Int
    var stolen: Int
    var duplicatesForced: Int
    var isTreeRunning: Bool
    var places: [Place]
  }

  private func read(
    _ findings: [Finding], _ change: (inout RunFacts) -> Void = { _ in }
  ) throws -> Document {
    let text = try RaceDocument(Book(findings), WordsTests.facts(change: change)).text()
    #expect(text.hasSuffix("}\n"))
    return try JSONDecoder().decode(Document.self, from: Data(text.utf8))
  }

  @Test func `a place has both sides, with times since the start of the run`() throws {
    let rebinder = Party.sample(["app", "x y"], pid: 20, thread: "io") {
      $0.tid = 21
      $0.descriptor = 9
      $0.group = "blue"
      $0.sourceStack = [Frame(function: "serve", file: "a.py", line: 7)]
      $0.stack = [Frame(function: "bind", file: "libc.so", offset: 31)]
    }
    let finding = Finding.sample(window: 600, rebinder: rebinder) {
      $0.owner = Owner(isInTree: true, pid: 5, command: "srv")
    }
    let place = try #require(try read([finding]).places.first)
    #expect(place.place == finding.place && place.summary == finding.summary)
    #expect(place.verdict == "RACE" && place.isRace && place.proof == Proof.plainSocket.rawValue)
    #expect(place.transport == "tcp" && place.port == 40_001 && place.result == 0)
    #expect(place.probe.call == "bind(port 0)" && place.probe.address == "127.0.0.1:40001")
    #expect(place.probe.atNanoseconds == 50 && place.probe.pid == 10)
    #expect(place.released == "closed" && place.releasedAtNanoseconds == 350)
    #expect(place.rebinder.call == "bind by number" && place.rebinder.atNanoseconds == 950)
    #expect(place.rebinder.pid == 20 && place.rebinder.tid == 21)
    #expect(place.rebinder.thread == "io" && place.rebinder.command == ["app", "x y"])
    #expect(place.rebinder.descriptor == 9 && place.rebinder.group == "blue")
    #expect(place.rebinder.sourceStack == rebinder.sourceStack)
    #expect(place.rebinder.nativeStack == rebinder.stack)
    #expect(place.owner == finding.owner)
  }

  @Test func `windows of a place are told with their ends`() throws {
    let place = try #require(
      try read([.sample(window: 400), .sample(window: 600), .sample(window: 200)]).places.first)
    #expect(place.count == 3 && place.windowNanoseconds == 400)
    #expect(place.shortestWindowNanoseconds == 200 && place.longestWindowNanoseconds == 600)
    let none = try #require(try read([.sample(.collision, window: 400)]).places.first)
    #expect(none.windowNanoseconds == nil && none.shortestWindowNanoseconds == nil)
    #expect(none.longestWindowNanoseconds == nil)
  }

  @Test func `what came before the start of the run came at it`() throws {
    let place = try #require(
      try read([.sample(window: 999)]) { $0.startedAt = 500 }.places.first)
    #expect(place.probe.atNanoseconds == 0 && place.releasedAtNanoseconds == 0)
    #expect(place.rebinder.atNanoseconds == 500)
  }

  @Test func `a command to force is there where an option can do it again`() throws {
    let forcible: [RaceKind] = [.liveTwin, .deadPort, .selfConnect, .sourcePort]
    for kind in RaceKind.allCases {
      let place = try #require(try read([.sample(kind)]).places.first)
      let isForced = kind.isWindow || forcible.contains(kind)
      #expect((place.force != nil) == isForced, "\(kind)")
      #expect(
        (place.rebinder.call == "connect")
          == [.crossWired, .deadPort, .selfConnect].contains(kind),
        "\(kind)")
      #expect(place.isRace == kind.isRace)
    }
  }

  @Test func `figures of the run stand in their fields`() throws {
    let document = try read([.sample(), .sample(.clientPort)]) {
      $0.unobserved = 11
      $0.lostEvents = 12
      $0.stolen = 13
      $0.duplicatesForced = 14
      $0.isTreeRunning = true
    }
    #expect(document.format == "bindstorm-check/1" && document.bindstormVersion == "1.2.3")
    #expect(document.races == 1 && document.places.count == 2 && document.suppressed == 0)
    #expect(document.callsCaught == 7 && document.portsChosenByKernel == 3)
    #expect(document.unobservedCalls == 11 && document.lostEvents == 12)
    #expect(document.stolen == 13 && document.duplicatesForced == 14 && document.isTreeRunning)
  }

  @Test func `windows that were walked are told one by one`() throws {
    struct Walk: Decodable {
      struct Window: Decodable {
        var place: String
        var rebind: Int
        var firstSeenInRun: Int
        var outcome: String
        var isRed: Bool
        var lastWords: String
      }
      var format: String
      var runs: Int
      var red: Int
      var untried: Int
      var windows: [Window]
    }
    var enumeration = Enumeration(limit: 9)
    enumeration.saw([.sample(.race, "a")])
    enumeration.saw([.sample(.race, "b", rebind: 2)])
    enumeration.tried(enumeration.windows[0], .hung, lastWords: "bye")
    let text = try EnumerationReport.json(enumeration, WordsTests.facts())
    let walk = try JSONDecoder().decode(Walk.self, from: Data(text.utf8))
    #expect(walk.format == "bindstorm-check-enumeration/1")
    #expect(walk.runs == 2 && walk.red == 1 && walk.untried == 1)
    #expect(walk.windows.map(\.outcome) == ["hung", "not tried"])
    #expect(walk.windows.map(\.isRed) == [true, false])
    #expect(walk.windows.map(\.rebind) == [1, 2] && walk.windows.map(\.firstSeenInRun) == [0, 1])
    #expect(walk.windows.map(\.lastWords) == ["bye", ""])
  }
}

@Suite struct SARIFReportTests {
  private struct Log: Decodable {
    struct Message: Decodable { var text: String }
    struct Region: Decodable { var startLine: Int }
    struct Artifact: Decodable { var uri: String }
    struct Physical: Decodable {
      var artifactLocation: Artifact
      var region: Region
    }
    struct Logical: Decodable { var name: String }
    struct Location: Decodable {
      var physicalLocation: Physical?
      var logicalLocations: [Logical]?
      var message: Message?
    }
    struct StackFrame: Decodable { var location: Location }
    struct Stack: Decodable {
      var message: Message
      var frames: [StackFrame]
    }
    struct Result: Decodable {
      var ruleId: String
      var level: String
      var message: Message
      var locations: [Location]
      var relatedLocations: [Location]
      var stacks: [Stack]
      var partialFingerprints: [String: String]
      var occurrenceCount: Int
    }
    struct Rule: Decodable { var id: String }
    struct Driver: Decodable {
      var version: String
      var rules: [Rule]
    }
    struct Tool: Decodable { var driver: Driver }
    struct Invocation: Decodable {
      var commandLine: String
      var executionSuccessful: Bool
    }
    struct Run: Decodable {
      var tool: Tool
      var invocations: [Invocation]
      var results: [Result]
    }
    var version: String
    var runs: [Run]
  }

  private func read(_ findings: [Finding], _ facts: RunFacts = WordsTests.facts()) throws -> Log.Run
  {
    let text = try SARIFReport.text(Book(findings), facts)
    let log = try JSONDecoder().decode(Log.self, from: Data(text.utf8))
    #expect(log.version == "2.1.0" && text.contains(#""$schema""#))
    return try #require(log.runs.first)
  }

  @Test func `only races are results, each with its rule`() throws {
    let run = try read([.sample(.clientPort), .sample(.restart, window: 600), .sample(.restart)])
    #expect(run.results.map(\.ruleId) == ["RESTART"] && run.results.map(\.level) == ["error"])
    #expect(run.tool.driver.rules.map(\.id) == RaceKind.allCases.filter(\.isRace).map(\.rawValue))
    #expect(run.tool.driver.version == "1.2.3")
    let result = run.results[0]
    let finding = Finding.sample(.restart)
    #expect(result.occurrenceCount == 2)
    #expect(
      result.partialFingerprints == [
        "bindstormPlace/v1": finding.place, "bindstormCoarsePlace/v1": finding.coarsePlace,
      ])
    #expect(
      result.message.text
        == "\(finding.summary). Window: 600 ns. Proof: \(Proof.plainSocket.rawValue).")
  }

  @Test func `a result points at the program's own line, or at none`() throws {
    func party(_ frames: [Frame]) -> Party { .sample { $0.sourceStack = frames } }
    let library = Frame(function: "bind", file: "/lib/socket.py", line: 3)
    let own = Frame(function: "find_port", file: "/x/app.py", line: 7)
    let run = try read([.sample(probe: party([library, own]), rebinder: .sample())])
    let result = try #require(run.results.first)
    let place = try #require(result.locations.first?.physicalLocation)
    #expect(place.artifactLocation.uri == "/x/app.py" && place.region.startLine == 7)
    #expect(result.locations.first?.message?.text.hasPrefix("the probe: ") == true)
    #expect(result.relatedLocations.first?.physicalLocation == nil)
    #expect(result.relatedLocations.first?.logicalLocations?.map(\.name) == ["prog"])
    #expect(result.stacks.map(\.message.text) == ["the probe"])
    // SARIF counts lines from 1.
    let unknown = Frame(function: "f", file: "/x/app.py", line: 0)
    let none = try read([.sample(probe: party([unknown]))])
    #expect(none.results.first?.locations.first?.physicalLocation == nil)
    #expect(none.results.first?.stacks.first?.frames.first?.location.physicalLocation == nil)
  }

  @Test func `the command can be pasted, and its end is told`() throws {
    let run = try read([], WordsTests.facts(["prog", "a b"]) { $0.isSuccess = false })
    #expect(run.results.isEmpty)
    #expect(run.invocations.map(\.commandLine) == ["prog 'a b'"])
    #expect(run.invocations.map(\.executionSuccessful) == [false])
  }
}

@Suite struct MarkupReportTests {
  /// A program that would be markup in every text it has a say in.
  private static let evil = "<script>&\"x\""
  private static let evilFinding = Finding.sample(
    window: 600,
    probe: .sample([evil, evil], thread: evil) {
      $0.group = evil
      $0.sourceStack = [Frame(function: evil, file: evil, line: 3)]
    },
    rebinder: .sample([evil], thread: evil) { $0.stack = [Frame(function: evil, file: evil)] }
  ) { $0.owner = Owner(isInTree: false, pid: 5, command: evil) }

  private func occurrences(_ part: String, in text: String) -> Int {
    text.ranges(of: part).count
  }

  @Test func `JUnit has a failed case for each race, and none for notes`() throws {
    let text = RaceJUnitReport.text(
      Book([.sample(.race, "a"), .sample(.collision, "b"), .sample(.clientPort, "c")]),
      WordsTests.facts())
    #expect(text.contains(#"tests="2" failures="2" errors="0" skipped="0" time="1.500">"#))
    #expect(occurrences("<failure ", in: text) == 2)
    #expect(text.contains(#"classname="bindstorm.check.RACE""#))
    #expect(text.contains(#"<failure type="COLLISION""#))
    #expect(!text.contains("<skipped") && !text.contains("no port race"))
  }

  @Test func `JUnit without a race is a case that passes, or that was not judged`() {
    let green = RaceJUnitReport.text(Book([]), WordsTests.facts())
    #expect(green.contains(#"tests="1" failures="0""#))
    #expect(green.contains(#"name="no port race"></testcase>"#))
    let blind = RaceJUnitReport.text(Book([]), WordsTests.facts { $0.probes = 0 })
    #expect(blind.contains(#"name="no port race"><skipped message="no port was chosen"#))
  }

  @Test func `what a program calls itself is text in XML and in HTML`() {
    let facts = WordsTests.facts([Self.evil]) { $0.ending = Self.evil }
    let book = Book([Self.evilFinding])
    // The page's own style and script are no text of a program.
    let page = RaceHTMLReport.text(book, facts).replacing(
      /<(style|script)>(?s:.*?)<\/(style|script)>/, with: "")
    for text in [RaceJUnitReport.text(book, facts), page] {
      #expect(!text.contains("<script>"), "\(text)")
      #expect(text.contains("&lt;script&gt;&amp;&quot;x&quot;"))
      // Every ampersand begins an entity.
      #expect(
        occurrences("&", in: text)
          == ["&lt;", "&gt;", "&amp;", "&quot;"].map { occurrences($0, in: text) }.reduce(0, +))
    }
  }

  @Test func `a page tells the verdict and each place with its window and how to force it`() {
    let note = Finding.sample(.clientPort, "c")
    let text = RaceHTMLReport.text(
      Book([.sample(.race, "a", window: 600), note]), WordsTests.facts { $0.unobserved = 1 })
    #expect(text.contains(">Races at 1 place.</h1>"))
    #expect(text.contains("ended <b>exited with 0 after 1.5 s</b>"))
    #expect(text.contains("1 call could not be looked into."))
    #expect(text.contains(#"<details class="race""#))
    #expect(text.contains(#"<details class="note" id="\#(note.place)""#))
    #expect(text.contains("open for 600 ns") && occurrences("class=\"c-timeline\"", in: text) == 1)
    #expect(text.contains("<dt>Seen</dt><dd>1 time, 0 stolen</dd>"))
    #expect(occurrences("Force it:", in: text) == 1)
    #expect(text.hasSuffix("</body>\n</html>\n"))
  }

  @Test func `a page without a race tells whether anything could be judged`() {
    #expect(
      RaceHTMLReport.text(Book([]), WordsTests.facts()).contains(
        ">No race in 3 ports that the kernel chose.</h1>"))
    #expect(
      RaceHTMLReport.text(Book([]), WordsTests.facts { $0.probes = 0 }).contains(
        ">No port was chosen by the kernel or bound by number, so nothing could be judged.</h1>")
    )
  }
}
