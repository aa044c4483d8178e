import Testing

@testable import Statistics

@Suite struct LowerRateTests {
  /// SciPy 1.17's `fisher_exact`, alternative "less".
  @Test(arguments: [
    (0, 5, 4, 5, 0.02380952380952381),
    (0, 15, 4, 5, 0.0010319917440660474),
    (4, 20, 0, 15, 1.0),
    (38, 1000, 70, 2000, 0.7010161243877338),
    (5, 79, 300, 5000, 0.6626832643455516),
    (0, 1000, 8, 1000, 0.0038517404255419474),
    (100, 100000, 150, 100000, 0.0009355054894495349),
    (50, 60, 40, 60, 0.9902555084907971),
    (3, 10, 7, 12, 0.18492498213860442),
    (60, 93, 80, 93, 0.0005504838284624253),
  ])
  func `without a margin it is Fisher's one-sided test`(
    k1: Int, n1: Int, k2: Int, n2: Int, expected: Double
  ) {
    let p = LowerRateTest.pValue(k1, outOf: n1, k2, outOf: n2)
    #expect(abs(p - expected) <= 1e-7 * expected + 1e-12, "\(p)")
  }

  /// By another program: all tables, a numerical maximum of the likelihood, 8,001 rates.
  @Test(arguments: [
    (2, 20, 12, 20, 0.1, 0.003_529_968_2), (0, 15, 4, 10, 0.2, 0.120_957_386_2),
    (5, 12, 9, 14, 0.1, 0.341_318_309_1), (3, 30, 20, 25, 0.3, 0.000_825_179_1),
    (8, 20, 9, 20, -0.2, 0.069_175_290_3), (0, 10, 10, 10, 0.5, 0.003_171_211_9),
    (10, 10, 10, 10, -0.1, 0.348_678_440_1), (1, 25, 3, 20, -0.1, 0.018_167_356_1),
  ])
  func `with a margin it is the unconditional test`(
    k1: Int, n1: Int, k2: Int, n2: Int, margin: Double, expected: Double
  ) {
    let p = LowerRateTest.pValue(k1, outOf: n1, k2, outOf: n2, by: margin)
    #expect(abs(p - expected) <= 1e-5 * expected + 1e-9, "\(p)")
  }

  /// In whole numbers, where nothing is rounded.
  @Test func `a difference that is the margin shows nothing`() {
    var ties = 0
    for (n1, n2) in [(10, 5), (20, 10), (15, 20), (12, 20)] {
      for k1 in 0...n1 {
        for k2 in 0...n2 {
          for twentieths in -8...8 where (k2 * n1 - k1 * n2) * 20 == twentieths * n1 * n2 {
            guard twentieths != 0 else { continue }
            ties += 1
            let p = LowerRateTest.pValue(
              k1, outOf: n1, k2, outOf: n2, by: Double(twentieths) / 20)
            #expect(p == 1, "\(k1)/\(n1) \(k2)/\(n2) \(twentieths)/20: \(p)")
          }
        }
      }
    }
    #expect(ties > 100)
  }

  /// Both are valid: the bounds never show what the unconditional test is far from showing.
  @Test(arguments: [(900, 5_000, 1_500, 5_000), (0, 5_000, 600, 5_000), (10, 4_000, 900, 6_000)])
  func `many observations are judged by bounds`(k1: Int, n1: Int, k2: Int, n2: Int) {
    let few = LowerRateTest.pValue(k1, outOf: n1, k2, outOf: n2, by: 0.1)
    let many = LowerRateTest.pValue(2 * k1, outOf: 2 * n1, 2 * k2, outOf: 2 * n2, by: 0.1)
    // 0.18 and 0.3 differ by 0.12; with twice as many observations this is shown more clearly, by either method.
    #expect(few < 0.05 && many < 0.05 && many > 0, "\(few), \(many)")
  }

  @Test(arguments: [
    (0, 0, 3, 5, 0.0, 1.0), (3, 5, 0, 0, 0.1, 1.0), (5, 5, 5, 5, 0, 1), (0, 5, 0, 5, 0, 1),
    (5, 5, 0, 5, 0, 1), (0, 5, 5, 5, 1, 1),
  ])
  func `extreme counts have their p-value`(
    k1: Int, n1: Int, k2: Int, n2: Int, margin: Double, expected: Double
  ) {
    let p = LowerRateTest.pValue(k1, outOf: n1, k2, outOf: n2, by: margin)
    #expect(abs(p - expected) < 1e-12, "\(p)")
  }

  @Test func `a billion observations are no difficulty`() {
    let n = 1_000_000_000
    #expect(LowerRateTest.pValue(0, outOf: n, n, outOf: n) < 1e-300)
    #expect(LowerRateTest.pValue(n, outOf: n, 0, outOf: n) == 1)
    #expect(LowerRateTest.pValue(0, outOf: n, 0, outOf: n) == 1)
    #expect(LowerRateTest.pValue(n, outOf: n, n, outOf: n) == 1)
    // One of two failures: a half and, with ties, three quarters.
    #expect(abs(LowerRateTest.pValue(1, outOf: n, 1, outOf: n) - 0.75) < 1e-8)
    #expect(LowerRateTest.pValue(n / 10, outOf: n, n / 5, outOf: n, by: 0.05) < 1e-13)
    #expect(LowerRateTest.pValue(n / 10, outOf: n, n / 5, outOf: n, by: 0.15) == 1)
    #expect(abs(LowerRateTest.pValue(n / 2, outOf: n, n / 2, outOf: n) - 0.5) < 1e-4)
    #expect(ClopperPearson.upperBound(0, outOf: n) < 3e-9)
    #expect(ClopperPearson.lowerBound(n, outOf: n) > 1 - 3e-9)
    #expect(abs(BinomialTest.pValue(1, outOf: n, rate: 1e-9) - 1) < 1e-8)
    #expect(BinomialTest.pValue(n / 2, outOf: n, rate: 0.5) > 0.99)
  }

  @Test func `no observations say nothing`() {
    #expect(TwoSamplePower.probability(0.1, outOf: 0, 0.9, outOf: 0) { _, _ in false } == 0)
    #expect(TwoSamplePower.probability(0.1, outOf: 0, 0.9, outOf: 5) { _, _ in true } == 1)
    let nothing = RateDifference.Bounded(rate: 0, low: 0, high: 1)
    let all = RateDifference.Bounded(rate: 1, low: 1, high: 1)
    #expect(RateDifference.interval(nothing, all) == -1...0)
  }
}
