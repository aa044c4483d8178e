internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
internal import Messaging
internal import PlanModel
internal import PortModel
internal import RunContract
internal import StartupProtocol
internal import Strategies
internal import Syscalls

/// An API server after its bind: it waits for every engine core, gets one request answered by each, and continues until
/// it is ended.
struct ServingRole {
  let region: SharedRegion
  let launch: Int
  let server: Int
  let slot: Int
  /// API servers of the launch.
  let servers: Int
  let addresses: LaunchAddresses
  /// The listener for the front end; -1 if the launch has no HTTP.
  let httpListener: Int32
  /// The pipe whose end starts the measurement; -1 if there is none.
  let measurement: Int32

  /// Identity of a launch of this trial: distinguishes its messages from those of another launch.
  static func identity(_ region: SharedRegion, launch: Int) -> Int64 {
    var generator = SeededGenerator(
      trialSeed: region.pointer.pointee.trial_seed, for: .launchIdentity, UInt64(launch))
    return Int64(bitPattern: generator.next() >> 1)
  }

  /// The request for each engine core.
  func nonces() -> [Int64] {
    (0..<addresses.startup.engines).map { engine in
      var generator = SeededGenerator(
        trialSeed: region.pointer.pointee.trial_seed, for: .engineRequest,
        UInt64(slot) << 16 | UInt64(engine))
      return Int64(bitPattern: generator.next() >> 1)
    }
  }

  /// Serves until the process is ended.
  func run(_ router: borrowing Socket, _ pull: borrowing Socket) throws {
    try run(try Context(ioThreads: 1), router, pull)
  }

  /// The context is borrowed: an owned value might end at its last use, and would then wait for its sockets.
  private func run(
    _ context: borrowing Context, _ router: borrowing Socket, _ pull: borrowing Socket
  ) throws {
    try ServingSession(self, context).run(router, pull)
  }

  /// The API server's own HTTP front end, which ends with it; nil if the launch has no HTTP.
  func startFrontEnd(_ identity: Int64) -> FrontEndProcess? {
    guard httpListener >= 0 else { return nil }
    do throws(SystemError) {
      let process = try FrontEndProcess(
        .serve(launch: identity, server: server), listener: httpListener)
      region.serving(slot).pointee.frontend_pid = process.pid
      return process
    } catch { fail(BS_STAGE_HOST, error.code) }
  }

  /// Ends the process with this failure in its record.
  func fail(_ stage: bs_stage, _ code: Int32) -> Never {
    let record = region.serving(slot)
    record.pointee.stage = stage.rawValue
    record.pointee.error = code
    record.pointee.failed_ns = MonotonicClock.now()
    _exit(1)
  }
}
