// Two windows: the first one's loss is survived with another number, the second one's is not.
import Glibc

func listener(_ port: UInt16) -> Int32? {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  let isBound = withUnsafeBytes(of: &address) {
    bind(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), 16) == 0
  }
  if isBound && listen(descriptor, 5) == 0 { return descriptor }
  close(descriptor)
  return nil
}

func probe() -> UInt16 {
  let descriptor = listener(0)!
  defer { close(descriptor) }
  var address = sockaddr_in()
  var size: socklen_t = 16
  _ = withUnsafeMutableBytes(of: &address) {
    getsockname(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &size)
  }
  return UInt16(bigEndian: address.sin_port)
}

func tolerant() -> Int32? {
  for _ in 0..<5 { if let found = listener(probe()) { return found } }
  return nil
}

guard let front = tolerant(), let back = listener(probe()), front != back else { exit(1) }
print("both up")
