internal import Glibc
internal import Statistics

/// Finds the value of a knob at which launches fail at a given rate, by theory and by measurement.
///
/// Where theory has rates, its error is taken to be a constant shift of the log-odds, as a process that theory does not
/// know, or draws that it does not count, would make. Where it has none, measured values are interpolated on the same
/// scale. The rate must not fall when the knob rises.
public struct RateSearch {
  /// What was measured at a value.
  public struct Measurement: Sendable, Equatable {
    public var value: Int
    public var failed: Double
    public var counted: Double

    public init(value: Int, failed: Double, counted: Double) {
      (self.value, self.failed, self.counted) = (value, failed, counted)
    }

    /// The log-odds; half an observation on either side keeps them finite.
    var logOdds: Double { log((failed + 0.5) / (counted - failed + 0.5)) }
  }

  /// What to do next.
  public enum Step: Sendable, Equatable {
    /// Measure at this value.
    case measure(Int)
    /// No value is left that could have the rate, for this reason.
    case outOfReach(String)
  }

  /// The rate, in (0, 1).
  public let target: Double
  /// How far a rate may be from the target and still count as it.
  public let tolerance: Double
  /// The values that the knob can have.
  public let range: ClosedRange<Int>
  private let start: Int
  private let theory: (Int) -> Double?
  /// Everything measured, none of which was the rate.
  public private(set) var measurements: [Measurement] = []

  /// - Parameters:
  ///   - start: where to begin without theory.
  ///   - theory: the predicted rate at a value; nil if there is none.
  public init(
    target: Double, tolerance: Double, range: ClosedRange<Int>, start: Int,
    theory: @escaping (Int) -> Double?
  ) {
    precondition(target > 0 && target < 1 && range.contains(start), "\(target), \(start)")
    self.target = target
    self.tolerance = tolerance
    self.range = range
    self.start = start
    self.theory = theory
  }

  /// Adds a measurement that differs from the target.
  public mutating func reject(_ measurement: Measurement) { measurements.append(measurement) }

  /// The next value.
  public func next() -> Step {
    let goal = log(target / (1 - target))
    let low = measurements.filter { $0.logOdds < goal }.max { $0.value < $1.value }
    let high = measurements.filter { $0.logOdds >= goal }.min { $0.value < $1.value }
    if let low, low.value == range.upperBound {
      return .outOfReach("\(percent(low)) at the largest value, \(low.value)")
    }
    if let high, high.value == range.lowerBound {
      return .outOfReach("\(percent(high)) at the smallest value, \(high.value), already")
    }
    if let low, let high, high.value <= low.value + 1 {
      return .outOfReach(
        "\(percent(low)) at \(low.value) and \(percent(high)) at \(high.value), and nothing between"
      )
    }
    let first = low.map { $0.value + 1 } ?? range.lowerBound
    let last = high.map { $0.value - 1 } ?? range.upperBound
    let inside = first...last
    if let step = byTheory(goal, inside) { return step }
    return .measure(byMeasurement(goal, low, high, inside))
  }

  /// Nil if theory has no rates.
  private func byTheory(_ goal: Double, _ inside: ClosedRange<Int>) -> Step? {
    guard let least = theory(range.lowerBound) else { return nil }
    // Some rates are known only up to some value.
    var top = range.upperBound
    if theory(top) == nil {
      var low = range.lowerBound
      while top - low > 1 {
        let middle = low + (top - low) / 2
        if theory(middle) == nil { top = middle } else { low = middle }
      }
      top = low
    }
    let most = theory(top)!
    let shift = shift()
    let wanted = 1 / (1 + exp(shift - goal))
    if measurements.isEmpty {
      guard least < most else {
        return .outOfReach("\(Percent.text(least)) by theory, whatever it is")
      }
      if target < least - tolerance {
        return .outOfReach("\(Percent.text(least)) by theory with \(range.lowerBound) already")
      }
      if target > most + tolerance {
        return .outOfReach("\(Percent.text(most)) by theory at most, with \(top)")
      }
    }
    var (low, high) = (range.lowerBound, top)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if theory(middle)! < wanted { low = middle } else { high = middle }
    }
    let found = wanted - theory(low)! <= theory(high)! - wanted ? low : high
    if measurements.isEmpty, abs(theory(found)! - target) > tolerance {
      return .outOfReach(
        "\(Percent.text(theory(low)!)) by theory with \(low), \(Percent.text(theory(high)!)) with \(high), and nothing between"
      )
    }
    return .measure(min(max(found, inside.lowerBound), inside.upperBound))
  }

  /// How much more often launches were lost than theory says, in log-odds, on average over all observations.
  private func shift() -> Double {
    var (sum, weights) = (0.0, 0.0)
    for measurement in measurements {
      guard let rate = theory(measurement.value), rate > 0, rate < 1 else { continue }
      sum += measurement.counted * (measurement.logOdds - log(rate / (1 - rate)))
      weights += measurement.counted
    }
    return weights > 0 ? sum / weights : 0
  }

  private func byMeasurement(
    _ goal: Double, _ low: Measurement?, _ high: Measurement?, _ inside: ClosedRange<Int>
  ) -> Int {
    let wish: Int =
      switch (low, high) {
      case (nil, nil): start
      case (let low?, nil): max(1, low.value) * 2
      case (nil, let high?): high.value / 2
      case (let low?, let high?):
        low.value
          + Int(
            (Double(high.value - low.value) * (goal - low.logOdds)
              / max(1e-9, high.logOdds - low.logOdds)).rounded())
      }
    return min(max(wish, inside.lowerBound), inside.upperBound)
  }

  private func percent(_ measurement: Measurement) -> String {
    Percent.text(measurement.failed / measurement.counted) + " measured"
  }
}
