internal import CInterception
internal import CLinuxShims
internal import Glibc
internal import RaceLedger

/// A client's connection that was recorded before the kernel executed the call.
struct PendingClient {
  /// What lacks the client's own address.
  enum Record {
    /// The position of a finding.
    case finding(Int)
    /// The position of a caller of a thief.
    case caller(Int)
  }

  var records: [Record]
  let namespace: UInt64
  /// Of the client's socket.
  let inode: UInt64
  /// A duplicate of it, which outlives a client that closes it at once; -1 in fallback mode.
  let socket: Int32
}

extension Supervisor {
  /// Remembers a connection whose own address the kernel has yet to choose.
  func awaitClient(
    _ call: pt_call, of thread: Threads.Record, _ record: PendingClient.Record, _ namespace: UInt64
  ) {
    if pendingClient != nil { return pendingClient!.records.append(record) }
    let number = Int32(truncatingIfNeeded: call.arguments.0)
    guard let target = link("/proc/\(call.tid)/fd/\(number)"), target.hasPrefix("socket:["),
      let inode = UInt64(target.dropFirst(8).dropLast())
    else { return }
    let socket =
      observation.mode == .full && thread.pidfd >= 0
      ? pt_take_descriptor(thread.pidfd, number) : -1
    pendingClient = PendingClient(
      records: [record], namespace: namespace, inode: inode, socket: socket)
  }

  /// Looks up where the client of the call that was continued last connected from. A connection over loopback takes
  /// some microseconds; a client that is gone by then stays unknown.
  func nameClient() {
    guard let client = pendingClient else { return }
    pendingClient = nil
    if client.socket >= 0 {
      guard let own = Duplicate(owning: client.socket) else { return }
      nameClient(client) { own.address }
    } else {
      nameClient(client) {
        networks.sockets(in: client.namespace, .tcp, port: 0, inode: client.inode).first
          .map { SocketAddress($0) }
      }
    }
  }

  private func nameClient(_ client: PendingClient, _ find: () -> SocketAddress?) {
    for _ in 0..<20 {
      if let address = find(), address.port != 0 {
        for record in client.records {
          switch record {
          case .finding(let finding): ledger.connected(finding, from: address)
          case .caller(let caller): callers[caller].from = address.port
          }
        }
        return
      }
      waitForEvents(milliseconds: 1)
    }
  }
}

extension SocketAddress {
  /// A socket's own address.
  init(_ record: bs_socket_record) {
    let bytes = withUnsafeBytes(of: record.address) {
      Array($0.prefix(record.family == UInt8(AF_INET) ? 4 : 16))
    }
    self.init(bytes: bytes, port: record.port)
  }
}
