internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
public import PlanModel
internal import PortModel
public import StrategyKit

/// Probe-then-bind whose binder tries the same port again when it is in use. It helps if the holder releases the port
/// in time. A launch that was ready only after a retry counts as recovered, not as ready.
public struct RetrySameNumber: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "retry-same-number",
    summary: "probe-then-bind that waits and tries the same number again",
    origin: "common in test suites",
    options: [
      OptionDescriptor(
        name: "attempts", defaultValue: 5, range: 1...1_000, summary: "binds in all"),
      OptionDescriptor(
        name: "delay_ms", defaultValue: 5, range: 0...60_000, summary: "pause between two binds"),
    ],
    collisionModel: .probeThenBind, depths: [.bind],
    traits: StrategyTraits(
      cooperation: .nobody, isKnownBeforehand: true, worksAcrossHosts: true, failure: .closed,
      weakness: "useless against a holder that stays; hides the rate against one that goes"))

  private let attempts: Int
  private let delayMilliseconds: Int

  public init(options: OptionValues) {
    attempts = options["attempts"]
    delayMilliseconds = options["delay_ms"]
  }

  public func allocate(_ launch: Launch) throws(StageFailure) {
    for address in 0..<launch.addresses { launch.decide(try launch.probe(), for: address) }
  }

  public func bind(_ binder: Binder) {
    for role in EndpointRole.allCases {
      let port = binder.requested(role)
      for attempt in 1...attempts {
        if binder.bind(role, port: port) { break }
        guard attempt < attempts, binder.endpoint(role).pointee.error == EADDRINUSE else { return }
        binder.pause(nanoseconds: UInt64(delayMilliseconds) * 1_000_000)
      }
    }
  }
}
