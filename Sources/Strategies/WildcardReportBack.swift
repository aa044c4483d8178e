internal import CLinuxShims
public import Planning
internal import PortModel

/// vllm-project/vllm#42585: the API server binds port 0, reads `ZMQ_LAST_ENDPOINT` and reports both ports
/// through its own channel; the launcher waits for all reports before it tells the peers.
///
/// The launcher watches report and process at once: the end of the channel is the process's death. It
/// gives up after `report_timeout_ms`.
public struct WildcardReportBack: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "wildcard-report-back",
    summary: "API server binds :0 and reports the port through a pipe (vLLM #42585)",
    options: [
      OptionDescriptor(
        name: "report_timeout_ms", defaultValue: 30_000, range: 1...3_600_000,
        summary: "how long the launcher waits for all reports")
    ],
    collisionModel: .heldFromTheStart, depths: [.bind])

  public static let handover = Handover.reports

  private let timeoutMilliseconds: Int

  public init(options: [Int]) {
    timeoutMilliseconds = options[0]
  }

  public func allocate(_ launch: Launch) {
    for number in 0..<launch.addresses { launch.endpoint(number).pointee.requested = 0 }
  }

  public func bind(_ binder: Binder) {
    guard binder.bind(.input, port: 0), binder.bind(.output, port: 0) else { return }
    binder.report()
  }

  public func collect(_ launch: Launch) throws(StageFailure) {
    try launch.collectReports(timeoutMilliseconds: timeoutMilliseconds)
  }
}
