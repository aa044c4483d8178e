internal import Synchronization
internal import Syscalls

/// The dealer of a run, which all lanes ask. The lock is held while a deal is chosen, not while trials run.
final class DealingTable: Sendable {
  private let dealer: Mutex<Dealer>
  /// The lanes stop: one of them has failed.
  private let isClosed = Atomic(false)
  /// When no more trials begin; nil for never.
  private let deadline: UInt64?
  /// The lanes of arms whose workers stay while others run, by arm.
  private let kept: [Int: Lane]

  init(_ dealer: Dealer, kept: [Int: Lane], deadline: UInt64?) {
    self.dealer = Mutex(dealer)
    self.kept = kept
    self.deadline = deadline
  }

  /// No more trials begin.
  func close() { isClosed.store(true, ordering: .relaxed) }

  private var isOpen: Bool {
    !isClosed.load(ordering: .relaxed) && deadline.map { MonotonicClock.now() < $0 } ?? true
  }

  /// Runs deal after deal in a lane until nothing is left for it.
  /// - Throws: the lane's failure.
  func serve(_ lane: Lane, _ observer: any Run.Observer) throws(RunError) {
    while isOpen, let deal = dealer.withLock({ $0.deal() }) {
      let began = MonotonicClock.now()
      let own = kept[deal.arm]
      let performer = own ?? lane
      let before = performer.timings[deal.arm].trials
      let ending = try performer.perform(deal, observer) {
        isOpen && observer.needsMore(arm: deal.arm)
      }
      if ending == .interrupted { break }
      let isFinished = !observer.needsMore(arm: deal.arm)
      // Its program may be large, and nothing needs it any more.
      if isFinished || deal.isLast { try own?.close() }
      dealer.withLock {
        $0.done(
          deal, trials: performer.timings[deal.arm].trials - before,
          seconds: Double(MonotonicClock.now() - began) / 1e9, isFinished: isFinished)
      }
    }
    try lane.finish()
  }
}
