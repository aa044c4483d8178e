internal import CSharedRegion
internal import Glibc
internal import PlanModel
internal import RunContract
internal import StrategyKit
internal import Syscalls

/// One launch's start-up as shared by all parts of its launcher: its order, and where its records are.
struct StartupLaunch {
  let region: SharedRegion
  let launch: Launch
  let order: WorkerOrder
  let startup: Startup
  let addresses: LaunchAddresses
  let record: UnsafeMutablePointer<bs_startup>

  /// A process of the launch that ended too early.
  struct Casualty {
    var kind: bs_casualty
    var number: Int

    /// The launcher itself failed.
    static let launcher = Casualty(kind: BS_CASUALTY_LAUNCHER, number: -1)
  }

  init(region: SharedRegion, launch: Launch, order: WorkerOrder, startup: Startup) {
    self.region = region
    self.launch = launch
    self.order = order
    self.startup = startup
    addresses = LaunchAddresses(launch: launch.number, startup: startup, host: order.headHost)
    record = region.startup(launch.number)
  }

  /// Slots of the launch's engine cores.
  var engineSlots: Range<Int> {
    launch.number * startup.engines..<(launch.number + 1) * startup.engines
  }

  /// Slots of the launch's API servers.
  var serverSlots: Range<Int> { launch.slot(of: 0)..<launch.slot(of: launch.servers) }

  /// The claim for the launcher's own ports.
  var claim: UInt32 { bs_claim(BS_CLAIM_LAUNCHER, UInt32(launch.number)) }

  /// The record of another node's launcher.
  func headless(_ node: Int) -> UnsafeMutablePointer<bs_headless> {
    region.headless(launch.number, node: node)
  }

  /// How long to watch a process after giving up on it.
  var watchedUntil: UInt64 {
    MonotonicClock.now() + UInt64(order.timeoutMilliseconds) * 500_000
  }

  /// Clears the records: nothing of this trial has happened.
  func clearRecords() {
    let gate = record.pointee.gate
    record.pointee = bs_startup()
    record.pointee.gate = gate
    for slot in engineSlots { region.engine(slot).pointee = bs_engine() }
    for slot in serverSlots { region.serving(slot).pointee = bs_serving() }
    for node in 0..<startup.nodes { headless(node).pointee = bs_headless() }
    record.pointee.serial = region.pointer.pointee.serial
  }

  // MARK: Failures

  /// Records that the launcher has noticed the failure of the launch.
  func notice(_ casualty: Casualty) {
    record.pointee.noticed_ns = MonotonicClock.now()
    record.pointee.casualty = casualty.kind.rawValue
    record.pointee.casualty_number = Int32(casualty.number)
    bs_store(bs_settled_word(record), 1)
  }

  /// The launcher's own bind failed: records who has the port, if it is taken, and that this was noticed at once.
  func failure(_ stage: bs_stage, _ code: Int32, binding port: UInt16) -> StageFailure {
    if code == EADDRINUSE { launch.noteServiceLost(port) }
    return failure(stage, code)
  }

  /// The launcher itself failed: records that this was noticed at once.
  func failure(_ stage: bs_stage, _ code: Int32) -> StageFailure {
    notice(.launcher)
    return StageFailure(stage: stage.rawValue, code: code)
  }

  /// An API server could not listen on the HTTP port, because another process did before: records who; nil if all
  /// that tried could.
  func listenFailure() -> StageFailure? {
    let isLost = serverSlots.contains {
      let serving = region.serving($0).pointee
      return serving.stage == BS_STAGE_HTTP.rawValue && serving.error == EADDRINUSE
    }
    guard isLost else { return nil }
    launch.noteServiceLost(addresses.httpPort)
    return StageFailure(stage: BS_STAGE_HTTP.rawValue, code: EADDRINUSE)
  }

  /// The host refused a process to a process other than the launcher; nil if it did not.
  func refusal() -> StageFailure? {
    for slot in engineSlots where region.engine(slot).pointee.stage == BS_STAGE_HOST.rawValue {
      return launch.refused(
        "engine core \(slot - engineSlots.lowerBound)", region.engine(slot).pointee.error)
    }
    for slot in serverSlots where region.serving(slot).pointee.stage == BS_STAGE_HOST.rawValue {
      return launch.refused(
        "the HTTP front end of API server \(slot - serverSlots.lowerBound)",
        region.serving(slot).pointee.error)
    }
    return nil
  }

  /// The first process among those that the launcher watches that was found to have ended too early; nil if there is
  /// none.
  func casualty(includingServers: Bool) -> Casualty? {
    if engineSlots.contains(where: { region.engine($0).pointee.stage == BS_STAGE_HOST.rawValue }) {
      return .launcher
    }
    if record.pointee.coordinator_is_dead != 0 {
      return Casualty(kind: BS_CASUALTY_COORDINATOR, number: -1)
    }
    // The launchers of other nodes watch their own processes.
    for rank in 0..<startup.localEngines
    where region.engine(engineSlots.lowerBound + rank).pointee.is_dead != 0 {
      return Casualty(kind: BS_CASUALTY_ENGINE, number: rank)
    }
    guard includingServers else { return nil }
    return serverSlots.first { region.server($0).pointee.is_dead != 0 }.map {
      Casualty(kind: BS_CASUALTY_API_SERVER, number: $0 - serverSlots.lowerBound)
    }
  }
}
