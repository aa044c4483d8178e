internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
public import PlanModel
internal import PortModel
public import StrategyKit

/// Probe-then-bind whose binder takes the next port when its own is in use (vllm-project/vllm#20151, llm-d's first
/// version). The peers must learn the new port. With `announce` 0 they do not, and connect to the process that has the
/// old port.
public struct RetryNewNumber: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "retry-new-number",
    summary: "probe-then-bind that takes the next number when its own is in use",
    origin: "vllm-project/vllm#20151, TensorRT-LLM#15558",
    options: [
      OptionDescriptor(
        name: "attempts", defaultValue: 5, range: 1...1_000, summary: "binds in all"),
      OptionDescriptor(
        name: "announce", defaultValue: 1, range: 0...1,
        summary: "0: the peers are not told the new number", breaksModel: true),
      .reportTimeout,
    ],
    collisionModel: .probeThenBind, depths: [.bind],
    traits: StrategyTraits(
      cooperation: .binder, isKnownBeforehand: false, worksAcrossHosts: true, failure: .either,
      weakness: "peers must learn the new number; turns failing tests green"))

  public static let handover = Handover(hasChannel: true)

  private let attempts: Int
  private let isAnnounced: Bool
  private let timeoutMilliseconds: Int

  public init(options: OptionValues) {
    attempts = options["attempts"]
    isAnnounced = options["announce"] != 0
    timeoutMilliseconds = options[OptionName.reportTimeoutMilliseconds]
  }

  public func allocate(_ launch: Launch) throws(StageFailure) {
    for address in 0..<launch.addresses { launch.decide(try launch.probe(), for: address) }
  }

  public func bind(_ binder: Binder) {
    let decided = EndpointRole.allCases.map { binder.requested($0) }
    for role in EndpointRole.allCases {
      var port = decided[role.rawValue]
      for attempt in 1...attempts {
        if binder.bind(role, port: port) { break }
        guard attempt < attempts, binder.endpoint(role).pointee.error == EADDRINUSE else { return }
        port = port == .max ? 1_024 : port + 1
      }
    }
    if isAnnounced { binder.report() } else { binder.report(input: decided[0], output: decided[1]) }
  }

  public func collect(_ launch: Launch) throws(StageFailure) {
    try launch.collectReports(timeoutMilliseconds: timeoutMilliseconds)
  }
}
