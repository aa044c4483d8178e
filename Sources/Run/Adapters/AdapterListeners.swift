internal import CLinuxShims
internal import Glibc
internal import Syscalls

/// Listening sockets that an adapter passes.
extension AdapterProcess {
  /// The listening sockets that it passed since the last call, in the order of the addresses. Call it after the answer:
  /// all of them must have been sent by then.
  /// - Parameter ports: the port on which each must listen.
  public func takeListeners(_ ports: [UInt16]) throws(AdapterFault) -> [Int32] {
    var sockets: [Int32] = []
    var batch = [Int32](repeating: -1, count: Int(BS_MAX_PASSED_AT_ONCE))
    do throws(AdapterFault) {
      while true {
        let count = bs_receive_any_descriptors(listeners, &batch)
        if count == -EAGAIN || count == -EPIPE { break }
        if count == -EMSGSIZE {
          throw AdapterFault(
            .wrongSockets, "one message holds more than \(BS_MAX_PASSED_AT_ONCE) descriptors")
        }
        guard count > 0 else {
          throw AdapterFault(.wrongSockets, "a message without descriptors")
        }
        sockets += batch.prefix(Int(count))
        if sockets.count > ports.count { break }
      }
      guard sockets.count == ports.count else {
        throw AdapterFault(
          .wrongSockets,
          "\(sockets.count) sockets were passed\(sockets.count > ports.count ? " at least" : "") for \(ports.count) addresses"
        )
      }
      for (address, socket) in sockets.enumerated() {
        if let problem = Self.problem(of: socket, port: ports[address]) {
          throw AdapterFault(.notListening, "the descriptor of address \(address) \(problem)")
        }
      }
      return sockets
    } catch {
      for socket in sockets { closeDescriptor(socket) }
      throw error
    }
  }

  private static func problem(of socket: Int32, port: UInt16) -> String? {
    var listens: Int32 = 0
    var size = socklen_t(MemoryLayout.size(ofValue: listens))
    guard getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 else {
      return "is no socket"
    }
    guard listens != 0 else { return "does not listen" }
    guard let bound = try? TCPSocket.port(of: socket) else { return "is no TCP socket" }
    return bound == port ? nil : "listens on port \(bound), not on \(port)"
  }
}
