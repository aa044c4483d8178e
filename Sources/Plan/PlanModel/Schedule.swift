internal import PortModel

/// The order in which trials run: the arms of a scenario take turns in blocks of random order, so that a drift of the
/// host affects all of them equally. Equal plans with equal seeds have equal schedules.
public struct Schedule: Sendable, Equatable {
  /// Consecutive trials of one arm.
  public struct Block: Sendable, Equatable {
    /// `Arm.index`.
    public var arm: Int
    /// Numbers of the trials within the arm.
    public var trials: Range<Int>
  }

  /// In running order: scenario after scenario.
  public let blocks: [Block]
  private let seed: UInt64

  /// The number of blocks into which a plan's arm is cut, if it has that many trials.
  public static let rounds = 10

  /// The schedule of a plan.
  /// - Parameter rounds: the number of blocks into which an arm is cut, if it has that many trials; at least 1.
  public init(plan: ResolvedPlan, rounds: Int = Schedule.rounds) {
    seed = plan.seed
    var blocks: [Block] = []
    var scenarios: [String] = []
    for arm in plan.arms where !scenarios.contains(arm.scenario) { scenarios.append(arm.scenario) }
    for (number, scenario) in scenarios.enumerated() {
      let arms = plan.arms.filter { $0.scenario == scenario }
      for round in 0..<rounds {
        var order = arms
        var generator = SeededGenerator(
          planSeed: plan.seed, for: .blockOrder, UInt64(number), UInt64(round))
        generator.shuffle(&order)
        for arm in order {
          let start = arm.trials * round / rounds
          let end = arm.trials * (round + 1) / rounds
          if start < end { blocks.append(Block(arm: arm.index, trials: start..<end)) }
        }
      }
    }
    self.blocks = blocks
  }

  /// One trial of an arm, repeated, each time with its own seed.
  public init(plan: ResolvedPlan, arm: Int, trial: Int, repeated times: Int) {
    seed = plan.seed
    blocks = Array(repeating: Block(arm: arm, trials: trial..<trial + 1), count: times)
  }

  /// Seed of everything that is random inside a trial.
  public func trialSeed(arm: Int, trial: Int) -> UInt64 {
    var generator = SeededGenerator(planSeed: seed, for: .trialSeed, UInt64(arm), UInt64(trial))
    return generator.next()
  }

  /// Seed of a launch in a row. Each has its own nonces and faults, so that a late message is recognised as a
  /// stranger's.
  /// - Parameters:
  ///   - serial: number of the launch in its row, from 0.
  ///   - trial: the trial's seed, which is that of its first launch.
  public static func seed(ofLaunch serial: Int, trial: UInt64) -> UInt64 {
    // The step of SplitMix64. No other stream is derived with it.
    trial &+ UInt64(serial) &* 0x9e37_79b9_7f4a_7c15
  }

  /// One line for each block, with the seeds of its first and last trial. Equal schedules have equal bytes.
  public var rendered: String {
    blocks.map { block in
      let seeds = (
        trialSeed(arm: block.arm, trial: block.trials.lowerBound),
        trialSeed(arm: block.arm, trial: block.trials.upperBound - 1)
      )
      return "arm \(block.arm) trials \(block.trials) seeds \(seeds.0)...\(seeds.1)\n"
    }.joined()
  }
}
