public import PlanModel

/// Opens connections throughout the trial as a Poisson process and closes each after a while: the outgoing traffic of a
/// busy host. Over TCP the kernel gives `connect()` the ports at an even distance from the low end of the range, and
/// `bind(0)` those at an odd one (net/ipv4/inet_hashtables.c, `__inet_hash_connect`, since Linux 4.2). It therefore takes
/// no probed port unless all of the others are held. A client that first binds its source address with port 0 takes one
/// like a probe; these clients do not (`KernelFactsTests`).
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
