internal import Glibc

/// Exact two-sided test of k successes in n against a rate, by the method of small likelihoods: the total probability
/// of all outcomes that are at most as likely as the observed one (as R's `binom.test`).
public enum BinomialTest {
  /// The p-value in 0...1; 1 when n is 0.
  public static func pValue(_ k: Int, outOf n: Int, rate: Double) -> Double {
    precondition(k >= 0 && k <= n && rate >= 0 && rate <= 1, "\(k) of \(n) at \(rate)")
    if n == 0 { return 1 }
    if rate == 0 { return k == 0 ? 1 : 0 }
    if rate == 1 { return k == n ? 1 : 0 }
    let likelihood = { (i: Int) in SaddlePoint.logBinomial(i, n, rate: rate) }
    return sumOfNoLikelier(
      than: likelihood(k), in: 0...n, mode: Int(Double(n + 1) * rate), likelihood)
  }
}

/// Fisher's exact two-sided test that two samples have the same rate.
public enum FisherExact {
  /// The p-value in 0...1 for k1 of n1 against k2 of n2; 1 when a sample is empty.
  public static func pValue(_ k1: Int, outOf n1: Int, _ k2: Int, outOf n2: Int) -> Double {
    precondition(k1 >= 0 && k1 <= n1 && k2 >= 0 && k2 <= n2, "\(k1)/\(n1), \(k2)/\(n2)")
    if n1 == 0 || n2 == 0 { return 1 }
    let failures = k1 + k2
    let range = max(0, failures - n2)...min(failures, n1)
    let likelihood = { (i: Int) in SaddlePoint.logHypergeometric(i, n1, failures - i, n2) }
    let mode = Int(Double(failures + 1) * Double(n1 + 1) / Double(n1 + n2 + 2))
    return sumOfNoLikelier(than: likelihood(k1), in: range, mode: mode, likelihood)
  }

  /// The one-sided p-value in 0...1 for the alternative that the first rate is the lower one: the probability of at most
  /// k1 failures in the first sample, given all failures; 1 when a sample is empty.
  public static func pValueOfLess(
    _ k1: Int, outOf n1: Int, _ k2: Int, outOf n2: Int
  ) -> Double {
    precondition(k1 >= 0 && k1 <= n1 && k2 >= 0 && k2 <= n2, "\(k1)/\(n1), \(k2)/\(n2)")
    if n1 == 0 || n2 == 0 { return 1 }
    let failures = k1 + k2
    let possible = max(0, failures - n2)...min(failures, n1)
    let mode = Int(Double(failures + 1) * Double(n1 + 1) / Double(n1 + n2 + 2))
    // Towards its end a tail falls fast: the sum is that of the tail that does not contain the mode.
    let isLowerTail = k1 < mode
    var sum = 0.0
    var outcome = isLowerTail ? k1 : k1 + 1
    while possible.contains(outcome) {
      let term = exp(SaddlePoint.logHypergeometric(outcome, n1, failures - outcome, n2))
      sum += term
      if term < sum * 1e-17 { break }
      outcome += isLowerTail ? -1 : 1
    }
    return min(1, max(0, isLowerTail ? sum : 1 - sum))
  }
}

/// Sums the probabilities of all outcomes that are at most as likely as one of log-likelihood `seen`, for a unimodal
/// distribution. Each tail is summed outwards from its start until the rest is negligible, so the cost depends on the
/// spread and not on the sample size.
private func sumOfNoLikelier(
  than seen: Double, in range: ClosedRange<Int>, mode: Int, _ logLikelihood: (Int) -> Double
) -> Double {
  // Equal likelihoods must count as equal despite rounding; R uses the same 1e-7.
  let limit = seen + 1e-7
  let center = min(max(mode, range.lowerBound), range.upperBound)
  var sum = 0.0
  for direction in [-1, 1] {
    let end = direction < 0 ? range.lowerBound : range.upperBound
    // The likelihood falls from the mode outwards: find the first outcome of the tail by bisection.
    var inside = direction < 0 ? center : center - 1
    var outside = end + direction
    while abs(outside - inside) > 1 {
      let middle = (inside + outside) / 2
      if logLikelihood(middle) <= limit { outside = middle } else { inside = middle }
    }
    var outcome = outside
    while range.contains(outcome) {
      let term = exp(logLikelihood(outcome))
      sum += term
      if term < sum * 1e-17 { break }
      outcome += direction
    }
  }
  return min(1, sum)
}
