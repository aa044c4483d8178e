internal import Glibc

/// The regularised incomplete beta function and the logarithms it needs.
enum IncompleteBeta {
  /// ln Γ(x) for x > 0, by Lanczos' approximation (g = 7, 9 terms), relative error below 1e-14. glibc's own
  /// `lgamma` writes a global sign and is not safe to call from several threads.
  static func logGamma(_ x: Double) -> Double {
    if x < 0.5 { return log(Double.pi / sin(Double.pi * x)) - logGamma(1 - x) }
    let coefficients = [
      0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
      -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
      1.5056327351493116e-7,
    ]
    let shifted = x - 1
    let base = shifted + 7.5
    var sum = coefficients[0]
    for index in 1..<9 { sum += coefficients[index] / (shifted + Double(index)) }
    return 0.5 * log(2 * Double.pi) + (shifted + 0.5) * log(base) - base + log(sum)
  }

  /// ln B(a, b) for a, b > 0.
  static func logBeta(_ a: Double, _ b: Double) -> Double {
    logGamma(a) + logGamma(b) - logGamma(a + b)
  }

  /// I_x(a, b) for a, b > 0 and x in 0...1, by Lentz's continued fraction (Numerical Recipes, 6.4).
  static func regularised(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    // x^a (1-x)^b / B(a, b), as a binomial probability.
    let front =
      a * b / (a + b) * exp(SaddlePoint.logBinomial(a, a + b, rate: x, failure: 1 - x))
    return x < (a + 1) / (a + b + 2)
      ? front * continuedFraction(x, a, b) / a
      : 1 - front * continuedFraction(1 - x, b, a) / b
  }

  private static func continuedFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300
    func guarded(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / guarded(1 - (a + b) * x / (a + 1))
    var result = d
    for step in 1...100_000 {
      let m = Double(step)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 / guarded(1 + even * d)
      c = guarded(1 + even / c)
      result *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / guarded(1 + odd * d)
      c = guarded(1 + odd / c)
      result *= d * c
      if abs(d * c - 1) < 1e-15 { break }
    }
    return result
  }

  /// The x with I_x(a, b) = p, by bisection to full precision.
  static func quantile(_ p: Double, _ a: Double, _ b: Double) -> Double {
    var low = 0.0
    var high = 1.0
    for _ in 0..<200 where high - low > 1e-15 * high {
      let middle = (low + high) / 2
      if regularised(middle, a, b) < p { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}
