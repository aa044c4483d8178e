internal import Glibc

/// Binomial and hypergeometric probabilities that keep their digits for any sample size (Loader, *Fast and accurate
/// computation of binomial probabilities*, 2000, as in R): differences of logarithms of factorials lose as many as the
/// factorials have, which for a billion observations is half of them.
enum SaddlePoint {
  /// ln of the binomial probability of x of n at a rate, for real 0 <= x <= n and a rate in 0...1.
  /// - Parameter failure: 1 - rate, which has more digits if the rate is near 1.
  static func logBinomial(_ x: Double, _ n: Double, rate: Double, failure: Double) -> Double {
    if rate <= 0 { return x == 0 ? 0 : -.infinity }
    if failure <= 0 { return x == n ? 0 : -.infinity }
    if n == 0 { return 0 }
    if x == 0 {
      return rate < 0.1 ? -deviance(n, n * failure) - n * rate : n * log(failure)
    }
    if x == n {
      return failure < 0.1 ? -deviance(n, n * rate) - n * failure : n * log(rate)
    }
    let correction = stirlingError(n) - stirlingError(x) - stirlingError(n - x)
    return correction - deviance(x, n * rate) - deviance(n - x, n * failure)
      - 0.5 * (log(2 * Double.pi) + log(x) + log1p(-x / n))
  }

  /// The same for whole numbers.
  static func logBinomial(_ k: Int, _ n: Int, rate: Double) -> Double {
    logBinomial(Double(k), Double(n), rate: rate, failure: 1 - rate)
  }

  /// ln of the probability that of k1 + k2 failures among n1 + n2 observations k1 are among the first n1.
  static func logHypergeometric(_ k1: Int, _ n1: Int, _ k2: Int, _ n2: Int) -> Double {
    let (failures, all) = (Double(k1 + k2), Double(n1 + n2))
    // Any rate gives the same; at this one nothing is small.
    let (rate, failure) = (failures / all, (all - failures) / all)
    if failures == 0 || failures == all { return 0 }
    return logBinomial(Double(k1), Double(n1), rate: rate, failure: failure)
      + logBinomial(Double(k2), Double(n2), rate: rate, failure: failure)
      - logBinomial(failures, all, rate: rate, failure: failure)
  }

  /// ln n! minus Stirling's approximation of it.
  static func stirlingError(_ n: Double) -> Double {
    if n == 0 { return 0 }
    if n <= 15 {
      return IncompleteBeta.logGamma(n + 1) - (n + 0.5) * log(n) + n - 0.5 * log(2 * Double.pi)
    }
    let square = n * n
    return
      (1.0 / 12
      - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - 1.0 / 1188 / square) / square) / square) / square)
      / n
  }

  /// x ln(x/mean) + mean - x, without loss of digits where both are near each other.
  private static func deviance(_ x: Double, _ mean: Double) -> Double {
    guard abs(x - mean) < 0.1 * (x + mean) else { return x * log(x / mean) + mean - x }
    let ratio = (x - mean) / (x + mean)
    var sum = (x - mean) * ratio
    var term = 2 * x * ratio
    for step in 1..<1_000 {
      term *= ratio * ratio
      let next = sum + term / Double(2 * step + 1)
      if next == sum { break }
      sum = next
    }
    return sum
  }
}
