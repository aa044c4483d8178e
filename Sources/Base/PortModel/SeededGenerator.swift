internal import Glibc

/// A small generator of reproducible random numbers: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
///
/// Schedules must not change with the toolchain, and the standard library may change what `Int.random(in:using:)`
/// draws, so the draws are also made here.
public struct SeededGenerator: Sendable {
  private var state: UInt64

  /// Equal seeds give equal numbers.
  public init(seed: UInt64) { state = seed }

  /// A generator for a purpose under the plan's seed; the numbers tell the purpose's generators apart.
  public init(planSeed: UInt64, for purpose: SeedPurpose.OfPlan, _ numbers: UInt64...) {
    self.init(seed: planSeed, path: [purpose.rawValue] + numbers)
  }

  /// A generator for a purpose under a trial's seed; the numbers tell the purpose's generators apart.
  public init(trialSeed: UInt64, for purpose: SeedPurpose.OfTrial, _ numbers: UInt64...) {
    self.init(seed: trialSeed, path: [purpose.rawValue] + numbers)
  }

  /// A generator whose numbers are independent of those of any other path under the seed.
  init(seed: UInt64, path: [UInt64]) {
    var mixed = seed
    for step in path {
      var generator = SeededGenerator(seed: mixed ^ (step &+ 1) &* 0xD134_2543_DE82_EF95)
      mixed = generator.next()
    }
    state = mixed
  }

  /// 64 uniform bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number in 0..<bound, each as likely as any other (Lemire's multiplication with rejection, ACM TOMACS
  /// 2019). `bound` is at least 1.
  public mutating func next(below bound: UInt64) -> UInt64 {
    precondition(bound > 0, "nothing is below 0")
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return product.high
  }

  /// A number in [0, 1).
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// An exponentially distributed number with that mean: the intervals of a Poisson process.
  public mutating func exponential(mean: Double) -> Double { -log1p(-uniform()) * mean }

  /// Puts the elements in random order (Fisher and Yates).
  public mutating func shuffle<Element>(_ elements: inout [Element]) {
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, Int(next(below: UInt64(last) + 1)))
    }
  }
}
