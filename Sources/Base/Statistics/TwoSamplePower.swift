internal import Glibc

/// The runs that tell two rates apart by Fisher's exact two-sided test.
public enum TwoSamplePower {
  /// The largest number of runs of each arm that is computed.
  public static let largest = 4_000

  /// The probability that Fisher's test with n runs of each arm is at or below the level, where the rates are p1 and p2.
  /// Exact, by all tables that are not negligible (their probability is below 1e-12 in sum).
  public static func power(_ p1: Double, _ p2: Double, runs n: Int, level: Double) -> Double {
    precondition(p1 >= 0 && p1 <= 1 && p2 >= 0 && p2 <= 1 && n >= 0, "\(p1), \(p2), \(n)")
    let logs = LogFactorials(upTo: n)
    let (first, second) = (logs.binomial(n, rate: p1), logs.binomial(n, rate: p2))
    var below = [0.0]
    for probability in second { below.append(below.last! + probability) }
    var sum = 0.0
    // What is rejected at k1 lies outside a range of k2 around k1, both ends of which rise with k1.
    var (low, high) = (0, 0)
    for k1 in 0...n where first[k1] > 1e-15 {
      low = min(low, k1)
      while low < k1 && FisherExact.pValue(k1, outOf: n, low, outOf: n) <= level { low += 1 }
      high = max(high, k1)
      while high < n && FisherExact.pValue(k1, outOf: n, high + 1, outOf: n) > level { high += 1 }
      sum += first[k1] * (below[low] + max(0, below[n + 1] - below[high + 1]))
    }
    return min(1, sum)
  }

  /// The least number of runs of each arm with at least this power; nil if `largest` are too few. The power of an exact
  /// test does not rise evenly: it is the least number from which on three numbers in a row have it.
  public static func runs(
    toTell p1: Double, from p2: Double, power wanted: Double, level: Double
  ) -> Int? {
    precondition(p1 != p2 && wanted > 0 && wanted < 1 && level > 0 && level < 1, "out of range")
    func suffices(_ n: Int) -> Bool {
      (n..<n + 3).allSatisfy { power(p1, p2, runs: $0, level: level) >= wanted }
    }
    var high = 2
    while !suffices(high) {
      if high >= largest { return nil }
      high = min(largest, high * 2)
    }
    var low = high / 2
    while high - low > 1 {
      let middle = (low + high) / 2
      if suffices(middle) { high = middle } else { low = middle }
    }
    return high
  }

  /// The probability that a test says of two samples what it is to say, where the rates are p1 and p2: summed over all
  /// tables that are not negligible.
  ///
  /// - Parameter says: whether the test says it of k1 of n1 and k2 of n2. If it does, it must also do so with fewer
  ///   failures in the first sample and with more in the second.
  public static func probability(
    _ p1: Double, outOf n1: Int, _ p2: Double, outOf n2: Int,
    that says: (_ k1: Int, _ k2: Int) -> Bool
  ) -> Double {
    precondition(p1 >= 0 && p1 <= 1 && p2 >= 0 && p2 <= 1, "\(p1), \(p2)")
    precondition(n1 >= 0 && n2 >= 0, "\(n1), \(n2)")
    let logs = LogFactorials(upTo: max(n1, n2))
    let first = logs.binomial(n1, rate: p1)
    var atLeast = logs.binomial(n2, rate: p2) + [0]
    for k2 in stride(from: n2 - 1, through: 0, by: -1) { atLeast[k2] += atLeast[k2 + 1] }
    var sum = 0.0
    var least = 0
    for k1 in 0...n1 where first[k1] > 1e-15 {
      // The first k2 of which it says so rises with k1.
      var (low, high) = (least - 1, n2 + 1)
      while high - low > 1 {
        let middle = low + (high - low) / 2
        if says(k1, middle) { high = middle } else { low = middle }
      }
      least = high
      if least > n2 { break }
      sum += first[k1] * atLeast[least]
    }
    return min(1, sum)
  }
}
