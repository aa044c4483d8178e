internal import CLinuxShims
public import CSharedRegion
public import RunContract
public import Syscalls

/// Asks both records who has a port, at once: a holder may be gone a moment later.
public struct PortHolder {
  /// The port's claim in the region.
  var claim: UInt32
  /// `bs_holder_state`.
  var state: UInt32
  /// Since when the claim exists, 0 if that is not recorded.
  var since: UInt64
  /// The kernel's socket, 0 if there is none.
  var inode: UInt64 = 0

  /// Stores it in the record of the endpoint that lost the port.
  func note(in record: UnsafeMutablePointer<bs_endpoint>) {
    record.pointee.holder_claim = claim
    record.pointee.holder_state = state
    record.pointee.holder_inode = inode
    record.pointee.holder_since_ns = since
  }

  /// Stores it in the record of the rendezvous whose number was lost.
  public func note(in record: UnsafeMutablePointer<bs_rendezvous>) {
    record.pointee.holder_claim = claim
    record.pointee.holder_state = state
    record.pointee.holder_inode = inode
    record.pointee.holder_since_ns = since
  }

  /// - Parameter host: the address that the port was wanted at; nil if that is not known.
  public static func find(
    _ port: UInt16, at host: TCPSocket.Host?, in region: SharedRegion
  ) -> PortHolder {
    let claim = region.claim(on: port)
    let since = region.claimedSince(port, by: claim)
    let inode: UInt64?
    do throws(SystemError) { inode = try socket(on: port, at: host) } catch {
      return PortHolder(claim: claim, state: BS_HOLDER_UNKNOWN.rawValue, since: since)
    }
    guard let inode else {
      return PortHolder(claim: claim, state: BS_HOLDER_NOBODY.rawValue, since: since)
    }
    return PortHolder(claim: claim, state: BS_HOLDER_FOUND.rawValue, since: since, inode: inode)
  }

  /// The inode of a socket that prevents others from binding the port; nil if there is none.
  private static func socket(
    on port: UInt16, at host: TCPSocket.Host?
  ) throws(SystemError) -> UInt64? {
    var found = bs_socket_record()
    let count = bs_find_listening_socket(port, &found)
    if count < 0 { throw SystemError("sock_diag", code: -count) }
    let wanted = HostAddress(host ?? .loopback)
    // The lookup knows 127.0.0.1 and the wildcard address only, and no socket that does not listen. What is in the
    // way of an address is what covers it: a socket on [::1] has nothing to do with 127.0.0.1.
    if count > 0 && wanted == HostAddress(.loopback) { return found.inode }
    let sockets = try SocketListing.sockets([.bound, .listening], port: port)
    let covering = sockets.first { $0.listener.covers(wanted) }
    return (covering ?? (host == nil ? sockets.first : nil))?.inode
  }
}
