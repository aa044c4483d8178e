import Foundation
import RaceLedger
import ReportKit
import TestSupport
import Testing

@testable import RaceReporting

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Whatever a command, its processes, their threads and its code are called: each format shows it and obeys nothing.
@Suite struct HostileTextTests {
  private static func party(_ words: inout HostileText, pid: Int32) -> Party {
    let frames = [Frame(function: words.next(), file: words.next(), line: 3)]
    let group = words.next()
    return .sample([words.next(), words.next()], pid: pid, thread: words.next()) {
      $0.stack = frames
      $0.sourceStack = frames
      $0.group = group
    }
  }

  private static func documents(_ seed: UInt64) throws -> [(String, String)] {
    var words = HostileText(seed: seed)
    let owner = Owner(isInTree: false, pid: 9, command: words.next())
    let finding = Finding.sample(
      seed % 2 == 0 ? .race : .collision, window: 100, probe: party(&words, pid: 10),
      rebinder: party(&words, pid: 20)
    ) { $0.owner = owner }
    let facts = WordsTests.facts([words.next(), words.next(), "\n::error::argv"]) {
      $0.injections = [words.next()]
      $0.stolen = 1
    }
    let book = Book([finding])
    var walk = Enumeration(limit: 3)
    walk.saw([finding])
    for window in walk.windows { walk.tried(window, .died("x"), lastWords: words.next()) }
    return [
      ("text", RaceTextReport.text(book, facts, isVerbose: true)),
      ("enumeration", EnumerationReport.text(walk, facts)),
      ("JUnit", RaceJUnitReport.text(book, facts)), ("HTML", RaceHTMLReport.text(book, facts)),
    ]
  }

  @Test func `no format of a check has anything to obey`() throws {
    for seed: UInt64 in 1...40 {
      for (name, text) in try Self.documents(seed) {
        let isMarkup = name == "JUnit" || name == "HTML"
        // Tabs are XML's own.
        let plain = isMarkup ? text.replacing("\t", with: " ") : text
        #expect(HostileText.faults(in: plain) == [], "seed \(seed), \(name)")
        if name == "JUnit" { #expect(XMLParser(data: Data(text.utf8)).parse(), "seed \(seed)") }
        guard name == "HTML" else { continue }
        #expect(!text.contains("<script>alert") && !text.contains("\"><b>"), "seed \(seed)")
        #expect(text.matches(of: /<script/).count == 1, "seed \(seed)")
        #expect(!text.contains("<!--"), "seed \(seed)")
      }
    }
  }

  @Test func `a line break in a name makes no line of its own`() throws {
    let finding = Finding.sample(.race, window: 100, probe: .sample(["a\nSUMMARY: forged"]))
    let text = RaceTextReport.text(Book([finding]), WordsTests.facts(["a", "\nforged"]))
    #expect(
      !text.split(separator: "\n").contains {
        $0.hasPrefix("SUMMARY: forged") || $0.hasPrefix("forged")
      })
  }
}
