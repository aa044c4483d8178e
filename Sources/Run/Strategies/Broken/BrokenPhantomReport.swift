internal import CLinuxShims
internal import CSharedRegion
internal import PlanModel
internal import StrategyKit

/// The reported port is not the bound port.
struct BrokenPhantomReport: BrokenStrategy {
  static let caughtAs = "cross-talk"
  static let descriptor = broken(
    "broken-phantom-report", "the API server reports ports that it does not hold", depths: [.bind])

  static let handover = Handover(hasChannel: true)

  init(options: OptionValues) {}

  func allocate(_ launch: Launch) { launch.leaveToBinders() }

  func bind(_ binder: Binder) {
    guard binder.bind(.input, port: 0), binder.bind(.output, port: 0) else { return }
    // Below the pool: the kernel cannot have chosen it.
    let phantom = 21_000 + UInt16(binder.slot)
    binder.report(input: phantom, output: binder.endpoint(.output).pointee.bound)
  }

  func collect(_ launch: Launch) throws(StageFailure) {
    try launch.collectReports(timeoutMilliseconds: 10_000)
  }
}
