internal import CSharedRegion
internal import Glibc
internal import RunContract

/// A launch whose endpoints an adapter binds: its statements are recorded as such.
extension Launch {
  /// Root of the adapter's processes, 0 if there is none.
  public var adapterTree: Int32 {
    get { slot.pointee.tree_pid }
    set { slot.pointee.tree_pid = newValue }
  }

  /// Whether an adapter binds the endpoints in this trial.
  public var bindsItself: Bool {
    get { slot.pointee.binds_itself != 0 }
    set { slot.pointee.binds_itself = newValue ? 1 : 0 }
  }

  /// Records an address as bound by the adapter. This is only the adapter's statement.
  public func noteBound(
    _ port: UInt16, for address: Int, attempted: UInt64, finished: UInt64, reported: UInt64
  ) {
    let record = endpoint(address)
    record.pointee.attempted_ns = attempted
    record.pointee.finished_ns = finished
    record.pointee.reported_ns = reported
    if record.pointee.requested == 0 { slot.pointee.draws += 1 }
    record.pointee.bound = port
    record.pointee.advertised = port
    record.pointee.is_bound = 1
    region.setClaim(claim, on: port)
  }

  /// Records that the adapter lost an address, and who has the port.
  public func noteLost(_ port: UInt16, for address: Int, attempted: UInt64, at time: UInt64) {
    let record = endpoint(address)
    record.pointee.attempted_ns = attempted
    record.pointee.finished_ns = time
    record.pointee.requested = port
    record.pointee.error = EADDRINUSE
    record.pointee.stage = BS_STAGE_BIND.rawValue
    PortHolder.find(port, at: nil, in: region).note(in: record)
  }

  /// The adapter releases what it bound.
  public func forgetBound() {
    guard bindsItself else { return }
    for address in 0..<addresses {
      let port = endpoint(address).pointee.bound
      if port != 0 { region.clearClaim(claim, on: port) }
    }
  }
}
