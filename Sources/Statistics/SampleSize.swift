internal import Glibc

/// How many runs a claim needs.
public enum SampleSize {
  /// Runs that must all pass to claim that the failure rate is below `rate`, at the confidence: the least n
  /// with (1 - rate)^n <= 1 - confidence. Both in (0, 1).
  public static func cleanRuns(toClaimBelow rate: Double, confidence: Double = 0.95) -> Int {
    precondition(rate > 0 && rate < 1 && confidence > 0 && confidence < 1, "out of range")
    return Int((log(1 - confidence) / log1p(-rate) - 1e-9).rounded(.up))
  }
}
