internal import PlanModel

/// Deals the trials of a plan to lanes. It is pure: it knows neither processes nor a clock.
///
/// An arm is with at most one lane at a time, and its trials are dealt in order. Whatever the number of lanes, each trial
/// therefore has the same number and seed, and each arm the same trials.
struct Dealer {
  /// Consecutive trials of one arm.
  struct Deal: Equatable {
    /// `Arm.index`.
    var arm: Int
    /// Numbers of the trials within the arm.
    var trials: Range<Int>
    /// Whether the lane is likely to need other workers afterwards.
    var isLast: Bool
  }

  /// In which order trials are dealt.
  enum Order {
    /// As the schedule says.
    case scheduled
    /// For a limited time, in slices of about so many seconds. Every arm has a trial first. Then those of which something
    /// is to be decided come equally far: each time the one of which the smallest share has run. The others come last.
    case balanced(sliceSeconds: Double, deciding: Set<Int>)
  }

  /// What is still to be dealt of one arm.
  private struct Rest {
    let arm: Int
    var planned = 0
    /// In the schedule's order; the last one comes first.
    var blocks: [Range<Int>] = []
    var dealt = 0
    var isTaken = false
    /// Of the trials so far; nil before the first.
    var secondsPerTrial: Double?

    /// The share of its trials that were dealt.
    var share: Double { Double(dealt) / Double(planned) }
  }

  private let order: Order
  /// Arms whose workers stay while other arms run.
  private let keeping: Set<Int>
  private var rests: [Int: Rest] = [:]
  /// The arms of the blocks in the schedule's order; the next one comes last.
  private var queue: [Int] = []

  /// - Parameters:
  ///   - blocks: in the order of the schedule; those of one arm are consecutive trials.
  ///   - keeping: arms whose workers stay while other arms run.
  init(blocks: [Schedule.Block], order: Order, keeping: Set<Int> = []) {
    self.order = order
    self.keeping = keeping
    for block in blocks.reversed() {
      rests[block.arm, default: Rest(arm: block.arm)].planned += block.trials.count
      rests[block.arm]!.blocks.append(block.trials)
      queue.append(block.arm)
    }
  }

  /// What a lane is to do next; nil if all that is left is with other lanes, which also do what follows.
  mutating func deal() -> Deal? {
    guard let arm = next(besides: nil) else { return nil }
    let trials = take(arm)
    rests[arm]!.isTaken = true
    let givesWay = !keeping.contains(arm) && next(besides: arm) != nil
    return Deal(arm: arm, trials: trials, isLast: givesWay || !hasMore(arm))
  }

  /// Takes note that a deal is over.
  /// - Parameters:
  ///   - seconds: how long it took.
  ///   - trials: how many of its trials have run.
  ///   - isFinished: the arm needs no more.
  mutating func done(_ deal: Deal, trials: Int, seconds: Double, isFinished: Bool) {
    rests[deal.arm]!.isTaken = false
    if trials > 0 { rests[deal.arm]!.secondsPerTrial = seconds / Double(trials) }
    if isFinished { finish(deal.arm) }
  }

  /// Deals no more of the arm.
  mutating func finish(_ arm: Int) {
    rests[arm]?.blocks = []
    queue.removeAll { $0 == arm }
  }

  private func hasMore(_ arm: Int) -> Bool { !rests[arm]!.blocks.isEmpty }

  /// The arm whose turn it is.
  /// - Parameter mine: an arm that has just been dealt, and counts as free, for what follows it in the schedule.
  private func next(besides mine: Int?) -> Int? {
    switch order {
    case .scheduled:
      let next = queue.last { $0 == mine || !rests[$0]!.isTaken }
      return next == mine ? nil : next
    case .balanced(_, let deciding):
      let open = rests.values.filter { !$0.blocks.isEmpty && !$0.isTaken && $0.arm != mine }
      // Equal shares: in the order of the schedule, which is random within a scenario.
      let places = Dictionary(
        queue.reversed().enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
      func rank(_ rest: Rest) -> (Int, Double, Int) {
        let turn = rest.dealt == 0 ? 0 : deciding.contains(rest.arm) ? 1 : 2
        return (turn, rest.share, places[rest.arm]!)
      }
      return open.min { rank($0) < rank($1) }?.arm
    }
  }

  /// Takes the arm's next trials out of what is left.
  private mutating func take(_ arm: Int) -> Range<Int> {
    var rest = rests[arm]!
    defer { rests[arm] = rest }
    var trials = rest.blocks.removeLast()
    if case .balanced(let seconds, _) = order {
      let fitting = rest.secondsPerTrial.map { seconds / max($0, 1e-6) } ?? 1
      let count = Int(max(1, min(fitting, Double(trials.count))))
      if count < trials.count {
        rest.blocks.append(trials.lowerBound + count..<trials.upperBound)
        trials = trials.lowerBound..<trials.lowerBound + count
        rest.dealt += count
        return trials
      }
    }
    rest.dealt += trials.count
    if let place = queue.lastIndex(of: arm) { queue.remove(at: place) }
    return trials
  }
}
