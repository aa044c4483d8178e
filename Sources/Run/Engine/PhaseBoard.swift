internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
internal import PlanModel
internal import RunContract
internal import Strategies
internal import Syscalls

/// Starts phases on the shared region and waits for their end. Nothing else writes the harness's words there.
struct PhaseBoard {
  /// How a wait ended.
  enum Wait: Equatable {
    /// All participants have finished.
    case ended
    /// The deadline passed first.
    case deadlinePassed
    /// The user wants to stop.
    case interrupted
  }

  /// The participants of a phase.
  struct Participants {
    var launchers = false
    var servers: [Int] = []
    var thieves = false
    var auditor = false
  }

  let region: SharedRegion
  let interruption: Interruption
  let host: WorkerHost
  private let arm: Arm
  private var phase: UInt32
  private var participants = Participants()

  /// How often a wait checks whether the worker host is alive.
  static let aliveCheckNanoseconds: UInt64 = 250_000_000

  init(host: WorkerHost, interruption: Interruption, arm: Arm) {
    self.host = host
    self.interruption = interruption
    self.arm = arm
    region = host.region
    phase = bs_load(bs_phase_word(region.pointer))
  }

  /// Begins a phase: all participants count from now on. Call it before the commands are sent.
  mutating func begin(_ participants: Participants) {
    self.participants = participants
    phase &+= 1
    let count =
      (participants.launchers ? arm.topology.launches : 0) + participants.servers.count
      + (participants.thieves ? arm.thieves.count : 0) + (participants.auditor ? 1 : 0)
    bs_store(bs_pending_word(region.pointer), UInt32(count))
    bs_store(bs_phase_word(region.pointer), phase)
  }

  /// Gives a command to the launchers.
  func command(_ command: bs_launcher_command) {
    region.pointer.pointee.launcher_command = command.rawValue
    bs_announce(bs_launcher_word(region.pointer))
  }

  /// Gives a command to the API servers.
  func command(_ command: bs_server_command) {
    region.pointer.pointee.server_command = command.rawValue
    bs_announce(bs_server_word(region.pointer))
  }

  /// Gives a command to the thieves.
  func command(_ command: bs_thief_command) {
    region.pointer.pointee.thief_command = command.rawValue
    bs_announce(bs_thief_word(region.pointer))
  }

  /// Starts the auditor's check.
  func commandAuditor() {
    bs_announce(bs_auditor_word(region.pointer))
  }

  /// Waits until all participants have finished the phase or are dead.
  /// - Parameter spinning: how long to spin before sleeping, in nanoseconds.
  /// - Throws: when the worker host is gone.
  func wait(until deadline: UInt64, spinning: UInt64 = 0) throws(RunError) -> Wait {
    let doorbell = bs_doorbell(region.pointer)
    if spinning > 0 {
      let limit = MonotonicClock.now() + spinning
      while bs_load(bs_pending_word(region.pointer)) != 0 && MonotonicClock.now() < limit {}
    }
    while true {
      let rings = bs_load(doorbell)
      if bs_load(bs_pending_word(region.pointer)) == 0 { return .ended }
      if interruption.isRequested { return .interrupted }
      countOutTheDead()
      if bs_load(bs_pending_word(region.pointer)) == 0 { return .ended }
      let now = MonotonicClock.now()
      if now >= deadline { return .deadlinePassed }
      var slice = min(deadline - now, Self.aliveCheckNanoseconds)
      if let due = attendFaults(now) { slice = min(slice, due) }
      if bs_futex_wait(doorbell, rings, Int64(slice)) == ETIMEDOUT && !host.isAlive {
        throw .workerHostEnded
      }
    }
  }

  /// How often to look for a victim that must be seen in a certain state.
  private static let stateCheckNanoseconds: UInt64 = 500_000

  /// Observes that victims are stopped or asleep, as their faults require, and continues those that are due. Returns
  /// the number of nanoseconds until the next call; nil if there is nothing to watch.
  private func attendFaults(_ now: UInt64) -> UInt64? {
    var next: UInt64?
    for number in arm.faults.indices {
      let slot = region.fault(number)
      let fault = slot.pointee
      guard fault.is_due != 0, fault.awaited_state != 0, fault.healed_ns == 0 else { continue }
      if fault.witnessed_ns == 0 {
        if ProcessRecords.state(of: fault.pid)?.value == fault.awaited_state {
          slot.pointee.witnessed_ns = now
        } else {
          next = min(next ?? .max, Self.stateCheckNanoseconds)
          continue
        }
      }
      guard fault.resume_ns != 0 else { continue }
      if now >= fault.resume_ns {
        // A victim that has ended is counted out by its parent.
        _ = ProcessRecords.resume(fault.pid)
        next = min(next ?? .max, Self.stateCheckNanoseconds)
      } else {
        next = min(next ?? .max, fault.resume_ns - now)
      }
    }
    return next
  }

  /// Completes the phase for participants that died in it or before it.
  private func countOutTheDead() {
    for slot in participants.servers where region.server(slot).pointee.is_dead != 0 {
      bs_complete(region.pointer, bs_server_done(region.server(slot)), phase)
    }
    if participants.launchers {
      for launch in 0..<arm.topology.launches where region.launcher(launch).pointee.is_dead != 0 {
        bs_complete(region.pointer, bs_launcher_done(region.launcher(launch)), phase)
      }
    }
    if participants.thieves {
      for thief in arm.thieves.indices where region.thief(thief).pointee.is_dead != 0 {
        bs_complete(region.pointer, bs_thief_done(region.thief(thief)), phase)
      }
    }
    if participants.auditor && region.pointer.pointee.auditor_is_dead != 0 {
      bs_complete(region.pointer, bs_auditor_done(region.pointer), phase)
    }
  }
}

/// The user's request to stop, set by SIGINT and SIGTERM.
public final class Interruption: Sendable {
  private nonisolated(unsafe) let flag: UnsafeMutablePointer<UInt32>

  public init() {
    // It lives as long as the process, because a signal handler points to it.
    flag = .allocate(capacity: 1)
    flag.initialize(to: 0)
  }

  /// Whether a stop was requested.
  public var isRequested: Bool { bs_load(flag) != 0 }

  /// The signal that requested it, 0 if none did.
  public var signal: Int32 { Int32(bs_load(flag)) }

  /// Requests a stop.
  public func request(signal: Int32) { bs_store(flag, UInt32(signal)) }

  /// From now on SIGINT and SIGTERM request a stop and wake the waits on the regions.
  func listen(waking regions: [SharedRegion]) throws(SystemError) {
    let words = regions.map { bs_doorbell($0.pointer) }
    let code = bs_note_termination(flag, words, words.count)
    guard code == 0 else { throw SystemError("sigaction", code: code) }
  }
}
