public import PlanModel
internal import PortModel

/// Finds the value of a knob at which a launch fails at a given rate.
public struct KnobSolver {
  /// The question, with every other knob as it is.
  public let question: RateQuestion
  public let vocabulary: Vocabulary

  public init(_ question: RateQuestion, vocabulary: Vocabulary) {
    self.question = question
    self.vocabulary = vocabulary
  }

  /// A value with the rate per launch that it gives.
  public struct Setting: Sendable, Equatable, Encodable {
    public var knob: String
    public var value: Int
    public var perLaunch: Double
  }

  /// What was found.
  public enum Solution: Sendable, Equatable {
    /// The value with the nearest rate.
    case solved(Setting)
    /// The knob does not reach the rate: the nearest that it reaches, and values of other knobs that do.
    case outOfReach(nearest: Setting, others: [Setting])
  }

  /// Whether a rate is the one that was asked for: within a twentieth of it, or half a percentage point.
  private static func isNear(_ rate: Double, _ target: Double) -> Bool {
    abs(rate - target) <= max(0.005, target / 20)
  }

  /// The value of a knob with the rate nearest to the target.
  /// - Parameter target: in (0, 1).
  /// - Throws: why theory has no rate for the question.
  public func solve(_ knob: RateQuestion.Knob, target: Double) throws(NoPrediction) -> Solution {
    let nearest = try nearest(knob, target)
    if Self.isNear(nearest.perLaunch, target) { return .solved(nearest) }
    var others: [Setting] = []
    for other in RateQuestion.Knob.allCases where other != knob {
      // A knob that theory does not know here is no way out.
      guard let setting = try? self.nearest(other, target), Self.isNear(setting.perLaunch, target)
      else { continue }
      others.append(setting)
    }
    return .outOfReach(nearest: nearest, others: others)
  }

  /// By bisection: no rate falls when others take more, and none rises when the pool grows.
  private func nearest(_ knob: RateQuestion.Knob, _ target: Double) throws(NoPrediction) -> Setting
  {
    var low = knob.range.lowerBound
    var high = try highest(knob)
    let rises = knob != .poolPorts
    while high - low > 1 {
      let middle = low + (high - low) / 2
      let isBelow = try rate(knob, middle) < target
      if isBelow == rises { low = middle } else { high = middle }
    }
    let (first, second) = (try rate(knob, low), try rate(knob, high))
    let takesFirst = abs(first - target) <= abs(second - target)
    return Setting(
      knob: knob.rawValue, value: takesFirst ? low : high, perLaunch: takesFirst ? first : second)
  }

  /// The largest value at which theory still has a rate: some have none beside many residents.
  private func highest(_ knob: RateQuestion.Knob) throws(NoPrediction) -> Int {
    _ = try rate(knob, knob.range.lowerBound)
    if (try? rate(knob, knob.range.upperBound)) != nil { return knob.range.upperBound }
    var (low, high) = (knob.range.lowerBound, knob.range.upperBound)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if (try? rate(knob, middle)) != nil { low = middle } else { high = middle }
    }
    return low
  }

  private func rate(_ knob: RateQuestion.Knob, _ value: Int) throws(NoPrediction) -> Double {
    var question = question
    question[knob] = value
    return try Prediction.rates(question.arm(vocabulary), vocabulary: vocabulary).perLaunch
  }
}
