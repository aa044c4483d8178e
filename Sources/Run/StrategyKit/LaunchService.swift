internal import CSharedRegion
internal import Glibc
public import RunContract
internal import Syscalls

/// The launcher's own port for a service, such as a store.
extension Launch {
  /// The port of the launcher's own service, such as a store; API servers read it from the region.
  public var servicePort: UInt16 {
    get { slot.pointee.service_port }
    set { slot.pointee.service_port = newValue }
  }

  /// Binds the service's port and listens; records who has it if that fails.
  public func openService() throws(StageFailure) -> Int32 {
    let wanted = servicePort
    do throws(StageFailure) {
      let (socket, port) = try open(
        port: wanted, on: .loopback, sharing: .reuseAddress, listens: true, backlog: 4_096,
        stage: BS_STAGE_SERVICE)
      servicePort = port
      region.setClaim(claim, on: port)
      return socket
    } catch {
      if error.code == EADDRINUSE && wanted != 0 { noteServiceLost(wanted) }
      throw error
    }
  }

  /// Records a port of the launcher's own that could not be bound, and who has it.
  public func noteServiceLost(_ port: UInt16) { region.noteServiceLost(port, of: number) }

  /// Closes the service's socket.
  public func closeService(_ socket: Int32) {
    region.clearClaim(claim, on: servicePort)
    closeDescriptor(socket)
  }
}

extension SharedRegion {
  /// Records a port of a launch's own service that could not be bound, and who has it. May be called by any process of
  /// the launch.
  public func noteServiceLost(_ port: UInt16, of launch: Int) {
    let slot = launcher(launch)
    slot.pointee.service_port = port
    let holder = PortHolder.find(port, at: nil, in: self)
    slot.pointee.holder_claim = holder.claim
    slot.pointee.holder_state = holder.state
    slot.pointee.holder_inode = holder.inode
  }
}
