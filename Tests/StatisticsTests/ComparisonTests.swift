import Foundation
import Testing

@testable import Statistics

/// Known answers: SciPy 1.17 (`boschloo_exact`), statsmodels 0.15 (`confint_proportions_2indep`, method "score";
/// `multipletests`, method "holm"). Properties: by summing over all tables, without chance.
@Suite struct ComparisonTests {
  @Test(arguments: [
    (0, 15, 4, 5, 0.000_569_519), (0, 5, 4, 5, 0.021_484_375), (3, 10, 7, 12, 0.215_418_192),
    (40, 60, 56, 60, 0.000_227_442_9), (1, 200, 9, 200, 0.015_825_171), (0, 3, 0, 4, 1),
    (5, 5, 0, 4, 0.004_129_880), (0, 0, 4, 5, 1),
  ])
  func `Boschloo's p-value is SciPy's`(k1: Int, n1: Int, k2: Int, n2: Int, expected: Double) {
    let p = BoschlooExact.pValue(k1, outOf: n1, k2, outOf: n2)
    #expect(abs(p - expected) < 1e-6 * max(1e-3, expected) + 1e-9, "\(p)")
    #expect(abs(p - BoschlooExact.pValue(k2, outOf: n2, k1, outOf: n1)) < 1e-9)
  }

  @Test(arguments: [(8, 8), (5, 15), (20, 12)]) func `Boschloo's test keeps its level`(
    n1: Int, n2: Int
  ) {
    let level = 0.05
    let isRejected = (0...n1).map { k1 in
      (0...n2).map { BoschlooExact.pValue(k1, outOf: n1, $0, outOf: n2) <= level }
    }
    for rate in stride(from: 0.01, to: 1, by: 0.01) {
      var size = 0.0
      for k1 in 0...n1 {
        for k2 in 0...n2 where isRejected[k1][k2] {
          size +=
            Binomial.probability(of: k1, outOf: n1, rate: rate)
            * Binomial.probability(of: k2, outOf: n2, rate: rate)
        }
      }
      #expect(size <= level + 1e-9, "\(size) at \(rate)")
    }
  }

  /// Newcombe, Statistics in Medicine 17, 1998, 873-890, table II, method 6. (statsmodels differs, from these as well.)
  @Test(arguments: [
    (56, 70, 48, 80, 0.0528, 0.3382), (9, 10, 3, 10, 0.1700, 0.8406), (6, 7, 2, 7, 0.0342, 0.8534),
    (5, 56, 0, 29, -0.0326, 0.1933),
  ])
  func `the interval of a difference is the published one`(
    k1: Int, n1: Int, k2: Int, n2: Int, low: Double, high: Double
  ) {
    let interval = ScoreInterval(k1, outOf: n1, k2, outOf: n2).difference
    #expect(abs(interval.lowerBound - low) < 6e-5 && abs(interval.upperBound - high) < 6e-5)
    let other = ScoreInterval(k2, outOf: n2, k1, outOf: n1).difference
    #expect(abs(other.lowerBound + high) < 6e-5 && abs(other.upperBound + low) < 6e-5)
  }

  @Test(arguments: [
    (0, 15, 4, 5, 0, 0.284_300_916), (0, 5, 4, 5, 0, 0.679_511_124),
    (3, 10, 7, 12, 0.167_291_566, 1.364_361_551), (40, 60, 56, 60, 0.574_280_921, 0.851_154_383),
    (1, 200, 9, 200, 0.018_243_564, 0.669_183_989), (5, 5, 0, 4, 1.925_574_299, .infinity),
    (0, 3, 0, 4, 0, .infinity),
  ])
  func `the interval of a ratio is statsmodels'`(
    k1: Int, n1: Int, k2: Int, n2: Int, low: Double, high: Double
  ) {
    let interval = ScoreInterval(k1, outOf: n1, k2, outOf: n2).ratio
    #expect(abs(interval.lowerBound - low) < 1e-6, "\(interval)")
    #expect(high.isInfinite ? interval.upperBound == high : abs(interval.upperBound - high) < 1e-6)
  }

  /// On average over the rates the interval covers as often as it says, and nowhere much less.
  @Test(arguments: [(10, 10), (30, 20), (5, 60)]) func `the interval of a difference covers`(
    n1: Int, n2: Int
  ) {
    let intervals = (0...n1).map { k1 in
      (0...n2).map { ScoreInterval(k1, outOf: n1, $0, outOf: n2).difference }
    }
    var all: [Double] = []
    for p1 in stride(from: 0.02, to: 1, by: 0.08) {
      for p2 in stride(from: 0.02, to: 1, by: 0.08) {
        var covered = 0.0
        for k1 in 0...n1 {
          for k2 in 0...n2 where intervals[k1][k2].contains(p1 - p2) {
            covered +=
              Binomial.probability(of: k1, outOf: n1, rate: p1)
              * Binomial.probability(of: k2, outOf: n2, rate: p2)
          }
        }
        all.append(covered)
      }
    }
    let mean = all.reduce(0, +) / Double(all.count)
    #expect(mean > 0.945 && mean < 0.985, "\(mean)")
    #expect(all.min()! > 0.88, "\(all.min()!)")
  }

  @Test(arguments: [
    (0, 1, 0, 1), (1, 1, 1, 1), (0, 1, 1, 1), (0, 1_000_000, 1_000_000, 1_000_000),
    (1, 1_000_000_000, 3, 1_000_000_000), (0, 1, 1, 1_000_000_000),
  ])
  func `extreme counts have an interval that contains what was seen`(
    k1: Int, n1: Int, k2: Int, n2: Int
  ) {
    let score = ScoreInterval(k1, outOf: n1, k2, outOf: n2)
    let seen = Double(k1) / Double(n1) - Double(k2) / Double(n2)
    #expect(score.difference.contains(seen) && score.difference.lowerBound >= -1, "\(score)")
    #expect(score.difference.upperBound <= 1)
    if k2 > 0 {
      let ratio = Double(k1) / Double(n1) / (Double(k2) / Double(n2))
      #expect(score.ratio.contains(ratio), "\(score.ratio), \(ratio)")
    }
  }

  @Test func `Holm's adjusted p-values are statsmodels'`() {
    let adjusted = Holm.adjusted([0.01, 0.04, 0.03, 0.005, 0.5])
    for (mine, theirs) in zip(adjusted, [0.04, 0.09, 0.09, 0.025, 0.5]) {
      #expect(abs(mine - theirs) < 1e-12, "\(adjusted)")
    }
    #expect(Holm.adjusted([]) == [] && Holm.adjusted([0.7, 0.6]) == [1, 1])
  }

  /// By SciPy's `fisher_exact` and `binom` over all tables.
  @Test(arguments: [
    (0.8, 0, 8, 0.943_718_4), (0.8, 0.4, 30, 0.850_840_04), (0.2, 0, 40, 0.838_671_18),
  ])
  func `the power of Fisher's test is the sum over its tables`(
    p1: Double, p2: Double, runs: Int, expected: Double
  ) {
    let power = TwoSamplePower.power(p1, p2, runs: runs, level: 0.05)
    #expect(abs(power - expected) < 1e-7, "\(power)")
    #expect(abs(TwoSamplePower.power(p2, p1, runs: runs, level: 0.05) - power) < 1e-9)
  }

  @Test(arguments: [(0.8, 0.0), (0.8, 0.4), (0.2, 0.0), (0.2, 0.05), (0.05, 0.0)])
  func `the runs that tell two rates apart have the power, one fewer has not`(
    p1: Double, p2: Double
  ) throws {
    let runs = try #require(TwoSamplePower.runs(toTell: p1, from: p2, power: 0.9, level: 0.05))
    #expect(TwoSamplePower.power(p1, p2, runs: runs, level: 0.05) >= 0.9)
    let before = (runs - 1..<runs + 2).map { TwoSamplePower.power(p1, p2, runs: $0, level: 0.05) }
    #expect(before.contains { $0 < 0.9 }, "\(runs): \(before)")
  }

  @Test func `rates that are too near are not told apart`() {
    #expect(TwoSamplePower.runs(toTell: 0.01, from: 0.0101, power: 0.9, level: 0.05) == nil)
  }
}

@Suite struct SequentialTestTests {
  private static let test = SequentialTest(
    good: 0.01, bad: 0.2, alpha: 0.05, beta: 0.05, longest: 100)

  /// By another program: the recursion over (runs, failures).
  @Test(arguments: [
    (0.01, 0.979_348_31, 0.020_649_316, 15.734_267_27),
    (0.2, 0.049_657_19, 0.950_341_906, 9.019_881_283),
  ])
  func `error rates and length are exact`(rate: Double, good: Double, bad: Double, runs: Double) {
    let seen = Self.test.characteristics(at: rate)
    #expect(abs(seen.good - good) < 1e-7 && abs(seen.bad - bad) < 1e-7, "\(seen)")
    #expect(abs(seen.runs - runs) < 1e-5 && abs(seen.good + seen.bad + seen.open - 1) < 1e-9)
  }

  /// The lengths of clean series in Wald's test at 5 % and 5 %.
  @Test(arguments: [
    (0.05, 0.8, 2), (0.01, 0.2, 14), (0.005, 0.05, 64), (0.001, 0.038, 79), (0.001, 0.01, 326),
  ])
  func `a clean series ends after as many runs`(good: Double, bad: Double, runs: Int) {
    let test = SequentialTest(good: good, bad: bad, alpha: 0.05, beta: 0.05, longest: 1_000)
    #expect(test.decision(0, outOf: runs) == .good)
    #expect(test.decision(0, outOf: runs - 1) == .open)
  }

  @Test func `where nothing may fail, one failure decides`() {
    let test = SequentialTest(good: 0, bad: 0.1, alpha: 0.05, beta: 0.05, longest: 100)
    #expect(test.decision(1, outOf: 1) == .bad && test.decision(0, outOf: 1) == .open)
    #expect(test.characteristics(at: 0).good == 1)
    let certain = SequentialTest(good: 0.5, bad: 1, alpha: 0.05, beta: 0.05, longest: 100)
    #expect(certain.decision(0, outOf: 1) == .good && certain.decision(1, outOf: 1) == .open)
  }

  /// The interval covers at every rate at least as often as it says, though the test stopped by what it saw.
  @Test func `the interval after stopping covers`() {
    let test = SequentialTest(good: 0.02, bad: 0.3, alpha: 0.05, beta: 0.05, longest: 40)
    for rate in [0.001, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.9] {
      // Every way that the test can end, by walking it.
      var states = [0: 1.0]
      var covered = 0.0
      for n in 1...40 {
        var next: [Int: Double] = [:]
        for (k, probability) in states {
          next[k, default: 0] += probability * (1 - rate)
          next[k + 1, default: 0] += probability * rate
        }
        states = [:]
        for (k, probability) in next {
          if test.decision(k, outOf: n) == .open && n < 40 {
            states[k] = probability
          } else if test.interval(k, outOf: n).contains(rate) {
            covered += probability
          }
        }
      }
      #expect(covered >= 0.95 - 1e-9, "\(covered) at \(rate)")
    }
  }
}
