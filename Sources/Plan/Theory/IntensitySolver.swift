public import PlanModel
internal import PortModel
internal import Statistics

/// Solves for the intensity of a thief at which a launch fails at a given rate, by the closed forms.
public struct IntensitySolver {
  /// The scenario's arms.
  public let arms: [Arm]
  /// Index of the thief among each arm's thieves.
  public let thief: Int
  /// The option to solve for.
  public let intensity: String
  /// The allowed values.
  public let range: ClosedRange<Int>
  /// The thieves and strategies that exist.
  public let vocabulary: Vocabulary

  public init(
    arms: [Arm], thief: Int, intensity: String, range: ClosedRange<Int>, vocabulary: Vocabulary
  ) {
    self.arms = arms
    self.thief = thief
    self.intensity = intensity
    self.range = range
    self.vocabulary = vocabulary
  }

  /// The result.
  public enum Solution: Equatable {
    /// The intensity.
    case solved(Int)
    /// Why there is none.
    case unsolvable(String)
  }

  /// How far the nearest rate may be from the target. For example, a pool that fails all at once has no intensity for
  /// 0.5.
  private static let tolerance = 0.05

  /// The intensity with the nearest predicted rate per launch.
  /// - Parameter target: the rate, in (0, 1).
  public func solve(_ target: Double) -> Solution {
    let controls = arms.filter { $0.expectation?.isMustFailControl == true }
    var reasons: [String] = []
    for arm in (controls.isEmpty ? arms : controls) where arm.skipReason == nil {
      switch (rate(arm, range.lowerBound), rate(arm, range.upperBound)) {
      case (.failure(let problem), _), (_, .failure(let problem)): reasons.append(problem.reason)
      case (.success(let least), .success(let most)):
        guard most > least else {
          reasons.append(
            "\(arm.strategy.label) fails at \(Percent.text(least)) whatever \(intensity) is")
          continue
        }
        guard target >= least else {
          return .unsolvable(
            "\(arm.strategy.label) fails at \(Percent.text(least)) with \(intensity) \(range.lowerBound) already"
          )
        }
        guard target <= most else {
          return .unsolvable(
            "\(arm.strategy.label) fails at \(Percent.text(most)) at most, with \(intensity) \(range.upperBound)"
          )
        }
        let found = nearest(arm, target)
        let rate = value(arm, found)
        guard abs(rate - target) <= Self.tolerance else {
          reasons.append(
            "\(arm.strategy.label) comes no nearer than \(Percent.text(rate)), with \(intensity) \(found)"
          )
          continue
        }
        return .solved(found)
      }
    }
    var seen: Set<String> = []
    return .unsolvable(
      "theory has no rate here that \(intensity) moves: "
        + reasons.filter { seen.insert($0).inserted }.joined(separator: "; "))
  }

  /// Bisection works because no rate falls when others take more.
  private func nearest(_ arm: Arm, _ target: Double) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if value(arm, middle) < target { low = middle } else { high = middle }
    }
    return target - value(arm, low) <= value(arm, high) - target ? low : high
  }

  private func value(_ arm: Arm, _ amount: Int) -> Double {
    (try? rate(arm, amount).get()) ?? 1
  }

  private func rate(_ arm: Arm, _ amount: Int) -> Result<Double, NoPrediction> {
    var arm = arm
    let place = arm.thieves[thief].options.firstIndex { $0.name == intensity }!
    arm.thieves[thief].options[place].value = amount
    do throws(NoPrediction) {
      return .success(try Prediction.rates(arm, vocabulary: vocabulary).perLaunch)
    } catch {
      return .failure(error)
    }
  }
}
