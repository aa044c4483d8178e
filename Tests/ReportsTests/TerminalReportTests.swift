import TestSupport
import Testing

@testable import Judging
@testable import Reports

@Suite struct TerminalReportTests {
  static func text(_ matrix: Matrix, width: Int, color: Bool = false) -> String {
    TerminalReport(matrix, width: width, usesColor: color).text
  }

  /// Without the padding at the ends of lines, which the table's own test looks at.
  static func trimmed(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }

  static let rest = """
    Failed / counted launches, rate, exact 95 % Clopper-Pearson interval in percent, as if the launches of one trial were independent (demands are decided by whole trials). A model disagrees where p < 0.001 (exact binomial test); where it agrees, these trials do not contradict it, no more.

    Published figures (Fisher's exact test, two-sided, level 0.01):
      quiet, probe-then-bind: published 4/5, measured 80/100 launches: consistent, p = 1.000 (a paper, table 2)
      quiet, held: published 4/5, measured 0/100 launches: NOT consistent, p < 0.0001 (a paper, table 2)

    Causes:
      quiet, probe-then-bind: lost-to-thief x80, first in trial 0/3:
        port 40001 lost: held by thief 0
      quiet, broken: child-died x100, first in trial 2/0:
        API server 1 died
      quiet, broken: FAIL: the rate is above 5 %, at confidence 0.95
      siblings, probe-then-bind: lost-to-sibling x50, first in trial 3/9:
        launch 1 had it
      siblings, probe-then-bind: no demand was made; the measured rate is off the model
      siblings, held: INCONCLUSIVE: no trial ran

    Measured, p50 / p99 / max:
                              barrier release skew              allocated to first bind           time to all bound
      quiet, probe-then-bind  900 ns / 12.3 us / 1.5 ms         -                                 900.0 us / 12.3 ms / 1.50 s

    an expectation is violated: 1 PASS, 1 FAIL, 1 INCONCLUSIVE, 1 XFAIL, 1 MEASURED

    """

  @Test func `a wide terminal gets a table`() {
    let table = """
      demo: a plan for tests

      strategy        | quiet                            | siblings
      ----------------+----------------------------------+--------------------------------------
      probe-then-bind | XFAIL 80/100 80.0 % [70.8, 87.3] | MEASURED 50/500 10.0 % [7.51, 13.0]
                      | model 79.8 % agrees              | any launch 40/100 40.0 % [30.3, 50.3]
                      | lost-to-thief x80                | model 60.0 % DISAGREES
                      |                                  | lost-to-sibling x50

      held            | PASS 0/100 0 % [0, 3.62]         | INCONCLUSIVE 0/0
                      | model 0 % agrees                 | any launch 0/0
                      |                                  | model 0 %

      broken          | FAIL 100/100 100 % [96.4, 100]   | -
                      | child-died x100                  |
                      | 3 launches not counted           |


      """
    #expect(Self.trimmed(Self.text(SampleMatrix.full, width: 200)) == table + Self.rest)
  }

  @Test func `a narrow terminal gets a block for each scenario`() {
    let blocks = """
      demo: a plan for tests

      quiet
        probe-then-bind  XFAIL 80/100 80.0 % [70.8, 87.3]
                         model 79.8 % agrees
                         lost-to-thief x80
        held             PASS 0/100 0 % [0, 3.62]
                         model 0 % agrees
        broken           FAIL 100/100 100 % [96.4, 100]
                         child-died x100
                         3 launches not counted

      siblings
        probe-then-bind  MEASURED 50/500 10.0 % [7.51, 13.0]
                         any launch 40/100 40.0 % [30.3, 50.3]
                         model 60.0 % DISAGREES
                         lost-to-sibling x50
        held             INCONCLUSIVE 0/0
                         any launch 0/0
                         model 0 %


      """
    #expect(Self.text(SampleMatrix.full, width: 40) == blocks + Self.rest)
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

  @Test func `a matrix without measurements ends with its conclusion`() {
    let matrix = SampleMatrix.awkward(scenario: "s", strategy: "t", evidence: "why")
    #expect(
      Self.trimmed(Self.text(matrix, width: 80)) == """
        demo: a plan for tests

        strategy | s
        ---------+-----------------------------
        t        | FAIL 1/3 33.3 % [0.84, 90.6]
                 | timeout x1
                 | 3 of 100 trials counted

        Failed / counted launches, rate, exact 95 % Clopper-Pearson interval in percent. A model disagrees where p < 0.001 (exact binomial test); where it agrees, these trials do not contradict it, no more.

        Causes:
          s, t: timeout x1, first in trial 0/2:
            why
          s, t: FAIL: r

        PARTIAL (interrupted): an expectation is violated: 1 FAIL

        """)
  }
}
