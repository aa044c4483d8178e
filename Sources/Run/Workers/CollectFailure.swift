internal import CSharedRegion
internal import Glibc
internal import RunContract
internal import StrategyKit
internal import Syscalls

extension StartupLauncher {
  /// Collecting the reports failed: records whose report is missing, and whether the reports would have come.
  func noteCollectFailure(_ failure: StageFailure, _ reap: () -> Void) {
    let noticed = MonotonicClock.now()
    // The channel's end may be seen shortly before the process can be waited for.
    let limit = failure.code == ETIMEDOUT ? parts.watchedUntil : noticed + 1_000_000_000
    while MonotonicClock.now() < limit {
      reap()
      let isDecided = parts.serverSlots.contains { parts.region.server($0).pointee.is_dead != 0 }
      let areBound = parts.serverSlots.allSatisfy {
        let server = parts.region.server($0).pointee
        return server.input.is_bound != 0 && server.output.is_bound != 0
      }
      if isDecided || areBound { break }
      sleep()
    }
    parts.notice(parts.casualty(includingServers: failure.code != ETIMEDOUT) ?? .launcher)
    parts.record.pointee.noticed_ns = noticed
  }
}
