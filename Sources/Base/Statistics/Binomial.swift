internal import Glibc

/// The number of successes in n independent trials of one rate.
public enum Binomial {
  /// The probability of exactly k successes.
  public static func probability(of k: Int, outOf n: Int, rate: Double) -> Double {
    precondition(rate >= 0 && rate <= 1, "rate \(rate)")
    if k < 0 || k > n { return 0 }
    if rate == 0 { return k == 0 ? 1 : 0 }
    if rate == 1 { return k == n ? 1 : 0 }
    return exp(SaddlePoint.logBinomial(k, n, rate: rate))
  }

  /// The probability of fewer than k successes, by the incomplete beta function: small values are exact, too.
  public static func below(_ k: Int, outOf n: Int, rate: Double) -> Double {
    precondition(rate >= 0 && rate <= 1, "rate \(rate)")
    if k <= 0 { return 0 }
    if k > n { return 1 }
    return IncompleteBeta.regularised(1 - rate, Double(n - k) + 1, Double(k))
  }

  /// The probability of more than k successes.
  public static func above(_ k: Int, outOf n: Int, rate: Double) -> Double {
    below(n - k, outOf: n, rate: 1 - rate)
  }
}
