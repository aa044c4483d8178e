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

  /// Two of the steps fail, at their first, fourth, ... call; what is there already is no obstacle.
  @Test func `growing a network may be tried again after a failure at any step`() async {
    await #expect(processExitsWith: .success) {
      guard Namespace.enter(allowed: true).how != .none else { return }
      setenv(
        "BINDSTORM_FAIL",
        [1, 2, 4, 7, 11, 16, 22].map { "rtnetlink#\($0):EPERM" }.joined(separator: ",")
          + ",unshare#2:ENOSPC", 1)
      let network = try NodeNetwork()
      var failures: [Int32] = []
      var isGrown = false
      while !isGrown && failures.count < 20 {
        do throws(SystemError) {
          try network.grow(to: 3)
          isGrown = true
        } catch { failures.append(error.code) }
      }
      #expect(isGrown, "\(failures)")
      #expect(failures.contains(EPERM) && failures.contains(ENOSPC), "\(failures)")
      #expect(!failures.contains(EEXIST), "\(failures)")
      #expect(network.nodes.count == 2)
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
