import CLinuxShims
import Glibc
import Syscalls
import TestSupport
import Testing

/// Entering a namespace changes the whole process: each of these runs in a child.
@Suite(.serialized, .timeLimit(.minutes(20))) struct NamespaceTests {
  @Test(.enabled(if: Kernel.isRoot, "needs root"))
  func `a namespace has a range, a loopback and sockets of its own`() async {
    await #expect(processExitsWith: .success) {
      let before = try Kernel.networkNamespaceOfCaller()
      let hostRange = try Namespace.portRange()
      let entered = Namespace.enter(allowed: true)
      #expect(entered.how == .namespace, "\(entered)")
      #expect(try Kernel.networkNamespaceOfCaller() != before, "still the old namespace")
      let range = try Namespace.setPortRange(low: 40_000, high: 40_007)
      #expect(range == (40_000, 40_007), "\(range)")
      let listener = try TCPSocket.open()
      try TCPSocket.bind(listener, .loopback, port: 0)
      try TCPSocket.listen(listener)
      let port = try TCPSocket.port(of: listener)
      #expect((40_000...40_007).contains(port), "\(port)")
      let client = try TCPSocket.open()
      #expect(try TCPSocket.connect(client, port: port), "loopback is down")
      let buckets = try FileText.read("/proc/sys/net/ipv4/tcp_max_tw_buckets")
      #expect(buckets == "0\n", "TIME_WAIT is not switched off: \(buckets)")
      #expect(hostRange != (40_000, 40_007), "the host happens to have the test's range")
    }
  }

  @Test(.enabled(if: Kernel.allowsNamespaces, "needs a network namespace"))
  func `a range that cannot be is refused by the kernel`() async {
    await #expect(processExitsWith: .success) {
      let entered = Namespace.enter(allowed: true)
      #expect(entered.how != .none, "\(entered)")
      do throws(SystemError) {
        _ = try Namespace.setPortRange(low: 41_000, high: 40_000)
        throw SystemError("a range of no ports was accepted", code: 0)
      } catch {
        #expect(error.code == EINVAL, "\(error)")
      }
    }
  }

  @Test func `where it is switched off nothing changes`() async {
    await #expect(processExitsWith: .success) {
      let before = try Kernel.networkNamespaceOfCaller()
      let entered = Namespace.enter(allowed: false)
      #expect(entered.how == .none && entered.problem == "switched off", "\(entered)")
      #expect(try Kernel.networkNamespaceOfCaller() == before, "moved")
    }
  }
}

extension Kernel {
  /// The namespace of the calling thread; other threads of a process may be elsewhere.
  static func networkNamespaceOfCaller() throws -> UInt64 {
    var status = stat()
    guard stat("/proc/thread-self/ns/net", &status) == 0 else {
      throw SystemError.current("stat /proc/thread-self/ns/net")
    }
    return UInt64(status.st_ino)
  }
}
