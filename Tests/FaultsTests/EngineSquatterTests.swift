import CSharedRegion
import Faults
import Glibc
import RunContract
import Syscalls
import Testing

/// What the thief takes of the numbers that engine cores have chosen, in the test's own process.
@Suite struct EngineSquatterTests {
  /// A launch with three engine cores, whose list and workers' numbers are these.
  private func bench(
    _ options: [String: Int], list: [UInt16] = [], workers: [UInt16] = []
  ) -> ThiefBench {
    let bench = ThiefBench(EngineSquatter.self, options) {
      $0.settings.depth = 2
      $0.startup.engines = 3
      $0.startup.nodes = 1
      $0.startup.group_ports = UInt32(list.count)
    }
    for (place, port) in list.enumerated() {
      bs_group_ports_of(bench.region.startup(0))[place] = port
    }
    for (engine, port) in workers.enumerated() {
      let slot = bs_rendezvous_of(bench.region.engine(engine)) + Int(BS_RENDEZVOUS_WORKERS.rawValue)
      (slot.pointee.port, slot.pointee.chosen_ns) = (port, 1)
    }
    return bench
  }

  /// Free ports of this host, which nobody else takes in the moment between.
  private func freePorts(_ count: Int) throws -> [UInt16] {
    let sockets = try (0..<count).map { _ in
      let socket = try TCPSocket.open()
      try TCPSocket.bind(socket, .loopback, port: 0)
      return socket
    }
    defer { for socket in sockets { closeDescriptor(socket) } }
    return try sockets.map { try TCPSocket.port(of: $0) }
  }

  @Test(arguments: [(skip: 0, ports: 1), (1, 1), (0, 3), (1, 4), (3, 1)])
  func `it takes numbers of the list in the order of their use`(skip: Int, ports: Int) throws {
    let list = try freePorts(3)
    let bench = bench(["skip": skip, "ports": ports], list: list)
    bench.thief.windowOpened(bench.loot)
    let taken = try bench.loot.sockets.map { try TCPSocket.port(of: $0) }
    #expect(taken == Array(list.dropFirst(skip).prefix(ports)))
    bench.thief.trialEnds(bench.loot, now: 1)
    #expect(bench.record.wanted == UInt32(taken.count) && bench.record.drawn == bench.record.wanted)
    #expect(bench.thief.nextAction == nil)
  }

  @Test func `it takes each number once, as soon as it is chosen`() throws {
    let ports = try freePorts(2)
    let bench = bench(["rendezvous": 1, "ports": 2])
    bench.thief.windowOpened(bench.loot)
    #expect(bench.loot.count == 0 && bench.thief.nextAction != nil)
    for (engine, port) in ports.enumerated() {
      let slot = bs_rendezvous_of(bench.region.engine(engine)) + Int(BS_RENDEZVOUS_WORKERS.rawValue)
      slot.pointee.port = port
      bench.thief.act(bench.loot, now: 1)
      #expect(bench.loot.count == engine, "an engine core that only dials has chosen nothing")
      slot.pointee.chosen_ns = 1
      bench.thief.act(bench.loot, now: 2)
      bench.thief.act(bench.loot, now: 3)
      #expect(bench.loot.count == engine + 1)
    }
    let drawn = bench.record.drawn
    #expect(drawn == 2, "the list's numbers and those of others are none of its business")
  }

  /// The first engine core may choose after the others: then it is not the first any more.
  @Test func `it takes no more than it is told, in whatever order they are chosen`() throws {
    let ports = try freePorts(3)
    let bench = bench(["rendezvous": 1, "ports": 1, "skip": 1])
    bench.thief.windowOpened(bench.loot)
    for engine in [2, 1, 0] {
      let slot = bs_rendezvous_of(bench.region.engine(engine)) + Int(BS_RENDEZVOUS_WORKERS.rawValue)
      (slot.pointee.port, slot.pointee.chosen_ns) = (ports[engine], 1)
      bench.thief.act(bench.loot, now: 1)
    }
    #expect(try bench.loot.sockets.map { try TCPSocket.port(of: $0) } == [ports[1]])
    bench.thief.trialEnds(bench.loot, now: 2)
    #expect(bench.record.wanted == 1 && bench.record.drawn == 1)
  }

  @Test func `a number that is held already was gone for all the same`() throws {
    let holder = try TCPSocket.open()
    defer { closeDescriptor(holder) }
    try TCPSocket.bind(holder, .loopback, port: 0)
    let bench = bench([:], list: [try TCPSocket.port(of: holder)])
    bench.thief.windowOpened(bench.loot)
    bench.thief.trialEnds(bench.loot, now: 1)
    #expect(bench.loot.count == 0 && bench.record.drawn == 1 && bench.record.wanted == 1)
    #expect(bench.record.error == 0)
  }
}
