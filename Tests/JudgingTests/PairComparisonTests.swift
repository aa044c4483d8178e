import PlanModel
import Statistics
import TestSupport
import Testing

@testable import Judging

@Suite struct PairComparisonTests {
  private static func row(
    _ name: String, _ counts: KeyValuePairs<Outcome, Int>, launches: Int = 1
  ) -> PairComparison.Row {
    PairComparison.Row(
      name: name, arm: .sample(label: name, launches: launches), tally: .of(counts))
  }

  private static func table(
    _ rows: [PairComparison.Row], margin: Double = 0.05
  ) -> ComparisonTable {
    ComparisonTable(
      rows.dropFirst().map { ($0, rows[0]) }, level: 0.05, margin: margin, areInterleaved: true)
  }

  private static func words(
    _ rows: [PairComparison.Row], margin: Double = 0.05
  ) -> [PairComparison.Word] {
    table(rows, margin: margin).pairs.map(\.word)
  }

  @Test func `each word comes where it is shown`() {
    let reference = Self.row("racy", [.lostToThief: 30, .ready: 70])
    #expect(Self.words([reference, Self.row("fixed", [.ready: 100])]) == [.better])
    #expect(
      Self.words([reference, Self.row("bad", [.lostToThief: 80, .ready: 20])]) == [.worse])
    #expect(
      Self.words([reference, Self.row("same", [.lostToThief: 28, .ready: 72])])
        == [.noDifferenceShown])
    // 0 of 200 on both sides: within 5 points, not within a half.
    let clean = [Self.row("a", [.ready: 200]), Self.row("b", [.ready: 200])]
    #expect(Self.words(clean) == [.equal])
    #expect(Self.words(clean, margin: 0.005) == [.noDifferenceShown])
    #expect(Self.words([reference, Self.row("none", [:])]) == [.undecided])
    #expect(Self.words([Self.row("none", [.invalid: 9]), reference]) == [.undecided])
  }

  /// Alone 0 of 15 beside 4 of 20 is p = 0.0466 (SciPy); of six such comparisons none is shown.
  @Test func `the level holds for all comparisons together`() throws {
    let reference = Self.row("racy", [.lostToThief: 4, .ready: 16])
    let fixed = Self.row("fixed", [.ready: 30])
    let alone = try #require(Self.table([reference, fixed]).pairs.first)
    let p = try #require(alone.pValue)
    #expect(p == alone.adjustedPValue && alone.word == .better, "\(p)")
    let six = Self.table([reference] + Array(repeating: fixed, count: 6)).pairs
    #expect(six.allSatisfy { $0.word == .noDifferenceShown && $0.pValue == p })
    #expect(six.allSatisfy { abs($0.adjustedPValue! - min(1, 6 * p)) < 1e-12 })
  }

  @Test func `what is not counted is taken as it speaks against a difference`() throws {
    let reference = Self.row("racy", [.lostToThief: 30, .ready: 70])
    let seen = Self.table([reference, Self.row("fixed", [.ready: 70, .harnessError: 30])]).pairs[0]
    #expect(seen.word == .noDifferenceShown && seen.row.uncounted == 30 && seen.pValue == 1)
    #expect(seen.difference == -0.3)
    let high = try #require(seen.differenceHigh)
    let low = try #require(seen.differenceLow)
    #expect(high > 0.1 && low < -0.3, "\(low), \(high)")
  }

  @Test func `trials are compared where launches share one`() {
    let parallel = Self.table([
      Self.row("a", [.ready: 10], launches: 5), Self.row("b", [.ready: 10]),
    ])
    #expect(!parallel.pairs[0].isByLaunch)
    #expect(
      Self.table([Self.row("a", [.ready: 1]), Self.row("b", [.ready: 1])]).pairs[0].isByLaunch)
  }

  @Test func `many observations are compared by Fisher's test`() {
    let few = Self.table([Self.row("a", [.ready: 1_000]), Self.row("b", [.ready: 1_000])])
    let many = Self.table([Self.row("a", [.ready: 1_001]), Self.row("b", [.ready: 1_000])])
    #expect(few.pairs[0].test == "boschloo" && many.pairs[0].test == "fisher")
  }
}

@Suite struct PowerAnswerTests {
  /// 15 clean runs: 1 - 0.05^(1/15) = 18.1 %; a bug of 6 % passes them in 0.94^15 = 39.5 %.
  @Test func `clean runs prove what their number allows`() {
    let answer = PowerAnswer.clean(15, against: 0.06, confidence: 0.95)
    #expect(abs(answer.bounds[0].value - 0.181_036) < 1e-5)
    #expect(abs(answer.bounds[1].value - 0.395_292) < 1e-5 && answer.bounds.count == 2)
    #expect(PowerAnswer.clean(1, against: nil, confidence: 0.95).bounds.count == 5)
  }

  /// 299, 473, 628, 773: the least n with an upper bound of 1 % (scipy's beta.ppf).
  @Test func `a bound needs more runs the more may fail`() {
    let runs = PowerAnswer.atMost(0.01, confidence: 0.95).lines.map(\.runs)
    #expect(runs == [299, 473, 628, 773])
    let many = PowerAnswer.atMost(1e-12, confidence: 0.95).lines.map(\.runs)
    #expect(many[0]! > 1e12 && many[1] == nil)
  }

  @Test func `two rates are told apart by one test and by another`() {
    let lines = PowerAnswer.tell(0.8, 0, power: 0.95, level: 0.05).lines
    #expect(lines.map(\.runs).prefix(2) == [9, 2], "\(lines)")
    let near = PowerAnswer.tell(0.01, 0.0101, power: 0.9, level: 0.05).lines
    #expect(near.allSatisfy { $0.runs == nil }, "\(near)")
  }
}
