import RaceLedger
import TestSupport
import Testing

/// The walk over a program's windows, told run by run.
@Suite struct EnumerationTests {
  private static func stolen(_ program: String) -> Finding {
    .sample(.race, program) { $0.wasStolen = true }
  }

  @Test func `what was let go and bound again is a window, what is told or taken is none`() {
    for kind in RaceKind.allCases {
      var series = Enumeration(limit: 9)
      series.saw([Finding.sample(kind)])
      let isWindow = [
        .race, .restart, .duplicate, .crossProtocol, .crossAddress, .derived, .lookedUp,
      ].contains(kind)
      #expect(series.windows.count == (isWindow ? 1 : 0), "\(kind)")
    }
  }

  @Test func `what the kernel itself refused is told, and no run is made for it`() {
    var series = Enumeration(limit: 9)
    series.saw([.sample(.duplicate, "a") { $0.proof = .kernel }, .sample(.race, "a")])
    #expect(series.windows.map(\.occurrence) == [0, 1])
    #expect(series.windows[0].outcome == .undecided(.taken))
    #expect(series.next?.occurrence == 1)
  }

  @Test func `windows at one place are told apart by their order in the run`() {
    var series = Enumeration(limit: 9)
    series.saw([.sample(.race, "a"), .sample(.race, "b"), .sample(.race, "a")])
    series.saw([.sample(.race, "a"), .sample(.race, "b"), .sample(.race, "c", rebind: 3)])
    #expect(series.windows.map(\.occurrence) == [1, 1, 2, 1])
    #expect(series.windows.map(\.firstSeenInRun) == [0, 0, 0, 1])
    #expect(series.windows.map(\.rebind) == [1, 1, 1, 3])
    #expect(series.runs == 2 && series.placeCount == 3)
  }

  @Test func `every place comes once before any comes twice`() throws {
    var series = Enumeration(limit: 9)
    series.saw([.sample(.race, "a"), .sample(.race, "a"), .sample(.race, "b")])
    var order: [String] = []
    while let window = series.next {
      order.append("\(window.finding.probe.party.thread)\(window.occurrence)")
      series.saw([])
      series.tried(window, .survived, lastWords: "")
    }
    #expect(order == ["a1", "b1", "a2"] && series.expectedRuns == 4 && series.word == .survived)
  }

  @Test func `a second attempt after a theft is a reaction, before it a window`() {
    var series = Enumeration(limit: 9)
    series.saw([.sample(.race, "a")])
    series.saw([Self.stolen("a"), .sample(.race, "a"), .sample(.race, "b")])
    series.tried(series.windows[0], .survived, lastWords: "")
    // The retry at the same place is none of its own; another place is.
    #expect(series.windows.map(\.occurrence) == [1, 1] && series.reactions == 1)
    #expect(series.windows.map(\.isAfterTheft) == [false, true])
    series.saw([.sample(.race, "a"), .sample(.race, "a")])
    #expect(series.windows.map(\.occurrence) == [1, 1, 2])
    series.tried(series.windows[1], .undecided(.notReached), lastWords: "")
    #expect(series.windows[1].outcome == .undecided(.onlyAfterTheft))
  }

  @Test func `a known window is not tried, and keeps its number`() throws {
    let known = try Suppressions(parsing: "RACE:prog a")
    var series = Enumeration(limit: 9, suppressions: known)
    let findings = [
      Finding.sample(probe: .sample(["prog", "a"])),
      .sample(.restart, probe: .sample(["prog", "a"])),
    ]
    series.saw(findings)
    series.saw(findings)
    #expect(series.windows.map(\.occurrence) == [2] && series.suppressed == 1)
    #expect(series.windows[0].finding.kind == .restart)
  }

  @Test func `what shows without a thief fails the series, if it is a race`() throws {
    for kind in RaceKind.allCases {
      let finding = Finding.sample(kind)
      var series = Enumeration(limit: 9)
      series.saw([finding])
      let isShown = kind.isRace && !kind.isWindow
      #expect(series.shown == (isShown ? [finding] : []), "\(kind)")
      #expect((series.word == .fails) == isShown, "\(kind)")
    }
    // Under a thief they are its doing.
    var series = Enumeration(limit: 9)
    series.saw([])
    series.saw([.sample(.collision)])
    #expect(series.shown.isEmpty && series.word == .survived)
    var known = Enumeration(limit: 9, suppressions: try Suppressions(parsing: "LIVE-TWIN:*"))
    known.saw([.sample(.liveTwin)])
    #expect(known.shown.isEmpty && known.word == .survived)
  }

  @Test(arguments: [Undecided.notReached, .slow])
  func `a program whose places change with every run is given up soon`(_ reason: Undecided) {
    var series = Enumeration(limit: 99)
    // Digits do not tell places apart.
    func name() -> String { String(repeating: "x", count: series.runs + 1) }
    series.saw([.sample(.race, name())])
    while let window = series.next {
      series.saw([.sample(.race, name())])
      series.tried(window, .undecided(reason), lastWords: "")
    }
    series.close()
    #expect(series.runs == 4 && series.untried == 1 && series.word == .undecided)
    #expect(series.windows.last?.outcome == .undecided(.changingPlaces))
  }

  @Test func `no more windows are tried than allowed, and the others are not decided`() throws {
    var series = Enumeration(limit: 1)
    series.saw([Finding.sample(.race, "a"), Finding.sample(.race, "b")])
    let first = try #require(series.next)
    #expect(series.untried == 2 && series.expectedRuns == 2)
    series.tried(first, .survived, lastWords: "bye")
    #expect(series.next == nil)
    series.close()
    #expect(series.untried == 1 && series.word == .undecided)
    #expect(series.windows.map(\.outcome) == [.survived, .undecided(.limit(1))])
    #expect(series.windows.map(\.lastWords) == ["bye", ""])
  }

  @Test func `green is a series in which every window was tried and survived`() {
    func word(_ outcomes: [TheftOutcome]) -> TheftOutcome.Word {
      var series = Enumeration(limit: 9)
      series.saw(outcomes.map { _ in .sample(.race, "a") })
      for (window, outcome) in zip(series.windows, outcomes) {
        series.tried(window, outcome, lastWords: "")
      }
      series.close()
      return series.word
    }
    #expect(word([.survived, .survived]) == .survived && word([]) == .survived)
    #expect(word([.survived, .undecided(.notReached)]) == .undecided)
    for red in [TheftOutcome.died("by signal 9"), .hung, .crossTalked] {
      #expect(word([.survived, .undecided(.slow), red]) == .fails, "\(red)")
    }
    var blind = Enumeration(limit: 9)
    blind.saw([])
    blind.obstacle = .noPort
    #expect(blind.word == .undecided && blind.next == nil)
    var failing = Enumeration(limit: 9)
    failing.saw([.sample()])
    failing.obstacle = .failsUntouched("exited with 1")
    #expect(failing.next == nil, "no run is made of a command that fails by itself")
    failing.close()
    #expect(failing.windows[0].outcome == .undecided(.failsUntouched("exited with 1")))
  }

  @Test func `windows of a place that came to the same are told together`() {
    var series = Enumeration(limit: 9)
    series.saw((0..<7).map { _ in .sample(.race, "a") } + [.sample(.race, "b")])
    for (index, window) in series.windows.enumerated() {
      let outcome: TheftOutcome = [1, 5, 7].contains(index) ? .hung : .survived
      series.tried(window, outcome, lastWords: "")
    }
    #expect(
      series.groups.map(\.occurrences) == [
        "occurrences 1, 3 to 5, 7 of 7", "occurrences 2, 6 of 7", "",
      ])
  }
}
