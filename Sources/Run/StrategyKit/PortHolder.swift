internal import CLinuxShims
internal import CSharedRegion
internal import RunContract

/// Asks both records who has a port, at once: a holder may be gone a moment later.
struct PortHolder {
  /// The port's claim in the region.
  var claim: UInt32
  /// `bs_holder_state`.
  var state: UInt32
  /// Since when the claim stands, 0 where that is not on record.
  var since: UInt64
  /// The kernel's socket, 0 if there is none.
  var inode: UInt64 = 0

  /// Notes it in the record of the endpoint that lost the port.
  func note(in record: UnsafeMutablePointer<bs_endpoint>) {
    record.pointee.holder_claim = claim
    record.pointee.holder_state = state
    record.pointee.holder_inode = inode
    record.pointee.holder_since_ns = since
  }

  static func find(_ port: UInt16, in region: SharedRegion) -> PortHolder {
    let claim = region.claim(on: port)
    let since = region.claimedSince(port, by: claim)
    var found = bs_socket_record()
    var count = bs_find_listening_socket(port, &found)
    if count == 0 {
      // The lookup knows loopback and the wildcard address only, and no socket that does not listen.
      count = bs_list_sockets(
        BS_SOCKETS_BOUND.rawValue | BS_SOCKETS_LISTENING.rawValue, port, &found, 1)
    }
    if count < 0 {
      return PortHolder(claim: claim, state: BS_HOLDER_UNKNOWN.rawValue, since: since)
    }
    if count == 0 {
      return PortHolder(claim: claim, state: BS_HOLDER_NOBODY.rawValue, since: since)
    }
    return PortHolder(
      claim: claim, state: BS_HOLDER_FOUND.rawValue, since: since, inode: found.inode)
  }
}
