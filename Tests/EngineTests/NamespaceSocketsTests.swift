import Foundation
import Glibc
import Syscalls
import TestSupport
import Testing

@testable import Engine

/// In a network namespace of their own: the host's sockets come and go.
@Suite(.serialized, .timeLimit(.minutes(20))) struct NamespaceSocketsTests {
  @Test(.enabled(if: Kernel.allowsNamespaces, "needs a network namespace"))
  func `listeners of both families count, sockets that are only bound do not`() async {
    await #expect(processExitsWith: .success) {
      #expect(Namespace.enter(allowed: true).how != .none)
      // Only the calling thread has moved.
      let thread = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
      let sockets = try NamespaceSockets(of: Int32(thread.split(separator: "/").last!)!)
      func expect(_ count: Int, _ what: String) throws {
        let found = try sockets.inUse()
        #expect(found == count, "\(what): \(found), not \(count)")
      }
      try expect(0, "at first")
      let four = try TCPSocket.open()
      try TCPSocket.bind(four, .loopback, port: 0)
      try expect(0, "bound")
      try TCPSocket.listen(four)
      try expect(1, "an IPv4 listener")
      let six = try SixSocket.open(only: true)
      try SixSocket.bindWildcard(six, port: 0)
      try TCPSocket.listen(six)
      try expect(2, "an IPv6 listener, too")
      closeDescriptor(six)
      try expect(1, "the IPv6 listener is closed")
    }
  }
}
