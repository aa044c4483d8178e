import Testing

@testable import StartupProtocol

@Suite struct ParallelConfigurationTests {
  /// vLLM's `get_next_dp_init_port`: the list from its end, then the master's port, then those above.
  @Test func `ports are used in the order in which they were probed`() {
    var configuration = ParallelConfiguration(
      masterAddress: "10.66.0.1", probed: [5, 4, 3, 2, 1], storePort: 0, size: 4)
    #expect(configuration.masterPort == 1 && configuration.ports == [2, 3, 4, 5])
    #expect((0..<7).map { _ in configuration.nextPort() } == [5, 4, 3, 2, 1, 2, 3])
    var last = ParallelConfiguration(
      masterAddress: "10.66.0.1", probed: [65_535], storePort: 0, size: 4)
    #expect([last.nextPort(), last.nextPort()] == [65_535, nil])
  }

  /// What one engine core takes from its list is still in the lists of the others: why they part after a retry.
  @Test func `every engine core has a list of its own`() throws {
    let sent = EngineAddresses(
      inputs: ["a"], outputs: ["b"],
      group: ParallelConfiguration(
        masterAddress: "127.0.0.1", probed: [7, 8], storePort: 9, size: 2))
    var (one, other) = (
      try #require(EngineAddresses(sent.encoded)?.group),
      try #require(EngineAddresses(sent.encoded)?.group)
    )
    #expect(one == sent.group && one.storePort == 9 && one.size == 2)
    #expect(one.nextPort() == 7 && one.nextPort() == 8 && other.nextPort() == 7)
  }

  @Test func `the message has vLLM's keys, and none for a store that is not there`() throws {
    let message = ParallelConfiguration(
      masterAddress: "127.0.0.1", probed: [7, 8, 9], storePort: 0, size: 2
    ).message
    guard case .map(let pairs) = message else { throw TestingError() }
    #expect(
      pairs.map(\.key) == [
        .text("data_parallel_master_ip"), .text("data_parallel_master_port"),
        .text("_data_parallel_master_port_list"), .text("data_parallel_size"),
      ])
    #expect(message["_data_parallel_master_port_list"] == .array([.integer(8), .integer(7)]))
    #expect(ParallelConfiguration(message)?.storePort == 0)
  }

  private struct TestingError: Error {}

  @Test func `a dense model's message has an empty map, and what is no configuration is refused`() {
    let dense = EngineAddresses(inputs: ["a"], outputs: ["b"])
    #expect(EngineAddresses(dense.encoded) == dense)
    func message(_ parallel: MessagePack) -> [UInt8] {
      MessagePack.record([
        ("addresses", .record([("inputs", .array([])), ("outputs", .array([]))])),
        ("parallel_config", parallel),
      ]).encoded
    }
    #expect(EngineAddresses(message(.map([]))) != nil)
    #expect(EngineAddresses(message(.null)) == nil)
    #expect(EngineAddresses(message(.record([("data_parallel_size", .integer(2))]))) == nil)
    let ports: [(String, MessagePack)] = [
      ("data_parallel_master_ip", .text("a")), ("data_parallel_size", .integer(2)),
      ("data_parallel_master_port", .integer(65_536)),
      ("_data_parallel_master_port_list", .array([])),
    ]
    #expect(EngineAddresses(message(.record(ports))) == nil)
  }
}
