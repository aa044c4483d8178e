public import Judging
internal import TerminalText

/// One line of progress of a run.
public struct ProgressLine {
  /// Arms of the plan.
  public var arms: Int
  /// Number of the running arm, from 0, as `plan`, `explain` and `replay` print it.
  public var arm: Int
  /// Its scenario and strategy.
  public var name: String
  /// Trials done in the whole run.
  public var trialsDone: Int
  /// Trials planned in the whole run.
  public var trialsPlanned: Int
  /// The arm's rate per launch so far.
  public var rate: RateEstimate
  /// The time since the start of the run.
  public var elapsedSeconds: Double
  /// Over the last seconds, because the speed of arms differs a lot.
  public var trialsPerSecond: Double
  /// Estimated time for the rest of the run; nil if nothing is known yet.
  public var leftSeconds: Double?

  public init(
    arms: Int, arm: Int, name: String, trialsDone: Int, trialsPlanned: Int, rate: RateEstimate,
    elapsedSeconds: Double, trialsPerSecond: Double, leftSeconds: Double?
  ) {
    self.arms = arms
    self.arm = arm
    self.name = name
    self.trialsDone = trialsDone
    self.trialsPlanned = trialsPlanned
    self.rate = rate
    self.elapsedSeconds = elapsedSeconds
    self.trialsPerSecond = trialsPerSecond
    self.leftSeconds = leftSeconds
  }

  /// `12 s: 340/900 trials, 28.2 trials/s, 20 s left; arm 3 (0 to 8), quiet-launch, probe-then-bind: launches failed 271/340 79.7 % [75.1, 83.9]`
  public var text: String {
    var text =
      "\(Wording.fixed(elapsedSeconds, 0)) s: \(trialsDone)/\(trialsPlanned) trials, "
      + "\(Wording.fixed(trialsPerSecond, 1)) trials/s"
    if let leftSeconds { text += ", \(Wording.fixed(leftSeconds, 0)) s left" }
    return TerminalText.safeLine(
      text
        + "; arm \(arm) (0 to \(arms - 1)), \(name): launches failed \(Wording.estimate(rate))")
  }
}
