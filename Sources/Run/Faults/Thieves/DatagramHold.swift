public import PlanModel
internal import Syscalls

/// The control among the thieves: UDP sockets on the launches' own ports, on the wildcard address, without options. UDP
/// has its own port space, so this must have no effect; if it has one, the harness is wrong.
public struct DatagramHold: Thief {
  public static let descriptor = ThiefDescriptor(
    name: "udp-hold",
    summary: "holds the launches' numbers over UDP; must not matter",
    options: [
      OptionDescriptor(
        name: OptionName.ports, defaultValue: 1, range: 1...8_192,
        summary: "how many numbers it goes for")
    ], model: .holdsNoTCPPort)

  public static let actsAfterBind = true

  private var hunt: NumberHunt

  public init(options: OptionValues, seed: UInt64) {
    hunt = NumberHunt(count: options[OptionName.ports], seed: seed)
  }

  public func trialBegan(_ loot: Loot) { loot.want(hunt.quota(loot)) }

  public mutating func windowOpened(_ loot: Loot) {
    for port in hunt.inWindow(loot) { hold(port, loot) }
  }

  public mutating func endpointsBound(_ loot: Loot) {
    for port in hunt.onceBound(loot) { hold(port, loot) }
  }

  private func hold(_ port: UInt16, _ loot: Loot) {
    // A launch that collides with itself has the same port twice; the second bind is refused.
    loot.hold(
      isRefusalAnswer: true, claiming: .never,
      open: { () throws(SystemError) in try DatagramSocket.open() },
      { socket throws(SystemError) in try TCPSocket.bind(socket, .wildcard, port: port) })
  }
}
