internal import Glibc

/// Exact probabilities of the kernel's search on a circle of N slots: a draw begins at a uniformly random slot and takes
/// the next free one. This is linear probing: after a row of k held slots the next free one is drawn with probability
/// (k + 1)/N.
///
/// Of R draws that are held, N^R sequences of starts are equally likely, of which m·N^(R-1), m = N - R, leave a given
/// rotation (Knuth, The Art of Computer Programming 3, 6.4). The blocks of held slots before the m free ones have the
/// generating function T(x)^m, T(x) = Σ (k+1)^(k-1) x^k/k!, and W = x·T is the tree function, W = x·exp(W).
enum LinearProbing {
  /// The logarithm of the probability that n probes, each released at once, give different ports, and that none of D
  /// ports which others draw and hold afterwards is among them, where R ports were held and visible before.
  ///
  /// The n slots must be free at the end, in order to be free of all R + D. A free slot with k held ones of the first R
  /// directly before it was probed with probability (k + 1)/N, which turns its block's T(x+y) into
  /// T(x+y)/(1 - W(x)), x for the first R draws and y for the others:
  ///
  ///     n!/N^n · C(m, n) · R! / N^(R+D-1) · Σ [x^(R-a)](1 - W)^-n · (m+a+D)^(a+D-1) / a!,  a = 0...R, m = N - R - D
  ///
  /// `FailureRateTests` compares it with the simulated allocator, `KernelParityTests` with the kernel.
  static func logKept(slots: Int, residents: Int, probes: Int, draws: Int) -> Double {
    let free = slots - residents - draws
    if probes == 0 { return 0 }
    if free < probes { return -.infinity }
    let (count, size) = (Double(probes), log(Double(slots)))
    let terms = (0...residents).map { a in
      logTreePolynomial(probes, residents - a) - logFactorial(residents - a)
        + Double(a + draws - 1) * log(Double(free + a + draws)) - logFactorial(a)
    }
    let logSum = terms.max()! + log(terms.reduce(0) { $0 + exp($1 - terms.max()!) })
    return min(
      0,
      logFactorial(free) - logFactorial(free - probes) - count * size + logFactorial(residents)
        - Double(residents + draws - 1) * size + logSum)
  }

  /// The logarithm of the probability that D draws that are held all miss a row of h adjacent slots.
  ///
  /// A draw that begins in the row takes a slot of it. So all of them begin among the other N - h slots and fit there:
  /// parking functions, (N-h-D+1)·(N-h+1)^(D-1) of N^D.
  static func logMissed(slots: Int, row: Int, draws: Int) -> Double {
    if row == 0 || draws == 0 { return 0 }
    let others = slots - row
    if draws > others { return -.infinity }
    return log(Double(others - draws + 1)) + Double(draws - 1) * log(Double(others + 1))
      - Double(draws) * log(Double(slots))
  }

  /// The logarithm of t_c(y) = c! [x^c] (1 - W(x))^-y, the tree polynomial, y >= 1.
  ///
  /// t_c(1) = c^c, t_c(2) = c^c (1 + Q(c)), t_c(y+2) = c·t_c(y)/y + t_c(y+1), where Q(c) = Σ c!/((c-k)! c^k), k >= 1
  /// (Knuth and Pittel, A recurrence related to trees, Proceedings of the AMS 105, 1989).
  private static func logTreePolynomial(_ y: Int, _ c: Int) -> Double {
    if c == 0 { return 0 }
    let size = Double(c)
    let whole = size * log(size)
    if y == 1 { return whole }
    var (sum, term, step) = (1.0, 1.0, 1.0)
    while term > sum * 1e-18 {
      sum += term
      term *= (size - step) / size
      step += 1
    }
    // In units of c^c, and of a factor that is taken out before the numbers overflow.
    var (last, next, factor) = (1.0, sum, 0.0)
    for k in stride(from: 1, to: y - 1, by: 1) {
      (last, next) = (next, size * last / Double(k) + next)
      if next > 1e200 {
        (last, next, factor) = (last * 1e-200, next * 1e-200, factor + 200 * log(10))
      }
    }
    return whole + factor + log(next)
  }

  /// ln n!, summed below 256, by Stirling's series above, to double precision.
  private static func logFactorial(_ n: Int) -> Double {
    if n < 256 { return small[n] }
    let x = Double(n)
    return x * log(x) - x + 0.5 * log(2 * Double.pi * x) + 1 / (12 * x) - 1 / (360 * x * x * x)
      + 1 / (1_260 * x * x * x * x * x)
  }

  private static let small: [Double] = (1..<256).reduce(into: [0.0]) {
    $0.append($0[$0.count - 1] + log(Double($1)))
  }
}
