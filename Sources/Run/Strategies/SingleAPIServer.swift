public import PlanModel
internal import PortModel
internal import RunContract
public import StrategyKit
internal import Syscalls

/// The report's workaround, `--api-server-count 1`, as vLLM 0.19.1 runs it: one process is launcher and API server. It
/// probes both addresses and binds them before it starts a coordinator or an engine core. Between probe and bind lies
/// only the making of two sockets.
///
/// The launcher does this here, too. It makes the calls that libzmq makes, and the process that serves inherits the
/// listeners: libzmq's threads must not live in a process that forks. If a bind fails, the launcher itself fails, and
/// has started nothing.
public struct SingleAPIServer: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "single-api-server",
    summary:
      "the launcher is the only API server: it probes both addresses and binds them at once, before anything starts",
    origin: "workaround of vllm-project/vllm#40443, in 0.19.1",
    options: [
      OptionDescriptor(
        name: OptionName.ownWindowMicroseconds, defaultValue: 400, range: 0...1_000_000,
        summary:
          "between probe and bind; in vLLM 0.19.1 the medians are 260 (input) and 390 (output)")
    ],
    collisionModel: .probeThenBind, depths: [.allocate, .bind], apiServers: 1,
    traits: StrategyTraits(
      cooperation: .nobody, isKnownBeforehand: true, worksAcrossHosts: false, failure: .closed,
      weakness: "a window of 0.4 ms is left, for 2 numbers; one process serves all HTTP requests"))

  public static let handover = Handover(sockets: .inherited)

  private let windowMicroseconds: Int

  public init(options: OptionValues) {
    windowMicroseconds = options[OptionName.ownWindowMicroseconds]
  }

  public func allocate(_ launch: Launch) throws(StageFailure) {
    var numbers: [UInt16] = []
    for _ in 0..<launch.addresses { numbers.append(try launch.probe()) }
    guard launch.order.depth.binds else {
      for (address, number) in numbers.enumerated() { launch.decide(number, for: address) }
      return
    }
    if windowMicroseconds > 0 {
      MonotonicClock.sleep(until: MonotonicClock.now() + UInt64(windowMicroseconds) * 1_000)
    }
    for (address, number) in numbers.enumerated() {
      try launch.bindAndHandOver(number, for: address)
    }
  }

  public func bind(_ binder: Binder) { binder.adoptBoth() }
}
