public import PlanModel
internal import PortModel
public import StrategyKit

/// vllm-project/vllm#42585: the API server binds port 0, reads `ZMQ_LAST_ENDPOINT` and reports both ports
/// through its own channel; the launcher waits for all reports before it tells the peers.
///
/// The launcher watches report and process together: the channel ends when the process dies. It gives up after
/// `report_timeout_ms`.
public struct WildcardReportBack: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "wildcard-report-back",
    summary: "API server binds :0 and reports the port through a pipe",
    origin: "vllm-project/vllm#37452, #42585 (merged)",
    options: [.reportTimeout],
    collisionModel: .heldFromTheStart, depths: [.bind],
    traits: StrategyTraits(
      cooperation: .binder, isKnownBeforehand: false, worksAcrossHosts: true, failure: .closed,
      weakness: "peers that copied :0 before the report hang; a slow start may miss the time limit")
  )

  public static let handover = Handover(hasChannel: true)

  private let timeoutMilliseconds: Int

  public init(options: OptionValues) {
    timeoutMilliseconds = options[OptionName.reportTimeoutMilliseconds]
  }

  public func allocate(_ launch: Launch) { launch.leaveToBinders() }

  public func bind(_ binder: Binder) {
    guard binder.bind(.input, port: 0), binder.bind(.output, port: 0) else { return }
    binder.report()
  }

  public func collect(_ launch: Launch) throws(StageFailure) {
    try launch.collectReports(timeoutMilliseconds: timeoutMilliseconds)
  }
}

extension Launch {
  /// Chooses no ports: port 0 for every address, until the binders report theirs.
  func leaveToBinders() {
    for address in 0..<addresses { decide(0, for: address) }
  }
}

extension OptionDescriptor {
  /// How long a launcher waits for all reports.
  static let reportTimeout = OptionDescriptor(
    name: OptionName.reportTimeoutMilliseconds, defaultValue: 30_000, range: 1...3_600_000,
    summary: "how long the launcher waits for all reports")
}
