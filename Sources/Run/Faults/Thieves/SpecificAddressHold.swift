public import PlanModel
internal import Syscalls

/// Sockets bound to 127.0.0.2. Each address of a host has its own ports, so a process that binds 127.0.0.1 loses
/// nothing to it. A process that binds the wildcard address does. A probe on the wildcard address never draws a port
/// that is held here, although it would be free on 127.0.0.1.
public struct SpecificAddressHold: Thief {
  public static let descriptor = ThiefDescriptor(
    name: "specific-address-hold",
    summary: "holds ports of 127.0.0.2; must not matter to who binds 127.0.0.1",
    options: [
      OptionDescriptor(
        name: OptionName.ports, defaultValue: nil, range: 1...60_000,
        summary: "how many ports it takes"),
      OptionDescriptor(
        name: "early", defaultValue: 0, range: 0...1,
        summary:
          "1: draws before the launches allocate; 0: goes for their own numbers inside the window"
      ),
      OptionDescriptor(
        name: "listens", defaultValue: 1, range: 0...1, summary: "0: it only binds"),
    ], model: .holdsOtherAddress)

  public static let actsAfterBind = true

  private let ports: Int
  private let isEarly: Bool
  private let listens: Bool
  private var hunt: NumberHunt

  public init(options: OptionValues, seed: UInt64) {
    ports = options[OptionName.ports]
    isEarly = options["early"] != 0
    listens = options["listens"] != 0
    hunt = NumberHunt(count: ports, seed: seed)
  }

  public func trialBegan(_ loot: Loot) {
    loot.want(isEarly ? ports : hunt.quota(loot))
    guard isEarly else { return }
    for _ in 0..<ports {
      guard hold(0, loot) != nil else { return }
    }
  }

  public mutating func windowOpened(_ loot: Loot) {
    guard !isEarly else { return }
    for port in hunt.inWindow(loot) { hold(port, loot) }
  }

  public mutating func endpointsBound(_ loot: Loot) {
    guard !isEarly else { return }
    for port in hunt.onceBound(loot) { hold(port, loot) }
  }

  @discardableResult
  private func hold(_ port: UInt16, _ loot: Loot) -> UInt16? {
    // A process that binds the wildcard address loses the port to this thief, unless 127.0.0.1 is held as well.
    loot.hold(isRefusalAnswer: port != 0, claiming: .ifUnclaimed) { socket throws(SystemError) in
      if port == 0 { try loot.confine(socket) }
      try TCPSocket.bind(socket, .secondLoopback, port: port)
      if listens { try TCPSocket.listen(socket) }
    }
  }
}
