internal import CLinuxShims
internal import CSharedRegion
internal import Faults
internal import Glibc
internal import RunContract
internal import Syscalls

/// The launcher of one launch on another node than the head node, as `vllm serve --headless`: it starts the engine
/// cores there and watches them. When one dies it ends the others and itself, with exit code 0 as in vLLM. The head node
/// gets no message about this; its peers only fall silent.
final class HeadlessRole {
  private let region: SharedRegion
  private let slot: UnsafeMutablePointer<bs_headless>
  private let ranks: [Int]
  private let firstSlot: Int
  private let faults: Int
  private var running: Set<Int32> = []

  /// The grace period of terminated engine cores. It is shorter than the head launcher's, which may wait for this
  /// process.
  private static let shutdownNanoseconds: UInt64 = 4_000_000_000

  /// - Parameters:
  ///   - ranks: the engine cores to start.
  ///   - firstSlot: slot of the launch's engine core 0.
  ///   - faults: how many faults the arm has.
  init(
    region: SharedRegion, launch: Int, node: Int, ranks: [Int], firstSlot: Int, faults: Int
  ) {
    bs_set_name("bs-headless", Int32(launch), Int32(node))
    self.region = region
    self.ranks = ranks
    self.firstSlot = firstSlot
    self.faults = faults
    slot = region.headless(launch, node: node)
  }

  /// - Parameter body: what an engine core of that rank does, in its own process.
  func run(_ body: (Int) -> Never) -> Never {
    slot.pointee.started_ns = MonotonicClock.now()
    slot.pointee.casualty = -1
    let signals = bs_signal_descriptor()
    if signals < 0 { die("signalfd: \(ErrorNumber.text(-signals))") }
    let parent = getpid()
    for rank in ranks {
      let engine = region.engine(firstSlot + rank)
      let pid = bs_fork(BS_PROCESS_ENGINE_CORE)
      let code = pid < 0 ? errno : 0
      if pid == 0 {
        dieWith(parent: parent)
        closeDescriptor(signals)
        bs_reset_signals()
        body(rank)
      }
      guard pid > 0 else {
        // The head node's launcher reads it there, and abandons the trial.
        engine.pointee.error = code
        engine.pointee.stage = BS_STAGE_HOST.rawValue
        end(signals)
        _exit(1)
      }
      engine.pointee.pid = pid
      running.insert(pid)
    }
    while true {
      _ = bs_wait_readable(signals, -1)
      var isOrdered = false
      while case let number = bs_take_signal(signals), number != 0 {
        isOrdered = isOrdered || number == SIGTERM
      }
      if isOrdered {
        end(signals)
        _exit(0)
      }
      guard let casualty = takeDeaths() else { continue }
      slot.pointee.noticed_ns = MonotonicClock.now()
      slot.pointee.casualty = Int32(casualty)
      end(signals)
      _exit(0)
    }
  }

  /// Waits for engine cores that were not told to end; returns the rank of one of them, nil if there is none.
  private func takeDeaths() -> Int? {
    var casualty: Int?
    var status: Int32 = 0
    while case let pid = waitpid(-1, &status, WNOHANG), pid > 0 {
      if faults > 0 { _ = FaultExit.note(pid: pid, status: status, region: region, faults: faults) }
      guard running.remove(pid) != nil,
        let rank = ranks.first(where: { region.engine(firstSlot + $0).pointee.pid == pid })
      else { continue }
      let engine = region.engine(firstSlot + rank)
      engine.pointee.wait_status = status
      engine.pointee.is_dead = 1
      casualty = casualty ?? rank
    }
    return casualty
  }

  /// Ends the remaining engine cores: by SIGTERM, and after the grace period by SIGKILL.
  private func end(_ signals: Int32) {
    for pid in running { kill(pid, SIGTERM) }
    let limit = MonotonicClock.now() + Self.shutdownNanoseconds
    var status: Int32 = 0
    while !running.isEmpty {
      let pid = waitpid(-1, &status, WNOHANG)
      if pid > 0 {
        running.remove(pid)
        continue
      }
      if pid < 0 && errno == ECHILD { return }
      let now = MonotonicClock.now()
      if now >= limit { for pid in running { kill(pid, SIGKILL) } }
      let left = now < limit ? Int32((limit - now) / 1_000_000) + 1 : 100
      if bs_wait_readable(signals, left) > 0 { while bs_take_signal(signals) != 0 {} }
    }
  }
}
