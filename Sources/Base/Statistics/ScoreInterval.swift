internal import Glibc

/// Confidence intervals for the difference and the ratio of two independent rates, by inverting the score test of
/// Miettinen and Nurminen (Statistics in Medicine 4, 1985, 213-226). Their coverage is near the confidence on average,
/// for small counts it can lie below it by some percentage points.
public struct ScoreInterval: Sendable {
  private let k1: Double
  private let n1: Double
  private let k2: Double
  private let n2: Double
  /// Square of the normal quantile.
  private let limit: Double

  /// For k1 of n1 and k2 of n2, both n above 0, at a confidence in (0, 1).
  public init(
    _ k1: Int, outOf n1: Int, _ k2: Int, outOf n2: Int, confidence: Double = 0.95
  ) {
    precondition(k1 >= 0 && k1 <= n1 && k2 >= 0 && k2 <= n2, "\(k1)/\(n1), \(k2)/\(n2)")
    precondition(n1 > 0 && n2 > 0 && confidence > 0 && confidence < 1, "no observations")
    (self.k1, self.n1, self.k2, self.n2) = (Double(k1), Double(n1), Double(k2), Double(n2))
    let quantile = Self.normalQuantile(twoSided: 1 - confidence)
    limit = quantile * quantile
  }

  /// Rate 1 minus rate 2, in -1...1.
  public var difference: ClosedRange<Double> {
    let seen = k1 / n1 - k2 / n2
    return Self.crossing(from: seen, to: -1) {
      excess(difference: $0) > 0
    }...Self.crossing(
      from: seen, to: 1
    ) { excess(difference: $0) > 0 }
  }

  /// Rate 1 divided by rate 2, in 0...infinity; all of it if both are 0.
  public var ratio: ClosedRange<Double> {
    if k1 + k2 == 0 { return 0...Double.infinity }
    // On the scale x/(1+x), on which infinity is 1.
    func isOutside(_ scaled: Double) -> Bool { excess(ratio: scaled / (1 - scaled)) > 0 }
    let seen = k1 * n2 / (k1 * n2 + k2 * n1)
    func unscaled(_ scaled: Double) -> Double { scaled >= 1 ? .infinity : scaled / (1 - scaled) }
    return unscaled(
      k1 == 0 ? 0 : Self.crossing(from: seen, to: 0, isOutside))...unscaled(
        k2 == 0 ? 1 : Self.crossing(from: seen, to: 1, isOutside))
  }

  /// How far the score statistic of a difference exceeds the limit.
  private func excess(difference: Double) -> Double {
    let p1 = constrainedRate(difference)
    let p2 = p1 - difference
    let variance = p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2
    return excess(k1 / n1 - k2 / n2 - difference, variance)
  }

  private func excess(ratio: Double) -> Double {
    // The likelihood is greatest, with rate 1 = ratio · rate 2, at the lesser root of a quadratic equation.
    let (n, b) = (n1 + n2, n1 * ratio + k1 + n2 + k2 * ratio)
    let root = (b * b - 4 * n * ratio * (k1 + k2)).squareRoot()
    // This form loses no digits where the ratio is small.
    let p2 = 2 * (k1 + k2) / (b + root)
    let p1 = min(1, ratio * p2)
    let variance = p1 * (1 - p1) / n1 + ratio * ratio * p2 * (1 - p2) / n2
    return excess(k1 / n1 - ratio * k2 / n2, variance)
  }

  private func excess(_ distance: Double, _ variance: Double) -> Double {
    if distance == 0 { return -limit }
    let all = n1 + n2
    return variance <= 0
      ? .infinity : distance * distance / (variance * all / max(1, all - 1)) - limit
  }

  /// The score statistic of this table against a difference of the rates: how many standard errors rate 1 minus rate 2
  /// lies above it, where the standard error is that of the most likely rates with this difference (Farrington and
  /// Manning, Statistics in Medicine 9, 1990, 1447-1454, but for their factor). Infinite if these rates admit no other
  /// table.
  func score(against difference: Double) -> Double {
    let p1 = constrainedRate(difference)
    let p2 = p1 - difference
    let distance = k1 / n1 - k2 / n2 - difference
    let variance = p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2
    // What the bisection leaves of a certain rate is no variance.
    if variance <= 1e-18 { return abs(distance) < 1e-9 ? 0 : distance < 0 ? -.infinity : .infinity }
    return distance / variance.squareRoot()
  }

  /// The most likely rate 1 if it exceeds rate 2 by so much: the likelihood is concave, so its slope is bisected.
  private func constrainedRate(_ difference: Double) -> Double {
    var (low, high) = (max(0, difference), min(1, 1 + difference))
    for _ in 0..<100 {
      let p1 = (low + high) / 2
      let p2 = p1 - difference
      if p1 <= low || p1 >= high { break }
      let slope = k1 / p1 - (n1 - k1) / (1 - p1) + k2 / p2 - (n2 - k2) / (1 - p2)
      if slope > 0 { low = p1 } else { high = p1 }
    }
    return (low + high) / 2
  }

  /// Where, on the way from a point that is inside to an end, the outside begins; the end if it never does.
  private static func crossing(
    from inside: Double, to end: Double, _ isOutside: (Double) -> Bool
  ) -> Double {
    var (inside, outside) = (inside, end)
    // The end itself may be a limit of the scale, where nothing can be computed.
    if !isOutside(end + (inside - end) * 1e-12) { return end }
    for _ in 0..<100 {
      let middle = (inside + outside) / 2
      if middle == inside || middle == outside { break }
      if isOutside(middle) { outside = middle } else { inside = middle }
    }
    return (inside + outside) / 2
  }

  /// The z for which a standard normal variable lies outside -z...z with this probability in (0, 1).
  static func normalQuantile(twoSided probability: Double) -> Double {
    var (low, high) = (0.0, 40.0)
    for _ in 0..<200 {
      let middle = (low + high) / 2
      if erfc(middle / 2.0.squareRoot()) > probability { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}
