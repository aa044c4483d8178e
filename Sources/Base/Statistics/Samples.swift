/// A value that can be rounded to a coarser one.
public protocol Coarsening: Comparable, Hashable, Sendable {
  /// The middle of the interval that contains the value when ten significant binary digits are kept: off by at most
  /// 2^-10 of the value. Values that are already coarse do not change, and the order is kept.
  var coarse: Self { get }
}

extension UInt64: Coarsening {
  public var coarse: UInt64 {
    let dropped = bitWidth - leadingZeroBitCount - 10
    guard dropped > 0 else { return self }
    return ((self >> dropped) << dropped) | (1 << (dropped - 1))
  }
}

extension Double: Coarsening {
  public var coarse: Double {
    // One of the ten digits is not stored; 43 of the 52 that are stored are dropped.
    Double(bitPattern: ((bitPattern >> 43) << 43) | (1 << 42))
  }
}

/// Samples with their quantiles, in memory that does not grow with their number.
///
/// Up to `exactLimit` different values are kept exactly, each with its count. Beyond that they are kept with ten
/// significant binary digits, so that a quantile is off by at most 2^-10 (0.1 %) of its value. The smallest and largest
/// value are exact in any case. Times between 1 us and 1,000 s give some 15,000 different values.
public struct Samples<Value: Coarsening>: Sendable {
  /// The number of different values up to which nothing is rounded.
  public static var exactLimit: Int { 8_192 }

  private var counts: [Value: Int] = [:]
  private var isExact = true
  private var ends: (least: Value, largest: Value)?
  /// How many samples there are.
  public private(set) var count = 0

  public init() {}

  /// Adds a sample.
  public mutating func add(_ value: Value) {
    count += 1
    ends = ends.map { (min($0.least, value), max($0.largest, value)) } ?? (value, value)
    counts[isExact ? value : value.coarse, default: 0] += 1
    if isExact && counts.count > Self.exactLimit {
      isExact = false
      counts = Dictionary(counts.map { ($0.key.coarse, $0.value) }, uniquingKeysWith: +)
    }
  }

  /// Adds samples.
  public mutating func add(_ values: some Sequence<Value>) { for value in values { add(value) } }

  /// The p-quantile for p in (0, 1], by the nearest-rank definition: of n sorted samples it is sample ⌈p·n⌉. Nil
  /// without samples.
  public func quantile(_ p: Double) -> Value? { quantiles([p]).first }

  /// Several of them, for rising p. Empty without samples.
  public func quantiles(_ shares: [Double]) -> [Value] {
    guard let ends else { return [] }
    let sorted = counts.sorted { $0.key < $1.key }
    var (seen, next) = (0, 0)
    return shares.map { p in
      let rank = min(max(Int((p * Double(count)).rounded(.up)), 1), count)
      while next < sorted.count, seen < rank {
        seen += sorted[next].value
        next += 1
      }
      return next == 0 ? ends.least : min(max(sorted[next - 1].key, ends.least), ends.largest)
    }
  }

  /// The least sample, nil without samples.
  public var least: Value? { ends?.least }
  /// The largest sample, nil without samples.
  public var largest: Value? { ends?.largest }
  /// The number of values that are kept in memory.
  var kept: Int { counts.count }
}
