internal import Glibc

/// Wald's sequential probability ratio test of a failure rate, truncated (Wald, Annals of Mathematical Statistics 16,
/// 1945, 117-186): after each run it says good, bad or go on. Its error rates, its length and the interval after it has
/// stopped are computed exactly, run by run.
public struct SequentialTest: Sendable {
  /// What is decided.
  public enum Decision: Sendable, Equatable {
    /// The rate is at most `good`, with an error of at most `beta` where it is `bad`.
    case good
    /// The rate is at least `bad`, with an error of at most `alpha` where it is `good`.
    case bad
    /// Not decided yet, or not within the longest number of runs.
    case open
  }

  /// The rate that is good enough, in 0..<1.
  public let good: Double
  /// The rate that must be noticed, above `good` and at most 1.
  public let bad: Double
  /// The largest number of runs.
  public let longest: Int
  private let upper: Double
  private let lower: Double

  /// - Parameters:
  ///   - alpha: nominal probability, in (0, 0.5), of calling a good rate bad.
  ///   - beta: nominal probability, in (0, 0.5), of calling a bad rate good.
  public init(good: Double, bad: Double, alpha: Double, beta: Double, longest: Int) {
    precondition(good >= 0 && good < bad && bad <= 1 && longest > 0, "\(good), \(bad), \(longest)")
    precondition(alpha > 0 && alpha < 0.5 && beta > 0 && beta < 0.5, "\(alpha), \(beta)")
    (self.good, self.bad, self.longest) = (good, bad, longest)
    upper = log((1 - beta) / alpha)
    lower = log(beta / (1 - alpha))
  }

  /// The decision after k failures in n runs.
  public func decision(_ k: Int, outOf n: Int) -> Decision {
    // Zero times the infinite weight of what cannot happen under a hypothesis is nothing.
    let failures = k == 0 ? 0 : Double(k) * (log(bad) - log(good))
    let passes = k == n ? 0 : Double(n - k) * (log1p(-bad) - log1p(-good))
    let ratio = failures + passes
    return ratio >= upper ? .bad : ratio <= lower ? .good : .open
  }

  /// How the test ends at some rate.
  public struct Characteristics: Sendable {
    /// Probability of each ending; their sum is 1.
    public var good = 0.0
    public var bad = 0.0
    public var open = 0.0
    /// Mean number of runs.
    public var runs = 0.0
  }

  /// The exact characteristics at a rate in 0...1.
  public func characteristics(at rate: Double) -> Characteristics {
    var result = Characteristics()
    for end in endings {
      let probability = end.probability(rate)
      switch end.decision {
      case .good: result.good += probability
      case .bad: result.bad += probability
      case .open: result.open += probability
      }
      result.runs += probability * Double(end.n)
    }
    return result
  }

  /// The interval for the rate after the test has ended with k failures in n runs, at a confidence in (0, 1): exact, for
  /// the order of the endings by their rates. The usual interval for n fixed runs is not valid after a test that stopped
  /// because of what it saw.
  public func interval(_ k: Int, outOf n: Int, confidence: Double = 0.95) -> ClosedRange<Double> {
    let tail = (1 - confidence) / 2
    let seen = Ending(n: n, k: k, logWays: 0, decision: .open)
    let atLeast = endings.filter { !$0.isBelow(seen) }
    let atMost = endings.filter { !seen.isBelow($0) }
    func bisect(_ isTooLow: (Double) -> Bool) -> Double {
      var (low, high) = (0.0, 1.0)
      for _ in 0..<60 {
        let middle = (low + high) / 2
        if isTooLow(middle) { low = middle } else { high = middle }
      }
      return (low + high) / 2
    }
    func sum(_ endings: [Ending], _ rate: Double) -> Double {
      endings.reduce(0) { $0 + $1.probability(rate) }
    }
    return
      (k == 0 ? 0 : bisect { sum(atLeast, $0) < tail })...(k == n
      ? 1 : bisect { sum(atMost, $0) > tail })
  }

  /// A way to end: after n runs with k failures, in exp(logWays) orders.
  private struct Ending {
    var n: Int
    var k: Int
    var logWays: Double
    var decision: Decision

    func probability(_ rate: Double) -> Double {
      if rate <= 0 || rate >= 1 { return k == (rate <= 0 ? 0 : n) ? exp(logWays) : 0 }
      return exp(logWays + Double(k) * log(rate) + Double(n - k) * log1p(-rate))
    }

    /// By rate; of two clean endings the later one is the lower, of two with failures only the earlier one.
    func isBelow(_ other: Ending) -> Bool {
      let (mine, theirs) = (k * other.n, other.k * n)
      if mine != theirs { return mine < theirs }
      return k == 0 ? n > other.n : n < other.n
    }
  }

  private var endings: [Ending] {
    var found: [Ending] = []
    // The logarithm of the number of orders in which k failures come without an earlier decision.
    var ways: [Int: Double] = [0: 0]
    for n in 1...longest {
      var next: [Int: Double] = [:]
      for (k, logWays) in ways {
        for k in [k, k + 1] {
          let sum = next[k].map { max($0, logWays) + log1p(exp(-abs($0 - logWays))) }
          next[k] = sum ?? logWays
        }
      }
      ways = [:]
      for (k, logWays) in next {
        let decision = decision(k, outOf: n)
        if decision == .open && n < longest {
          ways[k] = logWays
        } else {
          found.append(Ending(n: n, k: k, logWays: logWays, decision: decision))
        }
      }
      if ways.isEmpty { break }
    }
    return found
  }
}
