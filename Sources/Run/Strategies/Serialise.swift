internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
public import PlanModel
internal import PortModel
public import StrategyKit
internal import Syscalls

/// Every API server of the host does its probe and bind under one lock (flock(2)), as a reviewer of SkyRL#1356
/// proposed. Participants cannot collide. The start is serial, and other processes do not take the lock.
public struct Serialise: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "serialise",
    summary: "each API server probes and binds by itself under a host-wide lock",
    origin: "review of SkyRL#1356",
    options: [.gap, .reportTimeout],
    collisionModel: .unmodelled, depths: [.bind], requirements: [.scratchFolder],
    traits: StrategyTraits(
      cooperation: .everybody, isKnownBeforehand: false, worksAcrossHosts: false, failure: .closed,
      weakness: "serial start; processes that do not take the lock still take the port"))

  public static let handover = Handover(hasChannel: true)

  private let gapMilliseconds: Int
  private let timeoutMilliseconds: Int

  public init(options: OptionValues) {
    gapMilliseconds = options[OptionName.gapMilliseconds]
    timeoutMilliseconds = options[OptionName.reportTimeoutMilliseconds]
  }

  public func allocate(_ launch: Launch) { launch.leaveToBinders() }

  public func bind(_ binder: Binder) {
    do throws(SystemError) {
      let file = try ScratchFile.open(Scratch.path("start.lock"))
      let code = bs_lock_file(file.number)
      guard code == 0 else { throw SystemError("flock", code: code) }
      guard binder.probeAndBind(gapMilliseconds: gapMilliseconds) else { return }
    } catch {
      return binder.fail(.input, stage: BS_STAGE_LOCK, code: error.code)
    }
    binder.report()
  }

  public func collect(_ launch: Launch) throws(StageFailure) {
    try launch.collectReports(timeoutMilliseconds: timeoutMilliseconds)
  }
}
