internal import Glibc
public import PlanModel
internal import Syscalls

/// Takes all but a few ports of the pool before the launches allocate. Then `bind(0)` itself fails with EADDRINUSE,
/// which is not a race and must not be counted as one.
///
/// It must leave no other port: a trial in which anything but EADDRINUSE stopped it (for example, no more descriptors)
/// is invalid.
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
    // If another error ended the draws, demand one more than there were: the trial is then invalid.
    loot.want(loot.errorCode == EADDRINUSE ? max(1, loot.drawn) : loot.drawn + 1)
    guard loot.errorCode == EADDRINUSE else { return }
    loot.forgive()
    for _ in 0..<leaves { loot.releaseNewest() }
  }
}
