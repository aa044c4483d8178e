import Judging
import PlanModel
import TestSupport
import Testing

@testable import Reports

@Suite struct CostTableTests {
  static func matrix(isDeclared: Bool = true, depth: Depth = .bind) -> Matrix {
    let arm = Arm.sample(depth: depth)
    let empty = RateEstimate(failures: 0, outOf: 10, low: 0, high: 0.3)
    let verdict = ArmVerdict(
      arm: 0, planAnswer: .notDemanded, reason: "", launches: empty, trials: empty, outcomes: [],
      topCause: nil, predictionPerLaunch: nil, predictionPerTrial: nil, published: [],
      plannedTrials: 10, releaseSkew: nil, window: nil,
      timeToBound: DurationSummary(samples: 10, p50: 1_500_000, p99: 2_500_000, max: 3_000_000),
      allocation: DurationSummary(samples: 10, p50: 40_000, p99: 90_000, max: 95_000),
      portsTaken: 8, socketsInWindow: 3)
    let traits = StrategyTraits(
      needsRoot: true, cooperation: .everybody, isKnownBeforehand: true, worksAcrossHosts: false,
      failure: .silent, weakness: "a | b")
    return Matrix(
      plan: .sample([arm]), arms: [verdict], isPartial: false,
      traits: isDeclared ? [arm.strategy.name: traits] : [:])
  }

  @Test func `measured and declared costs stand in one row`() {
    #expect(
      CostTable(Self.matrix()).rows == [
        [
          "probe-then-bind", Arm.sample().scenario, "40.0 us / 90.0 us", "1.5 ms / 2.5 ms", "8",
          "3",
          "yes", "everybody", "yes", "no", "silent", "a | b",
        ]
      ])
    #expect(CostTable(Self.matrix()).rows[0].count == CostTable.head.count)
  }

  @Test func `nobody has declared what a program of the plan needs`() {
    var matrix = Self.matrix()
    matrix.plan.arms[0].strategy.command = AdapterCommand(words: ["./launcher"], folder: "/")
    let row = CostTable(matrix).rows[0]
    #expect(row[4] == "8")
    #expect(row[6...].allSatisfy { $0 == "-" })
    #expect(row.count == CostTable.head.count)
  }

  @Test func `what was not declared or bound nothing has no row`() {
    #expect(CostTable(Self.matrix(isDeclared: false)).rows.isEmpty)
    #expect(CostTable(Self.matrix(depth: .allocate)).rows.isEmpty)
  }

  @Test func `the table stands in both reports and in the CSV file`() {
    let matrix = Self.matrix()
    let terminal = TerminalReport(matrix, width: 120, usesColor: false, showsCosts: true).text
    #expect(terminal.contains("What each strategy costs:"))
    #expect(terminal.split(separator: "\n").allSatisfy { !$0.hasSuffix(" ") || $0.contains("|") })
    #expect(MarkdownReport.text(matrix).contains("| silent | a \\| b |"))
    #expect(
      CSVReport.text(matrix).contains(",40000,90000,8,3,true,everybody,true,false,silent,"))
  }
}
