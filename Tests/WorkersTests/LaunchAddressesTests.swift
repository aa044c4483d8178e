import RunContract
import PlanModel
import Syscalls
import Testing

@testable import Workers

/// Addresses that no strategy decides on, without a process that binds them.
@Suite struct LaunchAddressesTests {
  private func addresses(_ launch: Int, _ startup: Startup) -> LaunchAddresses {
    let host = startup.nodes > 1 ? TCPSocket.Host.address(NodeAddress.of(0)) : .loopback
    return LaunchAddresses(launch: launch, startup: startup, host: host)
  }

  @Test func `parallel launches shake hands at consecutive ports, unless they share one`() {
    let own = Startup(engines: 2, nodes: 2, rpcPort: 29_550)
    #expect((0..<3).map { addresses($0, own).handshakePort } == [29_550, 29_551, 29_552])
    #expect(addresses(2, own).handshake == "tcp://10.66.0.1:29552")
    let shared = Startup(engines: 2, nodes: 2, rpcPort: 29_550, sharesRPCPort: true)
    #expect((0..<3).map { addresses($0, shared).handshakePort } == [29_550, 29_550, 29_550])
  }

  @Test func `the handshake of one node has a path`() {
    let one = addresses(2, Startup(engines: 2))
    #expect(one.handshakePort == nil)
    #expect(one.handshake.hasPrefix("ipc:///") && one.handshake.hasSuffix("/l2-handshake"))
  }

  @Test func `parallel launches accept HTTP at consecutive ports`() {
    let startup = Startup(engines: 2, http: true, httpPort: 8_001)
    #expect((0..<2).map { addresses($0, startup).httpPort } == [8_001, 8_002])
    let shared = Startup(engines: 2, http: true, httpPort: 8_001, sharesHTTPPort: true)
    #expect((0..<2).map { addresses($0, shared).httpPort } == [8_001, 8_001])
  }

  @Test func `a coordinator is reached by paths on one node and by ports from several`() {
    let one = addresses(1, Startup(engines: 2))
    #expect(one.coordinatorInput(port: 7).hasSuffix("/l1-coordinator-in"))
    #expect(one.coordinatorInput(port: 7).hasPrefix("ipc:///"))
    #expect(one.coordinatorOutput(port: 8).hasSuffix("/l1-coordinator-out"))
    let two = addresses(1, Startup(engines: 2, nodes: 2))
    #expect(two.coordinatorInput(port: 7) == "tcp://10.66.0.1:7")
    #expect(two.coordinatorOutput(port: 8) == "tcp://10.66.0.1:8")
    // API servers are on the coordinator's node.
    for addresses in [one, two] {
      #expect(addresses.statistics(port: 9).hasSuffix("/l1-stats"))
    }
    let hybrid = addresses(1, Startup(engines: 2, nodes: 2, isHybrid: true))
    #expect(hybrid.statistics(port: 9) == "tcp://10.66.0.1:9")
  }

  @Test func `every path that may be left behind is known`() {
    let addresses = addresses(3, Startup(engines: 2))
    let used = [
      addresses.statistics(port: 1), addresses.coordinatorInput(port: 1),
      addresses.coordinatorOutput(port: 1), addresses.handshake,
    ]
    #expect(Set(used) == Set(addresses.paths.map { "ipc://" + $0 }))
    #expect(Set(addresses.paths).isDisjoint(with: self.addresses(4, Startup(engines: 2)).paths))
  }
}
