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

  /// The least number of runs of which `failures` may fail for the same claim; nil if it is above a billion.
  public static func runs(
    toClaimAtMost rate: Double, with failures: Int, confidence: Double = 0.95
  ) -> Int? {
    let clean = cleanRuns(toClaimAtMost: rate, confidence: confidence)
    guard clean < 1e9 else { return nil }
    if failures == 0 { return Int(clean) }
    func suffices(_ n: Int) -> Bool {
      ClopperPearson.upperBound(failures, outOf: n, confidence: confidence) <= rate
    }
    var (low, high) = (failures, max(failures, Int(clean)) * 2)
    while !suffices(high) {
      if high > 1_000_000_000 { return nil }
      (low, high) = (high, high * 2)
    }
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if suffices(middle) { high = middle } else { low = middle }
    }
    return high
  }
}
