internal import Glibc

/// The number of runs that a claim needs.
public enum SampleSize {
  /// The number of runs that must all pass to claim that the failure rate is at most `rate`, at the confidence: the
  /// least whole n with (1 - rate)^n <= 1 - confidence, which may be larger than any `Int`. Both arguments are in (0,
  /// 1).
  public static func cleanRuns(toClaimAtMost rate: Double, confidence: Double = 0.95) -> Double {
    precondition(rate > 0 && rate < 1 && confidence > 0 && confidence < 1, "out of range")
    // Treat values that are whole up to rounding as whole.
    return (log(1 - confidence) / log1p(-rate) * (1 - 1e-12)).rounded(.up)
  }
}
