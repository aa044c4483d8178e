internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
internal import RunContract
internal import Syscalls

/// Sockets that the launcher hands over to API servers: inherited with the fork, or passed through their channels.
extension Launch {
  /// Hands a socket to the API server that has the address; ours is closed when it was started.
  public func handOver(_ socket: Int32, port: UInt16, for address: Int) {
    handed[address] = socket
    slot.pointee.hands_sockets = 1
    region.setClaim(claim, on: port)
  }

  /// Keeps our copies of what is handed over, too: they are closed with the rest of what is kept.
  public func keepHanded() {
    for address in handed.indices where handed[address] >= 0 {
      let copy = fcntl(handed[address], F_DUPFD_CLOEXEC, 0)
      if copy >= 0 { kept.append(copy) }
    }
  }

  /// Passes the sockets through the channels, where API servers have them from then on.
  public func passHanded() throws(StageFailure) {
    for server in 0..<order.serversPerLaunch {
      let (input, output) = addresses(of: server)
      let pair = [handed[input], handed[output]]
      guard pair[0] >= 0 && pair[1] >= 0 else { continue }
      let code = bs_send_descriptors(channels[server], pair, 2)
      guard code == 0 else { throw StageFailure(stage: BS_STAGE_SPAWN.rawValue, code: code) }
    }
  }

  /// Closes the launcher's copies of what is handed over: after the hand-over, or when it failed.
  public func closeHanded() {
    for address in handed.indices where handed[address] >= 0 {
      closeDescriptor(handed[address])
      handed[address] = -1
    }
  }

  /// Closes what was to be handed over and never was: the trial held it to its end.
  public func dropHanded() {
    for address in handed.indices where handed[address] >= 0 {
      let port = endpoint(address).pointee.requested
      if port != 0 { region.clearClaim(claim, on: port) }
    }
    closeHanded()
  }

  /// In a new API server: takes its own two sockets and closes everything else the launcher holds.
  public func takeHanded(of server: Int) -> (input: Int32, output: Int32) {
    let (input, output) = addresses(of: server)
    let own = (handed[input], handed[output])
    // Nothing is written, or retained, where there is nothing: it would be a page to copy.
    if own.0 >= 0 { handed[input] = -1 }
    if own.1 >= 0 { handed[output] = -1 }
    closeHanded()
    for index in kept.indices { closeDescriptor(kept[index]) }
    return own
  }
}
