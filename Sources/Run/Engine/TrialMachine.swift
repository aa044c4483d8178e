public import History
public import PlanModel

/// The course of one trial as a pure state machine: events with times go in, the next action comes out. It knows no
/// processes and no clock.
///
/// prepare → draw → window → bind → draw after bind → check → close → ended. Phases that the arm does not need are left
/// out. After `close` the next launch in a row goes back to `prepare`. A deadline that passes leads to `abandon`, which
/// ends the trial without waiting for any process.
public struct TrialMachine: Sendable {
  /// The next action of the loop, which then reports an event for it.
  public enum Action: Equatable, Sendable {
    /// Start the thieves' part of the trial and make the launchers allocate and start their servers.
    case prepare
    /// Make the thieves draw the ports that they take inside the window.
    case draw
    /// Keep the barrier shut until the given time is reached and thieves have drawn the given number of ports.
    case holdWindow(until: UInt64, foreignDraws: Int)
    /// Open the barrier.
    case bind
    /// Make the thieves try ports that were not known before they were bound.
    case drawAfterBind
    /// Check who owns the endpoints.
    case check
    /// Make all processes close their sockets.
    case close
    /// The trial is complete: record it.
    case end
    /// Record the trial as far as it went, and replace all workers.
    case abandon(TrialEnded.Completion)
  }

  /// What happened.
  public enum Event: Equatable, Sendable {
    /// The trial begins.
    case begin
    /// All participants of the current phase have finished it.
    case phaseEnded
    /// The addresses have been allocated since this time; only in answer to `prepare`.
    case prepared(allocatedAt: UInt64)
    /// All sockets are closed, and the next launch in a row is due; only in answer to `close`.
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
  /// - Parameter thievesActAfterBind: whether one of its thieves acts after the bind.
  public init(arm: Arm, thievesActAfterBind: Bool = false) {
    self.arm = arm
    self.thievesActAfterBind = thievesActAfterBind
    hasThieves = !arm.thieves.isEmpty
  }

  /// Takes an event and returns the next action. Traps on an impossible event, which is a programming error.
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

  /// At depth `allocate` nothing is bound.
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
