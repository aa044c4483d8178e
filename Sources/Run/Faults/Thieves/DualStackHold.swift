public import PlanModel
internal import Syscalls

/// Sockets bound to [::], like servers that serve both families. Without IPV6_V6ONLY such a socket holds its port for
/// IPv4 as well, on every address. With it (`v6only` 1) it must not affect IPv4 sockets.
public struct DualStackHold: Thief {
  public static let descriptor = ThiefDescriptor(
    name: "dual-stack-hold",
    summary:
      "holds ports on [::] inside the window and through the trial, for IPv4 too unless v6only",
    options: [
      OptionDescriptor(
        name: OptionName.ports, defaultValue: nil, range: 1...60_000,
        summary: "how many ports it takes"),
      OptionDescriptor(
        name: "v6only", defaultValue: 0, range: 0...1,
        summary: "1: sets IPV6_V6ONLY, and must not matter"),
      OptionDescriptor(
        name: "targeted", defaultValue: 0, range: 0...1,
        summary: "1: goes for the launches' own numbers; 0: draws with bind(0)"),
    ], intensity: OptionName.ports, model: .holdsOverIPv6)

  public static let actsAfterBind = true

  private let ports: Int
  private let isOnly: Bool
  private let isTargeted: Bool
  private var hunt: NumberHunt

  public init(options: OptionValues, seed: UInt64) {
    ports = options[OptionName.ports]
    isOnly = options["v6only"] != 0
    isTargeted = options["targeted"] != 0
    hunt = NumberHunt(count: ports, seed: seed)
  }

  public func trialBegan(_ loot: Loot) { loot.want(isTargeted ? hunt.quota(loot) : ports) }

  public mutating func windowOpened(_ loot: Loot) {
    if isTargeted {
      for port in hunt.inWindow(loot) { hold(port, loot) }
    } else {
      for _ in 0..<ports {
        guard hold(0, loot) != nil else { return }
      }
    }
  }

  public mutating func endpointsBound(_ loot: Loot) {
    guard isTargeted else { return }
    for port in hunt.onceBound(loot) { hold(port, loot) }
  }

  @discardableResult
  private func hold(_ port: UInt16, _ loot: Loot) -> UInt16? {
    loot.hold(
      isRefusalAnswer: port != 0, claiming: isOnly ? .never : .always,
      open: { () throws(SystemError) in try SixSocket.open(only: isOnly) },
      { socket throws(SystemError) in
        if port == 0 { try loot.confine(socket) }
        try SixSocket.bindWildcard(socket, port: port)
      })
  }
}
