internal import CSharedRegion
internal import Glibc
public import PlanModel
internal import PortModel
public import StrategyKit
internal import Syscalls

/// Launchers share a cursor in a file, under a lock file (vllm-project/vllm#43622): they scan upwards from the cursor
/// and move it on, so no two participants get one port. Other processes do not take part, and the lock of a launcher
/// that died is never removed (`stale_lock` 1).
///
/// vLLM's cursor only rises, to any number. Here it starts again after `span` ports, because a run has more launches
/// than there are ports: a launch is exhausted only if the whole span is taken.
public struct LockFileCursor: Strategy {
  public static let descriptor = StrategyDescriptor(
    name: "lock-file-cursor",
    summary: "launchers share a scan cursor in a file under a lock",
    origin: "vllm-project/vllm#43622",
    options: [
      OptionDescriptor(
        name: OptionName.base, defaultValue: 20_000, range: 1_024...60_000,
        summary: "first port of the scan"
      ),
      OptionDescriptor(
        name: "span", defaultValue: 8_000, range: 64...60_000,
        summary: "ports after which the cursor starts again"),
      OptionDescriptor(
        name: "lock_timeout_ms", defaultValue: 2_000, range: 1...600_000,
        summary: "how long a launcher waits for the lock"),
      OptionDescriptor(
        name: "stale_lock", defaultValue: 0, range: 0...1,
        summary: "1: a dead launcher's lock file is in the way", breaksModel: true),
    ],
    // The cursor moves on from trial to trial and skips taken ports, so it may reach every port.
    collisionModel: .outsideThePool, numbers: { options, _ in Launch.countedNumbers(options) },
    depths: [.allocate, .bind], requirements: [.scratchFolder],
    traits: StrategyTraits(
      cooperation: .everybody, isKnownBeforehand: true, worksAcrossHosts: false, failure: .closed,
      weakness: "stale locks; containers and users with another /tmp do not take part"))

  private let numbers: Range<Int>
  private let timeoutMilliseconds: Int
  private let hasStaleLock: Bool

  public init(options: OptionValues) {
    numbers = Launch.countedNumbers(options)
    timeoutMilliseconds = options["lock_timeout_ms"]
    hasStaleLock = options["stale_lock"] != 0
  }

  public func allocate(_ launch: Launch) throws(StageFailure) {
    do throws(SystemError) {
      if hasStaleLock { _ = try ScratchFile.create(Scratch.path("port.lock")) }
      try acquire()
    } catch {
      throw StageFailure(stage: BS_STAGE_LOCK.rawValue, code: error.code)
    }
    defer { ScratchFile.remove(Scratch.path("port.lock")) }
    var next = try cursor()
    for address in 0..<launch.addresses {
      guard let port = launch.scan(from: next, around: numbers) else { throw .exhausted }
      next = Int(port) + 1
      launch.decide(port, for: address)
    }
    do throws(SystemError) {
      try ScratchFile.replace(Scratch.path("port.cursor"), with: Array("\(next)".utf8))
    } catch {
      throw StageFailure(stage: BS_STAGE_LOCK.rawValue, code: error.code)
    }
  }

  public func bind(_ binder: Binder) { binder.bindRequested() }

  private func acquire() throws(SystemError) {
    let deadline = MonotonicClock.now() + UInt64(timeoutMilliseconds) * 1_000_000
    while try !ScratchFile.create(Scratch.path("port.lock")) {
      let now = MonotonicClock.now()
      guard now < deadline else { throw SystemError("lock", code: ETIMEDOUT) }
      MonotonicClock.sleep(until: now + 100_000)
    }
  }

  private func cursor() throws(StageFailure) -> Int {
    do throws(SystemError) {
      guard let bytes = try ScratchFile.read(Scratch.path("port.cursor")),
        let number = Int(String(decoding: bytes, as: UTF8.self)), numbers.contains(number)
      else { return numbers.lowerBound }
      return number
    } catch {
      throw StageFailure(stage: BS_STAGE_LOCK.rawValue, code: error.code)
    }
  }
}
