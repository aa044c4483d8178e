import RaceLedger
import TestSupport
import Testing

@Suite struct BookTests {
  @Test func `a place has its shortest and longest window, in whatever order they came`() {
    for windows in [[5, 9, 7], [9, 5, 7], [7, 9, 5], [7, 5, 9]] as [[UInt64]] {
      let book = Book(windows.map { Finding.sample(window: $0) })
      #expect(book.places.map(\.windows) == [5...9])
      #expect(book.places.map(\.count) == [3])
    }
    let late = Book([Finding.sample(), Finding.sample(window: 4)])
    #expect(late.places.map(\.windows) == [4...4], "the first had none")
  }

  @Test func `races stand before notes, each in the order they came`() {
    let book = Book([
      Finding.sample(.clientPort, "a"), Finding.sample(.race, "b"),
      Finding.sample(.stillHeld, "c"), Finding.sample(.collision, "d"),
    ])
    #expect(book.places.map(\.first.rebinder.thread) == ["b", "d", "a", "c"])
    #expect(book.races.count == 2 && book.notes.count == 2)
  }

  @Test func `a summary tells which re-bind it was, from the second on`() {
    #expect(!Finding.sample().summary.contains("re-bind"))
    #expect(Finding.sample(rebind: 2).summary.contains(", re-bind 2 ["))
  }
}

@Suite struct SuppressionTests {
  private func book(_ line: String, _ findings: Finding...) throws -> Book {
    Book(findings, suppressions: try Suppressions(parsing: line))
  }

  @Test func `the pieces of a pattern are looked for one after the other`() throws {
    for (pattern, word, isTaken) in [
      ("one*two", "one-two", true), ("one*two", "two-one", false), ("one*one", "one", false),
      ("*two*", "one-two", true), ("three", "one-two", false),
    ] {
      // As the name of a function it stands alone; a program stands twice in a summary.
      let rebinder = Party.sample { $0.stack = [Frame(function: word, file: "")] }
      let book = try book("RACE:\(pattern)", Finding.sample(rebinder: rebinder))
      #expect(book.suppressed == (isTaken ? 1 : 0), "\(pattern) \(word)")
      #expect(book.suppressionsUsed == (isTaken ? [pattern: 1] : [:]))
    }
  }

  @Test func `a note is told whatever is suppressed`() throws {
    let book = try book("*:prog", Finding.sample(.clientPort), Finding.sample())
    #expect(book.suppressed == 1 && book.notes.count == 1 && book.races.isEmpty)
  }

  @Test func `a mistake is told with its line`() {
    for (text, line) in [
      ("nonsense", 1), ("# known\n\nRACE:x\nnonsense", 4), ("RACE:x\n WHAT:y", 2),
    ] {
      let mistake = #expect(throws: Suppressions.Mistake.self) {
        try Suppressions(parsing: text)
      }
      #expect(mistake?.line == line, "\(text)")
    }
  }
}
