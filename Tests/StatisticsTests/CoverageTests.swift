import Glibc
import PortModel
import Testing

@testable import Statistics

/// Sums over all outcomes of binomial samples: what a test or an interval does, without chance.
enum Enumeration {
  static func pmf(_ n: Int, _ rate: Double) -> [Double] {
    (0...n).map { Binomial.probability(of: $0, outOf: n, rate: rate) }
  }

  /// The probability of the outcomes of one sample for which a condition holds.
  static func sum(_ n: Int, _ rate: Double, where holds: (Int) -> Bool) -> Double {
    pmf(n, rate).enumerated().reduce(0) { $0 + (holds($1.offset) ? $1.element : 0) }
  }

  /// The probability of the tables of two samples that are marked.
  static func sum(_ marked: [[Bool]], _ p1: Double, _ p2: Double) -> Double {
    let (first, second) = (pmf(marked.count - 1, p1), pmf(marked[0].count - 1, p2))
    var sum = 0.0
    for (k1, row) in marked.enumerated() {
      for (k2, isMarked) in row.enumerated() where isMarked { sum += first[k1] * second[k2] }
    }
    return sum
  }

  static func tables(_ n1: Int, _ n2: Int, where holds: (Int, Int) -> Bool) -> [[Bool]] {
    (0...n1).map { k1 in (0...n2).map { holds(k1, $0) } }
  }

  /// Rates at which it matters: near the ends, and across the scale.
  static let rates =
    [1e-9, 1e-6, 1e-4, 1e-3, 0.01, 0.02] + stride(from: 0.05, to: 0.96, by: 0.05)
    + [0.98, 0.99, 0.999, 1 - 1e-6]
}

/// Coverage of the intervals, by sums over all outcomes. The least and the mean that are seen here stand in
/// Documentation/statistics.md.
@Suite struct CoverageTests {
  @Test(arguments: [1, 2, 5, 20, 60, 200], [0.8, 0.95, 0.999])
  func `Clopper-Pearson's interval and bounds cover at least as often as they say`(
    n: Int, confidence: Double
  ) {
    let intervals = (0...n).map { ClopperPearson.interval($0, outOf: n, confidence: confidence) }
    let upper = (0...n).map { ClopperPearson.upperBound($0, outOf: n, confidence: confidence) }
    let lower = (0...n).map { ClopperPearson.lowerBound($0, outOf: n, confidence: confidence) }
    for rate in Enumeration.rates {
      let covered = Enumeration.sum(n, rate) { intervals[$0].contains(rate) }
      #expect(covered >= confidence - 1e-9, "\(covered) at \(rate)")
      let below = Enumeration.sum(n, rate) { upper[$0] >= rate }
      let above = Enumeration.sum(n, rate) { lower[$0] <= rate }
      #expect(below >= confidence - 1e-9 && above >= confidence - 1e-9, "\(rate)")
    }
  }

  /// It is made of exact limits, but is no exact interval itself: each end is to be exceeded with probability 5 %. It is
  /// 5.2 % at most where the rates differ by a half or less, and up to 7 % where one of the samples nearly never fails and the other nearly always; `like` rules out differences that
  /// are far smaller.
  @Test(arguments: [(10, 10), (30, 20), (5, 60), (40, 40)])
  func `the interval of like is exceeded at each end as seldom as it says`(n1: Int, n2: Int) {
    func bounded(_ k: Int, _ n: Int) -> RateDifference.Bounded {
      RateDifference.Bounded(
        rate: Double(k) / Double(n), low: ClopperPearson.lowerBound(k, outOf: n),
        high: ClopperPearson.upperBound(k, outOf: n))
    }
    let (first, second) = ((0...n1).map { bounded($0, n1) }, (0...n2).map { bounded($0, n2) })
    let intervals = first.map { a in second.map { RateDifference.interval(a, $0) } }
    var (worst, worstApart) = (0.0, 0.0)
    for p1 in Enumeration.rates {
      for p2 in Enumeration.rates {
        let difference = p1 - p2
        let above = Enumeration.tables(n1, n2) { intervals[$0][$1].lowerBound > difference + 1e-12 }
        let below = Enumeration.tables(n1, n2) { intervals[$0][$1].upperBound < difference - 1e-12 }
        let exceeded = max(Enumeration.sum(above, p1, p2), Enumeration.sum(below, p1, p2))
        if abs(difference) <= 0.5 {
          worst = max(worst, exceeded)
        } else {
          worstApart = max(worstApart, exceeded)
        }
      }
    }
    #expect(worst <= 0.052 && worstApart <= 0.08, "\(worst), \(worstApart)")
  }

  /// As for the difference: on average as it says, at some rates of small samples less.
  @Test(arguments: [(10, 10), (30, 20), (5, 60)]) func `the interval of a ratio covers`(
    n1: Int, n2: Int
  ) {
    let intervals = (0...n1).map { k1 in
      (0...n2).map { ScoreInterval(k1, outOf: n1, $0, outOf: n2).ratio }
    }
    var all: [Double] = []
    for p1 in stride(from: 0.02, to: 1, by: 0.08) {
      for p2 in stride(from: 0.02, to: 1, by: 0.08) {
        let covering = Enumeration.tables(n1, n2) { k1, k2 in
          let interval = intervals[k1][k2]
          return interval.lowerBound <= p1 / p2 * (1 + 1e-12)
            && interval.upperBound >= p1 / p2 * (1 - 1e-12)
        }
        all.append(Enumeration.sum(covering, p1, p2))
      }
    }
    let mean = all.reduce(0, +) / Double(all.count)
    #expect(mean > 0.945 && mean < 0.985 && all.min()! > 0.88, "\(mean), \(all.min()!)")
  }

  /// Nominal error rates of Wald's test are met up to the factor that he gives for the overshoot, and never in sum.
  @Test(arguments: [(0.01, 0.2), (0.05, 0.8), (0.1, 0.3), (0, 0.2), (0.5, 1)], [0.01, 0.05, 0.2])
  func `the sequential test keeps its error rates`(rates: (Double, Double), error: Double) {
    let test = SequentialTest(
      good: rates.0, bad: rates.1, alpha: error, beta: error, longest: 400)
    let (atGood, atBad) = (
      test.characteristics(at: rates.0), test.characteristics(at: rates.1)
    )
    #expect(atGood.bad <= error / (1 - error) + 1e-9, "\(atGood)")
    #expect(atBad.good <= error / (1 - error) + 1e-9, "\(atBad)")
    #expect(atGood.bad + atBad.good <= 2 * error + 1e-9, "\(atGood), \(atBad)")
    for seen in [atGood, atBad] { #expect(abs(seen.good + seen.bad + seen.open - 1) < 1e-9) }
  }

  /// False alarm: 1e-6 for each of the six counts, the level of the exact test.
  @Test(arguments: [0.01, 0.1, 0.2]) func `simulated series end as often as is computed`(
    rate: Double
  ) {
    let test = SequentialTest(good: 0.01, bad: 0.2, alpha: 0.05, beta: 0.05, longest: 100)
    var generator = SeededGenerator(seed: 42)
    var ends = (good: 0, bad: 0)
    for _ in 0..<20_000 {
      var failures = 0
      for n in 1...100 {
        if generator.uniform() < rate { failures += 1 }
        let decision = test.decision(failures, outOf: n)
        if decision == .good { ends.good += 1 }
        if decision == .bad { ends.bad += 1 }
        if decision != .open { break }
      }
    }
    let exact = test.characteristics(at: rate)
    #expect(BinomialTest.pValue(ends.good, outOf: 20_000, rate: exact.good) > 1e-6, "\(ends)")
    #expect(BinomialTest.pValue(ends.bad, outOf: 20_000, rate: exact.bad) > 1e-6, "\(ends)")
  }
}

/// Error rates of the tests, by sums over all outcomes.
@Suite struct ErrorRateTests {
  @Test(arguments: [5, 20, 100], [0.05, 0.001]) func `the binomial test keeps its level`(
    n: Int, level: Double
  ) {
    for rate in Enumeration.rates {
      let size = Enumeration.sum(n, rate) {
        BinomialTest.pValue($0, outOf: n, rate: rate) <= level
      }
      #expect(size <= level + 1e-9, "\(size) at \(rate)")
    }
  }

  @Test(arguments: [(8, 8), (5, 25), (30, 20), (40, 40)], [0.05, 0.0001])
  func `Fisher's test keeps its level, on both sides and on one`(n: (Int, Int), level: Double) {
    let two = Enumeration.tables(n.0, n.1) {
      FisherExact.pValue($0, outOf: n.0, $1, outOf: n.1) <= level
    }
    let one = Enumeration.tables(n.0, n.1) {
      FisherExact.pValueOfLess($0, outOf: n.0, $1, outOf: n.1) <= level
    }
    for rate in Enumeration.rates {
      #expect(Enumeration.sum(two, rate, rate) <= level + 1e-9, "at \(rate)")
      for higher in Enumeration.rates where higher <= rate {
        #expect(Enumeration.sum(one, rate, higher) <= level + 1e-9, "at \(rate), \(higher)")
      }
    }
  }

  @Test func `Boschloo's test rejects whatever the doubled one-sided test of Fisher does`() {
    for k1 in 0...12 {
      for k2 in 0...9 {
        let fisher = min(
          FisherExact.pValueOfLess(k1, outOf: 12, k2, outOf: 9),
          FisherExact.pValueOfLess(k2, outOf: 9, k1, outOf: 12))
        #expect(BoschlooExact.pValue(k1, outOf: 12, k2, outOf: 9) <= min(1, 2 * fisher) + 1e-9)
      }
    }
  }

  /// Everywhere where the first rate is not lower by the margin, not at the margin alone.
  @Test(arguments: [(12, 9), (20, 20)], [0.1, 0.3, -0.1])
  func `the test of a margin keeps its level`(n: (Int, Int), margin: Double) {
    let level = 0.05
    let shown = Enumeration.tables(n.0, n.1) {
      LowerRateTest.pValue($0, outOf: n.0, $1, outOf: n.1, by: margin) <= level
    }
    var worst = 0.0
    for p2 in Enumeration.rates {
      for p1 in Enumeration.rates + [min(1, max(0, p2 - margin))] where p1 >= p2 - margin - 1e-12 {
        worst = max(worst, Enumeration.sum(shown, p1, p2))
      }
    }
    #expect(worst <= level + 1e-6, "\(worst)")
  }

  /// The probability of `like`'s PASS where the rates differ by as much as must be ruled out.
  @Test(arguments: [0.1, 0.3, 0.5]) func `equivalence is shown by mistake as seldom as it says`(
    within: Double
  ) {
    let n = 60
    let sides = (0...n).map {
      RateDifference.Bounded(
        rate: Double($0) / Double(n), low: ClopperPearson.lowerBound($0, outOf: n),
        high: ClopperPearson.upperBound($0, outOf: n))
    }
    let equal = Enumeration.tables(n, n) {
      let interval = RateDifference.interval(sides[$0], sides[$1])
      return interval.lowerBound >= -within && interval.upperBound <= within
    }
    for rate in Enumeration.rates where rate + within < 1 {
      let mistaken = Enumeration.sum(equal, rate, rate + within)
      #expect(mistaken <= 0.05, "\(mistaken) at \(rate)")
    }
  }

  /// Three rows beside one reference: the comparisons depend on each other, which Holm's method allows.
  @Test func `Holm's method keeps the joint level of comparisons that share a row`() {
    let (n, level) = (12, 0.05)
    let p = (0...n).map { k1 in
      (0...n).map { FisherExact.pValueOfLess(k1, outOf: n, $0, outOf: n) }
    }
    // The last case: one row is better, the others are not.
    for (rate, first) in [(0.05, 0.05), (0.3, 0.3), (0.6, 0.6), (0.9, 0.9), (0.6, 0.1)] {
      let (others, better) = (Enumeration.pmf(n, rate), Enumeration.pmf(n, first))
      var mistaken = 0.0
      for reference in 0...n where others[reference] > 1e-9 {
        for (x1, x2, x3) in triples(n) {
          let adjusted = Holm.adjusted([p[x1][reference], p[x2][reference], p[x3][reference]])
          let alarms = adjusted.enumerated().contains {
            $0.element <= level && ($0.offset > 0 || first == rate)
          }
          if alarms { mistaken += others[reference] * better[x1] * others[x2] * others[x3] }
        }
      }
      #expect(mistaken <= level + 1e-9, "\(mistaken) at \(rate), \(first)")
    }
  }

  private func triples(_ n: Int) -> [(Int, Int, Int)] {
    (0...n).flatMap { a in (0...n).flatMap { b in (0...n).map { (a, b, $0) } } }
  }

  @Test func `the probability of a word is the sum over its tables`() {
    let tables = Enumeration.tables(25, 18) {
      FisherExact.pValueOfLess($0, outOf: 25, $1, outOf: 18) <= 0.05
    }
    for (p1, p2) in [(0.1, 0.5), (0.5, 0.5), (0, 1), (0.9, 0.2)] {
      let power = TwoSamplePower.probability(p1, outOf: 25, p2, outOf: 18) {
        FisherExact.pValueOfLess($0, outOf: 25, $1, outOf: 18) <= 0.05
      }
      #expect(abs(power - Enumeration.sum(tables, p1, p2)) < 1e-9, "\(p1), \(p2)")
    }
  }
}
