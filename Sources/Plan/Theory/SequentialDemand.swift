public import PlanModel
public import Statistics

extension SequentialTest {
  /// The sequential test of a demand with at most so many observations; nil if the demand has none.
  ///
  /// Its hypotheses are the demanded rate and the one at which the demand is clearly met. At the demanded rate it finds the
  /// demand met with a probability of at most 1 - confidence, and at the other one not met with that of a false alarm.
  public init?(_ demand: Expectation, longest: Int) {
    guard let clear = demand.sequentialRate, let alarm = demand.falseAlarm else { return nil }
    let doubt = 1 - demand.confidence
    guard doubt < 0.5 else { return nil }
    if let most = demand.failureRateAtMost, clear < most {
      self.init(good: clear, bad: most, alpha: alarm, beta: doubt, longest: longest)
    } else if let least = demand.failureRateAtLeast, clear > least {
      self.init(good: least, bad: clear, alpha: doubt, beta: alarm, longest: longest)
    } else {
      return nil
    }
  }

  /// The fewest observations after which the test can find the demand met: if every one of them goes well. Nil if
  /// `longest` are too few.
  public func fewest(toMeet demand: Expectation) -> Int? {
    let isLowDemanded = demand.failureRateAtMost != nil
    return (1...longest).first { n in
      decision(isLowDemanded ? 0 : n, outOf: n) == (isLowDemanded ? .good : .bad)
    }
  }
}
