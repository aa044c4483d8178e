import RaceLedger
import TestSupport
import Testing

/// The walk over a program's windows, told run by run.
@Suite struct EnumerationTests {
  @Test func `what was let go and bound again is a window, what is told or taken is none`() {
    for kind in RaceKind.allCases {
      var enumeration = Enumeration(limit: 9)
      enumeration.saw([Finding.sample(kind)])
      let isWindow = [
        .race, .restart, .duplicate, .crossProtocol, .crossAddress, .derived, .lookedUp,
      ].contains(kind)
      #expect(enumeration.windows.count == (isWindow ? 1 : 0), "\(kind)")
    }
  }

  @Test func `a place is one window, first seen where it was`() {
    var enumeration = Enumeration(limit: 9)
    enumeration.saw([Finding.sample(.race, "a"), Finding.sample(.race, "a")])
    enumeration.saw([Finding.sample(.race, "a"), Finding.sample(.race, "b", rebind: 3)])
    #expect(enumeration.windows.map(\.firstSeenInRun) == [0, 1])
    #expect(enumeration.windows.map(\.rebind) == [1, 3])
    #expect(enumeration.runs == 2)
  }

  @Test func `no more windows are tried than allowed`() throws {
    var enumeration = Enumeration(limit: 1)
    enumeration.saw([Finding.sample(.race, "a"), Finding.sample(.race, "b")])
    let first = try #require(enumeration.next)
    #expect(enumeration.untried == 2)
    enumeration.tried(first, .survived, lastWords: "bye")
    #expect(enumeration.next == nil)
    #expect(enumeration.untried == 1)
    #expect(enumeration.windows.map(\.lastWords) == ["bye", ""])
  }

  @Test func `red is where the program does not cope`() {
    let outcomes: [(Enumeration.Outcome, Bool)] = [
      (.died("by signal 9"), true), (.hung, true), (.crossTalked, true), (.survived, false),
      (.notReached, false),
    ]
    for (outcome, isRed) in outcomes {
      var enumeration = Enumeration(limit: 9)
      enumeration.saw([Finding.sample()])
      enumeration.tried(enumeration.windows[0], outcome, lastWords: "")
      #expect(enumeration.red == (isRed ? 1 : 0) && enumeration.untried == 0, "\(outcome)")
    }
  }
}
