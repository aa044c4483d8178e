public import PlanModel
internal import PortModel
public import StrategyKit

/// The binder picks random ports of a range until one can be bound, as `zmq.Socket.bind_to_random_port` does, and
/// reports it (SGLang#29455, with 9 ports). No port is released. But a small range runs out, and ranges of two
/// deployments overlap.
public struct RandomInRange: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "random-in-range",
    summary: "API server binds random numbers of a range until one is free, and reports it",
    origin: "SGLang#29455, pyzmq bind_to_random_port",
    options: [
      OptionDescriptor(
        name: "low", defaultValue: 20_000, range: 1_024...65_535, summary: "first port"),
      OptionDescriptor(
        name: OptionName.ports, defaultValue: 1_000, range: 1...60_000,
        summary: "ports in the range"),
      OptionDescriptor(
        name: "tries", defaultValue: 100, range: 1...100_000, summary: "binds for one endpoint"),
      .reportTimeout,
    ],
    collisionModel: .unmodelled, depths: [.bind],
    traits: StrategyTraits(
      cooperation: .binder, isKnownBeforehand: false, worksAcrossHosts: true, failure: .closed,
      weakness: "small ranges run out"))

  public static let handover = Handover(hasChannel: true)

  private let low: Int
  private let ports: Int
  private let tries: Int
  private let timeoutMilliseconds: Int

  public init(options: OptionValues) {
    low = options["low"]
    ports = options[OptionName.ports]
    tries = options["tries"]
    timeoutMilliseconds = options[OptionName.reportTimeoutMilliseconds]
  }

  public func allocate(_ launch: Launch) { launch.leaveToBinders() }

  public func bind(_ binder: Binder) {
    var generator = binder.generator()
    let last = min(low + ports, 65_536)
    for role in EndpointRole.allCases {
      let picks = (0..<tries).map { _ in
        UInt16(low + Int(generator.next(below: UInt64(last - low))))
      }
      guard binder.bindAny(role, of: picks) else { return }
    }
    binder.report()
  }

  public func collect(_ launch: Launch) throws(StageFailure) {
    try launch.collectReports(timeoutMilliseconds: timeoutMilliseconds)
  }
}
