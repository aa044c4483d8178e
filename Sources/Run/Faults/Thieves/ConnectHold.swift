public import PlanModel
internal import PortModel

/// Opens connections inside the window and holds them: outgoing traffic, which takes a source port each. The
/// kernel gives `connect()` the ports of the other parity than `bind(0)` (net/ipv4/inet_hashtables.c,
/// `__inet_hash_connect`, since Linux 4.2), so it hardly ever takes a probed number.
public struct ConnectHold: Thief {
  public static let descriptor = ThiefDescriptor(
    name: "connect-hold",
    summary: "opens connections inside the window and holds them, each with a source port",
    options: [
      OptionDescriptor(
        name: "connections", defaultValue: nil, range: 1...4_000,
        summary: "how many connections it opens; a listener's backlog holds no more")
    ],
    model: .connects)

  private let connections: Int

  public init(options: OptionValues, seed: UInt64) {
    connections = options["connections"]
  }

  public func trialBegan(_ loot: Loot) {
    loot.want(connections)
    loot.openTarget()
  }

  public func windowOpened(_ loot: Loot) {
    for _ in 0..<connections {
      guard loot.connect() != nil else { return }
    }
  }
}
