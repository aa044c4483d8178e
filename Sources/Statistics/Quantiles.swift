/// Quantiles by the nearest-rank definition: the p-quantile of n sorted samples is sample ⌈p·n⌉.
public struct Quantiles: Sendable {
  private let sorted: [UInt64]

  /// Sorts the samples; nil when there are none.
  public init?(_ samples: [UInt64]) {
    guard !samples.isEmpty else { return nil }
    sorted = samples.sorted()
  }

  /// The p-quantile for p in (0, 1].
  public func callAsFunction(_ p: Double) -> UInt64 {
    let rank = Int((p * Double(sorted.count)).rounded(.up))
    return sorted[min(max(rank, 1), sorted.count) - 1]
  }

  /// The largest sample.
  public var maximum: UInt64 { sorted[sorted.count - 1] }
  /// How many samples there are.
  public var count: Int { sorted.count }
}
