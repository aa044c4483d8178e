internal import Statistics

/// Median, 99th percentile and maximum of a duration in nanoseconds. With more than a few thousand samples the first
/// two are rounded to ten binary digits (0.1 %).
public struct DurationSummary: Sendable, Equatable, Codable {
  /// Number of samples.
  public var samples: Int
  /// Median.
  public var p50: UInt64
  /// 99th percentile.
  public var p99: UInt64
  /// Largest.
  public var max: UInt64

  public init(samples: Int, p50: UInt64, p99: UInt64, max: UInt64) {
    self.samples = samples
    self.p50 = p50
    self.p99 = p99
    self.max = max
  }
}

/// The shape of a duration's distribution: some of its quantiles, in nanoseconds.
public struct Distribution: Sendable, Equatable {
  /// Number of samples.
  public let samples: Int
  /// Each share of the samples with the duration that they do not exceed, rising; the last one is the largest sample.
  public let quantiles: [(share: Double, nanoseconds: UInt64)]

  /// What a curve of a few hundred pixels can show.
  private static let shares: [Double] = [0.01, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.99, 1]

  /// Nil without samples.
  init?(_ samples: Samples<UInt64>) {
    guard samples.count > 0 else { return nil }
    self.samples = samples.count
    let values = samples.quantiles(Self.shares)
    quantiles = Self.shares.indices.map { (share: Self.shares[$0], nanoseconds: values[$0]) }
  }

  public static func == (one: Distribution, other: Distribution) -> Bool {
    one.samples == other.samples
      && one.quantiles.map(\.nanoseconds) == other.quantiles.map(\.nanoseconds)
  }
}

/// Requests per second of an arm's launches. They come from stub engine cores on this machine, where client, API
/// servers and engine cores share the processors. They allow a comparison of the arms of one run, but say nothing about
/// a real deployment.
public struct Throughput: Sendable, Equatable, Codable {
  /// Number of launches measured.
  public var samples: Int
  /// Median; of an even number of samples the lower of the two in the middle.
  public var median: Double
  /// Lowest.
  public var lowest: Double
  /// Highest.
  public var highest: Double

  public init(samples: Int, median: Double, lowest: Double, highest: Double) {
    self.samples = samples
    self.median = median
    self.lowest = lowest
    self.highest = highest
  }

  /// Nil without samples.
  init?(_ samples: Samples<Double>) {
    guard let lowest = samples.least, let median = samples.quantile(0.5),
      let highest = samples.largest
    else { return nil }
    self.init(samples: samples.count, median: median, lowest: lowest, highest: highest)
  }
}

/// How often an outcome was seen.
public struct OutcomeCount: Sendable, Equatable, Codable {
  /// The outcome.
  public var outcome: Outcome
  /// Launches that ended so.
  public var launches: Int

  public init(outcome: Outcome, launches: Int) {
    self.outcome = outcome
    self.launches = launches
  }
}

/// The most frequent reason of failure.
public struct Cause: Sendable, Equatable, Codable {
  /// The outcome.
  public var outcome: Outcome
  /// Launches that ended so.
  public var launches: Int
  /// Trial in which it was first seen.
  public var firstTrial: Int
  /// One sentence from that trial.
  public var evidence: String

  public init(outcome: Outcome, launches: Int, firstTrial: Int, evidence: String) {
    self.outcome = outcome
    self.launches = launches
    self.firstTrial = firstTrial
    self.evidence = evidence
  }
}
