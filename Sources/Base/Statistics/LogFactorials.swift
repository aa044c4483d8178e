internal import Glibc

/// ln 0! ... ln n!, by which many binomial coefficients of one size are cheap.
struct LogFactorials {
  private let logs: [Double]

  init(upTo n: Int) {
    var sum = 0.0
    logs = (0...n).map { i in
      if i > 1 { sum += log(Double(i)) }
      return sum
    }
  }

  /// ln C(n, k) for 0 <= k <= n <= the table's end.
  func choose(_ n: Int, _ k: Int) -> Double { logs[n] - logs[k] - logs[n - k] }

  /// The probabilities of 0...n successes of one rate in 0...1.
  func binomial(_ n: Int, rate: Double) -> [Double] {
    if rate <= 0 || rate >= 1 { return (0...n).map { $0 == (rate <= 0 ? 0 : n) ? 1 : 0 } }
    let (success, failure) = (log(rate), log1p(-rate))
    return (0...n).map { exp(choose(n, $0) + Double($0) * success + Double(n - $0) * failure) }
  }
}
