public import PlanModel
internal import PortModel
public import StrategyKit

/// Every API server sleeps a random time before it probes and binds (SkyRL#1356, 1.5 to 3 s). Fewer of them probe at
/// once. Nothing is guaranteed, and other processes do not stagger.
public struct Stagger: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "stagger",
    summary: "each API server sleeps a random time, then probes and binds by itself",
    origin: "SkyRL#1356",
    options: [
      OptionDescriptor(
        name: OptionName.leastMilliseconds, defaultValue: 1_500, range: 0...60_000,
        summary: "shortest sleep"),
      OptionDescriptor(
        name: OptionName.mostMilliseconds, defaultValue: 3_000, range: 0...60_000,
        summary: "longest sleep"),
      .gap, .reportTimeout,
    ],
    collisionModel: .unmodelled, depths: [.bind],
    traits: StrategyTraits(
      cooperation: .everybody, isKnownBeforehand: false, worksAcrossHosts: true, failure: .closed,
      weakness: "lowers the odds among siblings only, and slows every start"))

  public static let handover = Handover(hasChannel: true)

  private let least: Int
  private let most: Int
  private let gapMilliseconds: Int
  private let timeoutMilliseconds: Int

  public init(options: OptionValues) {
    least = options[OptionName.leastMilliseconds]
    most = max(least, options[OptionName.mostMilliseconds])
    gapMilliseconds = options[OptionName.gapMilliseconds]
    timeoutMilliseconds = options[OptionName.reportTimeoutMilliseconds]
  }

  public func allocate(_ launch: Launch) { launch.leaveToBinders() }

  public func bind(_ binder: Binder) {
    var generator = binder.generator()
    let span = UInt64(most - least) * 1_000_000
    binder.pause(nanoseconds: UInt64(least) * 1_000_000 + generator.next(below: span + 1))
    if binder.probeAndBind(gapMilliseconds: gapMilliseconds) { binder.report() }
  }

  public func collect(_ launch: Launch) throws(StageFailure) {
    try launch.collectReports(timeoutMilliseconds: timeoutMilliseconds)
  }
}
