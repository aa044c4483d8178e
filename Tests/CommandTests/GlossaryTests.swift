import Foundation
import TestSupport
import Testing

/// Documentation/glossary.md has every word of the program, and says of outcomes what the program says.
@Suite struct GlossaryTests {
  private static func glossary() throws -> String {
    try String(
      contentsOfFile: Built.repository + "/Documentation/glossary.md", encoding: .utf8)
  }

  /// The words that are explained, as they are written.
  private static func entries() throws -> [String] {
    try glossary().components(separatedBy: "\n").filter { $0.hasPrefix("**") }.compactMap {
      $0.dropFirst(2).components(separatedBy: ".**").first
    }
  }

  @Test func `outcomes and verdicts are the program's`() throws {
    var current = try Self.glossary()
    for subject in ["outcomes", "verdicts"] {
      let tables = try Program([Built.bindstorm, "list", subject, "--markdown"]).wait()
      #expect(tables.ending == .exit(0))
      let mark = "<!-- bindstorm list \(subject) --markdown -->\n"
      let start = try #require(current.range(of: mark)).upperBound
      let rest = try #require(
        current.range(of: "\n<!-- end -->\n", range: start..<current.endIndex)
      ).lowerBound
      current = current[..<start] + "\n" + tables.output + current[rest...]
    }
    #expect(
      Snapshot.problem(current, "glossary.md", folder: Built.repository + "/Documentation") == nil)
  }

  @Test func `the list tells each word's meaning, how it counts and what to do`() throws {
    for (subject, known) in [
      ("outcomes", ["lost-to-thief", "recovered"]),
      ("verdicts", ["SURVIVES", "RECOVERS", "as expected", "NOT as expected"]),
    ] {
      let list = try Program([Built.bindstorm, "list", subject]).wait()
      #expect(list.ending == .exit(0))
      let words = list.output.split(separator: "\n").map(String.init).filter {
        !$0.hasPrefix(" ") && !$0.contains(":")
      }
      #expect(Set(words).isSuperset(of: known), "\(words)")
      #expect(words.count == list.output.components(separatedBy: "\n    to do: ").count - 1)
    }
  }

  @Test func `words are in the order of the alphabet, each once`() throws {
    let entries = try Self.entries().map { $0.lowercased() }
    #expect(entries.count > 80)
    #expect(entries == entries.sorted())
    #expect(Set(entries).count == entries.count)
  }

  @Test(arguments: [
    "Arm", "Barrier release skew", "Casualty", "Claim", "Launch", "Loot", "Plan", "Resident",
    "Scenario", "Serial launches", "Squatter", "Stranger", "Thief", "TOCTOU window", "Trial",
    "Window", "Witness",
    // What cells, columns and last lines say.
    "Agrees, DISAGREES", "Allocated to first bind", "Closed, silent, either", "Cooperation",
    "Counted", "Known beforehand", "Level", "PARTIAL", "Ports taken", "Published figure",
    "Sockets in window", "Throughput", "Time to all bound, time to all served",
    // What `check` says.
    "COLLISION", "CROSS-ADDRESS", "CROSS-PROTOCOL", "CROSS-WIRED", "DEAD-PORT", "DERIVED",
    "DUPLICATE", "LIVE-TWIN", "LOOKED-UP", "Note", "Place", "Probe", "Proof", "RACE", "RESTART",
    "SELF-CONNECT", "SHARED", "Suppressed",
  ])
  func `the words of a first reading and of the reports are there`(_ word: String) throws {
    #expect(try Self.entries().contains(word))
  }
}
