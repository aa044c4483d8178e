internal import Glibc
public import PlanModel
internal import Syscalls

/// Another process with the same base port: it scans upwards from the base inside the window, as vLLM does with
/// VLLM_PORT (plain bind to the wildcard address, the next port on EADDRINUSE), and keeps what it finds. It also
/// collides with other processes that count from there (vllm-project/vllm#43206, SGLang #29455). It takes no port that
/// the kernel chose, unless the base is in the pool.
public struct BasePortScanner: Thief {
  public static let descriptor = ThiefDescriptor(
    name: "base-port-scanner",
    summary: "scans upwards from a base port inside the window and holds the numbers it finds",
    options: [
      OptionDescriptor(
        name: OptionName.ports, defaultValue: nil, range: 1...8_192,
        summary: "how many numbers it takes"),
      OptionDescriptor(
        name: OptionName.base, defaultValue: 20_000, range: 1_024...60_000,
        summary: "where it begins"),
      OptionDescriptor(
        name: "listens", defaultValue: 1, range: 0...1, summary: "0: it only binds"),
    ], model: .scansFromBase)

  private let ports: Int
  private let base: Int
  private let listens: Bool

  public init(options: OptionValues, seed: UInt64) {
    ports = options[OptionName.ports]
    base = options[OptionName.base]
    listens = options["listens"] != 0
  }

  public func trialBegan(_ loot: Loot) { loot.want(ports) }

  public func windowOpened(_ loot: Loot) {
    var next = base
    for _ in 0..<ports {
      while next <= Int(UInt16.max), !take(UInt16(next), loot) {
        if loot.errorCode != EADDRINUSE { return }
        next += 1
      }
      next += 1
    }
    if loot.errorCode == EADDRINUSE && loot.count == ports { loot.forgive() }
  }

  private func take(_ port: UInt16, _ loot: Loot) -> Bool {
    loot.hold { socket throws(SystemError) in
      try TCPSocket.bind(socket, .wildcard, port: port)
      if listens { try TCPSocket.listen(socket) }
    } != nil
  }
}
