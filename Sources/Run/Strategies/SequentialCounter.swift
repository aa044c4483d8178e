public import PlanModel
internal import PortModel
public import StrategyKit

/// The launcher keeps its own counter and scans upwards from it (gpustack's `_next_port`): no port occurs twice in one
/// process. Another process counts from the same start.
public struct SequentialCounter: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "sequential-counter",
    summary: "launcher scans upwards from a counter of its own",
    origin: "gpustack#5657, #6019",
    options: [
      OptionDescriptor(
        name: OptionName.base, defaultValue: 20_000, range: 1_024...60_000,
        summary: "where counting starts"),
      OptionDescriptor(
        name: "span", defaultValue: 8_000, range: 64...60_000,
        summary: "ports after which counting starts again"),
    ],
    // The counter moves on from trial to trial and skips taken ports, so it may reach every port.
    collisionModel: .outsideThePool, numbers: { options, _ in Launch.countedNumbers(options) },
    depths: [.allocate, .bind],
    traits: StrategyTraits(
      cooperation: .nobody, isKnownBeforehand: true, worksAcrossHosts: true, failure: .closed,
      weakness: "other processes count from the same start"))

  private let numbers: Range<Int>
  private var next: Int

  public init(options: OptionValues) {
    numbers = Launch.countedNumbers(options)
    next = numbers.lowerBound
  }

  public mutating func allocate(_ launch: Launch) throws(StageFailure) {
    for address in 0..<launch.addresses {
      guard let port = launch.scan(from: next, around: numbers) else { throw .exhausted }
      next = Int(port) + 1
      launch.decide(port, for: address)
    }
  }

  public func bind(_ binder: Binder) { binder.bindRequested() }
}
