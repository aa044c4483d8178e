import PortModel
import Testing

@testable import PlanModel

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

  /// Faults with every kind of dice: random victims, chances and lengths, and one without any.
  private static let faulty = Arm(
    index: 0, scenario: "s", strategy: Choice(name: "s", label: "s"), depth: .bind,
    topology: Topology(launches: 4, apiServers: 8),
    faults: [
      PlannedFault(
        kind: Choice(
          name: "delay", label: "delay",
          options: [
            OptionValue(name: "milliseconds", value: 50),
            OptionValue(name: "distribution", value: 2),
          ]), point: .beforeInputBind, probability: 0.5),
      PlannedFault(kind: Choice(name: "kill", label: "kill"), point: .afterSpawn, every: 3),
      PlannedFault(
        kind: Choice(name: "kill", label: "kill"), point: .afterReady, launch: 2, index: 7),
    ], trials: 100)

  private static func faults(_ arm: Arm = faulty, seed: UInt64) -> String {
    let plan = ResolvedPlan(version: 1, name: "p", title: "", seed: seed, arms: [arm])
    let schedule = Schedule(plan: plan)
    return (0..<arm.trials).map {
      ScheduledFault.rendered(arm, trial: $0, seed: schedule.trialSeed(arm: 0, trial: $0))
    }.joined()
  }

  @Test func `equal seeds schedule equal faults, byte by byte, and other seeds others`() {
    let one = Self.faults(seed: 5)
    #expect(one == Self.faults(seed: 5))
    #expect(one.split(separator: "\n").count == 300)
    // 100 exponential lengths in nanoseconds agree by chance with a probability that is nothing.
    #expect(one != Self.faults(seed: 6))
  }

  /// What `plan` and a replay say of a row is what each of its launches gets.
  @Test func `each launch of a row has dice of its own`() {
    var arm = Self.faulty
    arm.startup = Startup(engines: 1, serialLaunches: 3)
    arm.trials = 1
    let lines = Self.faults(arm, seed: 5).split(separator: "\n").map(String.init)
    #expect(lines.count == 9)
    #expect(lines[3].hasPrefix("trial 0 launch 2 of 3 fault 0: "), "\(lines[3])")
    let seed = Schedule(
      plan: ResolvedPlan(version: 1, name: "p", title: "", seed: 5, arms: [arm])
    ).trialSeed(arm: 0, trial: 0)
    for serial in 0..<3 {
      let own = ScheduledFault.all(
        of: arm, trial: 0, seed: Schedule.seed(ofLaunch: serial, trial: seed))
      for (number, fault) in own.enumerated() {
        #expect(
          lines[3 * serial + number].hasSuffix(
            "\(fault.launch).\(fault.index), \(fault.amountNanoseconds) ns"))
      }
    }
    #expect(Schedule.seed(ofLaunch: 0, trial: seed) == seed)
  }

  @Test func `faults are due as the plan says, to victims that there are`() {
    var counts = [0, 0, 0]
    var victims: Set<[Int]> = []
    for seed in 0..<1_000 as Range<UInt64> {
      let trial = Int(seed)
      for fault in ScheduledFault.all(of: Self.faulty, trial: trial, seed: seed) {
        if fault.isDue { counts[fault.number] += 1 }
        #expect((0..<4).contains(fault.launch) && (0..<8).contains(fault.index))
        switch fault.number {
        case 0: victims.insert([fault.launch, fault.index])
        case 1:
          #expect(fault.isDue == (trial % 3 == 0) && fault.index == 0, "a launcher is alone")
          #expect(fault.amountNanoseconds == 0)
        default: #expect(fault.isDue && fault.launch == 2 && fault.index == 7)
        }
      }
    }
    // Of 1,000 at probability 1/2 the count is off by more than 100 (6.3 standard deviations) with probability
    // 2e-10; that one of 32 victims is never drawn has probability 32 * (31/32)^1000 = 5e-13.
    #expect(abs(counts[0] - 500) <= 100)
    #expect(victims.count == 32)
  }

  /// That none of 1,000 uniform lengths is above the mean has probability 2^-1000, and so has, of each node's two engine
  /// cores, that one is never hit.
  @Test func `a uniform length goes to twice its mean, and a node's victims are its own`() {
    let options = [("milliseconds", 20), ("distribution", 1)].map(OptionValue.init(name:value:))
    let kind = Choice(name: "pause", label: "pause", options: options)
    let arm = Arm(
      index: 0, scenario: "s", strategy: Choice(name: "x", label: "x"), depth: .startup,
      topology: Topology(apiServers: 1), startup: Startup(engines: 6, nodes: 3),
      faults: (0..<3).map { PlannedFault(kind: kind, point: .beforeEngineConnect, node: $0) },
      trials: 1)
    var longest: UInt64 = 0
    var victims = [Set<Int>](repeating: [], count: 3)
    for seed in 0..<1_000 as Range<UInt64> {
      for fault in ScheduledFault.all(of: arm, trial: 0, seed: seed) {
        longest = max(longest, fault.amountNanoseconds)
        victims[fault.number].insert(fault.index)
      }
    }
    #expect(longest > 20_000_000 && longest <= 40_000_000)
    #expect(victims == [[0, 1], [2, 3], [4, 5]])
  }

  @Test func `what the plan fixes leaves the other dice as they were`() {
    var fixed = Self.faulty
    fixed.faults[0].launch = 1
    fixed.faults[0].index = 3
    for seed in 0..<100 as Range<UInt64> {
      let free = ScheduledFault.all(of: Self.faulty, trial: 0, seed: seed)
      let tied = ScheduledFault.all(of: fixed, trial: 0, seed: seed)
      #expect(tied[0].launch == 1 && tied[0].index == 3)
      #expect(tied[0].isDue == free[0].isDue)
      #expect(tied[0].amountNanoseconds == free[0].amountNanoseconds)
      #expect(tied.dropFirst() == free.dropFirst())
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
