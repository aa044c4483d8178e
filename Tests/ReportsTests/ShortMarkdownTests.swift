import Foundation
import PlanModel
import TestSupport
import Testing

@testable import Judging
@testable import Reports

/// The comment under a pull request.
@Suite struct ShortMarkdownTests {
  @Test func `what needs attention comes first, the rest is folded`() throws {
    let text = ShortMarkdown.text(SampleMatrix.full)
    let parts = text.components(separatedBy: "<details>")
    #expect(parts.count == 2)
    let rows = parts[0].split(separator: "\n").filter { $0.hasPrefix("| ") }
    #expect(rows.count == 5, "\(rows)")
    #expect(rows[1].hasPrefix("| quiet | broken | FAILS 100/100"))
    #expect(rows[2].hasPrefix("| siblings | held | UNDECIDED"))
    #expect(rows[3].hasPrefix("| siblings | probe-then-bind | MEASURED"))
    #expect(rows[4].hasPrefix("| quiet | probe-then-bind | FAILS"))
    #expect(
      parts[1].contains("<summary>1 more cell</summary>") && parts[1].contains("| quiet | held |"))
    #expect(text.hasPrefix("### demo: a plan for tests\n\n**a demand is violated"))
    #expect(text.hasSuffix("</details>\n"))
  }

  @Test func `a large matrix fits into a comment`() {
    let arms = (0..<2_000).map { Arm.sample(scenario: "s\($0 % 40)", label: "strategy-\($0)") }
    let matrix = Matrix(
      plan: .sample(arms),
      arms: arms.indices.map {
        SampleMatrix.verdict($0, .notDemanded, "no demand was made", SampleMatrix.rate(0, 1, 0, 1))
      }, isPartial: false)
    let text = ShortMarkdown.text(matrix)
    #expect(text.utf8.count <= ShortMarkdown.longest + 100 && text.count < 65_536)
    #expect(text.contains(" more\n\n</details>\n"))
  }

  @Test func `names cannot leave their cell`() {
    for seed: UInt64 in 1...40 {
      let text = ShortMarkdown.text(HostileTextTests.matrix(seed))
      #expect(HostileText.faults(in: text) == [], "seed \(seed)")
      #expect(!text.contains("<script") && !text.contains("<!--"), "seed \(seed)")
    }
  }
}
