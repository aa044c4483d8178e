import Glibc
import Messaging
import PlanModel
import StrategyKit
import Syscalls
import Testing

@testable import Strategies
@testable import StrategyKit

/// What an API server has open when something goes wrong.
@Suite(.serialized, .timeLimit(.minutes(2))) struct EndpointSocketsTests {
  /// The plain listener takes the last descriptor, and libzmq finds none for its socket.
  @Test func `a listener whose messaging socket cannot be had is closed`() async {
    await #expect(processExitsWith: .success) {
      let sockets = EndpointSockets(kind: .zmq, confinedTo: nil)
      try sockets.open()
      let free = dup(0)
      close(free)
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      limit.rlim_cur = rlim_t(free + 1)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      let result = sockets.bind(.output, port: 0, sharing: .reusePort)
      guard case .failed(_, let code) = result else {
        throw SystemError("bound all the same: \(result)", code: 0)
      }
      #expect(code == EMFILE)
      #expect(fcntl(free, F_GETFD) == -1, "the listener is still open")
    }
  }

  /// A copy of the listener, as a fault or a strategy may leave, never closes.
  @Test func `closing ends though somebody keeps a copy of the listener`() async {
    await #expect(processExitsWith: .success) {
      let hole = dup(0)
      let sockets = EndpointSockets(kind: .zmq, confinedTo: 1_024...65_535)
      try sockets.open()
      guard case .listening(let port) = sockets.bind(.input, port: 0, sharing: []) else {
        throw SystemError("bind", code: EADDRINUSE)
      }
      let listener = (3...127).first { descriptor in
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isSocket = withUnsafeMutablePointer(to: &address) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            getsockname(Int32(descriptor), $0, &size) == 0
          }
        }
        return isSocket && address.sin_family == sa_family_t(AF_INET)
          && UInt16(bigEndian: address.sin_port) == port
      }
      guard let listener else { throw SystemError("no listener on \(port)", code: ENOENT) }
      // Below the listener, where a search finds it first.
      #expect(hole < Int32(listener) && dup2(Int32(listener), hole) == hole)
      sockets.close()
      #expect(fcntl(hole, F_GETFD) >= 0)
    }
  }

  @Test func `a store takes its keys whoever else connects`() throws {
    let listener = try TCPSocket.open()
    defer { closeDescriptor(listener) }
    try TCPSocket.bind(listener, .loopback, port: 0)
    try TCPSocket.listen(listener)
    let port = try TCPSocket.port(of: listener)
    let key = KeyStore.Key(server: 1, input: 40_001, output: 40_002)
    let mark = KeyStore.mark(ofTrial: 7)
    let said = [
      [], [1, 2, 3], key.bytes(mark: mark &+ 1), key.bytes(mark: mark) + [0], key.bytes(mark: mark),
    ]
    let clients = try said.map { bytes throws(SystemError) in
      let socket = try TCPSocket.open()
      _ = try TCPSocket.connect(socket, port: port)
      send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
      return socket
    }
    defer { clients.forEach(closeDescriptor) }
    var store = KeyStore(listener: listener, mark: mark)
    var keys: [KeyStore.Key] = []
    while keys.isEmpty { keys = try store.take(until: MonotonicClock.now() + 10_000_000_000) }
    #expect(keys == [key])
    #expect(throws: SystemError("poll", code: ETIMEDOUT)) {
      while try store.take(until: MonotonicClock.now()).isEmpty {}
    }
    var answer: UInt8 = 0
    #expect(recv(clients[4], &answer, 1, 0) == 1 && answer == 1)
    // It has not closed yet, and nobody waits longer than the deadline for it.
    store.close(until: MonotonicClock.now() + 1_000_000)
  }
}
