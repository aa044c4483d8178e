// Probe-then-bind in Swift.
import Glibc

func bound(_ port: UInt16) -> (socket: Int32, port: UInt16)? {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  var size = socklen_t(MemoryLayout<sockaddr_in>.size)
  return withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      guard bind(descriptor, $0, size) == 0 else { return nil }
      getsockname(descriptor, $0, &size)
      return (descriptor, UInt16(bigEndian: pointer.pointee.sin_port))
    }
  }
}

let probe = bound(0)!
close(probe.socket)
if let server = bound(probe.port), listen(server.socket, 5) == 0 {
  print("ok")
} else {
  print("failed")
  exit(3)
}
