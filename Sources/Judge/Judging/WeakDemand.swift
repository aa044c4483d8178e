public import PlanModel

/// A demand that a plan's trials can hardly show: everything may be right, and the verdict is often red.
public struct WeakDemand: Sendable, Equatable, Encodable {
  /// `Arm.index`.
  public var arm: Int
  /// Scenario of the arm.
  public var scenario: String
  /// Label of its strategy.
  public var strategy: String
  /// Trials planned.
  public var trials: Int
  /// The probability that the demand is met if everything is right.
  public var chance: Double
  /// Trials with which it is met with probability `wanted`, for the arm and the row that it is compared with; nil if
  /// `most` are too few, or no number is enough.
  public var needed: Int?

  /// The probability with which a demand should be met if everything is right. The power that is usual for tests.
  public static let wanted = 0.9
  /// The largest number of trials that is computed.
  public static let most = 20_000

  /// The weak demands of a plan, in its order, by the same sums as its odds.
  public static func all(
    of plan: ResolvedPlan, vocabulary: Vocabulary
  ) -> [WeakDemand] {
    plan.arms.compactMap { arm in
      guard arm.skipReason == nil, arm.expectation != nil else { return nil }
      func chance(_ trials: Int) -> Double {
        var plan = plan
        for index in plan.arms.indices where plan.arms[index].scenario == arm.scenario {
          plan.arms[index].trials = trials
        }
        return self.chance(of: plan.arms[arm.index], in: plan, vocabulary)
      }
      let planned = self.chance(of: arm, in: plan, vocabulary)
      guard planned < wanted else { return nil }
      return WeakDemand(
        arm: arm.index, scenario: arm.scenario, strategy: arm.strategy.label, trials: arm.trials,
        chance: planned, needed: needed(from: arm.trials, chance))
    }
  }

  private static func chance(
    of arm: Arm, in plan: ResolvedPlan, _ vocabulary: Vocabulary
  ) -> Double {
    let judge = MatrixJudge(plan: plan, vocabulary: vocabulary)
    return 1
      - OddsOfArm(
        arm: arm, judge: judge, vocabulary: vocabulary, comparisons: judge.betterDemands
      ).red()
  }

  /// By doubling and halving, to a twentieth: the chance does not rise evenly with the trials.
  private static func needed(from trials: Int, _ chance: (Int) -> Double) -> Int? {
    var (low, high) = (trials, trials)
    repeat {
      if high >= most { return nil }
      (low, high) = (high, min(most, high * 2))
    } while chance(high) < wanted
    while high - low > max(1, low / 20) {
      let middle = low + (high - low) / 2
      if chance(middle) >= wanted { high = middle } else { low = middle }
    }
    return high
  }

  /// In words, without the arm's name.
  public var text: String {
    let percent = "\((chance * 1_000).rounded() / 10) %"
    let advice =
      needed.map { "\($0) trials show it in \(Int(Self.wanted * 100)) %" }
      ?? "up to \(Self.most) trials do not change that: the demand is too near to the rate"
    return
      "\(trials) trials show what is demanded in \(percent) of the runs in which everything is right; \(advice)"
  }
}
