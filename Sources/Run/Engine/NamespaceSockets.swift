internal import Glibc
internal import Syscalls

/// Counts the TCP sockets in the workers' network namespace that listen or are connected. It is cheap: one `pread` each
/// of the namespace's sockstat and sockstat6. Sockets that are only bound are not counted; `WorkerHost` can list them.
struct NamespaceSockets: ~Copyable {
  private let file: Descriptor
  /// -1 on a kernel without IPv6.
  private let sixFile: Int32

  /// - Parameter pid: a process in the namespace.
  init(of pid: Int32) throws(SystemError) {
    let folder = "/proc/\(pid)/net"
    let six = open("\(folder)/sockstat6", O_RDONLY | O_CLOEXEC)
    guard six >= 0 || errno == ENOENT else { throw .current("open \(folder)/sockstat6") }
    let four = open("\(folder)/sockstat", O_RDONLY | O_CLOEXEC)
    guard four >= 0 else {
      let error = SystemError.current("open \(folder)/sockstat")
      if six >= 0 { closeDescriptor(six) }
      throw error
    }
    file = Descriptor(owning: four)
    sixFile = six
  }

  deinit { if sixFile >= 0 { closeDescriptor(sixFile) } }

  /// The number after `TCP: inuse`, which counts only IPv4, and that after `TCP6: inuse`. (`sockets: used` would also
  /// count netlink sockets, which the kernel frees some 20 ms late.)
  func inUse() throws(SystemError) -> Int {
    // "sockets: used 7\nTCP: inuse 3 ...", and "TCP6: inuse 1\n...".
    guard let four = Self.number(afterColon: 2, in: file.number) else {
      throw .current("read sockstat")
    }
    guard sixFile >= 0 else { return four }
    guard let six = Self.number(afterColon: 1, in: sixFile) else {
      throw .current("read sockstat6")
    }
    return four + six
  }

  /// The first number after the n-th colon, counted from 1, in a file's first 512 bytes.
  private static func number(afterColon colon: Int, in file: Int32) -> Int? {
    withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer -> Int? in
      let length = pread(file, buffer.baseAddress, buffer.count, 0)
      guard length > 0 else { return nil }
      var rest = UnsafeRawBufferPointer(buffer)[..<length]
      for _ in 0..<colon {
        guard let place = rest.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        rest = rest[(place + 1)...]
      }
      let isDigit = { (byte: UInt8) in byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
      let digits = rest.drop { !isDigit($0) }.prefix(while: isDigit)
      return digits.isEmpty ? nil : digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }
  }
}
