import TestSupport
import Testing

@testable import Judging
@testable import Reports

@Suite struct TerminalReportTests {
  static func text(_ matrix: Matrix, width: Int, color: Bool = false) -> String {
    TerminalReport(matrix, width: width, usesColor: color).text
  }

  @Test func `the table is used exactly where it fits`() throws {
    let wide = Self.text(SampleMatrix.full, width: 1_000)
    let head = try #require(wide.split(separator: "\n").first { $0.hasPrefix("strategy") })
    #expect(Self.text(SampleMatrix.full, width: head.count).contains(head))
    #expect(!Self.text(SampleMatrix.full, width: head.count - 1).contains(head))
    #expect(Self.text(SampleMatrix.full, width: 0) == Self.text(SampleMatrix.full, width: 40))
    for line in wide.split(separator: "\n") where line.contains(" | ") {
      #expect(line.count == head.count, "\(line)")
    }
  }

  @Test(arguments: [40, 200]) func `colour is added to answers and nothing else`(_ width: Int)
    throws
  {
    let plain = Self.text(SampleMatrix.full, width: width)
    let colored = Self.text(SampleMatrix.full, width: width, color: true)
    #expect(!plain.contains("\u{1B}"))
    for (word, code) in [
      ("FAILS", 36), ("as expected", 36), ("SURVIVES", 32), ("as expected", 32), ("FAILS", 31),
      ("NOT as expected", 31), ("MEASURED", 2), ("no demand", 2), ("UNDECIDED", 33),
      ("undecided", 33),
    ] {
      #expect(colored.contains("\u{1B}[\(code)m\(word)\u{1B}[0m"))
    }
    // Each of five arms has two answers in colour; without the codes the texts are the same.
    #expect(colored.split(separator: "\u{1B}").count == 1 + 2 * 2 * 5)
    #expect(colored.replacing(try Regex("\u{1B}\\[[0-9]+m"), with: "") == plain)
  }

  /// Matrices of every kind, with everything that makes lines long.
  static let matrices: [(String, Matrix)] = [
    ("full", SampleMatrix.full), ("startup", StartupReportTests.measured),
    ("costs", CostTableTests.matrix()), ("findings", SampleMatrix.findings),
    ("large", SampleMatrix.large),
    (
      "awkward",
      SampleMatrix.awkward(
        scenario: String(repeating: "s", count: 120), strategy: String(repeating: "t ", count: 90),
        evidence: String(repeating: "/a/long/path", count: 40))
    ),
  ]

  @Test(arguments: [40, 80, 100, 120, 200]) func `no line is wider than the terminal`(
    _ width: Int
  ) {
    for (name, matrix) in Self.matrices {
      for isVerbose in [false, true] {
        let text = TerminalReport(
          matrix, width: width, usesColor: false, isVerbose: isVerbose, showsCosts: true,
          run: "Results/demo/20261128T101112Z-7"
        ).text
        let widest = text.split(separator: "\n").max { $0.count < $1.count } ?? ""
        #expect(widest.count <= width, "\(name), verbose \(isVerbose): \(widest)")
      }
    }
  }

  @Test func `what is not as expected is last, and what no thief reached has its command`() throws {
    let text = TerminalReport(
      SampleMatrix.findings, width: 200, usesColor: false, run: "Results/demo/latest"
    ).text
    let titles = [
      "did not run, because a part is missing here", "Out of reach", "Undecided:",
      "NOT as expected:",
      "a demand is violated: ",
    ]
    let places = try titles.map {
      try #require(text.firstRange(of: $0), "\($0) in \(text)").lowerBound
    }
    #expect(places == places.sorted())
    #expect(
      text.contains(
        "bindstorm replay Results/demo/latest/0/3 --force --strategy mine"), "\(text)")
    #expect(text.contains("RECOVERS failed 0/300 0 % [0, 1.22]"))
    #expect(text.contains("recovered 161/300 53.7 %"))
    #expect(text.contains("failed or recovered 161/300 53.7 % [47.8, 59.4]"))
    #expect(text.contains("there is no portserver.py: run `make adapters`"))
    #expect(text.contains("Amplified (thieves):"))
  }

  @Test func `many cells are an overview and a line each, unless all is asked for`() {
    let brief = TerminalReport(SampleMatrix.large, width: 120, usesColor: false).text
    let whole = TerminalReport(
      SampleMatrix.large, width: 120, usesColor: false, isVerbose: true
    ).text
    #expect(brief.contains("strategy-0  | SURVIVES 0 % | "))
    #expect(brief.contains("and 52 more (--verbose)"))
    #expect(!whole.contains("(--verbose)") && whole.count > brief.count)
  }
}
