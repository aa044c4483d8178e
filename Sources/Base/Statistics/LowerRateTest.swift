internal import Glibc

/// An exact one-sided test that one failure rate is lower than another one, by more than a margin.
///
/// - Without a margin: Fisher's exact test, one-sided.
/// - With a margin: the exact unconditional test (Chan, Statistics in Medicine 17, 1998, 1403-1413). The score statistic
///   against the margin orders the tables, and the largest probability of a table that is as extreme is taken over all
///   pairs of rates whose difference is the margin. What counts as extreme is completed so that fewer failures of the
///   first sample and more of the second are extreme, too (Barnard's convexity): then no other pair of rates that is
///   not better by the margin has a larger probability (Röhmel and Mansmann, Biometrical Journal 41, 1999, 149-170).
///   It is 1 where what was seen is not lower by the margin.
/// - With a margin and more than `largestTotal` observations: two one-sided Clopper-Pearson bounds, each with half of
///   the error. That is valid, too, and costs some power.
public enum LowerRateTest {
  /// The largest n1 + n2 for which the unconditional test is worth its time.
  public static let largestTotal = 10_000

  /// The p-value in 0...1 for the alternative rate1 < rate2 - margin; 1 when a sample is empty.
  /// - Parameter margin: in -1...1; below 0 it asks whether rate 1 is higher by less than that.
  public static func pValue(
    _ k1: Int, outOf n1: Int, _ k2: Int, outOf n2: Int, by margin: Double = 0
  ) -> Double {
    precondition(k1 >= 0 && k1 <= n1 && k2 >= 0 && k2 <= n2, "\(k1)/\(n1), \(k2)/\(n2)")
    precondition(margin >= -1 && margin <= 1, "margin \(margin)")
    if n1 == 0 || n2 == 0 { return 1 }
    if margin == 0 { return FisherExact.pValueOfLess(k1, outOf: n1, k2, outOf: n2) }
    // What was seen is not lower by the margin: nothing is shown, whatever the exact value. An exact tie counts as
    // not lower, however the quotients are rounded.
    if Double(k1) / Double(n1) >= Double(k2) / Double(n2) - margin - 1e-12 { return 1 }
    return n1 + n2 <= largestTotal
      ? unconditional(k1, n1, k2, n2, margin) : byBounds(k1, n1, k2, n2, margin)
  }

  private static func unconditional(
    _ k1: Int, _ n1: Int, _ k2: Int, _ n2: Int, _ margin: Double
  ) -> Double {
    func score(_ x1: Int, _ x2: Int) -> Double {
      ScoreInterval(x1, outOf: n1, x2, outOf: n2).score(against: -margin)
    }
    let seen = score(k1, k2)
    // Equal tables must count as equal despite rounding.
    let limit = seen + 1e-9 * max(1, abs(seen.isFinite ? seen : 1))
    var least = 0
    var starts = (0...n1).map { x1 -> Int in
      while least <= n2 && score(x1, least) > limit { least += 1 }
      return least
    }
    starts[k1] = min(starts[k1], k2)
    for x1 in stride(from: n1 - 1, through: 0, by: -1) {
      starts[x1] = min(starts[x1], starts[x1 + 1])
    }
    let logs = LogFactorials(upTo: max(n1, n2))
    let (low, high) = (max(0, -margin), min(1, 1 - margin))
    return min(
      1,
      largest { share in
        let rate = low + share * (high - low)
        let first = logs.binomial(n1, rate: rate)
        let second = logs.binomial(n2, rate: min(1, max(0, rate + margin)))
        var tail = [Double](repeating: 0, count: n2 + 2)
        for x2 in stride(from: n2, through: 0, by: -1) { tail[x2] = tail[x2 + 1] + second[x2] }
        return zip(first, starts).reduce(0) { $0 + $1.0 * tail[$1.1] }
      })
  }

  /// The largest value of a smooth function on 0...1: the best points of a grid that is finer towards the ends, where
  /// binomial probabilities change faster, then golden sections around them.
  private static func largest(_ value: (Double) -> Double) -> Double {
    let steps = 128
    func place(_ step: Int) -> Double {
      let sine = sin(Double.pi * Double(min(max(step, 0), steps)) / Double(2 * steps))
      return sine * sine
    }
    let grid = (0...steps).map { value(place($0)) }
    let best = grid.indices.sorted { grid[$0] > grid[$1] }.prefix(3)
    let golden = 0.618_033_988_749_894_9
    return best.map { step -> Double in
      var (low, high, found) = (place(step - 1), place(step + 1), grid[step])
      for _ in 0..<24 {
        let (a, b) = (high - golden * (high - low), low + golden * (high - low))
        let (at, bt) = (value(a), value(b))
        found = max(found, at, bt)
        if at > bt { high = b } else { low = a }
      }
      return found
    }.max()!
  }

  /// The least error for which the bounds of both rates are so far apart.
  private static func byBounds(
    _ k1: Int, _ n1: Int, _ k2: Int, _ n2: Int, _ margin: Double
  ) -> Double {
    func isShown(_ error: Double) -> Bool {
      let confidence = 1 - error / 2
      return ClopperPearson.upperBound(k1, outOf: n1, confidence: confidence)
        < ClopperPearson.lowerBound(k2, outOf: n2, confidence: confidence) - margin
    }
    if !isShown(1) { return 1 }
    // Below, 1 - error / 2 has too few digits.
    var (low, high) = (log(1e-14), 0.0)
    if isShown(exp(low)) { return exp(low) }
    for _ in 0..<40 {
      let middle = (low + high) / 2
      if isShown(exp(middle)) { high = middle } else { low = middle }
    }
    return exp(high)
  }
}
