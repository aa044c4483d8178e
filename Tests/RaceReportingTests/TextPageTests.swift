import Foundation
import RaceLedger
import TestSupport
import Testing

@testable import RaceReporting

/// The text report as people read it.
@Suite struct TextPageTests {
  private func party(_ script: String, native: Int = 3) -> Party {
    .sample(["python3", script]) { party in
      party.sourceStack = [
        Frame(function: "bind", file: "/usr/lib/python3.11/socket.py", line: 9),
        Frame(function: "pick", file: "/src/\(script)", line: 12),
      ]
      party.stack = (0..<native).map { _ in Frame(function: "f", file: "/usr/bin/python3") }
    }
  }

  private func page(_ findings: [Finding], isVerbose: Bool = false, usesColor: Bool = false)
    -> [String]
  {
    RaceTextReport.page(
      Book(findings), WordsTests.facts(), isVerbose: isVerbose, usesColor: usesColor
    ).split(separator: "\n").map(String.init)
  }

  @Test func `the summary comes first and last, once if it is all`() {
    let lines = page([.sample()])
    #expect(lines.first?.hasPrefix("bindstorm check: races found at 1 place") == true)
    #expect(lines.first == lines.last && lines.count > 5)
    #expect(page([]).count == 1)
  }

  @Test func `frames of interpreters and libraries are counted, with -v shown`() {
    let lines = page([.sample(probe: party("a.py"), rebinder: party("b.py"))])
    #expect(lines.contains("    #1 pick /src/a.py:12"))
    #expect(lines.filter { $0 == "    4 frames of the interpreter and libraries (-v)" }.count == 2)
    let all = page([.sample(probe: party("a.py"), rebinder: party("b.py"))], isVerbose: true)
    #expect(all.contains("    #0 bind /usr/lib/python3.11/socket.py:9"))
    #expect(all.contains("    #4 f (/usr/bin/python3+0x0)"))
  }

  @Test func `lines have 100 columns, but for the command to paste`() {
    let long = String(repeating: "deep/", count: 40) + "last/launch.py"
    let finding = Finding.sample(probe: party(long), rebinder: party("b.py"))
    for line in page([finding]) where !line.hasPrefix("  Force it:") {
      #expect(line.count <= 100, "\(line)")
    }
    #expect(page([finding]).contains { $0.hasSuffix("/deep/last/launch.py:12") })
    #expect(page([finding], isVerbose: true).contains { $0.contains("/src/\(long):12") })
  }

  @Test func `a long summary has the place in its first line`() {
    let lines = page([
      .sample(probe: party("launcher_of_many.py"), rebinder: party("server_of_one.py"))
    ])
    let first = lines.first { $0.hasPrefix("SUMMARY:") } ?? ""
    #expect(first.contains(/RACE tcp \[[0-9a-f]{8}\/[0-9a-f]{8}\] \(once\)/), "\(first)")
    #expect(lines.contains("    python3 launcher_of_many.py (pick launcher_of_many.py:12)"))
    #expect(lines.contains("    -> python3 server_of_one.py (pick server_of_one.py:12)"))
  }

  @Test func `verdicts are coloured on demand`() {
    #expect(
      page([.sample()], usesColor: true).first?.hasPrefix("\u{1B}[31mbindstorm check: races")
        == true)
    #expect(
      page([], usesColor: true).first?.hasPrefix("\u{1B}[32mbindstorm check: no race") == true)
    #expect(!page([.sample()]).joined().contains("\u{1B}"))
  }

  @Test func `findings without a call site are counted with the reason`() {
    let gone = Finding.sample(
      probe: party("a.py"), rebinder: .sample { $0.stackGap = "--stacks 1 was met" })
    let lines = page([gone, gone], isVerbose: true)
    #expect(
      lines.contains(
        "bindstorm check: 2 findings without a call site, counted under the programs' place: --stacks 1 was met"
      ))
    let perl = Finding.sample(
      probe: .sample(["perl", "x.pl"]), rebinder: .sample(["perl", "x.pl"]))
    #expect(
      page([perl, perl], isVerbose: true).contains {
        $0.hasPrefix("bindstorm check: calls of perl look alike")
      })
    #expect(!page([perl], isVerbose: true).contains { $0.contains("look alike") })
  }
}

/// The manual's section "How to fix it" and the table in the sources are the same.
@Suite struct RemedyDocumentTests {
  @Test func `the manual has every remedy in the words of the reports' table`() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    let manual = try String(
      contentsOf: folder.appending(path: "../../Documentation/check.md"), encoding: .utf8)
    for (kind, remedy) in Remedy.all {
      #expect(manual.contains("**\(kind.rawValue)**: \(remedy.paragraph)"), "\(kind)")
    }
    for (language, text) in Remedy.languages {
      #expect(manual.contains("| \(language) | \(text) |"), "\(language)")
    }
  }
}
