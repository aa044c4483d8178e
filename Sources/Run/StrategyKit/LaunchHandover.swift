internal import CLinuxShims
internal import CSharedRegion
internal import Glibc
internal import RunContract
internal import Syscalls

/// Sockets that the launcher hands over to API servers: inherited with the fork, or passed through their channels.
extension Launch {
  /// Hands a socket to the API server of the address; our copy is closed once that server has started.
  public func handOver(_ socket: Int32, port: UInt16, for address: Int) {
    handed[address] = socket
    slot.pointee.hands_sockets = 1
    region.setClaim(claim, on: port)
  }

  /// Binds a port as libzmq does, listens, and hands the listener over: for a launcher that is the API server of the
  /// address. The attempt is in the endpoint's record and, if it fails with EADDRINUSE, who has the port.
  /// - Parameter port: 0 to let the kernel choose.
  /// - Throws: stage `bind`.
  public func bindAndHandOver(_ port: UInt16, for address: Int) throws(StageFailure) {
    let record = endpoint(address)
    record.pointee.requested = port
    record.pointee.attempted_ns = MonotonicClock.now()
    do throws(StageFailure) {
      let (socket, bound) = try open(
        port: port, on: host, sharing: .reuseAddress, listens: true, stage: BS_STAGE_BIND)
      // A port that was chosen earlier was counted when it was drawn.
      if port != 0 { slot.pointee.draws -= 1 }
      record.pointee.advertised = bound
      handOver(socket, port: bound, for: address)
    } catch {
      record.pointee.finished_ns = MonotonicClock.now()
      record.pointee.error = error.code
      record.pointee.stage = error.stage
      if error.code == EADDRINUSE && port != 0 {
        PortHolder.find(port, at: host, in: region).note(in: record)
      }
      throw error
    }
  }

  /// Also keeps our copies of what is handed over: they are closed with the other kept sockets.
  public func keepHanded() {
    for address in handed.indices where handed[address] >= 0 {
      let copy = fcntl(handed[address], F_DUPFD_CLOEXEC, 0)
      if copy >= 0 { kept.append(copy) }
    }
  }

  /// Passes the sockets through the channels, from which API servers take them.
  public func passHanded() throws(StageFailure) {
    for server in 0..<order.serversPerLaunch {
      let (input, output) = addresses(of: server)
      let pair = [handed[input], handed[output]]
      guard pair[0] >= 0 && pair[1] >= 0 else { continue }
      let code = bs_send_descriptors(channels[server], pair, 2)
      guard code == 0 else { throw StageFailure(stage: BS_STAGE_SPAWN.rawValue, code: code) }
    }
  }

  /// Closes the launcher's copies of what is handed over, after the hand-over or when it failed.
  public func closeHanded() {
    for address in handed.indices where handed[address] >= 0 {
      closeDescriptor(handed[address])
      handed[address] = -1
    }
  }

  /// Closes sockets that were meant to be handed over and never were: the trial held them to its end.
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
    // If there is nothing, nothing is written or retained, because that would copy a page.
    if own.0 >= 0 { handed[input] = -1 }
    if own.1 >= 0 { handed[output] = -1 }
    closeHanded()
    for index in kept.indices { closeDescriptor(kept[index]) }
    return own
  }
}
