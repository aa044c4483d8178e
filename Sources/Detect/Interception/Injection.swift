internal import CInterception
internal import ForcedCalls
internal import Glibc
internal import RaceLedger
internal import Syscalls

/// Calls that fail or wait by a rule.
extension Supervisor {
  /// Whether the call was answered or delayed.
  func inject(_ call: pt_call) -> Bool {
    let kinds: [UInt32: InjectedCall] = [
      PT_CALL_BIND.rawValue: .bind, PT_CALL_LISTEN.rawValue: .listen,
      PT_CALL_SOCKET.rawValue: .socket, PT_CALL_CONNECT.rawValue: .connect,
      PT_CALL_ACCEPT.rawValue: .accept,
    ]
    guard let kind = kinds[call.kind], let thread = threads.record(call.tid) else { return false }
    var port: UInt16?
    if kind.namesPort {
      // Rules do not apply to Unix and netlink sockets.
      guard let address = addressBytes(call).flatMap({ SocketAddress(socketBytes: $0) }) else {
        return false
      }
      port = address.port
    }
    if kind == .socket
      && ![AF_INET, AF_INET6].contains(Int32(truncatingIfNeeded: call.arguments.0))
    {
      return false
    }
    for index in supervision.injections.indices {
      let strikes = supervision.injections[index].strikes(
        kind, port: port, thread: thread.party.thread, command: thread.party.command)
      guard strikes else { continue }
      let injection = supervision.injections[index].injection
      if injection.delay > 0, pt_keep(&tree, call.id) == 0 {
        delayed.append((MonotonicClock.now() + injection.delay, call, injection.error))
        delayed.sort { $0.due < $1.due }
      } else if let error = injection.error {
        pt_answer(&tree, call.id, error, 0)
      } else {
        return false
      }
      return true
    }
    return false
  }

  func answerDue() {
    let now = MonotonicClock.now()
    while let first = delayed.first, first.due <= now {
      delayed.removeFirst()
      if let error = first.error {
        pt_answer(&tree, first.call.id, error, 0)
      } else {
        handle(first.call)
      }
    }
  }
}
