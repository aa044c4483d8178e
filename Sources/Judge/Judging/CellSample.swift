public import PlanModel

/// What was counted of a cell, by launch and by trial: all that comparisons between runs need.
public struct CellSample: Sendable, Equatable, Codable {
  /// Observations of one unit.
  public struct Count: Sendable, Equatable, Codable {
    /// Those that failed or recovered.
    public var failed: Int
    /// Those of them that recovered, and did not fail.
    public var recovered: Int
    /// Those that failed, recovered or were ready.
    public var counted: Int
    /// Those that might have ended either way.
    public var uncounted: Int

    public init(failed: Int, recovered: Int = 0, counted: Int, uncounted: Int = 0) {
      self.failed = failed
      self.recovered = recovered
      self.counted = counted
      self.uncounted = uncounted
    }

    /// Both together.
    static func + (one: Count, other: Count) -> Count {
      Count(
        failed: one.failed + other.failed, recovered: one.recovered + other.recovered,
        counted: one.counted + other.counted, uncounted: one.uncounted + other.uncounted)
    }
  }

  public var launches: Count
  public var trials: Count
  /// Whether launches are independent: one in each trial.
  public var isByLaunch: Bool

  public init(launches: Count, trials: Count, isByLaunch: Bool) {
    self.launches = launches
    self.trials = trials
    self.isByLaunch = isByLaunch
  }

  /// What a tally of the arm has counted.
  public init(_ tally: ArmTally, of arm: Arm) {
    self.init(
      launches: Self.count(tally, byLaunch: true), trials: Self.count(tally, byLaunch: false),
      isByLaunch: arm.launchesPerTrial == 1)
  }

  private static func count(_ tally: ArmTally, byLaunch: Bool) -> Count {
    let seen = Observations(tally, byLaunch: byLaunch)
    return Count(
      failed: seen.failed,
      recovered: seen.failed - Observations(failedOnly: tally, byLaunch: byLaunch).failed,
      counted: seen.counted, uncounted: seen.uncounted)
  }

  /// The count of what is independent.
  public var count: Count { isByLaunch ? launches : trials }

  /// The rate of what is independent: failed or recovered, of those that count.
  public var rate: RateEstimate { RateEstimate(count.failed, outOf: count.counted) }

  /// Several samples of one cell as one; nil of none.
  public static func pooled(_ samples: [CellSample]) -> CellSample? {
    guard let first = samples.first else { return nil }
    return samples.dropFirst().reduce(first) { sum, next in
      CellSample(
        launches: sum.launches + next.launches, trials: sum.trials + next.trials,
        isByLaunch: sum.isByLaunch && next.isByLaunch)
    }
  }
}
