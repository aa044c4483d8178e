import PlanModel
import Testing

@testable import Engine

@Suite struct DealerTests {
  /// A dealer of a plan of so many arms in one scenario, each with so many trials.
  static func dealer(
    arms: Int, trials: Int = 100, order: Dealer.Order = .scheduled
  ) -> (dealer: Dealer, schedule: Schedule) {
    let plan = ResolvedPlan(
      version: 1, name: "dealt", title: "", seed: 3,
      arms: (0..<arms).map { smallArm($0, "probe-then-bind", trials: trials) })
    let schedule = Schedule(plan: plan)
    return (Dealer(blocks: schedule.blocks, order: order), schedule)
  }

  @Test func `one lane runs the schedule as it is`() {
    var (dealer, schedule) = Self.dealer(arms: 4)
    var seen: [String] = []
    while let deal = dealer.deal() {
      seen.append("\(deal.arm) \(deal.trials)")
      dealer.done(deal, trials: deal.trials.count, seconds: 1, isFinished: false)
    }
    #expect(seen == schedule.blocks.map { "\($0.arm) \($0.trials)" })
  }

  @Test(arguments: [2, 3, 7]) func `lanes share no arm and leave no trial out`(_ lanes: Int) {
    var (dealer, _) = Self.dealer(arms: 4)
    var done = 0
    var held: [Dealer.Deal] = []
    var next = [0, 0, 0, 0]
    while true {
      while held.count < lanes, let deal = dealer.deal() {
        #expect(!held.contains { $0.arm == deal.arm })
        #expect(deal.trials.lowerBound == next[deal.arm])
        next[deal.arm] = deal.trials.upperBound
        held.append(deal)
      }
      guard !held.isEmpty else { break }
      // Whichever lane is done first.
      done += 7
      let deal = held.remove(at: done % held.count)
      dealer.done(deal, trials: deal.trials.count, seconds: 1, isFinished: false)
    }
    #expect(next == [100, 100, 100, 100])
  }

  @Test func `workers are kept while the next block is of the same arm`() {
    var (dealer, _) = Self.dealer(arms: 1)
    var last: [Bool] = []
    while let deal = dealer.deal() {
      last.append(deal.isLast)
      dealer.done(deal, trials: deal.trials.count, seconds: 1, isFinished: false)
    }
    #expect(last == Array(repeating: false, count: 9) + [true])
  }

  @Test func `workers that are kept end with the last block, whatever runs between`() {
    let (_, schedule) = Self.dealer(arms: 3)
    var dealer = Dealer(blocks: schedule.blocks, order: .scheduled, keeping: [1])
    var last: [Bool] = []
    while let deal = dealer.deal() {
      if deal.arm == 1 { last.append(deal.isLast) }
      dealer.done(deal, trials: deal.trials.count, seconds: 1, isFinished: false)
    }
    #expect(last == Array(repeating: false, count: 9) + [true])
  }

  @Test func `an arm that needs no more is dealt no more`() {
    var (dealer, _) = Self.dealer(arms: 2)
    var trials = [0, 0]
    while let deal = dealer.deal() {
      trials[deal.arm] += deal.trials.count
      dealer.done(deal, trials: deal.trials.count, seconds: 1, isFinished: deal.arm == 1)
    }
    #expect(trials == [100, 10])
  }

  @Test func `within a budget all open arms come equally far, however slow they are`() {
    var (dealer, _) = Self.dealer(arms: 3, order: .balanced(sliceSeconds: 1, deciding: [0, 1, 2]))
    let secondsPerTrial = [0.001, 0.1, 2]
    var (trials, elapsed) = ([0, 0, 0], 0.0)
    while elapsed < 60, let deal = dealer.deal() {
      let seconds = secondsPerTrial[deal.arm] * Double(deal.trials.count)
      trials[deal.arm] += deal.trials.count
      elapsed += seconds
      dealer.done(deal, trials: deal.trials.count, seconds: seconds, isFinished: false)
    }
    #expect(trials.max()! < 100)
    // A slice of the fast arm is a tenth of its trials at most.
    #expect(trials.max()! - trials.min()! <= 10, "\(trials)")
  }

  @Test func `within a budget arms of which nothing is to be decided have one trial, then wait`() {
    var (dealer, _) = Self.dealer(
      arms: 3, order: .balanced(sliceSeconds: 1, deciding: [1]))
    var dealt: [(arm: Int, trials: Int)] = []
    while let deal = dealer.deal() {
      dealt.append((deal.arm, deal.trials.count))
      dealer.done(
        deal, trials: deal.trials.count, seconds: 0.1 * Double(deal.trials.count),
        isFinished: false)
    }
    #expect(Set(dealt.prefix(3).map(\.arm)) == [0, 1, 2])
    #expect(dealt.prefix(3).allSatisfy { $0.trials == 1 })
    let decided = dealt.lastIndex { $0.arm == 1 }!
    #expect(dealt[3...decided].allSatisfy { $0.arm == 1 })
    #expect(dealt.reduce(0) { $0 + $1.trials } == 300)
  }
}
