internal import CLinuxShims
internal import CSharedRegion
internal import Faults
internal import Glibc
internal import LinuxFacts
internal import RunContract
internal import StrategyKit
internal import Syscalls

/// How a launcher waits for its children, and what it records about their exits.
extension LauncherRole {
  /// All API servers have been told to end: waits for every child.
  func takeExits() {
    var status: Int32 = 0
    while running > 0 || startup?.isGone == false {
      let pid = waitpid(-1, &status, startup == nil ? 0 : WNOHANG)
      if pid < 0 && errno == EINTR { continue }
      if let startup, pid == 0 {
        startup.awaitExit()
        continue
      }
      if startup?.takeExit(of: pid, status: status) == true { continue }
      guard pid > 0 else { break }
      // Started or ended by a fault; engine cores were handled above.
      let isFault = noteFaultExit(pid, status)
      // Other children belong to the strategy.
      guard let server = server(ofPid: pid) else { continue }
      takeServerExit(server, status, wasTold: !isFault)
    }
    for server in launch.channels.indices where launch.channels[server] >= 0 {
      closeDescriptor(launch.channels[server])
      launch.channels[server] = -1
    }
  }

  /// Whether a signal ended the process that the launcher did not send; the launcher sends signals only at depth
  /// `startup`.
  private func isCrash(_ status: Int32) -> Bool {
    if let startup { return startup.isCrash(status) }
    if case .signalled = WaitStatus(status) { return true }
    return false
  }

  /// The API server with that pid; nil if this launch has none.
  private func server(ofPid pid: Int32) -> Int? {
    (0..<order.serversPerLaunch).first {
      region.server(launch.slot(of: $0)).pointee.pid == pid
    }
  }

  /// Waits for API servers that died without having been told to.
  func reap() {
    var status: Int32 = 0
    while running > 0 || startup?.isGone == false {
      let pid = waitpid(-1, &status, WNOHANG)
      guard pid > 0 else { return }
      // Read after the exit was taken: what has not been announced by now did not cause it.
      let wasTold = hasToldServers
      let isFault = noteFaultExit(pid, status)
      if startup?.noteExit(of: pid, status: status) == true { continue }
      guard let server = server(ofPid: pid) else { continue }
      takeServerExit(server, status, wasTold: wasTold && !isFault)
    }
  }

  /// - Parameter wasTold: whether it was to end by now. If it crashed all the same, it died unnoticed shortly before.
  private func takeServerExit(_ server: Int, _ status: Int32, wasTold: Bool) {
    running -= 1
    startup?.serverEnded(launch.slot(of: server))
    if wasTold && !isCrash(status) { clearClaims(server) } else { markDead(server, status: status) }
  }

  /// Records an API server as dead, with its wait status; 0 for one that was never started.
  func markDead(_ server: Int, status: Int32) {
    let slot = region.server(launch.slot(of: server))
    slot.pointee.wait_status = status
    clearClaims(server)
    slot.pointee.is_dead = 1
    bs_ring(region.pointer)
  }

  /// A fault may have ended the process. If so, its exit witnesses that fault; returns whether it does.
  @discardableResult
  private func noteFaultExit(_ pid: Int32, _ status: Int32) -> Bool {
    order.faults > 0
      && FaultExit.note(pid: pid, status: status, region: region, faults: order.faults)
  }

  private func clearClaims(_ server: Int) {
    let index = launch.slot(of: server)
    let slot = region.server(index)
    let claim = bs_claim(BS_CLAIM_SERVER, UInt32(index))
    for port in [slot.pointee.input.bound, slot.pointee.output.bound]
    where port != 0 {
      region.clearClaim(claim, on: port)
    }
  }
}
