/// What the init message tells an engine core of a mixture-of-experts model about its data-parallel group
/// (`parallel_config`). Each engine core has a copy of its own: a port that one takes from the list is still in the
/// lists of the others.
public struct ParallelConfiguration: Sendable, Equatable {
  /// `data_parallel_master_ip`: the launcher's address, which all engine cores dial.
  public var masterAddress: String
  /// `data_parallel_master_port`: used when the list is empty, and one more each time.
  public var masterPort: UInt16
  /// `_data_parallel_master_port_list`: used from its end.
  public var ports: [UInt16]
  /// `_coord_store_port`: of the launcher's coordination store; 0 if there is none.
  public var storePort: UInt16
  /// `data_parallel_size`: engine cores.
  public var size: Int

  public init(
    masterAddress: String, masterPort: UInt16, ports: [UInt16], storePort: UInt16 = 0, size: Int
  ) {
    self.masterAddress = masterAddress
    self.masterPort = masterPort
    self.ports = ports
    self.storePort = storePort
    self.size = size
  }

  /// The launcher's: vLLM takes the last of the probed ports for `data_parallel_master_port` and leaves the others in
  /// the list.
  /// - Parameter probed: in the order of their use, at least one.
  public init(masterAddress: String, probed: [UInt16], storePort: UInt16, size: Int) {
    self.init(
      masterAddress: masterAddress, masterPort: probed[probed.count - 1],
      ports: probed.dropLast().reversed(), storePort: storePort, size: size)
  }

  /// The next port for a group (`get_next_dp_init_port`); nil beyond the last port there is.
  public mutating func nextPort() -> UInt16? {
    if let port = ports.popLast() { return port }
    guard masterPort > 0 else { return nil }
    defer { masterPort = masterPort == .max ? 0 : masterPort + 1 }
    return masterPort
  }

  var message: MessagePack {
    let store: [(String, MessagePack)] =
      storePort == 0 ? [] : [("_coord_store_port", .integer(Int64(storePort)))]
    return .record(
      [
        ("data_parallel_master_ip", .text(masterAddress)),
        ("data_parallel_master_port", .integer(Int64(masterPort))),
        ("_data_parallel_master_port_list", .array(ports.map { .integer(Int64($0)) })),
      ] + store + [("data_parallel_size", .integer(Int64(size)))])
  }

  /// Nil if it is not one.
  init?(_ message: MessagePack) {
    func port(_ value: MessagePack?) -> UInt16? {
      value?.integerValue.flatMap { UInt16(exactly: $0) }
    }
    guard let masterAddress = message["data_parallel_master_ip"]?.textValue,
      let masterPort = port(message["data_parallel_master_port"]),
      let list = message["_data_parallel_master_port_list"]?.elements,
      let size = message["data_parallel_size"]?.integerValue.flatMap({ Int(exactly: $0) })
    else { return nil }
    let ports = list.compactMap { port($0) }
    let store = message["_coord_store_port"]
    guard ports.count == list.count, store == nil || port(store) != nil else { return nil }
    self.init(
      masterAddress: masterAddress, masterPort: masterPort, ports: ports,
      storePort: port(store) ?? 0, size: size)
  }
}
