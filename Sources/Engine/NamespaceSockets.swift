internal import Glibc
internal import Syscalls

/// Counts the sockets in the workers' network namespace, cheaply: one `pread` of the namespace's sockstat.
struct NamespaceSockets: ~Copyable {
  private let file: Descriptor

  /// - Parameter pid: a process in the namespace.
  init(of pid: Int32) throws(SystemError) {
    let descriptor = open("/proc/\(pid)/net/sockstat", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .current("open /proc/\(pid)/net/sockstat") }
    file = Descriptor(owning: descriptor)
  }

  /// All sockets of any kind in the namespace: the first line, `sockets: used N`.
  func used() throws(SystemError) -> Int {
    var count: Int?
    withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
      let length = pread(file.number, buffer.baseAddress, buffer.count, 0)
      guard length > 0 else { return }
      let digits = buffer[..<length].drop { $0 < 0x30 || $0 > 0x39 }.prefix {
        $0 >= 0x30 && $0 <= 0x39
      }
      count = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
    guard let count else { throw .current("read sockstat") }
    return count
  }
}
