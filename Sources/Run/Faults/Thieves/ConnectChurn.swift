public import PlanModel

/// Opens connections throughout the trial as a Poisson process and closes each after a while: the outgoing traffic of a
/// busy host. In a range that begins with an even port, the kernel gives `connect()` the even ports and `bind(0)` the
/// odd ones (net/ipv4/inet_hashtables.c, `__inet_hash_connect`, since Linux 4.2). It therefore takes no probed port
/// unless it holds all the even ones.
///
/// A trial in which it opened nothing is invalid under the same condition as with `BindChurn`.
public struct ConnectChurn: Thief {
  public static let descriptor = ThiefDescriptor(
    name: "connect-churn",
    summary:
      "opens connections at a rate all through the trial, each with a source port for a while",
    options: Churn.options, model: .connects)

  private var churn: Churn

  public init(options: OptionValues, seed: UInt64) { churn = Churn(options, seed: seed) }

  public mutating func trialBegan(_ loot: Loot) {
    loot.openTarget()
    churn.begin()
  }

  public var nextAction: UInt64? { churn.nextAction }

  public mutating func act(_ loot: Loot, now: UInt64) {
    churn.act(loot, now: now) { loot.connect(accepts: true) }
  }

  public mutating func trialEnds(_ loot: Loot, now: UInt64) { loot.want(churn.due(by: now)) }
}
