internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
internal import PlanModel
internal import RunContract
internal import StrategyKit
internal import Syscalls

/// The measurement of requests without HTTP: all API servers begin when a pipe is closed.
final class Measurement {
  private let parts: StartupLaunch
  /// The pipe; -1 where there is none.
  private(set) var pipe: (read: Int32, write: Int32) = (-1, -1)

  init(_ parts: StartupLaunch) { self.parts = parts }

  /// Whether the plan wants it.
  var isWanted: Bool { parts.startup.requests > 0 && !parts.startup.http }

  /// Makes the pipe, if it is wanted. Call it before the API servers start, because they inherit it.
  /// - Throws: stage `host`.
  func open() throws(StageFailure) {
    guard isWanted else { return }
    var ends: (Int32, Int32) = (-1, -1)
    let code = withUnsafeMutableBytes(of: &ends) {
      bs_pipe($0.baseAddress!.assumingMemoryBound(to: Int32.self))
    }
    guard code == 0 else {
      throw parts.launch.refused("the pipe that begins the measurement", code)
    }
    pipe = (ends.0, ends.1)
  }

  /// Lets the API servers send the requests of the measurement.
  func begin() {
    closeDescriptor(pipe.write)
    pipe.write = -1
  }

  /// Whether every API server has all of its answers.
  var isDone: Bool {
    parts.serverSlots.allSatisfy { bs_load(bs_measured_word(parts.region.serving($0))) != 0 }
  }

  /// Records the time from the first request to the last answer, over all API servers.
  func finish() {
    let shares = parts.serverSlots.map { parts.region.serving($0).pointee }
      .filter { $0.measured_from_ns != 0 }
    guard let from = shares.map(\.measured_from_ns).min(),
      let until = shares.map(\.measured_until_ns).max(), until > from
    else { return }
    parts.record.pointee.measured_requests = UInt64(parts.startup.requests)
    parts.record.pointee.measured_ns = until - from
  }

  func close() {
    for end in [pipe.read, pipe.write] where end >= 0 { closeDescriptor(end) }
    pipe = (-1, -1)
  }
}
