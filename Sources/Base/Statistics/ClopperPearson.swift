/// Exact bounds for a proportion (Clopper and Pearson, Biometrika 26, 1934): they cover the true rate at
/// least as often as the confidence says, for every sample size.
public enum ClopperPearson {
  /// Two-sided interval for k of n at a confidence in (0, 1). 0...1 when there are no observations.
  public static func interval(
    _ k: Int, outOf n: Int, confidence: Double = 0.95
  ) -> ClosedRange<Double> {
    let tail = (1 - confidence) / 2
    return lowerBound(
      k, outOf: n, confidence: 1 - tail)...upperBound(
        k, outOf: n, confidence: 1 - tail)
  }

  /// Two-sided interval of a rate if runs went on until there were so many failures, the last of them in run n: inverse
  /// sampling (Haldane, Biometrika 33, 1945). At least n runs are needed where n - 1 runs have fewer failures, at most n
  /// where n runs have them; both are binomial.
  public static func interval(
    failures k: Int, atRun n: Int, confidence: Double = 0.95
  ) -> ClosedRange<Double> {
    precondition(k > 0 && k <= n, "\(k) at \(n)")
    let tail = (1 - confidence) / 2
    return lowerBound(
      k, outOf: n, confidence: 1 - tail)...(k == n
      ? 1 : upperBound(k - 1, outOf: n - 1, confidence: 1 - tail))
  }

  /// One-sided upper bound: the true rate is at most this, at the confidence. 1 when n is 0.
  public static func upperBound(_ k: Int, outOf n: Int, confidence: Double = 0.95) -> Double {
    precondition(k >= 0 && k <= n, "\(k) of \(n)")
    if k == n { return 1 }
    return IncompleteBeta.quantile(confidence, Double(k) + 1, Double(n - k))
  }

  /// One-sided lower bound: the true rate is at least this, at the confidence. 0 when n is 0.
  public static func lowerBound(_ k: Int, outOf n: Int, confidence: Double = 0.95) -> Double {
    precondition(k >= 0 && k <= n, "\(k) of \(n)")
    if k == 0 { return 0 }
    return IncompleteBeta.quantile(1 - confidence, Double(k), Double(n - k) + 1)
  }
}
