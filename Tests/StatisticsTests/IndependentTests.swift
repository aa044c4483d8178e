import Foundation
import PortModel
import TestSupport
import Testing

@testable import Statistics

/// The same questions, drawn at random by a fixed seed and at the ends of the scale, for ours and for SciPy and
/// statsmodels. No chance: equal seeds ask equal questions.
@Suite(.timeLimit(.minutes(5))) struct IndependentTests {
  /// `.venv/statistics` of `make statistics-python`, else `python3`; nil if neither has the packages.
  private static let python: String? = {
    let prepared = Built.repository + "/.venv/statistics/bin/python"
    return [prepared, "python3"].first { python in
      (try? Program.run([python, "-c", "import scipy, statsmodels.stats.proportion"]))?.ending
        == .exit(0)
    }
  }()

  /// Asks for one number for each line of questions.
  private static func answers(
    _ expression: String, _ questions: [[String]], with functions: String = ""
  ) throws -> [Double] {
    guard let python else {
      try skip("no SciPy and statsmodels; `make statistics-python` installs them")
    }
    let script = """
      import sys, warnings
      import numpy as np
      from scipy import stats
      from statsmodels.stats import proportion, multitest
      warnings.simplefilter("ignore")
      \(functions)
      for line in open(sys.argv[1]):
          a = [float(x) if "." in x or "e" in x else int(x) for x in line.split()]
          print(repr(float(\(expression))))
      """
    let scratch = try ScratchFolder()
    let file = scratch.path + "/questions"
    try questions.map { $0.joined(separator: " ") + "\n" }.joined()
      .write(toFile: file, atomically: true, encoding: .utf8)
    let finished = try Program.run([python, "-c", script, file])
    try #require(finished.ending == .exit(0), "\(finished.errorOutput)")
    return finished.output.split(separator: "\n").compactMap { Double($0) }
  }

  /// k of n at several sizes, with the ends.
  private static let samples: [(Int, Int)] = {
    var generator = SeededGenerator(seed: 17)
    var samples: [(Int, Int)] = []
    for n in [1, 2, 7, 40, 300, 5_000, 1_000_000, 1_000_000_000] {
      for k in [0, 1, n / 2, n - 1, n] + (0..<3).map({ _ in Int(generator.uniform() * Double(n)) })
      {
        samples.append((k, n))
      }
    }
    return samples
  }()

  /// Two samples, of at most `largest` observations each.
  private static func tables(largest: [Int], seed: UInt64) -> [(Int, Int, Int, Int)] {
    var generator = SeededGenerator(seed: seed)
    func below(_ n: Int) -> Int { Int(generator.uniform() * Double(n + 1)) }
    return largest.flatMap { size in
      (0..<6).flatMap { _ -> [(Int, Int, Int, Int)] in
        let (n1, n2) = (1 + below(size - 1), 1 + below(size - 1))
        let rate = generator.uniform()
        func near(_ n: Int) -> Int {
          min(n, Int(Double(n) * rate * (0.7 + 0.6 * generator.uniform())))
        }
        return [(near(n1), n1, near(n2), n2), (0, n1, below(n2), n2), (n1, n1, below(n2), n2)]
      }
    }
  }

  private static func compare(
    _ mine: [Double], _ theirs: [Double], _ questions: [[String]], relative: Double
  ) throws {
    try #require(mine.count == theirs.count)
    for ((mine, theirs), question) in zip(zip(mine, theirs), questions) {
      let isClose =
        mine == theirs || abs(mine - theirs) <= relative * max(abs(mine), abs(theirs)) + 1e-300
      #expect(isClose, "\(question.joined(separator: " ")): \(mine), \(theirs)")
    }
  }

  @Test(arguments: [0.5, 0.95, 0.9999]) func `Clopper-Pearson's limits are SciPy's`(
    confidence: Double
  ) throws {
    let questions = Self.samples.map { ["\($0)", "\($1)", "\(confidence)"] }
    try Self.compare(
      Self.samples.map { ClopperPearson.upperBound($0, outOf: $1, confidence: confidence) },
      try Self.answers(
        "1 if a[0] == a[1] else stats.beta.ppf(a[2], a[0] + 1, a[1] - a[0])", questions),
      questions, relative: 1e-7)
    try Self.compare(
      Self.samples.map { ClopperPearson.lowerBound($0, outOf: $1, confidence: confidence) },
      try Self.answers(
        "0 if a[0] == 0 else stats.beta.ppf(1 - a[2], a[0], a[1] - a[0] + 1)", questions),
      questions, relative: 1e-7)
  }

  @Test func `binomial probabilities, tails and tests are SciPy's`() throws {
    var asked: [(Int, Int, Double)] = []
    for (k, n) in Self.samples {
      for rate in [1e-9, 0.003, 0.5, 0.97] { asked.append((k, n, rate)) }
      // Near what was seen, so that the answers are not all 0.
      asked.append((k, n, min(0.999_999, max(1e-9, Double(k) / Double(n)))))
    }
    let questions = asked.map { ["\($0)", "\($1)", "\($2)"] }
    try Self.compare(
      asked.map { Binomial.probability(of: $0, outOf: $1, rate: $2) },
      try Self.answers("stats.binom.pmf(*a)", questions), questions, relative: 1e-6)
    try Self.compare(
      asked.map { Binomial.above($0, outOf: $1, rate: $2) },
      try Self.answers("stats.binom.sf(*a)", questions), questions, relative: 1e-5)
    // SciPy searches the other tail of a billion for minutes.
    let few = asked.filter { $0.1 <= 1_000_000 }
    let fewer = few.map { ["\($0)", "\($1)", "\($2)"] }
    try Self.compare(
      few.map { BinomialTest.pValue($0, outOf: $1, rate: $2) },
      try Self.answers("stats.binomtest(*a).pvalue", fewer), fewer, relative: 1e-6)
  }

  @Test func `Fisher's p-values are SciPy's`() throws {
    let tables = Self.tables(largest: [6, 40, 500, 20_000, 1_000_000], seed: 5)
    let questions = tables.map { ["\($0)", "\($1)", "\($2)", "\($3)"] }
    let table = "[[a[0], a[1] - a[0]], [a[2], a[3] - a[2]]]"
    try Self.compare(
      tables.map { FisherExact.pValueOfLess($0, outOf: $1, $2, outOf: $3) },
      try Self.answers("stats.hypergeom.cdf(a[0], a[1] + a[3], a[0] + a[2], a[1])", questions),
      questions, relative: 1e-6)
    try Self.compare(
      tables.map { FisherExact.pValue($0, outOf: $1, $2, outOf: $3) },
      try Self.answers("stats.fisher_exact(\(table)).pvalue", questions), questions,
      relative: 1e-6)
  }

  @Test func `Boschloo's p-values are SciPy's`() throws {
    let tables = Self.tables(largest: [5, 15, 40], seed: 6)
    let questions = tables.map { ["\($0)", "\($1)", "\($2)", "\($3)"] }
    // Samples are columns there. Its search for the largest probability ends a little below it.
    try Self.compare(
      tables.map { BoschlooExact.pValue($0, outOf: $1, $2, outOf: $3) },
      try Self.answers(
        "min(1, stats.boschloo_exact([[a[0], a[2]], [a[1] - a[0], a[3] - a[2]]], n=256).pvalue)",
        questions), questions, relative: 1e-3)
  }

  @Test func `the ratio's score interval is statsmodels'`() throws {
    let tables = Self.tables(largest: [20, 300], seed: 8).filter {
      $0.0 > 0 && $0.2 > 0 && $0.0 < $0.1 && $0.2 < $0.3
    }
    let questions = tables.map { ["\($0)", "\($1)", "\($2)", "\($3)"] }
    for (end, mine) in [
      (0, tables.map { ScoreInterval($0, outOf: $1, $2, outOf: $3).ratio.lowerBound }),
      (1, tables.map { ScoreInterval($0, outOf: $1, $2, outOf: $3).ratio.upperBound }),
    ] {
      try Self.compare(
        mine,
        try Self.answers(
          "proportion.confint_proportions_2indep(*a, method='score', compare='ratio')[\(end)]",
          questions), questions, relative: 1e-5)
    }
  }

  @Test func `Holm's p-values are statsmodels'`() throws {
    var generator = SeededGenerator(seed: 9)
    let families = (0..<20).map { size in
      (0...size).map { _ in generator.uniform() * generator.uniform() * 0.2 + 1e-6 }
    }
    let questions = families.map { $0.map { "\($0)" } }
    for place in [0, -1] {
      try Self.compare(
        families.map { place == 0 ? Holm.adjusted($0)[0] : Holm.adjusted($0).last! },
        try Self.answers("multitest.multipletests(a, method='holm')[1][\(place)]", questions),
        questions, relative: 1e-9)
    }
  }

  /// All tables, the likelihood maximised numerically, 2,001 pairs of rates.
  @Test func `the test of a margin is a sum over all tables`() throws {
    var generator = SeededGenerator(seed: 10)
    let margins = [-0.25, -0.1, 0.05, 0.2, 0.4]
    var asked: [(Int, Int, Int, Int, Double)] = []
    for _ in 0..<24 {
      func below(_ n: Int) -> Int { Int(generator.uniform() * Double(n)) }
      let (n1, n2, margin) = (5 + below(12), 5 + below(12), margins[below(5)])
      let (k1, k2) = (below(n1), below(n2 + 1))
      // What is not lower by the margin has the p-value 1 here.
      let difference = Double(k1) / Double(n1) - Double(k2) / Double(n2)
      if difference < -margin - 1e-9 { asked.append((k1, n1, k2, n2, margin)) }
    }
    try #require(asked.count >= 4)
    let questions = asked.map { ["\($0)", "\($1)", "\($2)", "\($3)", "\($4)"] }
    let functions = """
      from scipy.optimize import minimize_scalar
      from scipy.special import xlog1py, xlogy
      def likely(x1, n1, x2, n2, m):
          low, high = max(0, -m), min(1, 1 - m)
          def loss(p):
              q = min(1, max(0, p + m))
              return -xlogy(x1, p) - xlog1py(n1 - x1, -p) - xlogy(x2, q) - xlog1py(n2 - x2, -q)
          best = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x
          return min([low, high, best], key=loss)
      def score(x1, n1, x2, n2, m):
          p = likely(x1, n1, x2, n2, m)
          variance = p * (1 - p) / n1 + (p + m) * (1 - p - m) / n2
          distance = x1 / n1 - x2 / n2 + m
          if variance < 1e-12:
              return 0 if abs(distance) < 1e-9 else np.sign(distance) * 1e9
          return distance / variance ** .5
      def margin(k1, n1, k2, n2, m):
          scores = np.array([[score(x1, n1, x2, n2, m) for x2 in range(n2 + 1)] for x1 in range(n1 + 1)])
          extreme = scores <= scores[k1, k2] + 1e-6
          def probability(p):
              second = stats.binom.pmf(range(n2 + 1), n2, min(1, max(0, p + m)))
              return stats.binom.pmf(range(n1 + 1), n1, p) @ extreme @ second
          return max(probability(p) for p in np.linspace(max(0, -m), min(1, 1 - m), 2001))
      """
    try Self.compare(
      asked.map { LowerRateTest.pValue($0, outOf: $1, $2, outOf: $3, by: $4) },
      try Self.answers("margin(*a)", questions, with: functions), questions, relative: 1e-3)
  }
}
