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
    #expect(Self.text(SampleMatrix.full, width: head.count) == wide)
    #expect(Self.text(SampleMatrix.full, width: head.count - 1) != wide)
    #expect(Self.text(SampleMatrix.full, width: 0) == Self.text(SampleMatrix.full, width: 40))
    for line in wide.split(separator: "\n") where line.contains(" | ") {
      #expect(line.count == head.count, "\(line)")
    }
  }

  @Test(arguments: [40, 200]) func `colour is added to verdict words and nothing else`(_ width: Int)
    throws
  {
    let plain = Self.text(SampleMatrix.full, width: width)
    let colored = Self.text(SampleMatrix.full, width: width, color: true)
    #expect(!plain.contains("\u{1B}"))
    for (word, code) in [
      ("XFAIL", 36), ("PASS", 32), ("FAIL", 31), ("MEASURED", 2), ("INCONCLUSIVE", 33),
    ] {
      #expect(colored.contains("\u{1B}[\(code)m\(word)\u{1B}[0m "))
    }
    // Each of five arms has one word in colour; without the codes the texts are the same.
    #expect(colored.split(separator: "\u{1B}").count == 1 + 2 * 5)
    #expect(colored.replacing(try Regex("\u{1B}\\[[0-9]+m"), with: "") == plain)
  }
}
