public import Checks
internal import TerminalText

/// One line about a run that goes on.
public struct ProgressLine {
  /// Arms of the plan.
  public var arms: Int
  /// Number of the arm at work, from 1.
  public var arm: Int
  /// Its scenario and strategy.
  public var name: String
  /// Trials done in the whole run.
  public var trialsDone: Int
  /// Trials planned in the whole run.
  public var trialsPlanned: Int
  /// The arm's rate per launch so far.
  public var rate: RateEstimate
  /// Since the start of the run.
  public var elapsedSeconds: Double
  /// What the rest is estimated to take; nil where nothing is known yet.
  public var leftSeconds: Double?

  public init(
    arms: Int, arm: Int, name: String, trialsDone: Int, trialsPlanned: Int, rate: RateEstimate,
    elapsedSeconds: Double, leftSeconds: Double?
  ) {
    self.arms = arms
    self.arm = arm
    self.name = name
    self.trialsDone = trialsDone
    self.trialsPlanned = trialsPlanned
    self.rate = rate
    self.elapsedSeconds = elapsedSeconds
    self.leftSeconds = leftSeconds
  }

  /// `12 s: arm 3/9 quiet-launch, probe-then-bind: 340/900 trials, lost 271/340 79.7 % [75.1, 83.9], 28.2 trials/s, 20 s left`
  public var text: String {
    let speed = elapsedSeconds > 0 ? Double(trialsDone) / elapsedSeconds : 0
    var text =
      "\(Wording.fixed(elapsedSeconds, 0)) s: arm \(arm)/\(arms) \(name): "
      + "\(trialsDone)/\(trialsPlanned) trials, lost \(Wording.estimate(rate)), "
      + "\(Wording.fixed(speed, 1)) trials/s"
    if let leftSeconds { text += ", \(Wording.fixed(leftSeconds, 0)) s left" }
    return TerminalText.safeLine(text)
  }
}
