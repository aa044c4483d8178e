import PortModel
import Testing

@testable import Planning

@Suite struct ScheduleTests {
  /// Two scenarios: three arms of different length, then one.
  static func plan(seed: UInt64, trials: [Int] = [100, 7, 33]) -> ResolvedPlan {
    func arm(_ index: Int, _ scenario: String, _ trials: Int) -> Arm {
      Arm(
        index: index, scenario: scenario, strategy: Choice(name: "s\(index)", label: "s\(index)"),
        depth: .bind, topology: Topology(apiServers: 1), trials: trials)
    }
    let arms = trials.enumerated().map { arm($0.offset, "first", $0.element) }
    return ResolvedPlan(
      version: 1, name: "p", title: "", seed: seed, arms: arms + [arm(trials.count, "last", 12)])
  }

  @Test func `equal plans and seeds give equal bytes, another seed gives others`() {
    let one = Schedule(plan: Self.plan(seed: 5))
    #expect(one == Schedule(plan: Self.plan(seed: 5)))
    #expect(one.rendered == Schedule(plan: Self.plan(seed: 5)).rendered)
    let other = Schedule(plan: Self.plan(seed: 6))
    #expect(one.rendered != other.rendered)
    #expect(one.blocks != other.blocks)
  }

  /// A plan's seed must mean the same in every version: results are named after it.
  @Test func `the schedule of a seed never changes`() {
    let text = Schedule(plan: Self.plan(seed: 5, trials: [3, 2])).rendered
    #expect(text == Self.golden)
  }

  static let golden = """
    arm 0 trials 0..<1 seeds 2991012171366713612...2991012171366713612
    arm 1 trials 0..<1 seeds 10609793202530179096...10609793202530179096
    arm 0 trials 1..<2 seeds 18284330532507068944...18284330532507068944
    arm 0 trials 2..<3 seeds 10287181162625424688...10287181162625424688
    arm 1 trials 1..<2 seeds 16998463340852785315...16998463340852785315
    arm 2 trials 0..<1 seeds 8499727662698193146...8499727662698193146
    arm 2 trials 1..<2 seeds 15560967924493983742...15560967924493983742
    arm 2 trials 2..<3 seeds 16341020402251876761...16341020402251876761
    arm 2 trials 3..<4 seeds 5232855395528037508...5232855395528037508
    arm 2 trials 4..<6 seeds 9724773629994937702...5916069162390005998
    arm 2 trials 6..<7 seeds 917935466445577509...917935466445577509
    arm 2 trials 7..<8 seeds 8953724781154366076...8953724781154366076
    arm 2 trials 8..<9 seeds 7112054169702869052...7112054169702869052
    arm 2 trials 9..<10 seeds 645857692585618833...645857692585618833
    arm 2 trials 10..<12 seeds 4734515580672913792...2690512939037365280

    """

  @Test func `every trial is scheduled exactly once, scenario after scenario`() {
    for seed in 0..<200 as Range<UInt64> {
      let plan = Self.plan(seed: seed)
      let blocks = Schedule(plan: plan).blocks
      for arm in plan.arms {
        let trials = blocks.filter { $0.arm == arm.index }.flatMap { Array($0.trials) }
        #expect(trials == Array(0..<arm.trials))
      }
      #expect(blocks.allSatisfy { !$0.trials.isEmpty })
      let lastOfFirst = blocks.lastIndex { $0.arm < 3 }!
      #expect(blocks.firstIndex { $0.arm == 3 }! == lastOfFirst + 1)
    }
  }

  @Test func `each arm is spread evenly over ten rounds`() {
    let plan = Self.plan(seed: 9)
    let blocks = Schedule(plan: plan).blocks
    for arm in plan.arms {
      let sizes = blocks.filter { $0.arm == arm.index }.map(\.trials.count)
      #expect(sizes.count == min(10, arm.trials))
      #expect(sizes.max()! - sizes.min()! <= 1)
    }
    // While the longest arm runs its tenths, each other arm gets its share: no arm is ahead by more than a
    // block at the end of a round.
    var done = [0, 0, 0]
    for block in blocks where block.arm < 3 {
      done[block.arm] += block.trials.count
      let shares = zip(done, plan.arms).map { Double($0) / Double($1.trials) }
      #expect(shares.max()! - shares.min()! < 0.1 + 1.0 / 7 + 1e-9)
    }
  }

  /// Each of the 6 orders of three arms is as likely as any other. 2,000 seeds of 10 rounds: a count differs
  /// from 20,000/6 by more than 6 standard deviations (6 * 52.7) with probability below 2e-9, any of the six
  /// below 2e-8.
  @Test func `the order within a round is a fair permutation`() {
    var counts: [[Int]: Int] = [:]
    for seed in 0..<2_000 as Range<UInt64> {
      let blocks = Schedule(plan: Self.plan(seed: seed, trials: [10, 10, 10])).blocks
      for round in 0..<10 { counts[blocks[3 * round..<3 * round + 3].map(\.arm), default: 0] += 1 }
    }
    #expect(counts.count == 6)
    for (order, count) in counts {
      #expect(abs(Double(count) - 20_000 / 6) < 6 * 52.7, "\(order)")
    }
  }

  @Test func `trials have seeds of their own`() {
    let schedule = Schedule(plan: Self.plan(seed: 5))
    var seeds: Set<UInt64> = []
    for arm in 0..<50 {
      for trial in 0..<200 { seeds.insert(schedule.trialSeed(arm: arm, trial: trial)) }
    }
    // Two of 10,000 equal by chance: 1e8/2 / 2^64 = 3e-12.
    #expect(seeds.count == 10_000)
    let other = Schedule(plan: Self.plan(seed: 6))
    #expect(schedule.trialSeed(arm: 0, trial: 0) != other.trialSeed(arm: 0, trial: 0))
    #expect(schedule.trialSeed(arm: 1, trial: 2) == schedule.trialSeed(arm: 1, trial: 2))
  }
}
