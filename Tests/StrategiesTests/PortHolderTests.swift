import CSharedRegion
import Glibc
import RunContract
import StrategyKit
import Syscalls
import Testing

@testable import StrategyKit

/// Who is named as the holder of a port that could not be bound.
@Suite(.serialized, .timeLimit(.minutes(2))) struct PortHolderTests {
  /// A socket on a port, 0 for one of the kernel's choice.
  private static func socket(_ host: TCPSocket.Host, port: UInt16, listens: Bool) throws
    -> Descriptor
  {
    let socket = Descriptor(owning: try TCPSocket.open())
    try TCPSocket.bind(socket.number, host, port: port)
    if listens { try TCPSocket.listen(socket.number) }
    return socket
  }

  @Test func `a socket on another address is not in the way, however early it is listed`() throws {
    let region = SharedRegion.privateCopy()
    defer { region.deallocate() }
    let other = try Self.socket(.secondLoopback, port: 0, listens: true)
    let port = try TCPSocket.port(of: other.number)
    #expect(PortHolder.find(port, at: .loopback, in: region).state == BS_HOLDER_NOBODY.rawValue)
    // An adapter may have wanted the port at any address.
    let unknown = PortHolder.find(port, at: nil, in: region)
    #expect(unknown.inode == TCPSocket.inode(of: other.number))
    let holder = try Self.socket(.loopback, port: port, listens: false)
    for host in [TCPSocket.Host.loopback, nil] {
      let found = PortHolder.find(port, at: host, in: region)
      #expect(found.state == BS_HOLDER_FOUND.rawValue)
      #expect(found.inode == TCPSocket.inode(of: holder.number), "\(String(describing: host))")
    }
  }
}
