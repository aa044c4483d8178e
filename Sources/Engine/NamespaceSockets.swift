internal import Glibc
internal import Syscalls

/// Counts the TCP sockets in the workers' network namespace that listen or are connected, cheaply: one
/// `pread` of the namespace's sockstat. Sockets that are only bound are not in it; `WorkerHost` can list them.
struct NamespaceSockets: ~Copyable {
  private let file: Descriptor

  /// - Parameter pid: a process in the namespace.
  init(of pid: Int32) throws(SystemError) {
    let descriptor = open("/proc/\(pid)/net/sockstat", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .current("open /proc/\(pid)/net/sockstat") }
    file = Descriptor(owning: descriptor)
  }

  /// The number after `TCP: inuse`. (`sockets: used` would count netlink sockets too, which the kernel frees
  /// some 20 ms late.)
  func inUse() throws(SystemError) -> Int {
    var count: Int?
    withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
      let length = pread(file.number, buffer.baseAddress, buffer.count, 0)
      guard length > 0 else { return }
      // "sockets: used 7\nTCP: inuse 3 ...": the first number of the second line.
      let second = buffer[..<length].drop { $0 != UInt8(ascii: "\n") }
      let isDigit = { (byte: UInt8) in byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
      let digits = second.drop { !isDigit($0) }.prefix(while: isDigit)
      guard !digits.isEmpty else { return }
      count = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }
    guard let count else { throw .current("read sockstat") }
    return count
  }
}
