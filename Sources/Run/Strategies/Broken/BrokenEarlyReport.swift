internal import PlanModel
internal import PortModel
internal import StrategyKit

/// The reported port is not bound yet: peers that connect at once reach no process, or a stranger.
struct BrokenEarlyReport: BrokenStrategy {
  static let caughtAs = "premature-report"
  static let descriptor = broken(
    "broken-early-report", "the API server reports numbers before it binds them", depths: [.bind])

  static let handover = Handover(hasChannel: true)

  init(options: OptionValues) {}

  func allocate(_ launch: Launch) { launch.leaveToBinders() }

  func bind(_ binder: Binder) {
    // Below the pool, and different for each endpoint, so that nothing else can go wrong.
    let input = 21_000 + UInt16(2 * binder.slot)
    let output = input + 1
    binder.report(input: input, output: output)
    _ = binder.bind(.input, port: input) && binder.bind(.output, port: output)
  }

  func collect(_ launch: Launch) throws(StageFailure) {
    try launch.collectReports(timeoutMilliseconds: 10_000)
  }
}
