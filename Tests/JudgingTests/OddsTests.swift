import Faults
import Foundation
import PlanModel
import PlanReading
import Statistics
import Strategies
import TestSupport
import Testing
import Theory

@testable import Judging

@Suite struct OddsTests {
  private static func odds(_ arms: [Arm]) -> PlanOdds {
    PlanOdds(.sample(arms), vocabulary: .sample)
  }

  private static func cell(
    _ strategy: String, _ demand: Demand?, trials: Int, _ change: (inout Arm) -> Void = { _ in }
  ) -> CellOdds {
    let arm = Arm.sample(strategy: strategy, trials: trials) {
      $0.expectation = demand
      change(&$0)
    }
    return odds([arm]).cells[0]
  }

  /// 0 of 59 has the upper bound 4.95 %, 1 of 92 has 5.05 %, 1 of 93 has 5.0 % (scipy 1.17).
  @Test(arguments: [(59, 0, 0), (92, 0, 0), (93, 1, 0), (100, 1, 1), (400, 12, 4)])
  func `what never fails is never red by chance, and bears so many wrong and invalid trials`(
    trials: Int, wrong: Int, invalid: Int
  ) {
    let cell = Self.cell(
      "wildcard-report-back", Demand(failureRateAtMost: 0.05), trials: trials)
    #expect(cell.rate == 0 && cell.source == .theory && cell.red == 0)
    #expect(cell.bearsWrongTrials == wrong && cell.bearsInvalidTrials == invalid, "\(cell)")
    #expect(cell.bearsHarnessErrors == 0)
  }

  /// Two addresses of two slots: equal in one of two trials. At least 0.25 needs 11 of 30 (lower bound 0.222 for 11,
  /// 0.25 for 12), at most 0.75 no more than 18.
  @Test func `a rate between has the binomial tails`() {
    let half = { (demand: Demand) in
      Self.cell("probe-then-bind", demand, trials: 30) {
        $0.topology = Topology(apiServers: 1)
        $0.pool = PortPool(low: 40_000, high: 40_003)
      }
    }
    func red(outside range: ClosedRange<Int>) -> Double {
      var (choices, sum) = (1.0, 0.0)
      for k in 0...30 {
        if !range.contains(k) { sum += choices }
        choices *= Double(30 - k) / Double(k + 1)
      }
      return sum / 1_073_741_824
    }
    let green = (0...30).filter {
      ClopperPearson.lowerBound($0, outOf: 30) >= 0.25
        && ClopperPearson.upperBound($0, outOf: 30) <= 0.75
    }
    let cell = half(Demand(failureRateAtMost: 0.75, failureRateAtLeast: 0.25))
    #expect(cell.rate == 0.5)
    #expect(abs(cell.red - red(outside: green.first!...green.last!)) < 1e-12)
    #expect(cell.bearsWrongTrials == 15 - green.first!)
    let least = half(Demand(failureRateAtLeast: 0.25, isMustFailControl: true))
    #expect(abs(least.red - red(outside: green.first!...30)) < 1e-12)
  }

  /// Every pair of results, each judged.
  @Test func `a row like another is judged with every result of that one`() {
    let arms = [
      Arm.sample(apiServers: 1, trials: 40) { $0.pool = PortPool(low: 40_000, high: 40_003) },
      Arm.sample(label: "copy", apiServers: 1, trials: 30) {
        $0.pool = PortPool(low: 40_000, high: 40_003)
        $0.expectation = Demand(like: "probe-then-bind", likeWithin: 0.45)
      },
    ]
    let judge = MatrixJudge(plan: .sample(arms), vocabulary: .sample)
    var expected = 0.0
    for one in 0...40 {
      for two in 0...30 {
        let matrix = judge.judge(
          [
            .of([.lostToSelf: one, .ready: 40 - one]), .of([.lostToSelf: two, .ready: 30 - two]),
          ], isPartial: false)
        guard matrix.arms[1].planAnswer != .asExpected else { continue }
        expected +=
          Binomial.probability(of: one, outOf: 40, rate: 0.5)
          * Binomial.probability(of: two, outOf: 30, rate: 0.5)
      }
    }
    let cell = Self.odds(arms).cells[1]
    #expect(expected > 0.001 && expected < 0.5, "\(expected)")
    #expect(abs(cell.red - expected) < 1e-9, "\(cell.red) \(expected)")
  }

  @Test func `launches that share a trial are counted by trials`() {
    let cell = Self.cell("probe-then-bind", Demand(failureRateAtMost: 0.9), trials: 10) {
      $0.topology = Topology(launches: 2, apiServers: 1)
      $0.pool = PortPool(low: 40_000, high: 40_019)
    }
    // Four addresses of ten slots: 1 - 10·9·8·7/10^4 = 0.496.
    #expect(abs(cell.rate! - 0.496) < 1e-12)
    let most = (0...10).last { ClopperPearson.upperBound($0, outOf: 10) <= 0.9 }!
    #expect(abs(cell.red - Binomial.above(most, outOf: 10, rate: 0.496)) < 1e-12)
  }

  @Test func `without theory the plan's rate counts, then the demand's`() {
    let riddle = { (demand: Demand) in Self.cell("other", demand, trials: 60) }
    let least = riddle(Demand(failureRateAtLeast: 0.5))
    #expect(least.rate == 1 && least.source == .demand && least.red == 0)
    let most = riddle(Demand(failureRateAtMost: 0.1))
    #expect(most.rate == 0 && most.source == .demand && most.red == 0)
    let assumed = riddle(Demand(failureRateAtLeast: 0.5, assumedRate: 0.6))
    #expect(assumed.rate == 0.6 && assumed.source == .plan && assumed.red > 0.1)
    // A fault leaves the launch its own collisions.
    let paused = Self.cell("probe-then-bind", Demand(failureRateAtMost: 0.1), trials: 60) {
      $0.faults = [PlannedFault(kind: Choice(name: "pause", label: "pause"), point: .afterReady)]
    }
    #expect(abs(paused.rate! - 0.000425002) < 1e-8)
    #expect(paused.source == .demand)
    // Theory comes before what the plan assumes.
    let known = Self.cell(
      "wildcard-report-back", Demand(failureRateAtMost: 0.1, assumedRate: 0.5), trials: 60)
    #expect(known.rate == 0 && known.source == .theory)
  }

  @Test func `cells are independent, and those without a demand are not red by chance`() {
    let arm = Arm.sample(apiServers: 1, trials: 30) {
      $0.pool = PortPool(low: 40_000, high: 40_003)
      $0.expectation = Demand(failureRateAtLeast: 0.3)
    }
    var measured = arm
    measured.expectation = nil
    var skipped = arm
    skipped.skipReason = "not here"
    let odds = Self.odds([measured, arm, skipped, arm])
    let red = odds.cells[1].red
    #expect(red > 0)
    #expect(odds.cells.map(\.arm) == [0, 1, 3])
    #expect(odds.cells[0].rate == nil && odds.cells[0].red == 0)
    let both: Double = 2 * red - red * red
    #expect(abs(odds.red - both) < 1e-12)
    #expect(odds.weakest == 1 || odds.weakest == 3)
  }

  @Test(arguments: [(0, 10, 7), (5, 0, 3), (0, 1_000, 0), (3, 3, 3), (0, 10, 10)])
  func `the end of a range is found`(start: Int, end: Int, last: Int) {
    let holds = { (count: Int) in end >= start ? count <= last : count >= last }
    #expect(GreenRange.end(from: start, towards: end, holds) == last)
  }

  // MARK: The shipped plans

  private static let shipped: [ResolvedPlan] = {
    let vocabulary = Vocabulary(
      strategies: StrategyRegistry.descriptors, thieves: ThiefRegistry.descriptors,
      faults: FaultRegistry.descriptors)
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Scenarios")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".json") }.sorted().compactMap { name in
      guard let data = try? Data(contentsOf: folder.appending(path: name)) else { return nil }
      return try? PlanLoader.load(Array(data), file: name, vocabulary: vocabulary)
    }
  }()

  private static let shippedOdds: [PlanOdds] = {
    let vocabulary = Vocabulary(
      strategies: StrategyRegistry.descriptors, thieves: ThiefRegistry.descriptors,
      faults: FaultRegistry.descriptors)
    return shipped.map { PlanOdds($0, vocabulary: vocabulary) }
  }()

  /// All plans together, as a nightly runs them.
  @Test func `a night of all shipped plans is red by chance in less than one of 1,000`() {
    #expect(Self.shipped.count >= 16)
    let odds = zip(Self.shipped, Self.shippedOdds)
    let sum = odds.reduce(0) { $0 + $1.1.red }
    #expect(
      sum < 0.001,
      "\(sum): \(odds.filter { $0.1.red > 1e-5 }.map { "\($0.0.name) \($0.1.red) in arm \($0.1.weakest ?? -1)" })"
    )
  }

  /// One lost launch, of 4,500, must not redden the plan that compares all strategies.
  @Test func `every cell of the comparison of strategies bears one wrong trial`() throws {
    let index = try #require(Self.shipped.firstIndex { $0.name == "strategies" })
    let weak = Self.shippedOdds[index].cells.filter { $0.bearsWrongTrials == 0 }
    #expect(weak.isEmpty, "\(weak.map { "\($0.scenario), \($0.strategy)" })")
  }
}
