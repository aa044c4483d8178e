public import History
public import PlanModel

/// The course of one trial as a pure state machine: what happened and when goes in, what to do next comes
/// out. It knows no process and no clock.
///
/// prepare → draw → window → bind → draw after bind → check → close → ended; phases that the arm does not need are
/// left out, after `close` the next launch of a row goes back to `prepare`, and a deadline that passes leads to
/// `abandon`, which ends the trial without waiting for anybody.
public struct TrialMachine: Sendable {
  /// What the loop is to do, and then report the event of.
  public enum Action: Equatable, Sendable {
    /// Start the thieves' part of the trial and have the launchers allocate and start their servers.
    case prepare
    /// Have the thieves draw what they take inside the window.
    case draw
    /// Keep the barrier shut until the time is reached and thieves have drawn that many ports.
    case holdWindow(until: UInt64, foreignDraws: Int)
    /// Open the barrier.
    case bind
    /// Have the thieves try what had no number before it was bound.
    case drawAfterBind
    /// Check who owns the endpoints.
    case check
    /// Have everybody close.
    case close
    /// Everything went its way: record the trial.
    case end
    /// Record the trial as far as it went, and replace all workers.
    case abandon(TrialEnded.Completion)
  }

  /// What happened.
  public enum Event: Equatable, Sendable {
    /// The trial begins.
    case begin
    /// Everybody who takes part in the current phase has finished it.
    case phaseEnded
    /// The addresses are allocated since this time; only in answer to `prepare`.
    case prepared(allocatedAt: UInt64)
    /// Everybody has closed, and the next launch of the row is due; only in answer to `close`.
    case closedForNext
    /// The current phase's deadline has passed.
    case deadlinePassed
  }

  private let arm: Arm
  private let hasThieves: Bool
  private let thievesActAfterBind: Bool
  private var current: Action?
  private var allocatedAt: UInt64 = 0

  /// A trial of the arm.
  /// - Parameter thievesActAfterBind: whether one of its thieves has something to do then.
  public init(arm: Arm, thievesActAfterBind: Bool = false) {
    self.arm = arm
    self.thievesActAfterBind = thievesActAfterBind
    hasThieves = !arm.thieves.isEmpty
  }

  /// Takes an event and says what to do next. Traps on an event that cannot be, which is a programming error.
  public mutating func handle(_ event: Event) -> Action {
    let next = successor(of: event)
    current = next
    return next
  }

  private mutating func successor(of event: Event) -> Action {
    switch (current, event) {
    case (nil, .begin):
      return .prepare
    case (.prepare, .prepared(let time)):
      allocatedAt = time
      return hasThieves ? .draw : holdWindowOrGoOn()
    case (.draw, .phaseEnded):
      return holdWindowOrGoOn()
    case (.holdWindow, .phaseEnded):
      return afterWindow()
    case (.bind, .phaseEnded):
      return thievesActAfterBind ? .drawAfterBind : checkOrClose()
    case (.drawAfterBind, .phaseEnded):
      return checkOrClose()
    case (.check, .phaseEnded):
      return .close
    case (.close, .phaseEnded):
      return .end
    case (.close, .closedForNext):
      return .prepare
    case (let phase?, .deadlinePassed):
      return .abandon(Self.completion(of: phase))
    default:
      preconditionFailure("\(event) after \(String(describing: current))")
    }
  }

  private func checkOrClose() -> Action {
    arm.ownershipCheck == .off || arm.depth == .startup ? .close : .check
  }

  private func holdWindowOrGoOn() -> Action {
    let window = arm.window
    guard window.milliseconds > 0 || window.foreignDraws > 0 else { return afterWindow() }
    return .holdWindow(
      until: allocatedAt + UInt64(window.milliseconds * 1e6), foreignDraws: window.foreignDraws)
  }

  /// At depth `allocate` nobody binds.
  private func afterWindow() -> Action { arm.depth == .allocate ? .close : .bind }

  private static func completion(of phase: Action) -> TrialEnded.Completion {
    switch phase {
    case .prepare: .timeoutPreparing
    case .draw, .drawAfterBind, .holdWindow: .timeoutWindow
    case .bind: .timeoutBinding
    case .check: .timeoutChecking
    case .close: .timeoutClosing
    case .end, .abandon: .harnessError
    }
  }
}
