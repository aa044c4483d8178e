internal import Glibc
public import PlanModel
internal import Syscalls

/// Takes every port of the pool before the launches allocate, but for a few: `bind(0)` itself fails with
/// EADDRINUSE then, which is no race, and must not be taken for one.
///
/// It is due to leave no port: a trial in which something else than EADDRINUSE stopped it (no more descriptors,
/// say) is invalid.
public struct ExhaustPool: Thief {
  public static let descriptor = ThiefDescriptor(
    name: "exhaust-pool",
    summary: "takes all ports of the pool before the allocation, but for a few",
    options: [
      OptionDescriptor(
        name: "leaves", defaultValue: 0, range: 0...60_000, summary: "how many it leaves")
    ], requirements: [.namespace], model: .exhausts)

  private let leaves: Int

  public init(options: OptionValues, seed: UInt64) { leaves = options["leaves"] }

  public func trialBegan(_ loot: Loot) {
    while loot.draw() != nil {}
    // One draw too many, so to speak: what was to end it did not.
    loot.want(loot.errorCode == EADDRINUSE ? max(1, loot.drawn) : loot.drawn + 1)
    guard loot.errorCode == EADDRINUSE else { return }
    loot.forgive()
    for _ in 0..<leaves { loot.releaseNewest() }
  }
}
