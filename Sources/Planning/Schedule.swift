internal import PortModel
public struct Schedule: Sendable {
  public struct Block: Sendable, Equatable { public var arm: Int; public var trials: Range<Int> }
  public var blocks: [Block]
  let seed: UInt64
  public init(plan: ResolvedPlan) {
    blocks = plan.arms.map { Block(arm: $0.index, trials: 0..<$0.trials) }
    seed = plan.seed
  }
  public func trialSeed(arm: Int, trial: Int) -> UInt64 {
    var g = SeededGenerator(seed: seed &+ UInt64(arm) << 32 &+ UInt64(trial)); return g.next()
  }
}
