public import PlanModel
internal import PortModel

/// Opens connections inside the window and holds them: outgoing traffic, which takes a source port each. Over TCP the
/// kernel gives `connect()` the ports at an even distance from the low end of the range, and `bind(0)` those at an odd one
/// (net/ipv4/inet_hashtables.c, `__inet_hash_connect`, since Linux 4.2). It takes no probed number until the even half is
/// full. A client that first binds its source address with port 0 takes one like a probe; these clients do not.
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
