/// Least and greatest numbers of a plan's settings. A plan is read within them, and so is a stored run's plan.
enum PlanLimits {
  static let launches = 1...64
  static let apiServers = 1...4_096
  static let poolPort = 1_024...65_535
  static let windowMilliseconds = 0.0...3_600_000
  static let foreignDraws = 0...60_000
  static let arrivalSkewMicroseconds = 0...60_000_000
  static let trials = 1...10_000_000
  static let timeoutMilliseconds = 10...3_600_000

  static let mostThieves = 64
  static let mostFaults = 16
  static let faultLaunch = 0...63
  static let faultIndex = 0...4_095
  static let node = 0...15
  static let every = 1...10_000_000
  /// A probability or a rate.
  static let share = 0.0...1
  static let confidence = 0.5...0.999_999
  static let publishedFailures = 0...1_000_000_000
  static let publishedOutOf = 1...1_000_000_000

  static let reservedPort = 1...65_535

  static let stolenRebinds = 0...1_000_000
  static let rebind = 1...1_000
  static let minWindowMilliseconds = 0...3_600_000
  static let injectionDelayMilliseconds = 1...3_600_000
  static let nthCall = 1...1_000_000
  static let port = 0...65_535
}
