internal import Glibc

/// Boschloo's exact unconditional two-sided test that two samples have the same rate: the one-sided p-value of Fisher's
/// test orders the tables, and the largest probability of a table that is as extreme is taken over the common rate; the
/// smaller of both sides counts twice (Boschloo, Statistica Neerlandica 24, 1970, 1-35; two-sided as in SciPy's
/// `boschloo_exact`). It is valid at every size, and rejects whatever the doubled one-sided Fisher test rejects.
public enum BoschlooExact {
  /// The largest n1 + n2 for which it is worth its time. Above, Fisher's test is as good.
  public static let largestTotal = 2_000

  /// The p-value in 0...1 for k1 of n1 against k2 of n2; 1 when a sample is empty.
  public static func pValue(_ k1: Int, outOf n1: Int, _ k2: Int, outOf n2: Int) -> Double {
    precondition(k1 >= 0 && k1 <= n1 && k2 >= 0 && k2 <= n2, "\(k1)/\(n1), \(k2)/\(n2)")
    if n1 == 0 || n2 == 0 { return 1 }
    let logs = LogFactorials(upTo: n1 + n2)
    let less = oneSided(k1, n1, k2, n2, logs)
    // Fewer in the first sample and more in the second are one question.
    let more = oneSided(k2, n2, k1, n1, logs)
    return min(1, 2 * min(less, more))
  }

  /// For the alternative that the first rate is the lower one.
  private static func oneSided(
    _ k1: Int, _ n1: Int, _ k2: Int, _ n2: Int, _ logs: LogFactorials
  ) -> Double {
    let seen = fisherLess(k1, n1, k2, n2, logs) * (1 + 1e-12)
    // With more failures in the second sample a table is more extreme, with more in the first it is less.
    var least = 0
    let starts = (0...n1).map { x1 -> Int in
      while least <= n2 && fisherLess(x1, n1, least, n2, logs) > seen { least += 1 }
      return least
    }
    func probability(_ rate: Double) -> Double {
      let first = logs.binomial(n1, rate: rate)
      let second = logs.binomial(n2, rate: rate)
      var tail = [Double](repeating: 0, count: n2 + 2)
      for x2 in stride(from: n2, through: 0, by: -1) { tail[x2] = tail[x2 + 1] + second[x2] }
      return zip(first, starts).reduce(0) { $0 + $1.0 * tail[$1.1] }
    }
    return min(1, largest(probability))
  }

  /// The largest value of a smooth function on 0...1: the best points of a grid, then golden sections around them.
  private static func largest(_ value: (Double) -> Double) -> Double {
    let steps = 128
    let grid = (0...steps).map { value(Double($0) / Double(steps)) }
    let best = grid.indices.sorted { grid[$0] > grid[$1] }.prefix(4)
    return best.map { refine(value, around: $0, steps) }.max()!
  }

  private static func refine(_ value: (Double) -> Double, around place: Int, _ steps: Int) -> Double
  {
    let golden = 0.618_033_988_749_894_9
    var low = Double(max(0, place - 1)) / Double(steps)
    var high = Double(min(steps, place + 1)) / Double(steps)
    var best = value(Double(place) / Double(steps))
    for _ in 0..<30 {
      let (a, b) = (high - golden * (high - low), low + golden * (high - low))
      let (at, bt) = (value(a), value(b))
      best = max(best, at, bt)
      if at > bt { high = b } else { low = a }
    }
    return best
  }

  /// Fisher's one-sided p-value: at most x1 failures in the first sample, given all failures.
  private static func fisherLess(
    _ x1: Int, _ n1: Int, _ x2: Int, _ n2: Int, _ logs: LogFactorials
  ) -> Double {
    let failures = x1 + x2
    let total = logs.choose(n1 + n2, failures)
    var sum = 0.0
    for x in stride(from: x1, through: max(0, failures - n2), by: -1) {
      let term = exp(logs.choose(n1, x) + logs.choose(n2, failures - x) - total)
      sum += term
      if term < sum * 1e-17 { break }
    }
    return min(1, sum)
  }
}
